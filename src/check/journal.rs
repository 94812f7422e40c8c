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
    /// `after` of a submission as the bytes have it, with every text a hash: its receipt is over that.
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

/// Hands on every entry in order, so that no more of them than a page are in memory, and says what is wrong with each.
/// One that does not read is left out.
pub fn read(
    conn: &mut Conn,
    journal: AllianceId,
    found: &mut Findings,
    take: &mut dyn FnMut(Entry, &mut Findings),
) -> Result<()> {
    let texts = found.loaded("journal", audit::texts(conn, journal))?;
    let mut beside: BTreeMap<i64, Vec<TextRow>> = BTreeMap::new();
    for text in texts.unwrap_or_default() {
        beside.entry(text.seq).or_default().push(text);
    }
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
            if let Some(entry) = entry(row, beside, found) {
                take(entry, found);
            }
        }
    }
    for text in beside.into_values().flatten() {
        found.differ(text_address(&text), "a text without an entry");
    }
    head(conn, journal, last, found)
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

/// The entry of a row, if its bytes read at all.
fn entry(row: &EntryRow, texts: Vec<TextRow>, found: &mut Findings) -> Option<Entry> {
    match serde_json::from_slice(&row.bytes) {
        Ok(value) => Some(of(row, value, texts, found)),
        Err(error) => {
            found.differ(address(row.seq), format!("the bytes are not JSON: {error}"));
            None
        }
    }
}

/// The entry of a row, whose bytes were read. What is believed is the bytes, never the columns.
pub fn of(row: &EntryRow, mut value: Value, texts: Vec<TextRow>, found: &mut Findings) -> Entry {
    let at = address(row.seq);
    if !is_canonical(&value, &row.bytes) {
        found.differ(&at, "the bytes are not canonical JSON");
    }
    for fault in shape(&value) {
        found.differ(&at, fault);
    }
    let columns = [
        ("journal", json!(row.journal_id)),
        ("seq", json!(row.seq)),
        ("at", json!(rfc3339(row.entry_at.0))),
        ("actor", json!(row.actor_id)),
        ("action", json!(row.action)),
        ("subject", json!(row.subject)),
        ("partner", json!(row.partner_id)),
    ];
    let named = columns.into_iter().flat_map(|(field, column)| {
        let said = value.get(field).unwrap_or(&Value::Null);
        if *said == column {
            return Vec::new();
        }
        compare::fields(&json!({ field: said }), &json!({ field: column }))
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        found.differ(&at, format!("a column is not what the bytes say: {}", named.join("; ")));
    }
    let sealed = match text(&value, "action") {
        "report.submitted" => value.get("after").cloned().unwrap_or_default(),
        _ => Value::Null,
    };
    join(&mut value, texts, found);
    let gone = redactions::gone(&value);
    Entry {
        seq: row.seq,
        at: text(&value, "at").to_owned(),
        actor: text(&value, "actor").to_owned(),
        action: text(&value, "action").to_owned(),
        subject: text(&value, "subject").to_owned(),
        partner: text(&value, "partner").to_owned(),
        after: value.get_mut("after").map(Value::take).unwrap_or_default(),
        sealed,
        gone,
    }
}

/// Whether a value, written as it was read, is these bytes again, with its keys in the order of RFC 8785. Of numbers,
/// `shape` lets only those pass that are written in one way.
fn is_canonical(value: &Value, bytes: &[u8]) -> bool {
    has_keys_in_order(value) && serde_json::to_vec(value).is_ok_and(|written| written == bytes)
}

fn has_keys_in_order(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(has_keys_in_order),
        Value::Object(fields) => {
            let keys = fields.keys().map(|key| key.encode_utf16());
            keys.is_sorted_by(|one, next| one.clone().lt(next.clone()))
                && fields.values().all(has_keys_in_order)
        }
        _ => true,
    }
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

#[cfg(test)]
mod tests {
    use super::is_canonical;

    #[test]
    fn canonical_bytes_have_their_keys_in_order_and_nothing_twice() {
        let cases = [
            (r#"{"a":[1,null,true],"b":{"a":"\u001f\"\\/\n"}}"#, true),
            ("{\"😀\":1,\"\u{e000}\":2}", true),
            ("{\"\u{e000}\":2,\"😀\":1}", false),
            (r#"{"b":1,"a":2}"#, false),
            (r#"[{"b":1,"a":2}]"#, false),
            (r#"{"a":1, "b":2}"#, false),
            (r#"{"a":1,"a":1}"#, false),
            (r#"{"a":"\u00e6"}"#, false),
            (r#"{"a":"\/"}"#, false),
        ];
        for (bytes, expected) in cases {
            let value = serde_json::from_str(bytes).expect("JSON");
            assert_eq!(is_canonical(&value, bytes.as_bytes()), expected, "{bytes}");
        }
    }
}
