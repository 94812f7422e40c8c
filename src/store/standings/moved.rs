//! Standings that changed between two points. What was the same at both is not read.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{StandingRow, Stored};
use crate::db::schema::{standings, tallies};
use crate::db::{Conn, Result};
use crate::domain::id::AllianceId;
use crate::store::series::{self, Series};

/// From one size of the journal to another, and from one day to another; the first of each is outside.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from_seq: i64,
    pub to_seq: i64,
    pub from_on: NaiveDate,
    /// No earlier than `from_on`.
    pub to_on: NaiveDate,
}

/// Everybody's standings on an indicator in a scope.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    pub alliance: AllianceId,
    pub indicator: &'a str,
    pub scope: &'a str,
}

impl Whose<'_> {
    fn id(&self) -> i64 {
        series::Named::whole(self.indicator, self.scope).id(self.alliance)
    }

    fn read(&self, conn: &mut Conn, rows: Rows<'_>) -> Result<Vec<StandingRow>> {
        let series = Series {
            alliance_id: self.alliance,
            indicator: self.indicator.to_owned(),
            scope: self.scope.to_owned(),
            dimension: series::WHOLE.to_owned(),
            group_key: String::new(),
        };
        let rows: Vec<Stored> = rows.select(Stored::as_select()).load(conn)?;
        Ok(rows.into_iter().map(|row| StandingRow::from((series.clone(), row))).collect())
    }
}

type Rows<'a> = standings::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn of<'a>(series: i64) -> Rows<'a> {
    standings::table.filter(standings::series_id.eq(series)).into_boxed()
}

/// Every row that an entry of the span opened or closed, and every other one that was known all the time and began
/// or ended to hold on a day of it. Each once.
pub fn moved(conn: &mut Conn, whose: Whose<'_>, span: Span) -> Result<Vec<StandingRow>> {
    let opened = of(whose.id())
        .filter(standings::from_seq.gt(span.from_seq))
        .filter(standings::from_seq.le(span.to_seq));
    let closed = of(whose.id())
        .filter(standings::to_seq.gt(span.from_seq))
        .filter(standings::to_seq.le(span.to_seq))
        .filter(standings::from_seq.le(span.from_seq));
    let mut found = whose.read(conn, opened)?;
    found.extend(whose.read(conn, closed)?);
    if is_turning(conn, whose, span)? {
        let begins = standings::from_on.gt(span.from_on).and(standings::from_on.le(span.to_on));
        let ends = standings::to_on.gt(span.from_on).and(standings::to_on.le(span.to_on));
        let known = of(whose.id())
            // Plus nothing: found by `to_seq`, as in `narrow`.
            .filter((standings::from_seq + 0_i64).le(span.from_seq))
            .filter(standings::to_seq.gt(span.to_seq))
            .filter(begins.or(ends.assume_not_null()));
        found.extend(whose.read(conn, known)?);
    }
    Ok(found)
}

/// Whether anybody's standing begins or ends to hold on a day of the span. The running counts know it by their key,
/// so that nobody's standing is looked at where no such day has passed.
fn is_turning(conn: &mut Conn, whose: Whose<'_>, span: Span) -> Result<bool> {
    if span.from_on == span.to_on {
        return Ok(false);
    }
    let turning = tallies::table
        .filter(tallies::series_id.eq(whose.id()))
        .filter(tallies::from_on.gt(span.from_on))
        .filter(tallies::from_on.le(span.to_on))
        .select(diesel::dsl::min(tallies::from_on));
    Ok(turning.get_result::<Option<NaiveDate>>(conn)?.is_some())
}

/// Every row that was known at some size of the span, for where all of them are looked at in another way.
pub fn known_within(conn: &mut Conn, whose: Whose<'_>, span: Span) -> Result<Vec<StandingRow>> {
    let known = of(whose.id())
        .filter(standings::to_seq.gt(span.from_seq))
        .filter((standings::from_seq + 0_i64).le(span.to_seq));
    whose.read(conn, known)
}
