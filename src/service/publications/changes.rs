//! What the next edition changed.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::figures::{self, Caused};
use super::super::programmes::InForce;
use super::super::{Ctx, Result, past};
use super::{edition_of, find};
use crate::db::Conn;
use crate::domain::point::Point;
use crate::domain::publication::{Edition, PublishedFigure};
use crate::domain::text::Language;
use crate::store;

/// A figure, or one of its groups, that is not as it was in the edition before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationChange {
    /// The older edition.
    pub from: i64,
    /// The next one.
    pub to: i64,
    pub indicator: String,
    pub label: String,
    /// `sector`, `region`, `area` or `focusArea` of a group.
    pub by: Option<String>,
    /// The group's key; null for those without a value.
    pub group: Option<String>,
    pub group_label: Option<String>,
    /// `changed`; or `added` or `removed`, where only one of the two has the figure.
    pub change: String,
    /// Whether it is defined otherwise.
    pub redefined: bool,
    /// As the older edition has it.
    pub old: Option<ChangedFigure>,
    /// As the next edition has it.
    pub new: Option<ChangedFigure>,
    /// What moved the figure, by cause, without names: together they are the difference. Of a group, and of a figure
    /// that only one of the two has, nothing.
    pub causes: Vec<Caused>,
}

/// The numbers of a figure in one edition.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFigure {
    /// Why there are no numbers: `small-group` or `complement`.
    pub suppressed: Option<String>,
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
            suppressed: figure.suppressed.clone(),
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
    ctx: &Ctx,
    alliance: &InForce,
    edition: i64,
    language: Language,
) -> Result<Vec<PublicationChange>> {
    let old = edition_of(&find(conn, alliance, edition)?.bytes)?;
    let Some(next) = store::publications::document(conn, alliance.id, edition + 1)? else {
        return Ok(Vec::new());
    };
    let mut changes = between(&old, &edition_of(&next)?, language);
    let [from, to] = [edition, edition + 1].map(Point::Edition);
    let from = past::at(conn, ctx, alliance, from)?;
    let to = past::at(conn, ctx, alliance, to)?;
    for change in changes
        .iter_mut()
        .filter(|it| it.by.is_none() && it.old.is_some() && it.new.is_some())
    {
        let asked = figures::Between { indicator: &change.indicator, language, ..Default::default() };
        change.causes = figures::between(conn, &from, &to, &asked)?.summary;
    }
    Ok(changes)
}

/// The rows of both in the order of the next edition, then those that it lacks; wholes before groups.
fn between(old: &Edition, new: &Edition, language: Language) -> Vec<PublicationChange> {
    let rows = |edition: &Edition| -> Vec<PublishedFigure> {
        edition.figures.iter().chain(&edition.breakdowns).cloned().collect()
    };
    let (before, after) = (rows(old), rows(new));
    let find = |rows: &[PublishedFigure], row: &PublishedFigure| {
        rows.iter().find(|other| other.place() == row.place()).cloned()
    };
    let changed = |row: &PublishedFigure| {
        let (old_row, new_row) = (find(&before, row), find(&after, row));
        (old_row != new_row).then(|| change((old, old_row), (new, new_row), row, language))
    };
    let gone = before.iter().filter(|row| find(&after, row).is_none());
    let mut changes: Vec<PublicationChange> = after.iter().chain(gone).filter_map(changed).collect();
    changes.sort_by_key(|change| change.by.is_some());
    changes
}

fn change(
    (old_edition, old): (&Edition, Option<PublishedFigure>),
    (new_edition, new): (&Edition, Option<PublishedFigure>),
    row: &PublishedFigure,
    language: Language,
) -> PublicationChange {
    let change = match (&old, &new) {
        (Some(_), Some(_)) => "changed",
        (None, _) => "added",
        (_, None) => "removed",
    };
    let both = old.as_ref().zip(new.as_ref());
    let told =
        |figure: &Option<PublishedFigure>| figure.as_ref().map(|it| ChangedFigure::of(it, language));
    PublicationChange {
        from: old_edition.edition,
        to: new_edition.edition,
        indicator: row.indicator.clone(),
        label: row.label.get(language).to_owned(),
        by: row.by.clone(),
        group: row.group.clone(),
        group_label: row.group_label.as_ref().map(|label| label.get(language).to_owned()),
        change: change.to_owned(),
        redefined: both.is_some_and(|(a, b)| a.definition_sha256 != b.definition_sha256),
        old: told(&old),
        new: told(&new),
        causes: Vec::new(),
    }
}
