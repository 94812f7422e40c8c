//! What a new version of a programme changes, place by place.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::document::ProgrammeDocument;
use crate::domain::text::pointer_step;

/// One place where two documents differ.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"change": "changed", "place": "indicators.joined.counts",
    "pointer": "/indicators/0/counts", "from": "answer == 'yes'", "to": "answer != 'no'"}))]
pub struct Difference {
    pub change: HowChanged,
    /// For people: the way there, entries by their keys.
    pub place: String,
    /// JSON pointer into the new document; of what is removed, into the old one.
    pub pointer: String,
    /// What stood there; null where there was nothing. Of another order, the keys.
    pub from: Value,
    pub to: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum HowChanged {
    Added,
    Removed,
    Changed,
    /// The same entries in another order.
    Reordered,
}

/// Every place that differs, in the new document's order; what is gone stands behind its neighbours.
pub fn differences(old: &ProgrammeDocument, new: &ProgrammeDocument) -> Vec<Difference> {
    // A list that is left out where it is empty is an empty list all the same.
    let value = |document| {
        let mut value = serde_json::to_value(document).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.entry("measures").or_insert_with(|| json!([]));
        }
        value
    };
    let mut found = Vec::new();
    Place::default().compare(&value(old), &value(new), &mut found);
    found
}

#[derive(Default, Clone)]
struct Place {
    words: Vec<String>,
    pointer: String,
}

impl Place {
    fn step(&self, word: &str, step: &str) -> Place {
        let words = self.words.iter().cloned().chain([word.to_owned()]).collect();
        Place { words, pointer: format!("{}/{step}", self.pointer) }
    }

    fn difference(&self, change: HowChanged, from: Value, to: Value) -> Difference {
        Difference {
            change,
            place: self.words.join("."),
            pointer: self.pointer.clone(),
            from,
            to,
        }
    }

    fn compare(&self, old: &Value, new: &Value, found: &mut Vec<Difference>) {
        match (old, new) {
            _ if old == new => {}
            (Value::Object(before), Value::Object(after)) => {
                let gone = before.keys().filter(|key| !after.contains_key(*key));
                for key in after.keys().chain(gone) {
                    let (old, new) = (before.get(key), after.get(key));
                    let place = self.step(key, &pointer_step(key));
                    place.compare(old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null), found);
                }
            }
            (Value::Array(before), Value::Array(after)) => match (keyed(before), keyed(after)) {
                (Some(before), Some(after)) => self.compare_entries(&before, &after, found),
                _ => found.push(self.difference(HowChanged::Changed, old.clone(), new.clone())),
            },
            _ => found.push(self.difference(HowChanged::Changed, old.clone(), new.clone())),
        }
    }

    /// Entries belong together by their keys, wherever they stand.
    fn compare_entries(&self, old: &[Entry<'_>], new: &[Entry<'_>], found: &mut Vec<Difference>) {
        let before: BTreeMap<&str, &Value> = old.iter().copied().collect();
        let after: BTreeMap<&str, &Value> = new.iter().copied().collect();
        for (i, (key, entry)) in new.iter().enumerate() {
            let place = self.step(key, &i.to_string());
            match before.get(key) {
                Some(old) => place.compare(old, entry, found),
                None => found.push(place.difference(HowChanged::Added, Value::Null, (*entry).clone())),
            }
        }
        for (i, (key, entry)) in old.iter().enumerate().filter(|(_, (key, _))| !after.contains_key(key))
        {
            let place = self.step(key, &i.to_string());
            found.push(place.difference(HowChanged::Removed, (*entry).clone(), Value::Null));
        }
        let kept = |entries: &[Entry<'_>]| -> Vec<String> {
            let both = |key: &&str| before.contains_key(key) && after.contains_key(key);
            entries.iter().map(|(key, _)| *key).filter(both).map(str::to_owned).collect()
        };
        let (old, new) = (kept(old), kept(new));
        if old != new {
            found.push(self.difference(HowChanged::Reordered, json!(old), json!(new)));
        }
    }
}

type Entry<'a> = (&'a str, &'a Value);

/// The entries of a list by their keys, if each one has a key.
fn keyed(items: &[Value]) -> Option<Vec<Entry<'_>>> {
    items.iter().map(|item| Some((item.get("key")?.as_str()?, item))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_that_differs_is_named() {
        let text = include_str!("../../../programmes/demo.toml");
        let old: ProgrammeDocument = toml::from_str(text).expect("a programme");
        assert!(differences(&old, &old).is_empty());
        let mut new = old.clone();
        new.decimals = 1;
        let gone = new.sectors.pop().expect("a sector");
        let mut sector = gone.clone();
        sector.key = "new".to_owned();
        new.sectors.insert(0, sector);
        new.indicators[0].label.da = "andet".to_owned();
        new.rounds[0].questions.pop();
        new.questions.swap(0, 1);
        let found = differences(&old, &new);
        let mut lines: Vec<_> = found
            .iter()
            .map(|found| (found.change, found.place.as_str(), found.pointer.as_str()))
            .collect();
        let removed = format!("sectors.{}", gone.key);
        let at = format!("/sectors/{}", old.sectors.len() - 1);
        let label = format!("indicators.{}.label.da", old.indicators[0].key);
        let asked = format!("rounds.{}.questions", old.rounds[0].key);
        let mut expected = vec![
            (HowChanged::Changed, "decimals", "/decimals"),
            (HowChanged::Added, "sectors.new", "/sectors/0"),
            (HowChanged::Removed, removed.as_str(), at.as_str()),
            (HowChanged::Changed, asked.as_str(), "/rounds/0/questions"),
            (HowChanged::Reordered, "questions", "/questions"),
            (HowChanged::Changed, label.as_str(), "/indicators/0/label/da"),
        ];
        lines.sort_by_key(|line| (line.2, line.1));
        expected.sort_by_key(|line| (line.2, line.1));
        assert_eq!(lines, expected);
        for found in found {
            let document = match found.change {
                HowChanged::Removed => serde_json::to_value(&old).expect("JSON"),
                _ => serde_json::to_value(&new).expect("JSON"),
            };
            let there = document.pointer(&found.pointer).expect("the pointer leads there");
            match found.change {
                HowChanged::Removed => assert_eq!(*there, found.from),
                HowChanged::Reordered => assert_eq!(there[0]["key"], found.to[0]),
                _ => assert_eq!(*there, found.to),
            }
        }
    }
}
