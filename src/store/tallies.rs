mod gathered;
mod inserting;
mod reading;

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Date};
use diesel::sqlite::Sqlite;

pub use self::gathered::Gathered;
use self::reading::IsOpen;
pub use self::reading::{Asked, as_of, open};
pub use super::series::WHOLE;
use super::series::{self, Series};
use crate::db::schema::{series as series_table, tallies};
use crate::db::types::Units;
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

impl TallyKey {
    /// What it is of.
    pub fn series(&self) -> series::Named<'_> {
        series::Named {
            indicator: &self.indicator,
            scope: &self.scope,
            dimension: &self.dimension,
            group: &self.group,
        }
    }
}

/// The dimension whose groups overlap: a subject is in one for each of its focus areas.
pub const FOCUS_AREA: &str = "focusArea";

/// A running count between two entries.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// A row, known from the entry `seqs.0` on and until before `seqs.1`.
    pub fn new(alliance: AllianceId, key: TallyKey, tally: Tally, seqs: (i64, i64)) -> TallyRow {
        let series = Series {
            alliance_id: alliance,
            indicator: key.indicator,
            scope: key.scope,
            dimension: key.dimension,
            group_key: key.group,
        };
        TallyRow::from((series, Stored::new((0, key.on), tally, seqs)))
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

/// A series' number and a day: whatever happened on it is one running count.
type Place = (i64, NaiveDate);

/// As the table has it.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = tallies, treat_none_as_default_value = false)]
struct Stored {
    series_id: i64,
    from_on: NaiveDate,
    from_seq: i64,
    to_seq: i64,
    counted: i64,
    not_counted: i64,
    not_applicable: i64,
    no_answer: i64,
    not_submitted: i64,
    self_reported: Units,
    documented: Units,
    external: Units,
}

impl Stored {
    fn new((series_id, from_on): Place, tally: Tally, (from_seq, to_seq): (i64, i64)) -> Stored {
        Stored {
            series_id,
            from_on,
            from_seq,
            to_seq,
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

    fn place(&self) -> Place {
        (self.series_id, self.from_on)
    }

    fn tally(&self) -> Tally {
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

impl From<(Series, Stored)> for TallyRow {
    fn from((series, row): (Series, Stored)) -> TallyRow {
        TallyRow {
            alliance_id: series.alliance_id,
            indicator: series.indicator,
            scope: series.scope,
            dimension: series.dimension,
            group_key: series.group_key,
            from_on: row.from_on,
            from_seq: row.from_seq,
            to_seq: row.to_seq,
            counted: row.counted,
            not_counted: row.not_counted,
            not_applicable: row.not_applicable,
            no_answer: row.no_answer,
            not_submitted: row.not_submitted,
            self_reported: row.self_reported,
            documented: row.documented,
            external: row.external,
        }
    }
}

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
/// On PostgreSQL each is found as the newest of its series, which costs the same however often the count moved. Not
/// as the open one: within one transaction PostgreSQL keeps every row that was open in such an index.
fn newest(conn: &mut Conn, places: &[Place]) -> Result<HashMap<Place, Stored>> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<Stored> = match conn {
        Conn::Postgresql(own) => newest_together(own, places)?,
        Conn::Sqlite(_) => {
            let found = places.iter().map(|place| newest_one(conn, *place).transpose());
            found.flatten().collect::<Result<_>>()?
        }
    };
    Ok(found.into_iter().map(|row| (row.place(), row)).collect())
}

fn newest_one(conn: &mut Conn, (series, on): Place) -> Result<Option<Stored>> {
    let open = tallies::table
        .filter(tallies::series_id.eq(series))
        .filter(tallies::from_on.eq(on))
        .filter(IsOpen);
    Ok(open.select(Stored::as_select()).get_result(conn).optional()?)
}

/// Many in one statement: a write moves some fifty counts, and each statement is a round trip under the
/// writers' lock. LATERAL has each one found by its key, whatever the planner believes of the table.
const NEWEST_TOGETHER: &str = "
    SELECT newest.*
    FROM unnest($1, $2) AS moved (series_id, from_on)
    CROSS JOIN LATERAL (
        SELECT t.* FROM tallies t
        WHERE t.series_id = moved.series_id AND t.from_on = moved.from_on
        ORDER BY t.from_seq DESC LIMIT 1
    ) newest";

fn newest_together(conn: &mut PgConnection, places: &[Place]) -> Result<Vec<Stored>> {
    let statement = diesel::sql_query(NEWEST_TOGETHER)
        .bind::<Array<BigInt>, _>(places.iter().map(|(series, _)| *series).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(places.iter().map(|(_, on)| *on).collect::<Vec<_>>());
    Ok(statement.load(conn)?)
}

/// Ends rows that were open, at the `to_seq` that they have here.
fn close(conn: &mut Conn, rows: &[Stored]) -> Result<()> {
    match conn {
        Conn::Postgresql(own) => close_together(own, rows),
        Conn::Sqlite(own) => rows.iter().try_for_each(|row| {
            Ending(row).execute(own)?;
            Ok(())
        }),
    }
}

/// Ends one row. In SQLite's own words: diesel prepares each UPDATE of its own anew, which costs more than
/// running it.
struct Ending<'a>(&'a Stored);

impl QueryFragment<Sqlite> for Ending<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE tallies SET to_seq = ");
        out.push_bind_param::<BigInt, _>(&self.0.to_seq)?;
        out.push_sql(" WHERE series_id = ");
        out.push_bind_param::<BigInt, _>(&self.0.series_id)?;
        out.push_sql(" AND from_on = ");
        out.push_bind_param::<Date, _>(&self.0.from_on)?;
        out.push_sql(" AND from_seq = ");
        out.push_bind_param::<BigInt, _>(&self.0.from_seq)
    }
}

impl QueryId for Ending<'_> {
    type QueryId = Ending<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for Ending<'_> {}

const CLOSE_TOGETHER: &str = "
    WITH closed (series_id, from_on, from_seq, to_seq) AS (SELECT * FROM unnest($1, $2, $3, $4)), open AS (
        SELECT found.place, closed.to_seq FROM closed CROSS JOIN LATERAL (
            SELECT t.ctid AS place FROM tallies t
            WHERE t.series_id = closed.series_id AND t.from_on = closed.from_on AND t.from_seq = closed.from_seq
            LIMIT 1
        ) found
    )
    UPDATE tallies SET to_seq = open.to_seq FROM open WHERE tallies.ctid = open.place";

fn close_together(conn: &mut PgConnection, rows: &[Stored]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let numbers = |part: fn(&Stored) -> i64| rows.iter().map(part).collect::<Vec<_>>();
    let statement = diesel::sql_query(CLOSE_TOGETHER)
        .bind::<Array<BigInt>, _>(numbers(|row| row.series_id))
        .bind::<Array<Date>, _>(rows.iter().map(|row| row.from_on).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(numbers(|row| row.from_seq))
        .bind::<Array<BigInt>, _>(numbers(|row| row.to_seq));
    statement.execute(conn)?;
    Ok(())
}

/// Inserts rows as they are, with their series.
pub fn insert(conn: &mut Conn, alliance: AllianceId, rows: &[TallyRow]) -> Result<()> {
    let mut begun = std::collections::HashSet::new();
    let mut stored = Vec::with_capacity(rows.len());
    for row in rows {
        let key = row.key();
        let id = key.series().id(alliance);
        if begun.insert(id) {
            series::begin(conn, alliance, key.series())?;
        }
        stored.push(Stored::new((id, row.from_on), row.tally(), (row.from_seq, row.to_seq)));
    }
    inserting::insert(conn, stored)
}

/// Takes away all of an alliance's rows, which are made anew from its journal.
pub fn clear(conn: &mut Conn, alliance: AllianceId) -> Result<()> {
    let own = series_table::table
        .filter(series_table::alliance_id.eq(alliance))
        .select(series_table::id);
    diesel::delete(tallies::table.filter(tallies::series_id.eq_any(own))).execute(conn)?;
    Ok(())
}

/// Every row of an alliance, for checking.
pub fn all(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<TallyRow>> {
    let joined = tallies::table.inner_join(series_table::table);
    let query = joined.filter(series_table::alliance_id.eq(alliance));
    let rows = query.select((Series::as_select(), Stored::as_select())).load(conn)?;
    Ok(rows.into_iter().map(|row: (Series, Stored)| TallyRow::from(row)).collect())
}
