//! What was known at an earlier point of the journal.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::figures::Known;
use super::programmes::{self, InForce};
use super::{Ctx, Error, Kind, Result};
use crate::db::{self, Conn};
use crate::domain::commitment::Commitment;
use crate::domain::dates::day_in;
use crate::domain::id::{AllianceId, CommitmentId, InitiativeId, PartnerId};
use crate::domain::initiative::Initiative;
use crate::domain::journal::{join, tell_redacted};
use crate::domain::partner::Partner;
use crate::domain::point::Point;
use crate::store;
use crate::store::publications::EditionRow;

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
        // Its figures are of the day on which it was published, which may be later than the last entry's.
        Point::Edition(number) => {
            let edition = edition(conn, alliance.id, number)?;
            (edition.journal_size, Some(edition.published_at.0))
        }
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

/// A partner as it was then.
pub fn partner(conn: &mut Conn, ctx: &Ctx, then: &Then, id: PartnerId) -> Result<Partner> {
    ctx.may_with(then.alliance.id, id)?;
    read(conn, then, &format!("partners/{id}"))
}

/// A commitment as it was then.
pub fn commitment(conn: &mut Conn, ctx: &Ctx, then: &Then, id: CommitmentId) -> Result<Commitment> {
    let commitment: Commitment = read(conn, then, &format!("commitments/{id}"))?;
    ctx.may_with(then.alliance.id, commitment.partner)?;
    Ok(commitment)
}

/// An initiative as it was then.
pub fn initiative(conn: &mut Conn, ctx: &Ctx, then: &Then, id: InitiativeId) -> Result<Initiative> {
    let initiative: Initiative = read(conn, then, &format!("initiatives/{id}"))?;
    ctx.may_with(then.alliance.id, initiative.lead_partner)?;
    Ok(initiative)
}

fn read<T: DeserializeOwned>(conn: &mut Conn, then: &Then, subject: &str) -> Result<T> {
    let value = subject_then(conn, then, subject)?.ok_or_else(Error::absent)?;
    let broken = |e: serde_json::Error| db::Error::Broken(format!("an entry of {subject}: {e}"));
    Ok(serde_json::from_value(value).map_err(broken)?)
}

/// A subject's whole representation then, by its last entry, with its texts; none where it was not there yet, or
/// no more. A redacted text reads as `journal::REDACTED`.
pub(super) fn subject_then(conn: &mut Conn, then: &Then, subject: &str) -> Result<Option<Value>> {
    let journal = then.alliance.id;
    let last = store::journal::last_about(conn, journal, subject, then.known.seq)?;
    let Some(row) = last else { return Ok(None) };
    let broken = |e: serde_json::Error| db::Error::Broken(format!("entry {}: {e}", row.seq));
    let mut entry: Value = serde_json::from_slice(&row.bytes).map_err(broken)?;
    let texts = store::journal::texts(conn, journal, &[row.seq])?;
    join(&mut entry, texts.iter().map(|text| (text.pointer.as_str(), text.text.as_str())));
    tell_redacted(&mut entry);
    Ok(entry.get_mut("after").map(Value::take).filter(|after| !after.is_null()))
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

/// The last edition's point before another, else the first entry: what a change is told since, where nobody says.
pub fn published_before(conn: &mut Conn, ctx: &Ctx, then: &Then) -> Result<Then> {
    let (alliance, size) = (&then.alliance, then.known.seq);
    let published = store::publications::last_before(conn, alliance.id, size)?;
    at(conn, ctx, alliance, published.map_or(Point::Size(1), Point::Edition))
}

/// The edition that a point names.
pub fn edition(conn: &mut Conn, alliance: AllianceId, number: i64) -> Result<EditionRow> {
    let found = store::publications::find(conn, alliance, number)?;
    found.ok_or_else(|| {
        Error::refuse(
            Kind::Absent,
            "unknown-edition",
            format!("Alliancen har ikke udgivet nummer {number}."),
            format!("The alliance has not published edition {number}."),
        )
    })
}
