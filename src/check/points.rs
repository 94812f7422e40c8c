//! What the entries say of a report's points: who opened and closed each, when, and whether a submission that
//! closed one, or left it open, had to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::compare::{list, number, redacted, text, with};
use super::journal::Entry;
use super::reports::same;
use crate::domain::dates;

/// A report's submissions by their numbers, each as its entry had the report.
pub type Submissions = BTreeMap<i64, Value>;

/// What opening a point says of it; nothing changes it afterwards.
const LASTING: [&str; 8] =
    ["id", "pointer", "initiative", "code", "detail", "openedAt", "openedBy", "openedInVersion"];
const CLOSING: [&str; 4] = ["closedByVersion", "closedAt", "closedBy", "waivedReason"];

/// The points after an entry, with what older entries did not say yet; and what is wrong with them.
pub fn after(entry: &Entry, before: &[Value], submissions: &Submissions) -> (Vec<Value>, Vec<String>) {
    let mut faults = Vec::new();
    let mut points = Vec::new();
    for (place, said) in list(&entry.after, "points").iter().enumerate() {
        let earlier = before.get(place);
        let is_complete = said.get("openedInVersion").is_some();
        let point =
            if is_complete { said.clone() } else { completed(said, earlier, entry, submissions) };
        let expected = match earlier {
            Some(earlier) => moved(entry, earlier, &point, submissions),
            None => opened(entry, &point, submissions),
        };
        // The older rule closed every point.
        if let (Some(fault), true) = (expected, is_complete) {
            faults.push(format!("point {} {fault}", text(&point, "id")));
        }
        points.push(point);
    }
    if points.len() < before.len() {
        faults.push("a point is gone".to_owned());
    }
    if entry.action == "report.returned" && points.len() == before.len() {
        faults.push("a return opens no point".to_owned());
    }
    let is_open = |point: &Value| point.get("closedAt").is_none_or(Value::is_null);
    if entry.action == "report.accepted" && points.iter().any(is_open) {
        faults.push("it is accepted with an open point".to_owned());
    }
    (points, faults)
}

/// A point as newer entries would have it.
fn completed(said: &Value, earlier: Option<&Value>, entry: &Entry, submissions: &Submissions) -> Value {
    let mut point = said.clone();
    let submitted = entry.after.get("submittedVersion").cloned().unwrap_or_default();
    let opened_in = number(&entry.after, "submittedVersion").unwrap_or_default();
    let opening = [
        ("openedBy", json!(entry.actor)),
        ("openedInVersion", submitted.clone()),
        ("initiative", json!(initiative(text(said, "pointer"), submissions.get(&opened_in)))),
    ];
    for (field, value) in opening {
        let known = earlier.and_then(|earlier| earlier.get(field)).cloned();
        point = with(point, field, known.unwrap_or(value));
    }
    let is_closed = said.get("closedByVersion").is_some_and(|version| !version.is_null());
    let closing = [
        ("closedAt", entry.after.pointer("/receipt/receivedAt").cloned().unwrap_or_default()),
        ("closedBy", json!(entry.actor)),
    ];
    for (field, value) in closing {
        let known = earlier.and_then(|earlier| earlier.get(field)).filter(|known| !known.is_null());
        let value = if is_closed { known.cloned().unwrap_or(value) } else { Value::Null };
        point = with(point, field, value);
    }
    with(point, "waivedReason", Value::Null)
}

/// The initiative that a pointer leads into, of a submission.
fn initiative(pointer: &str, submission: Option<&Value>) -> Option<String> {
    let place = pointer.strip_prefix("/initiatives/")?.split('/').next()?;
    let part = list(submission?, "initiatives").get(place.parse::<usize>().ok()?)?;
    Some(text(part, "initiative").to_owned())
}

