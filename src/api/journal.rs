use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::partners::unknown;
use super::points;
use super::problem::Failure;
use crate::db::{Conn, Error as DbError};
use crate::domain::checks::{Faults, number};
use crate::domain::dates;
use crate::domain::id::{AllianceId, KeyId, PartnerId};
use crate::domain::journal::{hex, join};
use crate::domain::point::Point;
use crate::service::{Error, past};
use crate::store;
use crate::store::journal::{EntryRow, Filter, TextRow};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JournalQuery {
    /// The id of a key.
    #[param(format = "uuid")]
    actor: Option<String>,
    /// Such as `report.submitted`.
    action: Option<String>,
    /// An address within the alliance, such as `partners/019353f2-…`.
    subject: Option<String>,
    /// Entries that name this partner as theirs.
    #[param(format = "uuid")]
    partner: Option<String>,
    /// The first entry wanted: a number, or a time (RFC 3339).
    from: Option<String>,
    /// The last entry wanted: a number, or a time, which stands for the last entry at or before it.
    to: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// One change that counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    pub seq: i64,
    #[schema(format = "date-time")]
    pub at: String,
    /// The key that made the change; the nil id is the installation.
    pub actor: KeyId,
    #[schema(example = "report.submitted")]
    pub action: String,
    /// An address within the alliance.
    pub subject: String,
    pub partner: Option<PartnerId>,
    pub reason: Option<String>,
    /// The subject after the change, with its texts; null where it is gone.
    pub after: Value,
    /// Of the entry's bytes.
    pub sha256: String,
}

/// An entry with what it takes to check it by hand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntryWhole {
    #[serde(flatten)]
    pub entry: JournalEntry,
    /// The entry's bytes: canonical JSON (RFC 8785), with hashes in the place of texts.
    pub canonical: String,
    pub texts: Vec<EntryText>,
}

/// A text whose SHA-256, behind its salt, stands in the entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryText {
    /// JSON pointer into the entry.
    pub pointer: String,
    /// Hexadecimal.
    pub salt: String,
    pub text: String,
}

/// List journal entries.
///
/// In their order. A partner sees the entries that name it as their partner.
#[utoipa::path(tag = "journal", params(JournalQuery), responses(
    (status = 200, description = "A page of entries", body = List<JournalEntry>)))]
#[get("/journal")]
pub async fn list_journal(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: JournalQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let own = call.ctx.as_partner(alliance.id);
        let (filter, paging) = read(conn, alliance.id, own, query)?;
        let page = paging.page(call)?;
        let rows = store::journal::list(conn, alliance.id, &filter, &page)?;
        let total = match paging.count {
            true => Some(store::journal::count(conn, alliance.id, &filter)?),
            false => None,
        };
        let list = paging.cut(call, rows, total, |row| row.seq);
        let seqs: Vec<i64> = list.items.iter().map(|row| row.seq).collect();
        let texts = store::journal::texts(conn, alliance.id, &seqs)?;
        let entries: Result<Vec<JournalEntry>, Failure> =
            list.items.iter().map(|row| entry(row, &texts)).collect();
        let entries = entries?;
        let List { next_cursor, next, total_count, .. } = list;
        List { items: entries, next_cursor, next, total_count }.answer(call)
    })
    .await
}

