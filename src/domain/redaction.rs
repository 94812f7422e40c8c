//! Redaction: a free text that must go is taken out of everything that is kept, for good.
//!
//! What is redacted is a text and not a place. The same goal stands in each entry about its commitment, and the same
//! answer in a draft, a submission and every move after it, so all of them go together. Its entry stays as it was, with
//! the salted hash in the text's place; since the salt goes with the text, the hash says nothing any more.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::checks::Faults;
use super::dates;
use super::journal::{REDACTED, is_free_text, is_hash};
use super::text::Fault;

/// A text of at least so many characters is also found inside longer ones. A shorter one stands in them by chance.
const LONG: usize = 8;

/// What is to be redacted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"pointer": "/after/goal", "reason": "Målet nævnte en borger ved navn"}))]
pub struct Redact {
    /// JSON pointer (RFC 6901) into the entry, to a free text.
    pub pointer: String,
    /// Why. Free text, may not be empty, and stands in the journal: it must not say again what is to go.
    pub reason: String,
}

/// A place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextPlace {
    /// The entry's number.
    pub seq: i64,
    /// JSON pointer into the entry.
    pub pointer: String,
}

/// A text that was redacted, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Redaction {
    /// The number of the entry that says so; null where nothing was done.
    pub journal_seq: Option<i64>,
    #[serde(serialize_with = "dates::sent")]
    #[schema(value_type = String, format = "date-time")]
    pub at: DateTime<Utc>,
    /// The entry that was named.
    pub seq: i64,
    pub pointer: String,
    pub reason: String,
    /// Where the text stood in the journal: every entry about the same thing or of the same partner that had it.
    pub texts: Vec<TextPlace>,
    /// Where the same text stands in entries of others, which are not touched.
    pub elsewhere: Vec<TextPlace>,
}

impl Redact {
    /// What is wrong with the request itself.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.reason("/reason", &self.reason);
        faults.unless_any(())
    }

    /// Fails where the reason says the text again.
    pub fn keeps_silent(&self, text: &str) -> Result<(), Vec<Fault>> {
        match within(&self.reason, text) {
            None => Ok(()),
            Some(_) => Err(vec![Fault::new(
                "/reason",
                "repeats-text",
                "Begrundelsen gentager den tekst, der skal slettes. Skriv den uden.",
                "The reason repeats the text that is to be erased. Write it without.",
            )]),
        }
    }
}

/// What a pointer leads to in an entry whose texts that are still there were put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    Nowhere,
    /// To a text that is gone already.
    ToRedacted,
    /// To what is no free text.
    ToOther,
}

/// Where a pointer leads that leads to no text.
pub fn leads(entry: &Value, pointer: &str) -> Leads {
    match entry.pointer(pointer) {
        None => Leads::Nowhere,
        Some(Value::Object(fields)) if is_hash(fields) => Leads::ToRedacted,
        Some(_) => Leads::ToOther,
    }
}

/// The fault of a pointer to what can't be redacted.
pub fn not_redactable(leads: Leads) -> Fault {
    match leads {
        Leads::Nowhere => Fault::new(
            "/pointer",
            "no-such-place",
            "Posten har intet sted, der hedder sådan.",
            "The entry has no place of that name.",
        ),
        Leads::ToRedacted | Leads::ToOther => Fault::new(
            "/pointer",
            "not-free-text",
            "Kun fri tekst kan slettes: mål, resuméer, svar med ord, kommentarer og begrundelser. Alt andet er tallenes grundlag.",
            "Only free text can be erased: goals, summaries, answers in words, comments and reasons. The \
             figures rest on all else.",
        ),
    }
}

/// Puts `REDACTED` in the place of a text, wherever it stands as free text in a thing as it is kept or sent.
/// `is_text` tells of a question whether it is answered in words. Answers whether it was found.
pub fn blot(value: &mut Value, text: &str, is_text: &dyn Fn(&str) -> bool) -> bool {
    let mut found = false;
    match value {
        Value::Array(items) => {
            for item in items {
                found |= blot(item, text, is_text);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "answers" {
                    found |= blot_answers(value, text, is_text);
                }
                found |= match value {
                    Value::String(own) if is_free_text(key) => replace(own, text),
                    value => blot(value, text, is_text),
                };
            }
        }
        _ => {}
    }
    found
}

fn blot_answers(answers: &mut Value, text: &str, is_text: &dyn Fn(&str) -> bool) -> bool {
    let mut found = false;
    for (question, answer) in answers.as_object_mut().into_iter().flatten() {
        if let Some(Value::String(own)) = answer.get_mut("value")
            && is_text(question)
        {
            found |= replace(own, text);
        }
    }
    found
}

/// The same for what is only kept for a while and is no evidence: a text is also taken out of longer ones, such as the
/// sentence that quotes it, and out of whatever field it was put in by mistake. Only a text of several words, which no
/// code, key or id can be.
pub fn blot_anywhere(value: &mut Value, text: &str) -> bool {
    if !text.trim().contains(char::is_whitespace) {
        return false;
    }
    match value {
        Value::Array(items) => {
            items.iter_mut().fold(false, |found, item| blot_anywhere(item, text) | found)
        }
        Value::Object(fields) => fields
            .values_mut()
            .fold(false, |found, value| blot_anywhere(value, text) | found),
        Value::String(own) => replace_within(own, text) | replace_quoted(own, text),
        _ => false,
    }
}

