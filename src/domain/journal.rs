//! The journal's entry: its canonical bytes, and the free text that stands beside it.
//!
//! An entry is canonical JSON (RFC 8785). It holds no floats (a number that is not a whole one below
//! 2^53 stands as its text), and no free text: in its place stands `{"sha256": …}` of a random salt and
//! the text, so that the text can be redacted while the entry, and every proof over it, stays.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::dates::rfc3339;
use super::id::{AllianceId, KeyId, PartnerId};

/// The format's number, in each entry.
pub const FORMAT: i64 = 1;

/// Keys whose strings are free text, wherever they stand in a subject.
const FREE_TEXT: [&str; 9] = [
    "goal",
    "progress",
    "learning",
    "barriers",
    "comment",
    "detail",
    "reason",
    "summary",
    "waivedReason",
];

/// Whether a string under this key is free text, wherever it stands in a subject.
pub fn is_free_text(key: &str) -> bool {
    FREE_TEXT.contains(&key)
}

/// The largest whole number that every reader of JSON keeps exactly (RFC 8785 §3.2.2.3).
const LARGEST_EXACT: u64 = 1 << 53;

/// One change that counts.
#[derive(Debug, Clone)]
pub struct Change {
    /// Past tense, dotted: `report.submitted`.
    pub action: &'static str,
    /// The changed thing's address within the alliance: `partners/0193…`.
    pub subject: String,
    pub partner: Option<PartnerId>,
    pub reason: Option<String>,
    /// The subject's whole representation after the change; null where it is gone.
    pub after: Value,
    /// Pointers into `after` to strings that are free text, besides those that their key tells.
    pub texts: Vec<String>,
    /// Texts that were taken out of `after` already; their pointers are into the entry.
    pub taken: Vec<SaltedText>,
}

/// Where and when a change stands in its journal.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub journal: AllianceId,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: KeyId,
}

/// A text taken out of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaltedText {
    /// JSON pointer into the entry.
    pub pointer: String,
    pub salt: [u8; 16],
    pub text: String,
}

/// An entry's bytes, and the texts taken out of it.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub bytes: Vec<u8>,
    pub texts: Vec<SaltedText>,
}

/// Makes the entry. `random` gives 16 fresh random bytes at each call: for the nonce and each salt.
pub fn seal(change: &Change, position: Position, mut random: impl FnMut() -> [u8; 16]) -> Sealed {
    let nonce = random();
    let mut entry = json!({
        "format": FORMAT,
        "journal": position.journal,
        "seq": position.seq,
        "at": rfc3339(position.at),
        "actor": position.actor,
        "action": change.action,
        "subject": change.subject,
        "partner": change.partner,
        "reason": change.reason,
        "after": without_floats(&change.after),
        "nonce": hex(&nonce),
    });
    let pointers: Vec<String> = change.texts.iter().map(|pointer| format!("/after{pointer}")).collect();
    let mut texts = take(&mut entry, "", &pointers, random);
    texts.extend(change.taken.iter().cloned());
    texts.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    let bytes = serde_json_canonicalizer::to_vec(&entry).unwrap_or_default();
    Sealed { bytes, texts }
}

/// Takes every free text out of a value that stands at `place` in an entry, leaving salted hashes.
/// `pointers` into the value name texts that their key does not tell.
pub fn take(
    value: &mut Value,
    place: &str,
    pointers: &[String],
    mut random: impl FnMut() -> [u8; 16],
) -> Vec<SaltedText> {
    let mut texts = Vec::new();
    for pointer in pointers {
        if let Some(text) = value.pointer_mut(pointer) {
            take_text(text, format!("{place}{pointer}"), &mut texts, &mut random);
        }
    }
    take_texts(value, place, &mut texts, &mut random);
    texts
}

/// What stands in an entry in a text's place.
pub fn text_hash(salt: &[u8], text: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(text.as_bytes()).finalize())
}

/// Puts the texts back where they were taken out; those that were redacted stay hashes.
pub fn join<'a>(entry: &mut Value, texts: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (pointer, text) in texts {
        if let Some(place) = entry.pointer_mut(pointer) {
            *place = Value::String(text.to_owned());
        }
    }
}

/// What is read where a text was redacted.
pub const REDACTED: &str = "[redacted]";

/// Puts `REDACTED` where a text was taken out and is gone since: what was said there, nobody knows any more, but
/// that something was.
pub fn tell_redacted(value: &mut Value) {
    match value {
        Value::Object(fields) if is_hash(fields) => *value = Value::String(REDACTED.to_owned()),
        Value::Object(fields) => fields.values_mut().for_each(tell_redacted),
        Value::Array(items) => items.iter_mut().for_each(tell_redacted),
        _ => {}
    }
}

