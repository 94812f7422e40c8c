use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Form};
use super::lists::{List, Paging, linked, unless_any};
use super::points;
use crate::domain::checks::Faults;
use crate::domain::point::Point;
use crate::service::figures::{self, Between, Caused, Difference, Figure, Step};
use crate::service::past;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// The first point: a size of the journal, a time (RFC 3339), which stands for the last size at or before it, or
    /// `publications/{n}`. By default the last edition before the second, else the first entry.
    from: Option<String>,
    /// The second point, no earlier than the first. By default now.
    to: Option<String>,
    /// Only this round's answers decide.
    round: Option<String>,
    /// The day at both ends. By default each point's own day, or the period's end if that is earlier.
    #[param(format = "date")]
    valid_on: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// What moved a figure between two points: a page of the standings that changed, and the sums of all of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FigureChanges {
    /// The figure at the first point; null where the programme then had no such indicator.
    pub from: Option<Figure>,
    pub to: Option<Figure>,
    /// The second less the first.
    pub difference: Difference,
    /// By cause. The sums of all causes are the difference.
    pub summary: Vec<Caused>,
    pub items: Vec<Step>,
    pub next_cursor: Option<String>,
    pub next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

/// List what moved a figure.
///
/// Each standing that changed between two points, in the order in which that happened, with the journal entry that
/// did it, or with the day that came and no entry. A standing that changed twice has two rows. `summary` adds up all
/// rows by cause, and its sums are the difference between the figures at both points.
#[utoipa::path(tag = "figures", params(ChangesQuery), responses(
    (status = 200, description = "A page of changes, and their sums", body = FigureChanges)))]
#[get("/figures/{indicator}/changes")]
pub async fn list_figure_changes(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: ChangesQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        let from: Option<Point> = points::read(&mut faults, "?from", query.from.as_deref());
        let to = points::read(&mut faults, "?to", query.to.as_deref());
        let valid_on = faults.date_or_none("?validOn", query.valid_on.as_deref());
        unless_any(faults)?;
        let to = call.then(conn, alliance.clone(), to)?;
        let from = match from {
            Some(point) => past::at(conn, &call.ctx, &alliance, point)?,
            None => past::published_before(conn, &call.ctx, &to)?,
        };
        let asked = Between {
            indicator: call.step("indicator"),
            round: query.round.as_deref(),
            valid_on,
            language: call.language,
        };
        let changes = figures::between(conn, &from, &to, &asked)?;
        let total = paging.count.then(|| i64::try_from(changes.steps.len()).unwrap_or(i64::MAX));
        let list = paging.of_all(call, changes.steps, total, row_key)?;
        if let Form::Csv(dialect) = call.form()? {
            let sheet = csv::written(call.columns(), &list.items, dialect);
            let answer = Answer::bytes(csv::CONTENT_TYPE, sheet);
            return Ok(linked(answer, list.next.as_deref()).hashed());
        }
        let List { items, next_cursor, next, total_count } = list;
        let changes = FigureChanges {
            from: changes.from,
            to: changes.to,
            difference: changes.difference,
            summary: changes.summary,
            items,
            next_cursor,
            next,
            total_count,
        };
        Ok(linked(Answer::ok(&changes), changes.next.as_deref()).hashed())
    })
    .await
}

/// What tells a row from the others.
fn row_key(step: &Step) -> String {
    format!("{:?}/{}/{}", step.entry, step.on, step.subject)
}
