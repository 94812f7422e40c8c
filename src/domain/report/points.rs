//! Points: what the secretariat wants mended, which part of a report each is about, and what closes it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::body::ReportBody;
use crate::domain::checks::Faults;
use crate::domain::dates;
use crate::domain::id::{InitiativeId, KeyId, PointId};
use crate::domain::journal::without_floats;
use crate::domain::programme::Round;
use crate::domain::text::{Fault, pointer_step};

/// Something the secretariat wants mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    pub id: PointId,
    /// JSON pointer into the submission that was returned.
    #[schema(example = "/answers/reach")]
    pub pointer: String,
    /// The initiative whose part it points into: later versions may have that part in another place.
    pub initiative: Option<InitiativeId>,
    pub code: String,
    pub detail: String,
    #[serde(serialize_with = "dates::sent")]
    #[schema(value_type = String, format = "date-time")]
    pub opened_at: DateTime<Utc>,
    /// The API key that returned the report.
    pub opened_by: Option<KeyId>,
    /// The submission that was returned.
    pub opened_in_version: Option<i64>,
    /// The submission that closed it, if any has.
    pub closed_by_version: Option<i64>,
    #[serde(serialize_with = "dates::sent_or_null")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub closed_at: Option<DateTime<Utc>>,
    /// The API key that submitted what closed it, or that waived it.
    pub closed_by: Option<KeyId>,
    /// Why the secretariat let it be, where it did.
    pub waived_reason: Option<String>,
}

impl Point {
    /// A point as an entry of the journal holds it. Entries of before points had owners lack some fields.
    pub fn from_entry(value: &Value) -> Option<Point> {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let number = |field: &str| value.get(field).and_then(Value::as_i64);
        Some(Point {
            id: PointId::parse(text("id")?)?,
            pointer: text("pointer")?.to_owned(),
            initiative: text("initiative").and_then(InitiativeId::parse),
            code: text("code")?.to_owned(),
            detail: text("detail")?.to_owned(),
            opened_at: dates::instant(text("openedAt")?)?,
            opened_by: text("openedBy").and_then(KeyId::parse),
            opened_in_version: number("openedInVersion"),
            closed_by_version: number("closedByVersion"),
            closed_at: text("closedAt").and_then(dates::instant),
            closed_by: text("closedBy").and_then(KeyId::parse),
            waived_reason: text("waivedReason").map(str::to_owned),
        })
    }

    pub fn is_open(&self) -> bool {
        self.closed_at.is_none() && self.closed_by_version.is_none()
    }

    /// Whether the part that the point is about differs between the submission that was returned and another.
    /// A part that is gone differs, and so does one with a new comment.
    pub fn is_mended(&self, returned: &ReportBody, other: &ReportBody) -> bool {
        self.part(returned) != self.part(other)
    }

    fn part(&self, body: &ReportBody) -> Option<Value> {
        let by_initiative = by_initiative(body);
        let Some(initiative) = self.initiative else {
            return by_initiative.pointer(&self.pointer).cloned();
        };
        let (_, rest) = within_part(&self.pointer)?;
        by_initiative.pointer(&format!("/initiatives/{initiative}{rest}")).cloned()
    }

    pub fn close(&mut self, version: i64, by: KeyId, at: DateTime<Utc>) {
        self.closed_by_version = Some(version);
        self.closed_at = Some(at);
        self.closed_by = Some(by);
    }

    /// Of a point that a withdrawn submission had closed.
    pub fn open_again(&mut self) {
        self.closed_by_version = None;
        self.closed_at = None;
        self.closed_by = None;
    }

    pub fn waive(&mut self, reason: &str, by: KeyId, at: DateTime<Utc>) {
        self.waived_reason = Some(reason.to_owned());
        self.closed_at = Some(at);
        self.closed_by = Some(by);
    }
}