/// Whether it stands in a text's place. Nothing else in an entry is an object with this one key.
pub fn is_hash(fields: &Map<String, Value>) -> bool {
    fields.len() == 1 && fields.get("sha256").is_some_and(Value::is_string)
}

/// The value as an entry holds it: a number that is not a whole one below 2^53 becomes its text.
pub fn without_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let whole = number.as_i64().is_some_and(|n| n.unsigned_abs() < LARGEST_EXACT);
            if whole { value.clone() } else { Value::String(number.to_string()) }
        }
        Value::Array(items) => items.iter().map(without_floats).collect(),
        Value::Object(fields) => {
            let fields: Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), without_floats(value))).collect();
            Value::Object(fields)
        }
        other => other.clone(),
    }
}

fn take_texts(
    value: &mut Value,
    pointer: &str,
    texts: &mut Vec<SaltedText>,
    random: &mut impl FnMut() -> [u8; 16],
) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let at = format!("{pointer}/{}", super::text::pointer_step(key));
                if is_free_text(key) && value.is_string() {
                    take_text(value, at, texts, random);
                } else {
                    take_texts(value, &at, texts, random);
                }
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter_mut().enumerate() {
                take_texts(value, &format!("{pointer}/{i}"), texts, random);
            }
        }
        _ => {}
    }
}

/// An empty text says nothing and stays.
fn take_text(
    value: &mut Value,
    pointer: String,
    texts: &mut Vec<SaltedText>,
    random: &mut impl FnMut() -> [u8; 16],
) {
    let Value::String(text) = value else { return };
    if text.is_empty() {
        return;
    }
    let (salt, text) = (random(), std::mem::take(text));
    *value = json!({ "sha256": text_hash(&salt, &text) });
    texts.push(SaltedText { pointer, salt, text });
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Sealed {
        let change = Change {
            action: "report.submitted",
            subject: "reports/closing/p".to_owned(),
            partner: None,
            reason: Some("because".to_owned()),
            after: json!({
                "goal": "", "share": 0.5, "big": 9_007_199_254_740_992_u64, "count": 3,
                "answers": {"note": {"value": "free", "comment": "said"}, "who": {"value": "yes"}},
            }),
            texts: vec!["/answers/note/value".to_owned()],
            taken: Vec::new(),
        };
        let position = Position {
            journal: AllianceId::INSTALLATION,
            seq: 7,
            at: super::super::dates::instant("2024-01-10T08:00:00Z").expect("an instant"),
            actor: KeyId::INSTALLATION,
        };
        let mut calls = 0_u8;
        seal(&change, position, || {
            calls += 1;
            [calls; 16]
        })
    }

    #[test]
    fn an_entry_is_canonical_and_holds_no_floats_and_no_free_text() {
        let text = String::from_utf8(sealed().bytes).expect("UTF-8");
        assert!(text.starts_with(r#"{"action":"report.submitted","actor":"00000000-"#), "{text}");
        assert!(
            text.contains(r#""share":"0.5""#) && text.contains(r#""big":"9007199254740992""#),
            "{text}"
        );
        assert!(text.contains(r#""count":3"#) && text.contains(r#""goal":"""#), "{text}");
        for free in ["because", "free", "said"] {
            assert!(!text.contains(free), "{free} in {text}");
        }
        assert!(text.contains("yes"), "a choice is no free text");
    }

    #[test]
    fn texts_go_back_where_they_were() {
        let sealed = sealed();
        let mut entry: Value = serde_json::from_slice(&sealed.bytes).expect("JSON");
        join(&mut entry, sealed.texts.iter().map(|t| (t.pointer.as_str(), t.text.as_str())));
        assert_eq!(entry["reason"], "because");
        assert_eq!(entry["after"]["answers"]["note"], json!({"value": "free", "comment": "said"}));
    }

    #[test]
    fn a_redacted_text_is_told_as_such() {
        let sealed = sealed();
        let mut entry: Value = serde_json::from_slice(&sealed.bytes).expect("JSON");
        let kept = sealed.texts.iter().filter(|text| text.text != "free");
        join(&mut entry, kept.map(|t| (t.pointer.as_str(), t.text.as_str())));
        tell_redacted(&mut entry);
        assert_eq!(entry["after"]["answers"]["note"], json!({"value": REDACTED, "comment": "said"}));
        assert_eq!(entry["after"]["answers"]["who"], json!({"value": "yes"}));
    }

    #[test]
    fn each_text_has_a_salt_of_its_own() {
        let salts: std::collections::HashSet<_> = sealed().texts.iter().map(|text| text.salt).collect();
        assert_eq!(salts.len(), 3);
    }
}
