//! What was known at an earlier point of the journal.

use super::figures::Known;
use super::programmes::{self, InForce};
use super::{Ctx, Error, Kind, Result};
use crate::db::Conn;
use crate::domain::dates::day_in;
use crate::domain::point::Point;
use crate::store;

/// An alliance as it was at a point: the programme in force then, and what its figures knew.
#[derive(Debug, Clone)]
pub struct Then {
    pub alliance: InForce,
    pub known: Known,
}

/// What a point stands for. Refuses one in the future, and one before the first entry, when there was no alliance.
pub fn at(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, point: Point) -> Result<Then> {
    let (seq, given) = match point {
        Point::Size(size) => (size, None),
        Point::Time(at) if at > ctx.now => return Err(in_the_future()),
        Point::Time(at) => (store::journal::size_at(conn, alliance.id, at)?, Some(at)),
        Point::Edition(number) => (edition(number)?, None),
    };
    if seq < 1 {
        return Err(before_the_first_entry());
    }
    let entry_at = store::journal::time_of(conn, alliance.id, seq)?.ok_or_else(in_the_future)?;
    let alliance = programmes::at(conn, alliance, seq)?;
    let zone = alliance.programme.zone;
    let known = Known {
        seq,
        at: entry_at,
        today: day_in(zone, given.unwrap_or(entry_at)),
        entry_day: Some(day_in(zone, entry_at)),
    };
    Ok(Then { alliance, known })
}

fn in_the_future() -> Error {
    Error::refuse(
        Kind::Malformed,
        "point-in-future",
        "Så langt er journalen ikke kommet. Angiv et nummer eller et tidspunkt, der er passeret.",
        "The journal has not come so far. Name a number or a time that has passed.",
    )
}

fn before_the_first_entry() -> Error {
    Error::refuse(
        Kind::Absent,
        "before-first-entry",
        "Journalens første post er senere. Dengang var der intet her.",
        "The journal's first entry is later. There was nothing here then.",
    )
}

/// The size of the journal that an edition's figures are of. There are none yet.
pub fn edition(number: i64) -> Result<i64> {
    Err(Error::refuse(
        Kind::Absent,
        "unknown-edition",
        format!("Alliancen har ikke udgivet nummer {number}."),
        format!("The alliance has not published edition {number}."),
    ))
}