/// Puts `REDACTED` in the place of what a sentence quotes of a text: a part of it, cut, or without its blanks.
fn replace_quoted(own: &mut String, text: &str) -> bool {
    let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let whole = squeezed(text);
    let is_of_it = |quoted: &str| {
        let quoted = squeezed(quoted.trim_end_matches('…'));
        quoted.chars().count() >= LONG && whole.contains(&quoted)
    };
    let between = |open: char, close: char| own.split_once(open)?.1.split_once(close);
    let quotes = [between('»', '«'), between('"', '"')].into_iter().flatten();
    let found = quotes.map(|(quoted, _)| quoted).find(|quoted| is_of_it(quoted));
    let Some(without) = found.map(|quoted| own.replace(quoted, REDACTED)) else { return false };
    *own = without;
    true
}

/// Puts `REDACTED` in the place of a text that is all of a string, or a long part of it.
pub fn replace_within(own: &mut String, text: &str) -> bool {
    let without = within(own, text);
    let is_there = without.is_some();
    if let Some(without) = without {
        *own = without;
    }
    is_there
}

/// Puts `REDACTED` in the place of a string that is the text, and answers whether it was. A draft may have blanks around
/// what was submitted without.
pub fn replace(own: &mut String, text: &str) -> bool {
    let is_it = own.trim() == text.trim();
    if is_it {
        *own = REDACTED.to_owned();
    }
    is_it
}

/// What is left of a string without a text that is all of it, or a long part; none where it does not have it.
fn within(own: &str, text: &str) -> Option<String> {
    let text = text.trim();
    let is_long = text.chars().count() >= LONG;
    if own.trim() == text {
        return Some(REDACTED.to_owned());
    }
    (is_long && own.contains(text)).then(|| own.replace(text, REDACTED))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "Anne Hansen ringer";

    #[test]
    fn only_free_text_is_blotted() {
        let mut report = json!({
            "answers": {
                "note": {"value": TEXT, "comment": format!(" {TEXT}\n")},
                "who": {"value": TEXT, "comment": null},
            },
            "initiatives": [{"initiative": TEXT, "progress": TEXT, "learning": format!("{TEXT} igen")}],
        });
        assert!(blot(&mut report, TEXT, &|question| question == "note"));
        let expected = json!({
            "answers": {
                "note": {"value": REDACTED, "comment": REDACTED},
                "who": {"value": TEXT, "comment": null},
            },
            "initiatives": [{"initiative": TEXT, "progress": REDACTED, "learning": format!("{TEXT} igen")}],
        });
        assert_eq!(report, expected);
        assert!(!blot(&mut report, TEXT, &|question| question == "note"), "nothing is left to blot");
    }

    #[test]
    fn a_long_text_is_found_inside_others_and_a_short_one_is_not() {
        let mut remarks =
            json!([{"detail": {"da": format!("»{TEXT}« er ikke et tal."), "en": "Ja"}}, 3, null]);
        assert!(blot_anywhere(&mut remarks, TEXT));
        assert_eq!(remarks[0]["detail"]["da"], format!("»{REDACTED}« er ikke et tal."));
        let mut quoting = json!([
            "»AnneHansenrin…« er ikke et tal.",
            "\"AnneHansenringer\" is not a number.",
            "»Ja« er ikke et tal.",
        ]);
        assert!(blot_anywhere(&mut quoting, TEXT));
        let expected =
            ["»[redacted]« er ikke et tal.", "\"[redacted]\" is not a number.", "»Ja« er ikke et tal."];
        assert_eq!(quoting, json!(expected));
        let mut answer = json!({"state": "returned", "cells": ["Jakob"]});
        assert!(!blot_anywhere(&mut answer, "returned"), "one word may be a code");
        let cells = ["Ja", "Jakob", " Ja "].map(|cell| {
            let mut cell = cell.to_owned();
            replace_within(&mut cell, "Ja");
            cell
        });
        assert_eq!(cells, [REDACTED, "Jakob", REDACTED]);
    }

    #[test]
    fn a_reason_must_not_say_it_again() {
        let said = |reason: &str| Redact { pointer: "/reason".to_owned(), reason: reason.to_owned() };
        assert!(said("Nævnte en borger").keeps_silent(TEXT).is_ok());
        let refused = said(&format!("Der stod {TEXT}")).keeps_silent(TEXT).expect_err("it repeats");
        assert_eq!(refused[0].code, "repeats-text");
        assert!(said("Ja, det skal væk").keeps_silent("Ja").is_ok(), "by chance");
        let blank = said(" \n").check().expect_err("a reason is needed");
        assert_eq!((blank[0].pointer.as_str(), blank[0].code), ("/reason", "required"));
    }

    #[test]
    fn a_pointer_leads_somewhere_or_nowhere() {
        let entry = json!({"after": {"goal": {"sha256": "00"}, "title": "T"}});
        assert_eq!(leads(&entry, "/after/goal"), Leads::ToRedacted);
        assert_eq!(leads(&entry, "/after/title"), Leads::ToOther);
        assert_eq!(leads(&entry, "/after"), Leads::ToOther);
        for nowhere in ["/after/name", "after/goal", "/after/goal/sha256/x"] {
            assert_eq!(leads(&entry, nowhere), Leads::Nowhere, "{nowhere}");
        }
    }
}
