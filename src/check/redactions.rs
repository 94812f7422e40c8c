//! Texts that are gone, and the entries that say so.
//!
//! A text may only go by a redaction, which names each place that it took it from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Findings;
use super::compare::{list, number, redacted, text};
use super::journal::Entry;
use super::points::has_redacted;

/// A place in the journal: an entry's number, and a pointer into it.
type Place = (i64, String);

/// The places whose texts are missing, and those that a redaction names, with its entry.
#[derive(Default)]
pub struct Missing {
    gone: BTreeSet<Place>,
    named: BTreeMap<Place, i64>,
}

impl Missing {
    pub fn take(&mut self, entry: &Entry, found: &mut Findings) {
        self.gone.extend(entry.gone.iter().map(|pointer| (entry.seq, pointer.clone())));
        if entry.action == "journal.redacted" {
            let places = places(entry, found).into_iter();
            self.named.extend(places.map(|place| (place, entry.seq)));
        }
    }

    /// Each is in both, or it is a difference.
    pub fn compare(&self, found: &mut Findings) {
        for place in self.gone.iter().filter(|place| !self.named.contains_key(place)) {
            found.differ(address(place), "the text is gone, and no redaction says so");
        }
        for (place, by) in self.named.iter().filter(|(place, _)| !self.gone.contains(place)) {
            found.differ(address(place), format!("journal/{by} says that this text was redacted"));
        }
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

fn address((seq, pointer): &Place) -> String {
    format!("journal/{seq}#{pointer}")
}

/// Where texts are missing in an entry whose others were put back.
pub fn gone(value: &Value) -> Vec<String> {
    let mut pointers = Vec::new();
    // Of most entries none is, and writing pointers takes longer than looking.
    if has_redacted(value) {
        walk(value, "", &mut pointers);
    }
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
