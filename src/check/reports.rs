//! What the entries say of reports, and whether each move was one that a report can make.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Findings;
use super::compare::{list, number, redacted, text, with};
use super::fold::State;
use super::journal::Entry;
use super::points::{self, Submissions};
use crate::domain::dates;
use crate::domain::journal::hex;

impl State {
    pub(super) fn apply_report(&mut self, entry: &Entry, found: &mut Findings) {
        let after = &entry.after;
        let (partner, round) = (text(after, "partner").to_owned(), text(after, "round").to_owned());
        let mut faults = Vec::new();
        if entry.subject != format!("reports/{round}/{partner}") || entry.partner != partner {
            faults.push(format!("it is not about {}", entry.subject));
        }
        let key = (partner.clone(), round.clone());
        let before = self.reports.remove(&key).unwrap_or_default();
        faults.extend(moved(entry, &before));
        let submitted = number(after, "submittedVersion").unwrap_or(0);
        let programme = self.version();
        let deadline = self.deadline(&partner, &round);
        let submissions = self.submissions.entry(key.clone()).or_default();
        if entry.action == "report.submitted" {
            faults.extend(submission(entry, &before, programme, deadline.as_deref()));
            submissions.insert(submitted, after.clone());
        } else {
            let submission = submissions.get(&submitted);
            let frozen = ["answers", "initiatives", "receipt", "programmeVersion", "onTime"];
            for field in frozen {
                let then = submission.and_then(|submission| submission.get(field));
                let now = after.get(field).unwrap_or(&Value::Null);
                if !same(then.unwrap_or(&Value::Null), now) {
                    faults.push(format!("{field} is not that of submission {submitted}"));
                }
            }
        }
        faults.extend(times(after, submissions));
        let (points, wrong) = points::after(entry, list(&before, "points"), submissions);
        faults.extend(wrong);
        let accepted = match entry.action.as_str() {
            "report.accepted" => after.get("submittedVersion"),
            _ => before.get("acceptedVersion"),
        };
        let accepted = accepted.cloned().unwrap_or_default();
        if after.get("acceptedVersion").is_some_and(|said| *said != accepted) {
            faults.push("acceptedVersion is not the last that was accepted".to_owned());
        }
        // Older entries say less, and the last submission's time for the first's.
        let first = submissions.get(&1).and_then(|it| it.pointer("/receipt/receivedAt")).cloned();
        let mut report = with(after.clone(), "submittedAt", first.unwrap_or_default());
        report = with(report, "acceptedVersion", accepted);
        report = with(report, "points", Value::Array(points));
        self.reports.insert(key, report);
        for fault in faults {
            found.differ(entry.address(), fault);
        }
    }

    /// Every submission, with its partner, its round and its number.
    pub(super) fn each_submission(&self) -> impl Iterator<Item = (&str, &str, i64, &Value)> {
        self.submissions.iter().flat_map(|((partner, round), submissions)| {
            let numbered = submissions.iter();
            numbered.map(move |(number, after)| (partner.as_str(), round.as_str(), *number, after))
        })
    }

    /// Forgets what no later entry can be about: submissions of the entry's report but the first, the last, and those
    /// in which its points were opened.
    pub(super) fn forget_submissions(&mut self, entry: &Entry) {
        let key = (text(&entry.after, "partner").to_owned(), text(&entry.after, "round").to_owned());
        let Some(submissions) = self.submissions.get_mut(&key) else { return };
        let points = self.reports.get(&key).map(|report| list(report, "points")).unwrap_or_default();
        let opened_in: Vec<i64> =
            points.iter().filter_map(|point| number(point, "openedInVersion")).collect();
        let last = submissions.keys().next_back().copied();
        submissions.retain(|it, _| *it == 1 || Some(*it) == last || opened_in.contains(it));
    }
}

