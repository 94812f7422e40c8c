use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::problem::Failure;
use crate::domain::checks::Faults;
use crate::service::Role;
use crate::service::completeness::{self, Asked, Completeness};
use crate::service::figures::By;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompletenessQuery {
    /// The round's key.
    #[param(required = true, value_type = String)]
    round: Option<String>,
    /// Adds a row for each `sector` or `region`.
    by: Option<String>,
    /// Whose membership: on this date. By default the earlier of today and the last day of the round's period.
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

/// Tell how complete a round's reports are.
///
/// One row for everybody and, with `by`, one for each group. The secretariat and auditors see the partners; a reader sees
/// numbers, with groups below `smallGroup` merged into `other`.
#[utoipa::path(tag = "figures", params(CompletenessQuery), responses(
    (status = 200, description = "The whole, then its groups", body = List<Completeness>)))]
#[get("/completeness")]
pub async fn list_completeness(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: CompletenessQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let Some(round) = query.round else { return Err(round_missing()) };
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        let valid_on = faults.date_or_none("?validOn", query.valid_on.as_deref());
        let by = query.by.as_deref().and_then(|word| {
            faults.one_of("?by", word, &[By::Sector, By::Region].map(By::word));
            By::parse(word)
        });
        unless_any(faults)?;
        let is_reader = call.ctx.role_in(alliance.id) == Some(Role::Reader);
        let asked = Asked { round, by, valid_on, language: call.language, is_reader };
        let known = call.known(conn, &alliance)?;
        let rows = completeness::of_round(conn, &alliance, known, &asked)?;
        let total = paging.count.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        paging
            .of_all(call, rows, total, |row| format!("{:?}/{:?}", row.by, row.group))?
            .answer(call)
    })
    .await
}

fn round_missing() -> Failure {
    Failure::malformed_at(
        "?round",
        "parameter-missing",
        "Parameteren »round« mangler.",
        "The parameter \"round\" is missing.",
    )
}
