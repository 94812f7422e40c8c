//! What is handed in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A report's content: its answers, and what came of each initiative.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "answers": {"new_collaborations": {"value": "yes"}, "reach": {"none": "dontKnow", "comment": "Tælles fra 2024"}},
    "initiatives": []
}))]
pub struct ReportBody {
    /// By the question's key. A question without an entry is blank.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Answer>)]
    pub answers: BTreeMap<String, Answer>,
    #[serde(default)]
    pub initiatives: Vec<ReportPart>,
}

impl ReportBody {
    /// The same, with whole numbers written without decimals: a client that sends 1.0 where it read 1 has changed
    /// nothing.
    pub fn with_plain_numbers(mut self) -> ReportBody {
        for answer in self.answers.values_mut() {
            if let Some(AnswerValue::Number(number)) = &mut answer.value
                && let Some(whole) = whole(number)
            {
                *number = whole.into();
            }
        }
        self
    }
}

/// The whole number that a float is, where it is one and floats tell it from its neighbours.
fn whole(number: &serde_json::Number) -> Option<i64> {
    const LARGEST_EXACT: f64 = (1_i64 << 53) as f64;
    let value = number.as_f64().filter(|_| number.is_f64())?;
    let is_whole = value.fract() == 0.0 && value.abs() < LARGEST_EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within an i64")]
    is_whole.then_some(value as i64)
}

/// An answer: a value, or the reason why there is none. No answer, don't know, not applicable and 0
/// are four different things.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<AnswerValue>,
    /// `dontKnow` or `notApplicable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub none: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// `yes` or `no`, a choice's key, a list of them, a number or a text, as the question's type says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AnswerValue {
    Text(String),
    #[schema(value_type = f64)]
    Number(serde_json::Number),
    List(Vec<String>),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    DontKnow,
    NotApplicable,
}

impl Answer {
    pub fn no_answer(&self) -> Option<NoAnswer> {
        match self.none.as_deref() {
            Some("dontKnow") => Some(NoAnswer::DontKnow),
            Some("notApplicable") => Some(NoAnswer::NotApplicable),
            _ => None,
        }
    }

    /// Neither a value nor a reason; an empty text and an empty list are blank, too.
    pub fn is_blank(&self) -> bool {
        let no_value = match &self.value {
            None => true,
            Some(AnswerValue::Text(text)) => text.trim().is_empty(),
            Some(AnswerValue::List(keys)) => keys.is_empty(),
            Some(AnswerValue::Number(_)) => false,
        };
        no_value && self.none.is_none()
    }
}

/// What came of one initiative.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"initiative": "019353f2-6c00-7000-8000-000000000003",
    "progress": "Samtalerne holdes hver uge", "learning": "", "barriers": "", "outcomes": [{"measure": "samtaler",
        "kind": "outcome", "unit": "antal", "baseline": "12", "target": "20", "actual": "17",
        "verification": "selfReported", "evidence": ["https://example.org/tal"]}]}))]
pub struct ReportPart {
    /// The initiative's id.
    #[schema(format = "uuid")]
    pub initiative: String,
    #[serde(default)]
    pub progress: String,
    #[serde(default)]
    pub learning: String,
    #[serde(default)]
    pub barriers: String,
    #[serde(default)]
    pub outcomes: Vec<Outcome>,
}

/// A reported value. Amounts are decimal strings, kept exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// A measure of the programme, by its key; or a text of one's own, which is never added to others.
    pub measure: String,
    /// `output` (what was done) or `outcome` (what changed); never added together.
    pub kind: String,
    /// The measure's, or nothing.
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    #[schema(example = "12")]
    pub baseline: Option<String>,
    #[serde(default)]
    #[schema(example = "20")]
    pub target: Option<String>,
    #[serde(default)]
    #[schema(example = "17")]
    pub actual: Option<String>,
    /// `selfReported` (default), `documented` or `external`.
    #[serde(default = "self_reported")]
    #[schema(default = "selfReported")]
    pub verification: String,
    /// Addresses where it can be read.
    #[serde(default)]
    pub evidence: Vec<String>,
}

fn self_reported() -> String {
    "selfReported".to_owned()
}