fn opened(entry: &Entry, point: &Value, submissions: &Submissions) -> Option<String> {
    let version = number(&entry.after, "submittedVersion").unwrap_or_default();
    let led_into = initiative(text(point, "pointer"), submissions.get(&version));
    let stands = [
        entry.action == "report.returned",
        point.get("openedInVersion") == Some(&json!(version)),
        text(point, "openedBy") == entry.actor,
        dates::instant(text(point, "openedAt")).is_some(),
        point.get("initiative") == Some(&json!(led_into)),
        CLOSING.iter().all(|field| point.get(*field).is_none_or(Value::is_null)),
    ];
    (!stands.iter().all(|stands| *stands)).then(|| "is not as a return opens it".to_owned())
}

/// What an entry may do to a point that was there.
fn moved(entry: &Entry, before: &Value, point: &Value, submissions: &Submissions) -> Option<String> {
    let field = |value: &Value, field: &str| value.get(field).cloned().unwrap_or_default();
    let stays =
        |fields: &[&str]| fields.iter().all(|name| same(&field(before, name), &field(point, name)));
    if !stays(&LASTING) {
        return Some("is not what it was when it was opened".to_owned());
    }
    let was_open = field(before, "closedAt").is_null();
    let version = number(&entry.after, "submittedVersion").unwrap_or_default();
    let is_right = match entry.action.as_str() {
        "report.submitted" if was_open => {
            match (mended(before, version, submissions), stays(&CLOSING)) {
                (Some(true), true) => return Some("stays open though its part was changed".to_owned()),
                (Some(false), false) => {
                    return Some("is closed though its part is as it was".to_owned());
                }
                (_, true) => true,
                (_, false) => closed_by(entry, point, version),
            }
        }
        "report.withdrawn" if number(before, "closedByVersion") == Some(version) => {
            CLOSING.iter().all(|name| field(point, name).is_null())
        }
        "report.accepted" if was_open => {
            field(point, "closedByVersion").is_null()
                && text(point, "closedBy") == entry.actor
                && dates::instant(text(point, "closedAt")).is_some()
                && !text(point, "waivedReason").is_empty()
        }
        _ => stays(&CLOSING),
    };
    (!is_right).then(|| format!("is not as {} leaves it", entry.action))
}

fn closed_by(entry: &Entry, point: &Value, version: i64) -> bool {
    let received = entry.after.pointer("/receipt/receivedAt").and_then(Value::as_str);
    number(point, "closedByVersion") == Some(version)
        && received == Some(text(point, "closedAt"))
        && text(point, "closedBy") == entry.actor
        && text(point, "waivedReason").is_empty()
}

/// Whether the part that a point is about differs from what was returned; unknown where a text was redacted.
fn mended(point: &Value, version: i64, submissions: &Submissions) -> Option<bool> {
    let opened_in = number(point, "openedInVersion")?;
    let [then, now] =
        [opened_in, version].map(|number| submissions.get(&number).and_then(|it| part(point, it)));
    let has_gaps = [&then, &now].into_iter().flatten().any(has_redacted);
    (!has_gaps).then_some(then != now)
}

/// The part of a submission that a point is about. Of initiatives the id decides, not the place.
fn part(point: &Value, submission: &Value) -> Option<Value> {
    let parts = list(submission, "initiatives").iter();
    let by_id: Map<String, Value> =
        parts.map(|part| (text(part, "initiative").to_owned(), part.clone())).collect();
    let answers = submission.get("answers").cloned().unwrap_or_default();
    let pointer = text(point, "pointer");
    match pointer.split('/').nth(1) {
        None => Some(json!([answers, by_id])),
        Some("initiatives") if pointer == "/initiatives" => Some(Value::Object(by_id)),
        Some("initiatives") => {
            let within: Vec<&str> = pointer.splitn(4, '/').collect();
            let part = by_id.get(text(point, "initiative"))?;
            match within.get(3) {
                Some(rest) => part.pointer(&format!("/{rest}")).cloned(),
                None => Some(part.clone()),
            }
        }
        _ => submission.pointer(pointer).cloned(),
    }
}

pub fn has_redacted(value: &Value) -> bool {
    if redacted(value).is_some() {
        return true;
    }
    match value {
        Value::Array(items) => items.iter().any(has_redacted),
        Value::Object(fields) => fields.values().any(has_redacted),
        _ => false,
    }
}
