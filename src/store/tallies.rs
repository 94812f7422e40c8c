use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Text};

use super::OPEN;
use crate::db::connection::insert_all;
use crate::db::schema::tallies;
use crate::db::types::Uid;
use crate::db::{Conn, Result, columns};
use crate::domain::figure::Tally;
use crate::domain::id::AllianceId;

/// Which tally: of an indicator and scope, for everyone (`whole`) or a group of a dimension, and the date
/// on which its subjects begin or end to be so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    pub indicator: String,
    pub scope: String,
    pub dimension: String,
    /// Empty for everyone, and for those without a value.
    pub group: String,
    pub on: NaiveDate,
}

/// The dimension that has everyone in one group.
pub const WHOLE: &str = "whole";

/// The dimension whose groups overlap: a subject is in one for each of its focus areas.
pub const FOCUS_AREA: &str = "focusArea";

#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = tallies)]
pub struct TallyRow {
    pub alliance_id: AllianceId,
    pub indicator: String,
    pub scope: String,
    pub dimension: String,
    pub group_key: String,
    pub from_on: NaiveDate,
    pub from_seq: i64,
    pub to_seq: i64,
    pub counted: i64,
    pub not_counted: i64,
    pub not_applicable: i64,
    pub no_answer: i64,
    pub not_submitted: i64,
}

impl TallyRow {
    pub fn new(alliance: AllianceId, key: TallyKey, tally: Tally, seq: i64) -> TallyRow {
        TallyRow {
            alliance_id: alliance,
            indicator: key.indicator,
            scope: key.scope,
            dimension: key.dimension,
            group_key: key.group,
            from_on: key.on,
            from_seq: seq,
            to_seq: OPEN,
            counted: tally.counted,
            not_counted: tally.not_counted,
            not_applicable: tally.not_applicable,
            no_answer: tally.no_answer,
            not_submitted: tally.not_submitted,
        }
    }

    pub fn key(&self) -> TallyKey {
        TallyKey {
            indicator: self.indicator.clone(),
            scope: self.scope.clone(),
            dimension: self.dimension.clone(),
            group: self.group_key.clone(),
            on: self.from_on,
        }
    }

    pub fn tally(&self) -> Tally {
        Tally {
            counted: self.counted,
            not_counted: self.not_counted,
            not_applicable: self.not_applicable,
            no_answer: self.no_answer,
            not_submitted: self.not_submitted,
        }
    }
}

diesel::alias!(tallies as earlier: Earlier);

/// Moves running counts by differences, as of entry `seq`.
pub fn shift(
    conn: &mut Conn,
    alliance: AllianceId,
    moves: impl IntoIterator<Item = (TallyKey, Tally)>,
    seq: i64,
) -> Result<()> {
    let moves: Vec<(TallyKey, Tally)> = moves.into_iter().collect();
    let closed = match conn {
        Conn::Postgresql(own) => close_together(own, alliance, &moves, seq)?,
        Conn::Sqlite(_) => close_each(conn, alliance, &moves, seq)?,
    };
    let mut so_far: HashMap<TallyKey, Tally> =
        closed.iter().map(|row| (row.key(), row.tally())).collect();
    let moved = moves.into_iter().map(|(key, change)| {
        let tally = so_far.remove(&key).unwrap_or_default().plus(change);
        TallyRow::new(alliance, key, tally, seq)
    });
    let rows: Vec<TallyRow> = moved.collect();
    insert(conn, &rows)
}

/// Ends what is known of running counts, and answers them.
///
/// The open row is found as the newest of its series, which costs the same however often the count moved. Not
/// by `to_seq`: within one transaction PostgreSQL keeps every earlier row of an import in such an index.
fn close_each(
    conn: &mut Conn,
    alliance: AllianceId,
    moves: &[(TallyKey, Tally)],
    seq: i64,
) -> Result<Vec<TallyRow>> {
    let closed = moves.iter().map(|(key, _)| close(conn, alliance, key, seq).transpose());
    closed.flatten().collect()
}

