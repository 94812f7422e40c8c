//! Reading running counts: those that hold now, or those that held at an earlier size of the journal.

use std::collections::HashMap;

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Text};

use super::{Stored, TallyRow};
use crate::db::schema::{series as series_table, tallies};
use crate::db::types::Uid;
use crate::db::{Conn, Result};
use crate::domain::id::AllianceId;
use crate::store::series::Series;

/// The running counts of a dimension in these scopes: of one indicator, or of all.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub alliance: AllianceId,
    pub dimension: &'a str,
    pub scopes: &'a [&'a str],
    pub indicator: Option<&'a str>,
}

/// Whether a row holds now, in the words of the index that has those only: by a bound number neither database
/// would know that it may use it.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(super) struct IsOpen;

impl Expression for IsOpen {
    type SqlType = Bool;
}

impl<Source> AppearsOnTable<Source> for IsOpen {}

impl<DB: Backend> QueryFragment<DB> for IsOpen {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("tallies.to_seq = 9223372036854775807");
        Ok(())
    }
}

type Narrowed<'a> = series_table::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(asked: &Asked<'_>) -> Narrowed<'a> {
    let scopes: Vec<String> = asked.scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let mut query = series_table::table
        .filter(series_table::alliance_id.eq(asked.alliance))
        .filter(series_table::dimension.eq(asked.dimension.to_owned()))
        .filter(series_table::scope.eq_any(scopes))
        .into_boxed();
    if let Some(indicator) = asked.indicator {
        query = query.filter(series_table::indicator.eq(indicator.to_owned()));
    }
    query
}

/// As they are known now.
pub fn open(conn: &mut Conn, asked: &Asked<'_>) -> Result<Vec<TallyRow>> {
    let scopes: Vec<String> = asked.scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let mut query = tallies::table
        .inner_join(series_table::table)
        .filter(series_table::alliance_id.eq(asked.alliance))
        .filter(series_table::dimension.eq(asked.dimension.to_owned()))
        .filter(series_table::scope.eq_any(scopes))
        .filter(IsOpen)
        .into_boxed();
    if let Some(indicator) = asked.indicator {
        query = query.filter(series_table::indicator.eq(indicator.to_owned()));
    }
    let rows = query.select((Series::as_select(), Stored::as_select())).load(conn)?;
    Ok(rows.into_iter().map(|row: (Series, Stored)| TallyRow::from(row)).collect())
}

/// As they were known at a size of the journal.
///
/// Each count has exactly one open row, by which it is found; its row of then is the last one that began by
/// then. So this costs as many look-ups by key as there are counts, however long the journal has become. (By
/// `from_seq` and `to_seq` alone every row that was closed since would have to be read.)
pub fn as_of(conn: &mut Conn, asked: &Asked<'_>, seq: i64) -> Result<Vec<TallyRow>> {
    let series: Vec<(i64, Series)> =
        narrow(asked).select((series_table::id, Series::as_select())).load(conn)?;
    let series: HashMap<i64, Series> = series.into_iter().collect();
    let mut found = Vec::new();
    for scope in asked.scopes {
        // An indicator's key is never empty.
        let indicator = asked.indicator.unwrap_or_default();
        let rows: Vec<Stored> = match conn {
            Conn::Postgresql(own) => diesel::sql_query(AS_OF_LATERAL)
                .bind::<Uid, _>(asked.alliance)
                .bind::<Text, _>(asked.dimension)
                .bind::<Text, _>(*scope)
                .bind::<Text, _>(indicator)
                .bind::<BigInt, _>(seq)
                .load(own)?,
            Conn::Sqlite(own) => diesel::sql_query(AS_OF)
                .bind::<Uid, _>(asked.alliance)
                .bind::<Text, _>(asked.dimension)
                .bind::<Text, _>(*scope)
                .bind::<Text, _>(indicator)
                .bind::<BigInt, _>(seq)
                .load(own)?,
        };
        let named = |row: Stored| Some(TallyRow::from((series.get(&row.series_id)?.clone(), row)));
        found.extend(rows.into_iter().filter_map(named));
    }
    Ok(found)
}

/// CROSS JOIN keeps SQLite from beginning with the rows of then, which are all there ever were.
const AS_OF: &str = "
    SELECT t.* FROM series s CROSS JOIN tallies o ON o.series_id = s.id
    CROSS JOIN tallies t ON t.series_id = o.series_id AND t.from_on = o.from_on AND t.from_seq = (
        SELECT max(e.from_seq) FROM tallies e
        WHERE e.series_id = o.series_id AND e.from_on = o.from_on AND e.from_seq <= ?5
    )
    WHERE s.alliance_id = ?1 AND s.dimension = ?2 AND s.scope = ?3 AND (?4 = '' OR s.indicator = ?4)
        AND o.to_seq = 9223372036854775807";

/// The same for PostgreSQL, whose planner is told by LATERAL to find each row by its key.
const AS_OF_LATERAL: &str = "
    SELECT t.* FROM series s JOIN tallies o ON o.series_id = s.id CROSS JOIN LATERAL (
        SELECT * FROM tallies e
        WHERE e.series_id = o.series_id AND e.from_on = o.from_on AND e.from_seq <= $5
        ORDER BY e.from_seq DESC LIMIT 1
    ) t
    WHERE s.alliance_id = $1 AND s.dimension = $2 AND s.scope = $3 AND ($4 = '' OR s.indicator = $4)
        AND o.to_seq = 9223372036854775807";

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use diesel::connection::InstrumentationEvent;
    use diesel_migrations::MigrationHarness;

    use super::*;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// Without the index that has what holds now together, a list reads as many pages as there are counts.
    #[test]
    fn sqlite_reads_what_holds_now_from_its_index_alone() {
        let mut sqlite = SqliteConnection::establish(":memory:").expect("a database");
        sqlite.run_pending_migrations(crate::db::SQLITE_MIGRATIONS).expect("its schema");
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = said.clone();
        sqlite.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                hears.lock().expect("no panic").push(query.to_string());
            }
        });
        let mut conn = Conn::Sqlite(sqlite);
        let alliance = AllianceId::new();
        for (scopes, indicator) in
            [(&["alliance"][..], Some("joined")), (&["alliance", "closing"], None)]
        {
            let asked = Asked { alliance, dimension: "whole", scopes, indicator };
            open(&mut conn, &asked).expect("a read");
            as_of(&mut conn, &asked, 7).expect("a read");
        }
        let said = std::mem::take(&mut *said.lock().expect("no panic"));
        let of_now: Vec<String> =
            said.into_iter().filter(|query| query.contains("9223372036854775807")).collect();
        assert_eq!(of_now.len(), 5, "{of_now:?}");
        for query in of_now {
            let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}")).load::<Step>(&mut conn);
            let plan: Vec<String> = plan.expect("a plan").into_iter().map(|step| step.detail).collect();
            let is_alone = plan.iter().any(|step| step.contains("COVERING INDEX tallies_open"));
            assert!(is_alone, "{query}: {plan:?}");
        }
    }
}
