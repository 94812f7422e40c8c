mod moved;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Date};
use diesel::sqlite::Sqlite;

pub use self::moved::{Span, Whose, known_within, moved};
use super::series::{self, Series};
use super::{CHUNK, OPEN, Page, document, strings};
use crate::db::connection::insert_all;
use crate::db::schema::{partner_names, series as series_table, standings};
use crate::db::types::{Document, Uid, Units};
use crate::db::{Conn, Result};
use crate::domain::amounts::Amounts;
use crate::domain::id::{AllianceId, PartnerId, SubjectId};
use crate::domain::names::SortKey;
use crate::domain::standing::{Placed, Reason, Standing};

/// Where one subject stands on one indicator, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingRow {
    pub alliance_id: AllianceId,
    pub indicator: String,
    pub scope: String,
    pub subject_id: SubjectId,
    pub partner_id: PartnerId,
    pub standing: String,
    pub reason: Document,
    pub sector: String,
    pub region: Option<String>,
    pub area: Option<String>,
    pub focus_areas: Document,
    pub from_on: NaiveDate,
    pub to_on: Option<NaiveDate>,
    pub from_seq: i64,
    pub to_seq: i64,
    pub self_reported: Option<Units>,
    pub documented: Option<Units>,
    pub external: Option<Units>,
}

/// As the table has it.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = standings, treat_none_as_default_value = false)]
struct Stored {
    series_id: i64,
    subject_id: SubjectId,
    partner_id: PartnerId,
    standing: String,
    reason: Document,
    sector: String,
    region: Option<String>,
    area: Option<String>,
    focus_areas: Document,
    from_on: NaiveDate,
    to_on: Option<NaiveDate>,
    from_seq: i64,
    to_seq: i64,
    self_reported: Option<Units>,
    documented: Option<Units>,
    external: Option<Units>,
}

impl From<StandingRow> for Stored {
    fn from(row: StandingRow) -> Stored {
        Stored {
            series_id: row.series().id(row.alliance_id),
            subject_id: row.subject_id,
            partner_id: row.partner_id,
            standing: row.standing,
            reason: row.reason,
            sector: row.sector,
            region: row.region,
            area: row.area,
            focus_areas: row.focus_areas,
            from_on: row.from_on,
            to_on: row.to_on,
            from_seq: row.from_seq,
            to_seq: row.to_seq,
            self_reported: row.self_reported,
            documented: row.documented,
            external: row.external,
        }
    }
}

impl From<(Series, Stored)> for StandingRow {
    fn from((series, row): (Series, Stored)) -> StandingRow {
        StandingRow {
            alliance_id: series.alliance_id,
            indicator: series.indicator,
            scope: series.scope,
            subject_id: row.subject_id,
            partner_id: row.partner_id,
            standing: row.standing,
            reason: row.reason,
            sector: row.sector,
            region: row.region,
            area: row.area,
            focus_areas: row.focus_areas,
            from_on: row.from_on,
            to_on: row.to_on,
            from_seq: row.from_seq,
            to_seq: row.to_seq,
            self_reported: row.self_reported,
            documented: row.documented,
            external: row.external,
        }
    }
}

impl StandingRow {
    /// What it is of.
    pub fn series(&self) -> series::Named<'_> {
        series::Named::whole(&self.indicator, &self.scope)
    }

    pub fn new(alliance: AllianceId, partner: PartnerId, placed: Placed, seq: i64) -> StandingRow {
        StandingRow {
            alliance_id: alliance,
            indicator: placed.indicator,
            scope: placed.scope,
            subject_id: placed.subject,
            partner_id: partner,
            standing: placed.standing.word().to_owned(),
            reason: document(&placed.reason),
            sector: placed.sector,
            region: placed.region,
            area: placed.area,
            focus_areas: document(&placed.focus_areas),
            from_on: placed.from_on,
            to_on: placed.to_on,
            from_seq: seq,
            to_seq: OPEN,
            self_reported: placed.amounts.map(|amounts| Units(amounts.self_reported)),
            documented: placed.amounts.map(|amounts| Units(amounts.documented)),
            external: placed.amounts.map(|amounts| Units(amounts.external)),
        }
    }

    pub fn standing(&self) -> Option<Standing> {
        Standing::parse(&self.standing)
    }

    /// What it adds to a sum, if anything.
    pub fn amounts(&self) -> Option<Amounts> {
        Some(Amounts {
            self_reported: self.self_reported?.0,
            documented: self.documented?.0,
            external: self.external?.0,
        })
    }

    /// The same in everything but since when and until when it is known.
    pub fn says_the_same(&self, other: &StandingRow) -> bool {
        let known = |row: &StandingRow| StandingRow { from_seq: 0, to_seq: 0, ..row.clone() };
        known(self) == known(other)
    }

    /// The focus areas that it is counted under, in order.
    pub fn focus_areas(&self) -> Vec<String> {
        strings(self.focus_areas.clone())
    }

    /// Of a count of reports: the report's address, relative to the alliance.
    pub fn report_address(&self) -> Option<String> {
        let reason = self.reason()?;
        Some(reason.because.first()?.split("/versions/").next()?.to_owned())
    }

    pub fn reason(&self) -> Option<Reason> {
        serde_json::from_value(self.reason.0.clone()).ok()
    }
}

