//! The programme document's shape: the same keys in TOML and JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::text::Text;

/// What the secretariat decides for an alliance, as one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "slug": "ulighed-i-sundhed",
    "name": {"da": "Alliancen mod Social Ulighed i Sundhed", "en": "Alliance against Social Inequality in Health"},
    "startsOn": "2020-01-01", "endsOn": "2023-12-31",
    "sectors": [{"key": "region", "label": {"da": "Region", "en": "Region"}}],
    "focusAreas": [{"key": "sst2020-K", "scheme": "sst2020", "national": true,
        "label": {"da": "Sundhedsvæsenet", "en": "The health services"}}],
    "rounds": [{"key": "2023H2", "label": {"da": "2. halvår 2023", "en": "Second half of 2023"},
        "opensOn": "2023-11-01", "dueAt": "2023-12-31T23:59:59+01:00", "questions": ["new_collaborations"]}],
    "questions": [{"key": "new_collaborations", "kind": "fact", "type": "yesNo", "required": true,
        "wording": {"da": "Har I indgået nye samarbejder?", "en": "Have you begun new collaborations?"}}],
    "indicators": [{"key": "new_collaborations", "kind": "share", "question": "new_collaborations",
        "label": {"da": "har indgået nye samarbejder", "en": "have begun new collaborations"},
        "counts": "answer == 'yes'", "base": "respondents"}]
}))]
pub struct ProgrammeDocument {
    /// The alliance's address.
    #[schema(example = "ulighed-i-sundhed", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    pub slug: String,
    pub name: Text,
    #[schema(format = "date", example = "2020-01-01")]
    pub starts_on: String,
    /// The last day inside.
    #[schema(format = "date", example = "2023-12-31")]
    pub ends_on: String,
    /// A zone of the IANA time zone database.
    #[serde(default = "copenhagen")]
    #[schema(default = "Europe/Copenhagen")]
    pub time_zone: String,
    /// From when on a report counts: `submitted` or `accepted`.
    #[serde(default = "submitted")]
    #[schema(default = "submitted")]
    pub counts_from: String,
    /// Groups with fewer members are merged for readers.
    #[serde(default = "three")]
    #[schema(default = 3, minimum = 1, maximum = 1000)]
    pub small_group: i64,
    /// Of the percents.
    #[serde(default)]
    #[schema(default = 0, minimum = 0, maximum = 4)]
    pub decimals: i64,
    #[serde(default)]
    pub sectors: Vec<Labelled>,
    /// What partners commit to when they join.
    #[serde(default)]
    pub objectives: Vec<Labelled>,
    #[serde(default)]
    pub focus_areas: Vec<FocusAreaEntry>,
    #[serde(default)]
    pub rounds: Vec<RoundEntry>,
    #[serde(default)]
    pub questions: Vec<QuestionEntry>,
    /// What outcomes may name, so that they can be added up. Left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<MeasureEntry>,
    #[serde(default)]
    pub indicators: Vec<IndicatorEntry>,
}

/// A key and what people read for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Labelled {
    pub key: String,
    pub label: Text,
}

/// A theme that partners may choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FocusArea)]
pub struct FocusAreaEntry {
    #[schema(example = "sst2020-K")]
    pub key: String,
    #[schema(example = "sst2020")]
    pub scheme: String,
    #[serde(default)]
    pub national: bool,
    pub label: Text,
}

/// A reporting round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Round)]
pub struct RoundEntry {
    #[schema(example = "2023H2")]
    pub key: String,
    pub label: Text,
    /// Its period; `opensOn` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub starts_on: Option<String>,
    /// The last day of its period; the date of `dueAt` in the alliance's zone unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub ends_on: Option<String>,
    #[schema(format = "date")]
    pub opens_on: String,
    /// The deadline.
    #[schema(format = "date-time", example = "2023-12-31T22:59:59Z")]
    pub due_at: String,
    /// From here on no report is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub closes_at: Option<String>,
    #[serde(default)]
    pub questions: Vec<String>,
}

/// A question that rounds may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Question)]
pub struct QuestionEntry {
    pub key: String,
    /// `fact`, `selfAssessment` or `intent`.
    pub kind: String,
    /// `yesNo`, `choice`, `multiChoice`, `number` or `text`.
    #[serde(rename = "type")]
    pub answer_type: String,
    pub wording: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_period: Option<Text>,
    /// "Don't know" and "not applicable" satisfy it.
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Labelled>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub min: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub max: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<i64>,
}

/// What outcomes of several initiatives name alike, so that they can be added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Measure)]
pub struct MeasureEntry {
    /// What an outcome has as its `measure`.
    #[schema(example = "conversations")]
    pub key: String,
    pub label: Text,
    /// A plain text is taken for both languages.
    #[serde(deserialize_with = "unit")]
    pub unit: Text,
    /// The most that an amount may have.
    #[serde(default)]
    #[schema(default = 0, minimum = 0, maximum = 6)]
    pub decimals: i64,
}

/// The definition of something that is counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Indicator)]
pub struct IndicatorEntry {
    pub key: String,
    /// `share`, `count` or `sum`.
    pub kind: String,
    pub label: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// A rule (CEL): counted, else notCounted. `true` by default for a count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "answer == 'yes'")]
    pub counts: Option<String>,
    /// A rule (CEL): where it does not hold, the standing is notApplicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<String>,
    /// Of a share: `respondents` or `members` (default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// `atClose`, `during` (default) or `ever`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<String>,
    /// Pins the round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<String>,
    /// Of a count: `partners`, `initiatives` or `reports`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Of a sum: what is added up, by the measure's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// Of a sum: `latest` (default; the last reported amount of each initiative) or `each` (the amounts
    /// of all rounds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
    /// Of a sum: outcomes of which kind, `outcome` (default) or `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds: Option<String>,
}

fn copenhagen() -> String {
    "Europe/Copenhagen".to_owned()
}

fn submitted() -> String {
    "submitted".to_owned()
}

fn three() -> i64 {
    3
}

/// A unit in both languages, or one text for both.
fn unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    struct Read;
    impl<'de> serde::de::Visitor<'de> for Read {
        type Value = Text;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text or an object")
        }
        fn visit_str<E>(self, value: &str) -> Result<Text, E> {
            Ok(Text::new(value, value))
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
            Text::deserialize(serde::de::value::MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Read)
}

/// A bound of a number question: a JSON number, or its decimal text (a journal entry holds no floats).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount(pub f64);

impl Amount {
    /// Whether its text is a plain decimal, as a journal entry holds it and is read back from; not so for
    /// what is written with an exponent, infinity and no number at all.
    pub fn is_plain(self) -> bool {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Number(number)) => {
                crate::domain::checks::is_amount(&number.to_string())
            }
            _ => false,
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < 9_007_199_254_740_992.0 {
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        struct Read;
        impl serde::de::Visitor<'_> for Read {
            type Value = Amount;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E>(self, value: i64) -> Result<Amount, E> {
                Ok(Amount(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Amount, E> {
                Ok(Amount(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Amount, E> {
                Ok(Amount(value))
            }
            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Amount, E> {
                if !crate::domain::checks::is_amount(value) {
                    return Err(E::invalid_value(serde::de::Unexpected::Str(value), &self));
                }
                value.parse().map(Amount).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}