/// A body as entries hold it, its initiatives under their ids: their order says nothing.
fn by_initiative(body: &ReportBody) -> Value {
    let part = |part: &super::ReportPart| {
        (part.initiative.clone(), serde_json::to_value(part).unwrap_or_default())
    };
    let parts: Map<String, Value> = body.initiatives.iter().map(part).collect();
    without_floats(&json!({ "answers": body.answers, "initiatives": parts }))
}

/// Of a pointer into an initiative's part: its place in the list, and the rest.
fn within_part(pointer: &str) -> Option<(&str, &str)> {
    let step = pointer.strip_prefix("/initiatives/")?;
    Some(match step.find('/') {
        Some(end) => step.split_at(end),
        None => (step, ""),
    })
}

/// What a report is returned with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"points": [
    {"pointer": "/answers/reach", "code": "unclear", "detail": "Hvor mange borgere er det?"}]}))]
pub struct ReturnReport {
    /// At least one.
    #[schema(min_items = 1, max_items = 200)]
    pub points: Vec<NewPoint>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPoint {
    /// JSON pointer into the submission: the whole (empty), `/answers`, `/initiatives`, a question that the round
    /// asks, answered or not, an initiative's part, or anything within them that is there.
    #[schema(example = "/answers/reach")]
    pub pointer: String,
    #[schema(example = "unclear")]
    pub code: String,
    #[schema(example = "Hvor mange borgere er det?")]
    pub detail: String,
}

impl NewPoint {
    /// The initiative whose part of the submission it points into.
    pub fn initiative(&self, submitted: &ReportBody) -> Option<InitiativeId> {
        let (place, _) = within_part(&self.pointer)?;
        let part = submitted.initiatives.get(place.parse::<usize>().ok()?)?;
        InitiativeId::parse(&part.initiative)
    }
}

impl ReturnReport {
    /// `submitted` is what is returned.
    pub fn check(&self, submitted: &ReportBody, round: &Round) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if self.points.is_empty() || self.points.len() > 200 {
            faults.add(
                "/points",
                "required",
                "En returnering skal have mellem 1 og 200 punkter.",
                "A return needs between 1 and 200 points.",
            );
        }
        let body = serde_json::to_value(submitted).unwrap_or_default();
        for (i, point) in self.points.iter().enumerate() {
            let at = |field: &str| format!("/points/{i}/{field}");
            check_pointer(&mut faults, &at("pointer"), &point.pointer, &body, round);
            faults.key(&at("code"), &point.code);
            faults.prose(&at("detail"), &point.detail);
            if point.detail.trim().is_empty() {
                faults.line(&at("detail"), &point.detail);
            }
        }
        faults.unless_any(())
    }
}

fn check_pointer(faults: &mut Faults, at: &str, pointer: &str, body: &Value, round: &Round) {
    let before = faults.count();
    faults.prose(at, pointer);
    if faults.count() > before {
        return;
    }
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return faults.add(
            at,
            "bad-pointer",
            "Feltet skal være en JSON pointer ind i rapporten, fx /answers/reach.",
            "The field must be a JSON pointer into the report, such as /answers/reach.",
        );
    }
    let is_asked = |key: &String| {
        let answer = format!("/answers/{}", pointer_step(key));
        let field = pointer.strip_prefix(&answer);
        field.is_some_and(|field| ["", "/value", "/none", "/comment"].contains(&field))
    };
    if body.pointer(pointer).is_none() && !round.questions.iter().any(is_asked) {
        let shown = crate::domain::checks::shown(pointer);
        faults.add(
            at,
            "unknown-pointer",
            format!("»{shown}« findes ikke i den indsendte rapport."),
            format!("There is no \"{shown}\" in the submitted report."),
        );
    }
}

/// What a report is accepted with.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"waived": []}))]
pub struct AcceptReport {
    /// Open points that the secretariat lets be. Every other open point stands in the way.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub waived: Vec<Waiver>,
}

/// Why a point needs no mending.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waiver {
    /// The point's id.
    #[schema(format = "uuid")]
    pub point: String,
    /// Free text; may not be empty.
    #[schema(example = "Forklaret på mødet den 3. januar")]
    pub reason: String,
}