/// What is known now of these partners.
pub fn open_of(conn: &mut Conn, ids: &[PartnerId]) -> Result<Vec<StandingRow>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let joined = standings::table.inner_join(series_table::table);
        let open = joined.filter(standings::to_seq.eq(OPEN));
        let open = open.select((Series::as_select(), Stored::as_select()));
        // As `among!` does, which knows one table only.
        let rows: Vec<(Series, Stored)> = match chunk {
            [only] => open.filter(standings::partner_id.eq(*only)).load(conn)?,
            ids => open.filter(standings::partner_id.eq_any(ids.to_vec())).load(conn)?,
        };
        found.extend(rows.into_iter().map(StandingRow::from));
    }
    Ok(found)
}

/// Inserts rows, whose series are there.
pub fn insert(conn: &mut Conn, rows: Vec<StandingRow>) -> Result<()> {
    let rows: Vec<Stored> = rows.into_iter().map(Stored::from).collect();
    Ok(insert_all!(conn, standings::table, rows)?)
}

/// From `seq` on these are no longer known to be so.
pub fn close(conn: &mut Conn, rows: &[StandingRow], seq: i64) -> Result<()> {
    match conn {
        Conn::Postgresql(own) => close_together(own, rows, seq),
        Conn::Sqlite(own) => rows.iter().try_for_each(|row| {
            Ending { series: row.series().id(row.alliance_id), row, seq }.execute(own)?;
            Ok(())
        }),
    }
}

/// Ends one standing. In SQLite's own words: diesel prepares each UPDATE of its own anew, which costs more than
/// running it.
struct Ending<'a> {
    series: i64,
    row: &'a StandingRow,
    seq: i64,
}

impl QueryFragment<Sqlite> for Ending<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE standings SET to_seq = ");
        out.push_bind_param::<BigInt, _>(&self.seq)?;
        out.push_sql(" WHERE series_id = ");
        out.push_bind_param::<BigInt, _>(&self.series)?;
        out.push_sql(" AND subject_id = ");
        out.push_bind_param::<Uid, _>(&self.row.subject_id)?;
        out.push_sql(" AND from_on = ");
        out.push_bind_param::<Date, _>(&self.row.from_on)?;
        out.push_sql(" AND from_seq = ");
        out.push_bind_param::<BigInt, _>(&self.row.from_seq)
    }
}

impl QueryId for Ending<'_> {
    type QueryId = Ending<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for Ending<'_> {}

/// Many in one statement, each found by its key: see `tallies`.
const CLOSE_TOGETHER: &str = "
    WITH gone (series_id, subject_id, from_on, from_seq) AS (SELECT * FROM unnest($2, $3, $4, $5)), open AS (
        SELECT found.place FROM gone CROSS JOIN LATERAL (
            SELECT s.ctid AS place FROM standings s
            WHERE s.series_id = gone.series_id AND s.subject_id = gone.subject_id
                AND s.from_on = gone.from_on AND s.from_seq = gone.from_seq
            LIMIT 1
        ) found
    )
    UPDATE standings SET to_seq = $1 FROM open WHERE standings.ctid = open.place";

fn close_together(conn: &mut PgConnection, rows: &[StandingRow], seq: i64) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let series = rows.iter().map(|row| row.series().id(row.alliance_id));
    let statement = diesel::sql_query(CLOSE_TOGETHER)
        .bind::<BigInt, _>(seq)
        .bind::<Array<BigInt>, _>(series.collect::<Vec<_>>())
        .bind::<Array<Uid>, _>(rows.iter().map(|row| row.subject_id).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(rows.iter().map(|row| row.from_on).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.from_seq).collect::<Vec<_>>());
    statement.execute(conn)?;
    Ok(())
}

/// Takes away all of an alliance's rows, which are made anew from its journal.
pub fn clear(conn: &mut Conn, alliance: AllianceId) -> Result<()> {
    let own = series_table::table
        .filter(series_table::alliance_id.eq(alliance))
        .select(series_table::id);
    diesel::delete(standings::table.filter(standings::series_id.eq_any(own))).execute(conn)?;
    Ok(())
}

