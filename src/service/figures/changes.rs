//! Why a figure moved between two points: each standing that changed, with what changed it.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::journey::Journey;
use super::sweep::swept;
use super::{Asked, Cause, Figure, one};
use crate::db::Conn;
use crate::domain::id::{InitiativeId, PartnerId, SubjectId};
use crate::domain::standing::Standing;
use crate::domain::text::{Fault, Language};
use crate::service::past::Then;
use crate::service::{Error, Result};

/// What moved a figure, as it is sent but for the page.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The figure at both ends; none where the programme then had no such indicator.
    pub from: Option<Figure>,
    pub to: Option<Figure>,
    pub difference: Difference,
    pub summary: Vec<Caused>,
    pub steps: Vec<Step>,
}

/// One more or one fewer, in everything that a figure counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FigureDifference)]
pub struct Difference {
    pub counted: i64,
    pub not_counted: i64,
    pub not_applicable: i64,
    pub no_answer: i64,
    pub not_submitted: i64,
    pub members: i64,
    /// Of a share.
    pub base: Option<i64>,
    /// Of a sum.
    #[schema(format = "decimal")]
    pub amount: Option<String>,
}

/// What one cause did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Caused {
    pub cause: Cause,
    pub label: String,
    /// How many standings it changed.
    pub changes: i64,
    pub difference: Difference,
}

/// One standing that changed once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChangedStanding, example = json!({"partner": "019353f2-6c00-7000-8000-000000000001", "partnerName": "Eksempelforeningen",
    "initiative": null, "report": null, "from": "notSubmitted", "to": "counted", "cause": "submission",
    "label": "En rapport blev indsendt", "on": "2023-12-04", "entry": 1704,
    "entryAt": "2023-12-04T09:12:00.000000Z", "action": "report.submitted", "journal": "/v1/alliances/demo/journal/1704",
    "difference": {"counted": 1, "notCounted": 0, "notApplicable": 0, "noAnswer": 0, "notSubmitted": -1,
        "members": 0, "base": 1, "amount": null}}))]
pub struct Step {
    pub partner: PartnerId,
    /// As the partner was called at the second point.
    pub partner_name: String,
    /// Of a count of initiatives.
    pub initiative: Option<InitiativeId>,
    /// Of a count of reports: its address.
    pub report: Option<String>,
    /// Null for who was not in.
    pub from: Option<Standing>,
    /// Null for who is not in any more.
    pub to: Option<Standing>,
    pub cause: Cause,
    pub label: String,
    /// The entry's day, or the day that came.
    #[schema(value_type = String, format = "date")]
    pub on: NaiveDate,
    /// The journal entry that did it; null for a date that passed.
    pub entry: Option<i64>,
    #[schema(format = "date-time")]
    pub entry_at: Option<String>,
    pub action: Option<String>,
    /// The entry's address.
    pub journal: Option<String>,
    /// What that moved of the figure.
    pub difference: Difference,
    #[serde(skip)]
    pub subject: SubjectId,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Between<'a> {
    pub indicator: &'a str,
    pub round: Option<&'a str>,
    /// The day at both ends; by default each end's own.
    pub valid_on: Option<NaiveDate>,
    pub language: Language,
}

/// What moved a figure between two points of one alliance. Fails where the second is before the first, and where
/// neither has such a figure.
///
/// Reads the standings that changed and no others, unless another programme looks at all of them in another way.
pub fn between(conn: &mut Conn, from: &Then, to: &Then, asked: &Between<'_>) -> Result<Changes> {
    let place = |then: &Then| (then.known.seq, then.known.today);
    if from.known.seq > to.known.seq || (from.known.seq == to.known.seq && place(from) > place(to)) {
        return Err(backward());
    }
    let (from_figure, to_figure) = match [figure(conn, from, asked)?, figure(conn, to, asked)?] {
        [Err(_), Err(refused)] => return Err(refused),
        [from, to] => (from.ok(), to.ok()),
    };
    let journey = Journey::of(conn, from, to, asked)?;
    let moved = swept(&journey.way());
    let steps = journey.told(conn, &moved)?;
    Ok(Changes {
        difference: journey.between_figures(from_figure.as_ref(), to_figure.as_ref()),
        summary: journey.summary(&steps),
        steps: steps.into_iter().map(|(step, _)| step).collect(),
        from: from_figure,
        to: to_figure,
    })
}

fn backward() -> Error {
    Error::from(vec![Fault::new(
        "?from",
        "from-after-to",
        "»from« ligger efter »to«.",
        "\"from\" is later than \"to\".",
    )])
}

/// The figure at one end, or why there was none then.
fn figure(
    conn: &mut Conn,
    then: &Then,
    asked: &Between<'_>,
) -> Result<std::result::Result<Figure, Error>> {
    let of = Asked {
        round: asked.round.map(str::to_owned),
        valid_on: asked.valid_on,
        language: asked.language,
        ..Asked::default()
    };
    match one(conn, &then.alliance, then.known, &of, asked.indicator) {
        Err(Error::Failed(error)) => Err(error.into()),
        figured => Ok(figured.map(|figured| figured.whole)),
    }
}