/// When the first submission was received; older entries name the last one's time.
fn times(after: &Value, submissions: &Submissions) -> Option<String> {
    let is_older = after.get("acceptedVersion").is_none();
    let number = if is_older { number(after, "submittedVersion").unwrap_or(0) } else { 1 };
    let received = submissions.get(&number).and_then(|it| it.pointer("/receipt/receivedAt"));
    let is_right = received == after.get("submittedAt");
    (!is_right).then(|| format!("submittedAt is not that of submission {number}"))
}

/// Equal but for texts that were redacted in one entry or the other, where both need to be there.
pub fn same(one: &Value, other: &Value) -> bool {
    let is_text =
        |value: &Value| redacted(value).is_some() || value.as_str().is_some_and(|text| !text.is_empty());
    if redacted(one).is_some() || redacted(other).is_some() {
        return is_text(one) && is_text(other);
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let known = |(key, value)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(known)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

/// The five moves of a report, by the states that they lead from and to.
fn moved(entry: &Entry, before: &Value) -> Vec<String> {
    let was = match text(before, "state") {
        "" => "draft",
        state => state,
    };
    let (is, came_from) = (text(&entry.after, "state"), text(&entry.after, "stateBefore"));
    let exists = match entry.action.as_str() {
        "report.submitted" => {
            matches!(was, "draft" | "returned") && is == "submitted" && came_from == was
        }
        "report.withdrawn" => was == "submitted" && is == came_from,
        "report.returned" => was == "submitted" && is == "returned",
        "report.accepted" => was == "submitted" && is == "accepted",
        _ => was == "accepted" && is == "returned",
    };
    let mut faults = Vec::new();
    if !exists {
        faults.push(format!("no {} leads from {was} to {is}", entry.action));
    }
    if entry.action != "report.submitted" && came_from != text(before, "stateBefore") {
        faults.push("stateBefore is not that of the submission".to_owned());
    }
    if !before.is_null() && text(before, "id") != text(&entry.after, "id") {
        faults.push("the report has another id than before".to_owned());
    }
    faults
}

/// What a submission says of itself, and its receipt of it.
fn submission(entry: &Entry, before: &Value, programme: i64, deadline: Option<&str>) -> Vec<String> {
    let after = &entry.after;
    let receipt = after.get("receipt").unwrap_or(&Value::Null);
    let next = number(before, "submittedVersion").unwrap_or(0) + 1;
    let on_time = match before.get("onTime").and_then(Value::as_bool) {
        Some(verdict) => verdict,
        None => {
            let at = |field: &str| dates::instant(text(receipt, field)).map(|at| at.timestamp());
            at("receivedAt") <= at("deadline")
        }
    };
    let stands = [
        ("submittedVersion", after.get("submittedVersion") == Some(&json!(next))),
        ("programmeVersion", after.get("programmeVersion") == Some(&json!(programme))),
        ("onTime", after.get("onTime") == Some(&json!(on_time))),
        ("receipt.version", receipt.get("version") == Some(&json!(next))),
        ("receipt.onTime", receipt.get("onTime") == Some(&json!(on_time))),
        ("receipt.journalSeq", receipt.get("journalSeq") == Some(&json!(entry.seq))),
        (
            "receipt.number",
            text(receipt, "number") == format!("{}-{}", text(after, "round"), entry.seq),
        ),
        ("receipt.deadline", Some(text(receipt, "deadline")) == deadline),
        ("receipt.sha256", Some(text(receipt, "sha256")) == sha256(&entry.sealed).as_deref()),
    ];
    let wrong = stands.iter().filter(|(_, stands)| !stands);
    wrong
        .map(|(field, _)| format!("{field} is not what the submission makes it"))
        .collect()
}

/// Of the body as the entry holds it, with hashes for texts: so it can be made again for ever.
fn sha256(sealed: &Value) -> Option<String> {
    let bytes = serde_json_canonicalizer::to_vec(&body(sealed)).ok()?;
    Some(hex(&Sha256::digest(bytes)))
}

/// What was handed in.
pub fn body(after: &Value) -> Value {
    json!({ "answers": after.get("answers"), "initiatives": after.get("initiatives") })
}