/// Every row of an alliance, for checking.
pub fn all(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<StandingRow>> {
    let joined = standings::table.inner_join(series_table::table);
    let query = joined.filter(series_table::alliance_id.eq(alliance));
    let rows = query.select((Series::as_select(), Stored::as_select())).load(conn)?;
    Ok(rows.into_iter().map(|row: (Series, Stored)| StandingRow::from(row)).collect())
}

/// Whose standings on which indicator, as known at a size and valid on a date.
#[derive(Debug, Clone)]
pub struct Filter {
    pub indicator: String,
    pub scope: String,
    pub seq: i64,
    pub on: NaiveDate,
    pub partner: Option<PartnerId>,
    pub standing: Option<String>,
}

/// Where a page begins: after this partner's name, and subject.
pub type After = (SortKey, SubjectId);

/// A standing with its partner's name and the key that name is sorted by.
pub type Named = (StandingRow, (String, Vec<u8>));

type Joined = dsl::InnerJoinOn<
    standings::table,
    partner_names::table,
    dsl::Eq<standings::partner_id, partner_names::partner_id>,
>;
type Narrowed<'a> = dsl::IntoBoxed<'a, Joined, crate::db::connection::MultiBackend>;

fn narrow<'a>(alliance: AllianceId, filter: &Filter) -> Narrowed<'a> {
    let whose = standings::partner_id.eq(partner_names::partner_id);
    let series = series::Named::whole(&filter.indicator, &filter.scope);
    let mut query = standings::table
        .inner_join(partner_names::table.on(whose))
        .into_boxed()
        .filter(partner_names::from_seq.le(filter.seq))
        .filter(partner_names::to_seq.gt(filter.seq))
        .filter(standings::series_id.eq(series.id(alliance)))
        // Plus nothing, so that it is found by `to_seq`: else SQLite takes the index that has all there ever was.
        .filter((standings::from_seq + 0_i64).le(filter.seq))
        .filter(standings::to_seq.gt(filter.seq))
        .filter(standings::from_on.le(filter.on))
        .filter(standings::to_on.is_null().or(standings::to_on.gt(filter.on).assume_not_null()));
    if let Some(partner) = filter.partner {
        query = query.filter(standings::partner_id.eq(partner));
    }
    if let Some(standing) = &filter.standing {
        query = query.filter(standings::standing.eq(standing.clone()));
    }
    query
}

/// A page in Danish order of partners' names, as they were called then.
pub fn list(
    conn: &mut Conn,
    alliance: AllianceId,
    filter: &Filter,
    page: &Page<After>,
) -> Result<Vec<Named>> {
    let mut query = narrow(alliance, filter);
    if let Some((SortKey(name), subject)) = page.after.clone() {
        let same_name = partner_names::name_sort.eq(name.clone()).and(standings::subject_id.gt(subject));
        query = query.filter(partner_names::name_sort.gt(name).or(same_name));
    }
    let query = query
        .order((partner_names::name_sort.asc(), standings::subject_id.asc()))
        .limit(page.limit);
    let rows = query
        .select((Stored::as_select(), (partner_names::name, partner_names::name_sort)))
        .load::<(Stored, (String, Vec<u8>))>(conn)?;
    let series = Series {
        alliance_id: alliance,
        indicator: filter.indicator.clone(),
        scope: filter.scope.clone(),
        dimension: series::WHOLE.to_owned(),
        group_key: String::new(),
    };
    let named = |(row, name)| (StandingRow::from((series.clone(), row)), name);
    Ok(rows.into_iter().map(named).collect())
}

/// How many rows a list has on all its pages.
pub fn count(conn: &mut Conn, alliance: AllianceId, filter: &Filter) -> Result<i64> {
    Ok(narrow(alliance, filter).count().get_result(conn)?)
}

/// A standing without its reason, for adding up.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = standings)]
pub struct PlainRow {
    pub subject_id: SubjectId,
    pub partner_id: PartnerId,
    pub standing: String,
    pub sector: String,
    pub region: Option<String>,
    pub area: Option<String>,
    pub focus_areas: Document,
    pub self_reported: Option<Units>,
    pub documented: Option<Units>,
    pub external: Option<Units>,
}

impl PlainRow {
    pub fn standing(&self) -> Option<Standing> {
        Standing::parse(&self.standing)
    }

    pub fn amounts(&self) -> Option<Amounts> {
        Some(Amounts {
            self_reported: self.self_reported?.0,
            documented: self.documented?.0,
            external: self.external?.0,
        })
    }

    pub fn focus_areas(&self) -> Vec<String> {
        strings(self.focus_areas.clone())
    }
}

/// Every standing on an indicator in a scope, as known at a size and valid on a date.
pub fn known(
    conn: &mut Conn,
    alliance: AllianceId,
    (indicator, scope): (&str, &str),
    seq: i64,
    on: NaiveDate,
) -> Result<Vec<PlainRow>> {
    let query = standings::table
        .filter(standings::series_id.eq(series::Named::whole(indicator, scope).id(alliance)))
        .filter((standings::from_seq + 0_i64).le(seq))
        .filter(standings::to_seq.gt(seq))
        .filter(standings::from_on.le(on))
        .filter(standings::to_on.is_null().or(standings::to_on.gt(on).assume_not_null()));
    Ok(query.select(PlainRow::as_select()).load(conn)?)
}