fn close(conn: &mut Conn, alliance: AllianceId, key: &TallyKey, seq: i64) -> Result<Option<TallyRow>> {
    let newest = earlier
        .filter(earlier.field(tallies::alliance_id).eq(alliance))
        .filter(earlier.field(tallies::indicator).eq(key.indicator.clone()))
        .filter(earlier.field(tallies::scope).eq(key.scope.clone()))
        .filter(earlier.field(tallies::dimension).eq(key.dimension.clone()))
        .filter(earlier.field(tallies::group_key).eq(key.group.clone()))
        .filter(earlier.field(tallies::from_on).eq(key.on))
        .select(dsl::max(earlier.field(tallies::from_seq)));
    let open = tallies::table
        .filter(tallies::alliance_id.eq(alliance))
        .filter(tallies::indicator.eq(key.indicator.clone()))
        .filter(tallies::scope.eq(key.scope.clone()))
        .filter(tallies::dimension.eq(key.dimension.clone()))
        .filter(tallies::group_key.eq(key.group.clone()))
        .filter(tallies::from_on.eq(key.on))
        .filter(tallies::from_seq.nullable().eq(newest.single_value()));
    let closed = diesel::update(open)
        .set(tallies::to_seq.eq(seq))
        .returning(columns::<TallyRow>())
        .get_result::<TallyRow>(conn);
    Ok(closed.optional()?)
}

/// `close` of many in one statement: a write moves some fifty counts, and each statement is a round trip under
/// the writers' lock. LATERAL has each one found by its key, whatever the planner believes of the table.
const CLOSE_TOGETHER: &str = "
    WITH moved (indicator, scope, dimension, group_key, from_on) AS (
        SELECT * FROM unnest($3, $4, $5, $6, $7)
    ), open AS (
        SELECT newest.place FROM moved CROSS JOIN LATERAL (
            SELECT t.ctid AS place FROM tallies t
            WHERE t.alliance_id = $2 AND t.indicator = moved.indicator AND t.scope = moved.scope
                AND t.dimension = moved.dimension AND t.group_key = moved.group_key AND t.from_on = moved.from_on
            ORDER BY t.from_seq DESC LIMIT 1
        ) newest
    )
    UPDATE tallies SET to_seq = $1 FROM open WHERE tallies.ctid = open.place RETURNING tallies.*";

fn close_together(
    conn: &mut PgConnection,
    alliance: AllianceId,
    moves: &[(TallyKey, Tally)],
    seq: i64,
) -> Result<Vec<TallyRow>> {
    let texts =
        |part: fn(&TallyKey) -> &str| -> Vec<&str> { moves.iter().map(|(key, _)| part(key)).collect() };
    let days: Vec<NaiveDate> = moves.iter().map(|(key, _)| key.on).collect();
    let statement = diesel::sql_query(CLOSE_TOGETHER)
        .bind::<BigInt, _>(seq)
        .bind::<Uid, _>(alliance)
        .bind::<Array<Text>, _>(texts(|key| &key.indicator))
        .bind::<Array<Text>, _>(texts(|key| &key.scope))
        .bind::<Array<Text>, _>(texts(|key| &key.dimension))
        .bind::<Array<Text>, _>(texts(|key| &key.group))
        .bind::<Array<Date>, _>(days);
    Ok(statement.load(conn)?)
}

pub fn insert(conn: &mut Conn, rows: &[TallyRow]) -> Result<()> {
    Ok(insert_all!(conn, tallies::table, rows)?)
}

/// Takes away all of an alliance's rows, which are made anew from its journal.
pub fn clear(conn: &mut Conn, alliance: AllianceId) -> Result<()> {
    let rows = tallies::table.filter(tallies::alliance_id.eq(alliance));
    diesel::delete(rows).execute(conn)?;
    Ok(())
}

/// The running counts of a dimension in these scopes as known at a size: of one indicator, or of all.
pub fn known(
    conn: &mut Conn,
    alliance: AllianceId,
    dimension: &str,
    scopes: &[&str],
    indicator: Option<&str>,
    seq: i64,
) -> Result<Vec<TallyRow>> {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let mut query = tallies::table
        .filter(tallies::alliance_id.eq(alliance))
        .filter(tallies::dimension.eq(dimension.to_owned()))
        .filter(tallies::scope.eq_any(scopes))
        .filter(tallies::from_seq.le(seq))
        .filter(tallies::to_seq.gt(seq))
        .into_boxed();
    if let Some(indicator) = indicator {
        query = query.filter(tallies::indicator.eq(indicator.to_owned()));
    }
    Ok(query.select(TallyRow::as_select()).load(conn)?)
}

/// Every row of an alliance, for checking.
pub fn all(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<TallyRow>> {
    let query = tallies::table.filter(tallies::alliance_id.eq(alliance));
    Ok(query.select(TallyRow::as_select()).load(conn)?)
}
