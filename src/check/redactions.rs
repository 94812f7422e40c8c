//! Texts that are gone, and the entries that say so.
//!
//! A text may only go by a redaction, which names each place that it took it from.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Findings;
use super::compare::{list, number, redacted, text};
use super::journal::Entry;

/// A place in the journal: an entry's number, and a pointer into it.
type Place = (i64, String);

/// Compares the texts that are missing with those that were redacted.
pub fn compare(entries: &[Entry], found: &mut Findings) {
    let mut named: BTreeMap<Place, i64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.action == "journal.redacted") {
        for place in places(entry, found) {
            named.insert(place, entry.seq);
        }
    }
    for entry in entries {
        for pointer in &entry.gone {
            if named.remove(&(entry.seq, pointer.clone())).is_none() {
                found.differ(address(entry.seq, pointer), "the text is gone, and no redaction says so");
            }
        }
    }
    for ((seq, pointer), by) in named {
        found.differ(address(seq, &pointer), format!("journal/{by} says that this text was redacted"));
    }
}

/// What a redaction took: the place that was asked for is among them, and none is of a later entry.
fn places(entry: &Entry, found: &mut Findings) -> Vec<Place> {
    let place = |value: &Value| Some((number(value, "seq")?, text(value, "pointer").to_owned()));
    let places: Vec<Place> = list(&entry.after, "texts").iter().filter_map(place).collect();
    let is_asked_for = place(&entry.after).is_some_and(|asked| places.contains(&asked));
    if !is_asked_for || places.iter().any(|(seq, _)| *seq >= entry.seq) {
        found.differ(entry.address(), "it does not name what it redacted");
    }
    places
}

fn address(seq: i64, pointer: &str) -> String {
    format!("journal/{seq}#{pointer}")
}

/// Where texts are missing in an entry whose others were put back.
pub fn gone(value: &Value) -> Vec<String> {
    let mut pointers = Vec::new();
    walk(value, "", &mut pointers);
    pointers
}

fn walk(value: &Value, at: &str, pointers: &mut Vec<String>) {
    if redacted(value).is_some() {
        return pointers.push(at.to_owned());
    }
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{i}"), pointers);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                walk(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), pointers);
            }
        }
        _ => {}
    }
}
