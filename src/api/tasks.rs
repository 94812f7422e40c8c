use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::partners::unknown;
use super::problem::Failure;
use crate::domain::checks::Faults;
use crate::domain::id::PartnerId;
use crate::service::programmes::InForce;
use crate::service::tasks::{self, Kind, Task};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TasksQuery {
    /// Of a partner: `due`, `overdue`, `returned` or `extensionEnds`. Of the secretariat: `toReview`, `missing`,
    /// `overdue` or `returned`.
    kind: Option<String>,
    /// A round's key.
    round: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// List what awaits a partner.
///
/// One task at most for each round that is open for it: a report to submit (`due`, with an extension `extensionEnds`, after
/// the deadline `overdue`), or one to mend (`returned`, with its open points). The next comes first.
#[utoipa::path(tag = "reports", params(TasksQuery), responses(
    (status = 200, description = "A page of tasks", body = List<Task>)))]
#[get("/partners/{partner}/tasks")]
pub async fn list_partner_tasks(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: TasksQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let partner = call.id("partner", PartnerId::parse)?;
        let tasks = tasks::of_partner(conn, &call.ctx, call.language, &alliance, partner)?;
        answer(call, &alliance, query, &Kind::OF_PARTNERS, tasks)
    })
    .await
}

/// List what awaits the secretariat.
///
/// Submissions to look at (`toReview`) and reports that are with their partners again (`returned`), of every round; partners
/// that are yet to submit, of rounds that are open for them (`missing`, after the deadline `overdue`). The next comes
/// first.
#[utoipa::path(tag = "reports", params(TasksQuery), responses(
    (status = 200, description = "A page of tasks", body = List<Task>)))]
#[get("/tasks")]
pub async fn list_tasks(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: TasksQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let tasks = tasks::of_secretariat(conn, &call.ctx, call.language, &alliance)?;
        answer(call, &alliance, query, &Kind::OF_THE_SECRETARIAT, tasks)
    })
    .await
}

fn answer(
    call: &Call,
    alliance: &InForce,
    query: TasksQuery,
    kinds: &[Kind],
    mut tasks: Vec<Task>,
) -> Result<Answer, Failure> {
    let mut faults = Faults::new();
    let paging = Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
    if let Some(kind) = &query.kind {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        faults.one_of("?kind", kind, &words);
        tasks.retain(|task| task.kind.word() == kind);
    }
    if let Some(round) = &query.round {
        if alliance.programme.round(round).is_none() {
            faults.push(unknown("?round", "unknown-round", round));
        }
        tasks.retain(|task| task.round == *round);
    }
    unless_any(faults)?;
    let total = paging.count.then(|| i64::try_from(tasks.len()).unwrap_or(i64::MAX));
    let key = |task: &Task| format!("{}/{}/{}", task.kind.word(), task.round, task.partner);
    paging.of_all(call, tasks, total, key)?.answer(call)
}
