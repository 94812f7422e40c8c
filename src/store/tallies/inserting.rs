//! Inserting running counts.

use std::borrow::Cow;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;

use super::Stored;
use crate::db::connection::insert_all;
use crate::db::schema::tallies;
use crate::db::types::Units;
use crate::db::{Conn, Result};

/// So many rows go to SQLite in one statement. They are nearly all that an import writes, and with each statement go
/// its look-up, a step, and giving its parameters back.
const TOGETHER: usize = 16;

/// In the order of their key, in which they lie: each page is then written to once.
pub(super) fn insert(conn: &mut Conn, mut rows: Vec<Stored>) -> Result<()> {
    rows.sort_unstable_by_key(|row| (row.series_id, row.from_on, row.from_seq));
    match conn {
        Conn::Postgresql(_) => insert_all!(conn, tallies::table, rows)?,
        Conn::Sqlite(own) => {
            let (many, few) = rows.as_chunks::<TOGETHER>();
            many.iter().try_for_each(|rows| execute(own, rows))?;
            few.iter().try_for_each(|row| execute(own, std::array::from_ref(row)))?;
        }
    }
    Ok(())
}

fn execute<const N: usize>(conn: &mut SqliteConnection, rows: &[Stored; N]) -> Result<()> {
    Inserting(rows.each_ref().map(Line::of)).execute(conn)?;
    Ok(())
}

/// In SQLite's own words: diesel goes through its own statement for each row, column by column and more than once,
/// which costs as much as SQLite takes to insert it.
struct Inserting<'a, const N: usize>([Line<'a>; N]);

/// A row, its texts written.
struct Line<'a> {
    row: &'a Stored,
    from_on: String,
    amounts: [Cow<'static, str>; 3],
}

impl Line<'_> {
    fn of(row: &Stored) -> Line<'_> {
        // Most count nothing that could be added up.
        let text = |Units(units): Units| match units {
            0 => Cow::Borrowed("0"),
            units => Cow::Owned(units.to_string()),
        };
        Line {
            row,
            from_on: row.from_on.to_string(),
            amounts: [row.self_reported, row.documented, row.external].map(text),
        }
    }

    fn numbers(&self) -> [&i64; 7] {
        let row = self.row;
        [
            &row.from_seq,
            &row.to_seq,
            &row.counted,
            &row.not_counted,
            &row.not_applicable,
            &row.no_answer,
            &row.not_submitted,
        ]
    }
}

impl<const N: usize> QueryFragment<Sqlite> for Inserting<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO tallies (series_id, from_on, from_seq, to_seq, counted, not_counted, not_applicable, \
             no_answer, not_submitted, self_reported, documented, external) VALUES ",
        );
        let mut before = "(";
        for line in &self.0 {
            out.push_sql(before);
            out.push_bind_param::<BigInt, _>(&line.row.series_id)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&line.from_on)?;
            for number in line.numbers() {
                out.push_sql(", ");
                out.push_bind_param::<BigInt, _>(number)?;
            }
            for amount in &line.amounts {
                out.push_sql(", ");
                out.push_bind_param::<Text, str>(amount)?;
            }
            before = "), (";
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<const N: usize> QueryId for Inserting<'_, N> {
    type QueryId = Inserting<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Inserting<'_, N> {}