impl AcceptReport {
    /// Each waiver names an open point, once, and says why.
    pub fn check(&self, points: &[Point]) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if self.waived.len() > 1000 {
            faults.add("/waived", "too-many", "For mange punkter.", "Too many points.");
        }
        for (i, waiver) in self.waived.iter().enumerate() {
            let at = |field: &str| format!("/waived/{i}/{field}");
            let is_it = |point: &&Point| point.id.to_string() == waiver.point;
            if !points.iter().filter(|point| point.is_open()).any(|point| is_it(&point)) {
                faults.add(
                    at("point"),
                    "unknown-point",
                    "Rapporten har intet åbent punkt med det id.",
                    "The report has no open point with that id.",
                );
            }
            if self.waived.iter().take(i).any(|other| other.point == waiver.point) {
                faults.add(
                    at("point"),
                    "duplicate",
                    "Punktet står der mere end én gang.",
                    "The point stands there more than once.",
                );
            }
            faults.reason(&at("reason"), &waiver.reason);
        }
        faults.unless_any(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(value: Value) -> ReportBody {
        serde_json::from_value(value).expect("a body")
    }

    fn point(pointer: &str, submitted: &ReportBody) -> Point {
        let new = NewPoint {
            pointer: pointer.to_owned(),
            code: "unclear".to_owned(),
            detail: "Hvad?".to_owned(),
        };
        Point {
            id: PointId::new(),
            initiative: new.initiative(submitted),
            pointer: new.pointer,
            code: new.code,
            detail: new.detail,
            opened_at: dates::instant("2023-01-01T00:00:00Z").expect("an instant"),
            opened_by: None,
            opened_in_version: Some(1),
            closed_by_version: None,
            closed_at: None,
            closed_by: None,
            waived_reason: None,
        }
    }

    const ONE: &str = "019353f2-6c00-7000-8000-000000000001";
    const OTHER: &str = "019353f2-6c00-7000-8000-000000000002";

    #[test]
    fn only_a_difference_in_its_own_part_mends_a_point() {
        let part = |initiative: &str, actual: Value| json!({"initiative": initiative, "outcomes": [{"measure": "m", "kind": "output", "actual": actual}]});
        let returned = body(json!({
            "answers": {"reach": {"value": 2}, "joined": {"value": "yes"}},
            "initiatives": [part(ONE, json!("1")), part(OTHER, json!("2"))],
        }));
        let moved = body(json!({
            "answers": {"reach": {"value": 2, "comment": "Ja"}, "joined": {"value": "yes"}},
            "initiatives": [part(OTHER, json!("2")), part(ONE, json!("3"))],
        }));
        let gone = body(json!({"answers": {"joined": {"value": "yes"}}}));
        let mended = |pointer: &str| {
            let point = point(pointer, &returned);
            [&returned, &moved, &gone].map(|other| point.is_mended(&returned, other))
        };
        assert_eq!(mended(""), [false, true, true]);
        assert_eq!(mended("/answers"), [false, true, true]);
        assert_eq!(mended("/answers/reach"), [false, true, true]);
        assert_eq!(mended("/answers/reach/value"), [false, false, true]);
        assert_eq!(mended("/answers/joined"), [false, false, false]);
        assert_eq!(mended("/answers/note"), [false, false, false]);
        assert_eq!(mended("/initiatives"), [false, true, true]);
        assert_eq!(mended("/initiatives/0"), [false, true, true]);
        assert_eq!(mended("/initiatives/1"), [false, false, true]);
        assert_eq!(mended("/initiatives/0/outcomes/0/actual"), [false, true, true]);
        assert_eq!(mended("/initiatives/1/outcomes/0/actual"), [false, false, true]);
    }

    #[test]
    fn an_answer_to_what_was_blank_mends_it() {
        let returned = body(json!({"answers": {"joined": {"value": "yes"}}}));
        let answered =
            body(json!({"answers": {"joined": {"value": "yes"}, "note": {"none": "dontKnow"}}}));
        assert!(point("/answers/note", &returned).is_mended(&returned, &answered));
    }
}
