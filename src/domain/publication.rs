//! Editions: what an alliance publishes, frozen.
//!
//! An edition's document is canonical JSON (RFC 8785). It is stored and served as those bytes, so its hash can be checked
//! by anybody for ever. Labels stand in it in both languages. It holds no free text but its title: note and reason can be
//! redacted, and these bytes never change.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::programme::{IndicatorEntry, MeasureEntry, QuestionEntry};
use super::text::Text;

/// The format's number, in each document.
pub const FORMAT: i64 = 1;

/// What is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"title": "Alliancens resultater 2020–2023", "note": "Vist på konferencen den 10. januar 2024.",
    "indicators": ["new_collaborations"], "corrects": null, "reason": null}))]
pub struct Publish {
    pub title: String,
    /// What readers should know of it.
    pub note: Option<String>,
    /// Keys of indicators; all of the programme's unless said.
    pub indicators: Option<Vec<String>>,
    /// The last edition's number, where this one corrects it.
    pub corrects: Option<i64>,
    /// Why it is corrected; of a correction only.
    pub reason: Option<String>,
}

/// An edition, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edition {
    /// 1.
    pub format: i64,
    pub alliance: PublishedAlliance,
    pub edition: i64,
    pub title: String,
    /// The edition that this one corrects.
    pub corrects: Option<i64>,
    /// The time of the last entry that the figures know.
    #[schema(format = "date-time")]
    pub as_of: String,
    /// The size of the journal that the figures are of.
    pub journal_size: i64,
    pub programme: PublishedProgramme,
    /// Of everybody, in the programme's order.
    pub figures: Vec<PublishedFigure>,
    /// The same by `sector`, `region`, `area` and `focusArea`. What could tell of fewer than `smallGroup` organisations
    /// has nulls and says so in `suppressed`.
    pub breakdowns: Vec<PublishedFigure>,
    /// Figures that are not broken down here, and why.
    pub left_out: Vec<LeftOut>,
    /// Of each round whose reports could be handed in.
    pub completeness: Vec<PublishedCompleteness>,
    pub definitions: PublishedDefinitions,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublishedAlliance {
    pub slug: String,
    pub name: Text,
}

/// The programme that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedProgramme {
    pub version: i64,
    /// Of its canonical JSON.
    pub sha256: String,
    /// `submitted` or `accepted`.
    pub counts_from: String,
    pub small_group: i64,
    pub decimals: i64,
    pub time_zone: String,
}

/// A figure, or one of its groups. Every row has all keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedFigure {
    pub indicator: String,
    /// `share`, `count` or `sum`.
    pub kind: String,
    pub label: Text,
    /// `sector`, `region`, `area` or `focusArea` in a breakdown.
    pub by: Option<String>,
    /// The group's key; null in a breakdown for those without a value.
    pub group: Option<String>,
    pub group_label: Option<Text>,
    pub round: Option<String>,
    /// Why all numbers are null: `small-group`, or `complement`, with which a small group could be computed.
    pub suppressed: Option<String>,
    pub counted: Option<i64>,
    pub not_counted: Option<i64>,
    pub not_applicable: Option<i64>,
    pub no_answer: Option<i64>,
    pub not_submitted: Option<i64>,
    pub members: Option<i64>,
    pub base_rule: Option<String>,
    pub base: Option<i64>,
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    pub percent: Value,
    pub percent_text: Option<Text>,
    #[schema(format = "decimal")]
    pub ratio: Option<String>,
    pub no_percent_because: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub lowest_percent: Value,
    #[schema(value_type = Option<f64>)]
    pub highest_percent: Value,
    #[schema(value_type = Option<f64>)]
    pub value: Value,
    pub no_value_because: Option<String>,
    #[schema(format = "decimal")]
    pub amount: Option<String>,
    #[schema(format = "decimal")]
    pub amount_self_reported: Option<String>,
    #[schema(format = "decimal")]
    pub amount_documented: Option<String>,
    #[schema(format = "decimal")]
    pub amount_external: Option<String>,
    pub measure: Option<String>,
    pub take: Option<String>,
    pub unit: Option<Text>,
    pub of: Option<String>,
    #[schema(format = "date")]
    pub valid_on: String,
    /// Of the indicator's definition.
    pub definition_sha256: String,
}

impl PublishedFigure {
    /// What tells it from the other rows of an edition.
    pub fn place(&self) -> (&str, Option<&str>, Option<&str>) {
        (&self.indicator, self.by.as_deref(), self.group.as_deref())
    }

    /// The same without its numbers, and why they are not there.
    pub fn suppressed(self, because: &str) -> PublishedFigure {
        PublishedFigure {
            suppressed: Some(because.to_owned()),
            counted: None,
            not_counted: None,
            not_applicable: None,
            no_answer: None,
            not_submitted: None,
            members: None,
            base: None,
            percent: Value::Null,
            percent_text: None,
            ratio: None,
            no_percent_because: None,
            lowest_percent: Value::Null,
            highest_percent: Value::Null,
            value: Value::Null,
            no_value_because: None,
            amount: None,
            amount_self_reported: None,
            amount_documented: None,
            amount_external: None,
            ..self
        }
    }
}

/// A figure that is not broken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    pub indicator: String,
    /// `few-changed`: fewer than `smallGroup` organisations stand otherwise than in an earlier edition, so that
    /// where the groups moved would tell who they are.
    pub because: String,
    /// That earlier edition.
    pub since_edition: i64,
}

/// How complete a round's reports were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedCompleteness {
    pub round: String,
    pub label: Text,
    pub expected: i64,
    pub submitted: i64,
    pub on_time: i64,
    pub late: i64,
    pub missing: i64,
    pub returned: i64,
    pub withdrawn: i64,
    pub not_submitted: i64,
    pub unexpected: i64,
    #[schema(format = "date")]
    pub valid_on: String,
}

/// What the figures rest on, as the programme in force has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublishedDefinitions {
    pub indicators: Vec<IndicatorEntry>,
    pub questions: Vec<QuestionEntry>,
    pub measures: Vec<MeasureEntry>,
}

impl Edition {
    /// Whether two editions say the same, whatever they are called and when they were made.
    pub fn says_the_same(&self, other: &Edition) -> bool {
        self.alliance == other.alliance
            && self.programme == other.programme
            && self.figures == other.figures
            && self.breakdowns == other.breakdowns
            && self.completeness == other.completeness
            && self.definitions == other.definitions
    }

    /// The canonical bytes, which are published. Empty if there are none, which no edition comes to.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }
}
