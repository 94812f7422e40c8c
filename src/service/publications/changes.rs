//! What the next edition changed.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::Result;
use super::super::programmes::InForce;
use super::{edition_of, find};
use crate::db::Conn;
use crate::domain::publication::{Edition, PublishedFigure};
use crate::domain::text::Language;
use crate::store;

/// A figure that is not as it was in the edition before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationChange {
    /// The older edition.
    pub from: i64,
    /// The next one.
    pub to: i64,
    pub indicator: String,
    pub label: String,
    /// `changed`; or `added` or `removed`, where only one of the two has the figure.
    pub change: String,
    /// Whether it is defined otherwise.
    pub redefined: bool,
    /// As the older edition has it.
    pub old: Option<ChangedFigure>,
    /// As the next edition has it.
    pub new: Option<ChangedFigure>,
}

/// The numbers of a figure in one edition.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFigure {
    pub counted: Option<i64>,
    pub not_counted: Option<i64>,
    pub not_applicable: Option<i64>,
    pub no_answer: Option<i64>,
    pub not_submitted: Option<i64>,
    pub members: Option<i64>,
    pub base: Option<i64>,
    #[schema(value_type = Option<f64>)]
    pub percent: Value,
    pub percent_text: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub value: Value,
    #[schema(format = "decimal")]
    pub amount: Option<String>,
    #[schema(format = "date")]
    pub valid_on: String,
}

impl ChangedFigure {
    fn of(figure: &PublishedFigure, language: Language) -> ChangedFigure {
        ChangedFigure {
            counted: figure.counted,
            not_counted: figure.not_counted,
            not_applicable: figure.not_applicable,
            no_answer: figure.no_answer,
            not_submitted: figure.not_submitted,
            members: figure.members,
            base: figure.base,
            percent: figure.percent.clone(),
            percent_text: figure.percent_text.as_ref().map(|text| text.get(language).to_owned()),
            value: figure.value.clone(),
            amount: figure.amount.clone(),
            valid_on: figure.valid_on.clone(),
        }
    }
}

/// What the edition after this one has otherwise; nothing while there is none.
pub fn since(
    conn: &mut Conn,
    alliance: &InForce,
    edition: i64,
    language: Language,
) -> Result<Vec<PublicationChange>> {
    let old = edition_of(&find(conn, alliance, edition)?.bytes)?;
    let Some(next) = store::publications::document(conn, alliance.id, edition + 1)? else {
        return Ok(Vec::new());
    };
    Ok(between(&old, &edition_of(&next)?, language))
}

/// The figures of both in the order of the next edition, then those that it lacks.
fn between(old: &Edition, new: &Edition, language: Language) -> Vec<PublicationChange> {
    let find = |edition: &Edition, key: &str| {
        edition.figures.iter().find(|figure| figure.indicator == key).cloned()
    };
    let keys = new.figures.iter().chain(&old.figures).map(|figure| &figure.indicator);
    let mut seen: Vec<&String> = Vec::new();
    let mut changes = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let (before, after) = (find(old, key), find(new, key));
        if before == after {
            continue;
        }
        let Some(named) = after.as_ref().or(before.as_ref()) else { continue };
        let change = match (&before, &after) {
            (Some(_), Some(_)) => "changed",
            (None, _) => "added",
            (_, None) => "removed",
        };
        let hashes = before.as_ref().zip(after.as_ref());
        let told =
            |figure: &Option<PublishedFigure>| figure.as_ref().map(|it| ChangedFigure::of(it, language));
        changes.push(PublicationChange {
            from: old.edition,
            to: new.edition,
            indicator: named.indicator.clone(),
            label: named.label.get(language).to_owned(),
            change: change.to_owned(),
            redefined: hashes.is_some_and(|(a, b)| a.definition_sha256 != b.definition_sha256),
            old: told(&before),
            new: told(&after),
        });
    }
    changes
}
