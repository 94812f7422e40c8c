mod gathered;

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Text};

pub use self::gathered::Gathered;
use super::OPEN;
use crate::db::connection::insert_all;
use crate::db::schema::tallies;
use crate::db::types::{Uid, Units};
use crate::db::{Conn, Result};
use crate::domain::amounts::Amounts;
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
#[diesel(table_name = tallies, treat_none_as_default_value = false)]
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
    pub self_reported: Units,
    pub documented: Units,
    pub external: Units,
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
            self_reported: Units(tally.amounts.self_reported),
            documented: Units(tally.amounts.documented),
            external: Units(tally.amounts.external),
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
            amounts: Amounts {
                self_reported: self.self_reported.0,
                documented: self.documented.0,
                external: self.external.0,
            },
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
    let mut gathered = Gathered::new(alliance);
    gathered.shift(conn, moves, seq)?;
    gathered.write(conn)
}

/// The open rows of these counts, those that have any.
///
/// Each is found as the newest of its series, which costs the same however often the count moved. Not by
/// `to_seq`: within one transaction PostgreSQL keeps every earlier row of an import in such an index.
fn newest(
    conn: &mut Conn,
    alliance: AllianceId,
    keys: &[&TallyKey],
) -> Result<HashMap<TallyKey, TallyRow>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<TallyRow> = match conn {
        Conn::Postgresql(own) => newest_together(own, alliance, keys)?,
        Conn::Sqlite(_) => {
            let found = keys.iter().map(|key| newest_one(conn, alliance, key).transpose());
            found.flatten().collect::<Result<_>>()?
        }
    };
    Ok(found.into_iter().map(|row| (row.key(), row)).collect())
}

fn newest_one(conn: &mut Conn, alliance: AllianceId, key: &TallyKey) -> Result<Option<TallyRow>> {
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
    Ok(open.select(TallyRow::as_select()).get_result(conn).optional()?)
}

/// Many in one statement: a write moves some fifty counts, and each statement is a round trip under the
/// writers' lock. LATERAL has each one found by its key, whatever the planner believes of the table.
const NEWEST_TOGETHER: &str = "
    SELECT newest.*
    FROM unnest($2, $3, $4, $5, $6) AS moved (indicator, scope, dimension, group_key, from_on)
    CROSS JOIN LATERAL (
        SELECT t.* FROM tallies t
        WHERE t.alliance_id = $1 AND t.indicator = moved.indicator AND t.scope = moved.scope
            AND t.dimension = moved.dimension AND t.group_key = moved.group_key AND t.from_on = moved.from_on
        ORDER BY t.from_seq DESC LIMIT 1
    ) newest";

fn newest_together(
    conn: &mut PgConnection,
    alliance: AllianceId,
    keys: &[&TallyKey],
) -> Result<Vec<TallyRow>> {
    let texts = |part: fn(&TallyKey) -> &str| keys.iter().map(|key| part(key)).collect::<Vec<_>>();
    let statement = diesel::sql_query(NEWEST_TOGETHER)
        .bind::<Uid, _>(alliance)
        .bind::<Array<Text>, _>(texts(|key| &key.indicator))
        .bind::<Array<Text>, _>(texts(|key| &key.scope))
        .bind::<Array<Text>, _>(texts(|key| &key.dimension))
        .bind::<Array<Text>, _>(texts(|key| &key.group))
        .bind::<Array<Date>, _>(keys.iter().map(|key| key.on).collect::<Vec<_>>());
    Ok(statement.load(conn)?)
}

/// Ends rows that were open, at the `to_seq` that they have here. On SQLite each is put in place of what is
/// stored: diesel keeps no UPDATE, and preparing one costs more than writing the row again.
fn close(conn: &mut Conn, rows: &[TallyRow]) -> Result<()> {
    match conn {
        Conn::Postgresql(own) => close_together(own, rows),
        Conn::Sqlite(own) => rows.iter().try_for_each(|row| {
            diesel::replace_into(tallies::table).values(row).execute(own)?;
            Ok(())
        }),
    }
}

const CLOSE_TOGETHER: &str = "
    WITH closed (alliance_id, indicator, scope, dimension, group_key, from_on, from_seq, to_seq) AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
    ), open AS (
        SELECT found.place, closed.to_seq FROM closed CROSS JOIN LATERAL (
            SELECT t.ctid AS place FROM tallies t
            WHERE t.alliance_id = closed.alliance_id AND t.indicator = closed.indicator
                AND t.scope = closed.scope AND t.dimension = closed.dimension
                AND t.group_key = closed.group_key AND t.from_on = closed.from_on
                AND t.from_seq = closed.from_seq
            LIMIT 1
        ) found
    )
    UPDATE tallies SET to_seq = open.to_seq FROM open WHERE tallies.ctid = open.place";

fn close_together(conn: &mut PgConnection, rows: &[TallyRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let texts = |part: fn(&TallyRow) -> &str| rows.iter().map(part).collect::<Vec<_>>();
    let numbers = |part: fn(&TallyRow) -> i64| rows.iter().map(part).collect::<Vec<_>>();
    let statement = diesel::sql_query(CLOSE_TOGETHER)
        .bind::<Array<Uid>, _>(rows.iter().map(|row| row.alliance_id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(texts(|row| &row.indicator))
        .bind::<Array<Text>, _>(texts(|row| &row.scope))
        .bind::<Array<Text>, _>(texts(|row| &row.dimension))
        .bind::<Array<Text>, _>(texts(|row| &row.group_key))
        .bind::<Array<Date>, _>(rows.iter().map(|row| row.from_on).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(numbers(|row| row.from_seq))
        .bind::<Array<BigInt>, _>(numbers(|row| row.to_seq));
    statement.execute(conn)?;
    Ok(())
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
