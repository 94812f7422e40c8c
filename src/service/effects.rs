//! What applying a programme does: the places that it changes, and the figures that it moves. Or would do:
//! a dry run is the real thing, taken back.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::figures::{self, Asked, Figure};
use super::policy::Access;
use super::programmes::{self, Condition, InForce, Outcome};
use super::{Ctx, Error, Result};
use crate::db::{self, Conn};
use crate::domain::programme::{Difference, ProgrammeDocument, differences};
use crate::domain::text::Language;
use crate::store;

/// What becomes of a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"outcome": "changed", "version": 4,
    "differences": [{"change": "changed", "place": "indicators.new_collaborations.base",
        "pointer": "/indicators/0/base", "from": "respondents", "to": "members"}],
    "figures": [{"indicator": "new_collaborations", "label": "har siden 2020 indgået nye samarbejder",
        "from": {"counted": 72, "notCounted": 28, "notApplicable": 0, "noAnswer": 0, "notSubmitted": 7, "members": 107,
            "base": 100, "percent": 72, "percentText": "72", "lowestPercent": 67, "highestPercent": 74, "value": null,
            "amount": null, "amountSelfReported": null, "amountDocumented": null, "amountExternal": null},
        "to": {"counted": 72, "notCounted": 28, "notApplicable": 0, "noAnswer": 0, "notSubmitted": 7, "members": 107,
            "base": 107, "percent": 67, "percentText": "67", "lowestPercent": 67, "highestPercent": 74, "value": null,
            "amount": null, "amountSelfReported": null, "amountDocumented": null, "amountExternal": null}}]}))]
pub struct Effect {
    pub outcome: Outcome,
    /// The programme's, afterwards.
    pub version: i64,
    pub differences: Vec<Difference>,
    /// Those that differ, in the new programme's order, then those that are gone. Null where the caller may
    /// not see figures.
    pub figures: Option<Vec<MovedFigure>>,
}

/// A figure before and after.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MovedFigure {
    pub indicator: String,
    pub label: String,
    /// Null where the indicator is new.
    pub from: Option<FigureValue>,
    /// Null where the indicator is gone.
    pub to: Option<FigureValue>,
}

/// What a figure says, as in a figure's row.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FigureValue {
    pub counted: i64,
    pub not_counted: i64,
    pub not_applicable: i64,
    pub no_answer: i64,
    pub not_submitted: i64,
    pub members: i64,
    pub base: Option<i64>,
    #[schema(value_type = Option<f64>)]
    pub percent: Value,
    pub percent_text: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub lowest_percent: Value,
    #[schema(value_type = Option<f64>)]
    pub highest_percent: Value,
    /// Of a count; of a sum the number nearest to `amount`.
    #[schema(value_type = Option<f64>)]
    pub value: Value,
    /// Of a sum: exactly, with the measure's decimals.
    #[schema(format = "decimal")]
    pub amount: Option<String>,
    #[schema(format = "decimal")]
    pub amount_self_reported: Option<String>,
    #[schema(format = "decimal")]
    pub amount_documented: Option<String>,
    #[schema(format = "decimal")]
    pub amount_external: Option<String>,
}

impl From<Figure> for FigureValue {
    fn from(figure: Figure) -> FigureValue {
        FigureValue {
            counted: figure.counted,
            not_counted: figure.not_counted,
            not_applicable: figure.not_applicable,
            no_answer: figure.no_answer,
            not_submitted: figure.not_submitted,
            members: figure.members,
            base: figure.base,
            percent: figure.percent,
            percent_text: figure.percent_text,
            lowest_percent: figure.lowest_percent,
            highest_percent: figure.highest_percent,
            value: figure.value,
            amount: figure.amount,
            amount_self_reported: figure.amount_self_reported,
            amount_documented: figure.amount_documented,
            amount_external: figure.amount_external,
        }
    }
}

/// Applies a programme, and says what that did. Fails as `programmes::apply` does.
pub fn applied(
    conn: &mut Conn,
    ctx: &Ctx,
    slug: &str,
    document: ProgrammeDocument,
    condition: &Condition,
    language: Language,
) -> Result<Effect> {
    let before = match store::alliances::find(conn, slug)? {
        Some(alliance) => Some(programmes::with_programme(conn, alliance)?),
        None => None,
    };
    let were = match &before {
        Some(before) => known_figures(conn, ctx, before, language)?,
        None => Some(Vec::new()),
    };
    let applied = programmes::apply(conn, ctx, slug, document, condition)?;
    let after = &applied.in_force;
    let are = known_figures(conn, ctx, after, language)?;
    Ok(Effect {
        outcome: applied.outcome,
        version: after.version,
        differences: before
            .map(|before| differences(&before.programme.document, &after.programme.document))
            .unwrap_or_default(),
        figures: were.zip(are).map(|(were, are)| moved(were, are)),
    })
}

/// Says what applying a programme would do, and leaves nothing behind: no row, no version, no entry of the
/// journal. Fails as the real thing would. Only inside `Db::write`.
pub fn rehearsed(
    conn: &mut Conn,
    ctx: &Ctx,
    slug: &str,
    document: ProgrammeDocument,
    condition: &Condition,
    language: Language,
) -> Result<Effect> {
    let undone = db::savepoint(conn, |conn| {
        let effect = applied(conn, ctx, slug, document, condition, language).map_err(Undone::Failed)?;
        Err::<Never, Undone>(Undone::TakenBack(Box::new(effect)))
    });
    match undone {
        Err(Undone::TakenBack(effect)) => Ok(*effect),
        Err(Undone::Failed(error)) => Err(error),
        Ok(never) => match never {},
    }
}

enum Never {}

enum Undone {
    TakenBack(Box<Effect>),
    Failed(Error),
}

impl From<db::Error> for Undone {
    fn from(error: db::Error) -> Undone {
        Undone::Failed(error.into())
    }
}

/// All figures of now, each indicator in its own scope; none where the caller may not see figures.
fn known_figures(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    language: Language,
) -> Result<Option<Vec<Figure>>> {
    let reading = Ctx {
        access: ctx.access.and(Access::of("list_figures")),
        ..ctx.clone()
    };
    if reading.may(alliance.id).is_err() {
        return Ok(None);
    }
    let known = figures::live(conn, ctx, alliance)?;
    let asked = Asked { language, ..Asked::default() };
    let all = figures::all(conn, alliance, known, &asked)?;
    Ok(Some(all.into_iter().map(|figured| figured.whole).collect()))
}

fn moved(were: Vec<Figure>, are: Vec<Figure>) -> Vec<MovedFigure> {
    let mut were: BTreeMap<String, Figure> =
        were.into_iter().map(|figure| (figure.indicator.clone(), figure)).collect();
    let mut moved: Vec<MovedFigure> = are
        .into_iter()
        .map(|figure| MovedFigure {
            indicator: figure.indicator.clone(),
            label: figure.label.clone(),
            from: were.remove(&figure.indicator).map(FigureValue::from),
            to: Some(figure.into()),
        })
        .collect();
    moved.retain(|figure| figure.from != figure.to);
    moved.extend(were.into_values().map(|figure| MovedFigure {
        indicator: figure.indicator.clone(),
        label: figure.label.clone(),
        from: Some(figure.into()),
        to: None,
    }));
    moved
}
