//! The journal itself: its order, its bytes, the columns beside them, and the texts taken out of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::compare::{self, redacted, text};
use super::{Findings, redactions};
use crate::db::Conn;
use crate::domain::dates::rfc3339;
use crate::domain::id::AllianceId;
use crate::domain::journal::text_hash;
use crate::service::Result;
use crate::store::audit;
use crate::store::journal::{EntryRow, TextRow};

/// An entry with its texts put back; those that were redacted are still hashes.
pub struct Entry {
    pub seq: i64,
    /// RFC 3339.
    pub at: String,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub partner: String,
    pub after: Value,
    /// `after` as the bytes have it, with every text a hash.
    pub sealed: Value,
    /// Pointers to texts that are not beside it any more.
    pub gone: Vec<String>,
}

impl Entry {
    pub fn address(&self) -> String {
        address(self.seq)
    }
}

fn address(seq: i64) -> String {
    format!("journal/{seq}")
}

const PAGE: i64 = 1000;
const FIELDS: [&str; 11] = [
    "format", "journal", "seq", "at", "actor", "action", "subject", "partner", "reason", "after",
    "nonce",
];
/// The largest whole number that every reader of JSON keeps exactly.
const LARGEST: u64 = 1 << 53;

/// Reads every entry in order, and says what is wrong with each. One that does not read is left out.
pub fn read(conn: &mut Conn, journal: AllianceId, found: &mut Findings) -> Result<Vec<Entry>> {
    let texts = found.loaded("journal", audit::texts(conn, journal))?;
    let mut beside: BTreeMap<i64, Vec<TextRow>> = BTreeMap::new();
    for text in texts.unwrap_or_default() {
        beside.entry(text.seq).or_default().push(text);
    }
    let mut entries = Vec::new();
    let mut after = i64::MIN;
    let mut last: Option<(i64, DateTime<Utc>)> = None;
    loop {
        let rows = audit::entries(conn, journal, after, PAGE);
        let Some(rows) = found.loaded("journal", rows)? else { break };
        let Some(end) = rows.last() else { break };
        after = end.seq;
        for row in &rows {
            found.entries += 1;
            in_order(row, last, found);
            last = Some((row.seq, row.entry_at.0));
            let beside = beside.remove(&row.seq).unwrap_or_default();
            entries.extend(entry(row, beside, found));
        }
    }
    for text in beside.into_values().flatten() {
        found.differ(text_address(&text), "a text without an entry");
    }
    head(conn, journal, last, found)?;
    Ok(entries)
}

fn in_order(row: &EntryRow, last: Option<(i64, DateTime<Utc>)>, found: &mut Findings) {
    let expected = last.map_or(1, |(seq, _)| seq + 1);
    if row.seq != expected {
        found.differ(address(expected), format!("the entry is missing; the next is {}", row.seq));
    }
    if last.is_some_and(|(_, at)| row.entry_at.0 <= at) {
        found.differ(address(row.seq), "its time is not later than the entry's before");
    }
}

fn head(
    conn: &mut Conn,
    journal: AllianceId,
    last: Option<(i64, DateTime<Utc>)>,
    found: &mut Findings,
) -> Result<()> {
    let Some(head) = found.loaded("journal/head", audit::head(conn, journal))? else {
        return Ok(());
    };
    match (head, last) {
        (None, None) => {}
        (Some((0, _)), None) => {}
        (Some((size, at)), Some((seq, last_at))) if size == seq && at.0 == last_at => {}
        (head, last) => {
            let shown = |end: Option<(i64, DateTime<Utc>)>| match end {
                Some((size, at)) => format!("{size} entries, the last at {}", rfc3339(at)),
                None => "no entries".to_owned(),
            };
            let head = head.map(|(size, at)| (size, at.0));
            let detail = format!("the head says {}, the journal has {}", shown(head), shown(last));
            found.differ("journal/head", detail);
        }
    }
    Ok(())
}

/// The entry of a row, if its bytes read at all. What is believed is the bytes, never the columns.
pub fn entry(row: &EntryRow, texts: Vec<TextRow>, found: &mut Findings) -> Option<Entry> {
    let at = address(row.seq);
    let mut value: Value = match serde_json::from_slice(&row.bytes) {
        Ok(value) => value,
        Err(error) => {
            found.differ(at, format!("the bytes are not JSON: {error}"));
            return None;
        }
    };
    if !serde_json_canonicalizer::to_vec(&value).is_ok_and(|bytes| bytes == row.bytes) {
        found.differ(&at, "the bytes are not canonical JSON");
    }
    for fault in shape(&value) {
        found.differ(&at, fault);
    }
    let columns = json!({
        "journal": row.journal_id,
        "seq": row.seq,
        "at": rfc3339(row.entry_at.0),
        "actor": row.actor_id,
        "action": row.action,
        "subject": row.subject,
        "partner": row.partner_id,
    });
    let named = columns.as_object().into_iter().flatten().map(|(field, column)| {
        let said = value.get(field).unwrap_or(&Value::Null);
        compare::fields(&json!({ field: said }), &json!({ field: column }))
    });
    let named: Vec<String> = named.flatten().collect();
    if !named.is_empty() {
        found.differ(&at, format!("a column is not what the bytes say: {}", named.join("; ")));
    }
    let sealed = value.get("after").cloned().unwrap_or_default();
    join(&mut value, texts, found);
    Some(Entry {
        seq: row.seq,
        at: text(&value, "at").to_owned(),
        actor: text(&value, "actor").to_owned(),
        action: text(&value, "action").to_owned(),
        subject: text(&value, "subject").to_owned(),
        partner: text(&value, "partner").to_owned(),
        after: value.get("after").cloned().unwrap_or_default(),
        sealed,
        gone: redactions::gone(&value),
    })
}

/// What an entry may hold: its fields, all of them, and no numbers that a reader might round.
fn shape(value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let missing = FIELDS.into_iter().filter(|field| value.get(field).is_none());
    faults.extend(missing.map(|field| format!("{field} is missing")));
    let fields = value.as_object().into_iter().flatten().map(|(field, _)| field);
    let others = fields.filter(|field| !FIELDS.contains(&field.as_str()));
    faults.extend(others.map(|field| format!("{field} is no field of an entry")));
    if value.get("format") != Some(&json!(1)) {
        faults.push("the format is not 1".to_owned());
    }
    let nonce = text(value, "nonce");
    if nonce.len() != 32 || !nonce.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        faults.push("the nonce is not 16 bytes in hexadecimal".to_owned());
    }
    if !only_exact_numbers(value) {
        faults.push("it holds a number that is not a whole one below 2^53".to_owned());
    }
    faults
}

fn only_exact_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() < LARGEST),
        Value::Array(items) => items.iter().all(only_exact_numbers),
        Value::Object(fields) => fields.values().all(only_exact_numbers),
        _ => true,
    }
}

pub fn text_address(text: &TextRow) -> String {
    format!("{}#{}", address(text.seq), text.pointer)
}

/// Puts back each text that is the one that was taken out. A place without a text was redacted.
fn join(value: &mut Value, texts: Vec<TextRow>, found: &mut Findings) {
    for row in texts {
        let place = value.pointer_mut(&row.pointer);
        let hash = place.as_deref().and_then(redacted).map(str::to_owned);
        match (place, hash) {
            (Some(place), Some(hash)) if hash == text_hash(&row.salt, &row.text) => {
                *place = Value::String(row.text);
            }
            (Some(_), Some(_)) => {
                found.differ(text_address(&row), "the text is not the one that was hashed")
            }
            _ => found.differ(text_address(&row), "the entry has no place for this text"),
        }
    }
}