fn read(
    conn: &mut Conn,
    journal: AllianceId,
    own: Option<PartnerId>,
    query: JournalQuery,
) -> Result<(Filter, Paging), Failure> {
    let mut faults = Faults::new();
    let paging = Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
    let actor = query.actor.as_deref().map(KeyId::parse);
    if actor == Some(None) {
        faults.push(unknown("?actor", "unknown-actor", query.actor.as_deref().unwrap_or_default()));
    }
    let partner = query.partner.as_deref().map(PartnerId::parse);
    if partner == Some(None) {
        faults.push(unknown(
            "?partner",
            "unknown-partner",
            query.partner.as_deref().unwrap_or_default(),
        ));
    }
    for (pointer, text) in [("?action", &query.action), ("?subject", &query.subject)] {
        if let Some(text) = text {
            faults.line(pointer, text);
        }
    }
    let from = points::read(&mut faults, "?from", query.from.as_deref());
    let to = points::read(&mut faults, "?to", query.to.as_deref());
    unless_any(faults)?;
    let from = from.map(|point| bound(conn, journal, point, true)).transpose()?;
    let to = to.map(|point| bound(conn, journal, point, false)).transpose()?;
    if let (Some(own), Some(Some(asked))) = (own, partner)
        && own != asked
    {
        return Err(Failure::from(Error::absent()));
    }
    let filter = Filter {
        actor: actor.flatten(),
        action: query.action,
        subject: query.subject,
        partner: own.or(partner.flatten()),
        // A time stands for the last entry at or before it; what follows begins after that.
        from: from.map(|bound| bound.seq.saturating_add(i64::from(bound.is_time))),
        to: to.map(|bound| bound.seq),
    };
    Ok((filter, paging))
}

struct Bound {
    seq: i64,
    is_time: bool,
}

/// What a point stands for here. `from` a time includes the entries of that very time.
fn bound(conn: &mut Conn, journal: AllianceId, point: Point, is_from: bool) -> Result<Bound, Failure> {
    Ok(match point {
        Point::Size(seq) => Bound { seq, is_time: false },
        Point::Edition(number) => Bound {
            seq: past::edition(conn, journal, number)?.journal_size,
            is_time: false,
        },
        Point::Time(at) => {
            let at = if is_from { at - chrono::Duration::microseconds(1) } else { at };
            Bound {
                seq: store::journal::size_at(conn, journal, at)?,
                is_time: is_from,
            }
        }
    })
}

/// Find a journal entry.
///
/// With its bytes and salts, so that it can be checked by hand.
#[utoipa::path(tag = "journal", responses((status = 200, description = "The entry", body = JournalEntryWhole)))]
#[get("/journal/{seq}")]
pub async fn find_journal_entry(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        let seq = call.id("seq", number)?;
        let row = store::journal::find(conn, alliance.id, seq)?.ok_or_else(Error::absent)?;
        if let Some(own) = call.ctx.as_partner(alliance.id)
            && row.partner_id != Some(own)
        {
            return Err(Failure::from(Error::absent()));
        }
        let texts = store::journal::texts(conn, alliance.id, &[seq])?;
        let whole = JournalEntryWhole {
            entry: entry(&row, &texts)?,
            canonical: String::from_utf8_lossy(&row.bytes).into_owned(),
            texts: texts.into_iter().map(entry_text).collect(),
        };
        Ok(Answer::ok(&whole).versioned(seq))
    })
    .await
}

fn entry_text(row: TextRow) -> EntryText {
    EntryText { pointer: row.pointer, salt: hex(&row.salt), text: row.text }
}

fn entry(row: &EntryRow, texts: &[TextRow]) -> Result<JournalEntry, Failure> {
    let broken =
        |e: serde_json::Error| Failure::from(DbError::Broken(format!("entry {}: {e}", row.seq)));
    let mut value: Value = serde_json::from_slice(&row.bytes).map_err(broken)?;
    let own = texts.iter().filter(|text| text.seq == row.seq);
    join(&mut value, own.map(|text| (text.pointer.as_str(), text.text.as_str())));
    Ok(JournalEntry {
        seq: row.seq,
        at: dates::rfc3339(row.entry_at.0),
        actor: row.actor_id,
        action: row.action.clone(),
        subject: row.subject.clone(),
        partner: row.partner_id,
        reason: value.get("reason").and_then(Value::as_str).map(str::to_owned),
        after: value.get_mut("after").map(Value::take).unwrap_or_default(),
        sha256: hex(&Sha256::digest(&row.bytes)),
    })
}
