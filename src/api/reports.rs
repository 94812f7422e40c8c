use actix_web::{HttpResponse, delete, get, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::partners::unknown;
use super::points::PointQuery;
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checks::{self, Faults};
use crate::domain::id::{InitiativeId, PartnerId};
use crate::domain::report::{AcceptReport, ReopenReport, ReportBody, ReportPart, ReturnReport, State};
use crate::domain::text::Fault;
use crate::service::past::Then;
use crate::service::programmes::InForce;
use crate::service::reports::{self, Comparison, Listed, PartView, ReportAt, ReportView, VersionView};
use crate::service::{Error, Result as ServiceResult};
use crate::store;
use crate::store::reports::{Filter, Report};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportsQuery {
    /// A round's key.
    round: Option<String>,
    /// A partner's id.
    #[param(format = "uuid")]
    partner: Option<String>,
    /// `draft`, `submitted`, `returned` or `accepted`.
    state: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// List reports.
///
/// A partner sees its own; the secretariat and auditors see what was submitted at least once.
#[utoipa::path(tag = "reports", params(ReportsQuery), responses(
    (status = 200, description = "A page of reports", body = List<Listed>)))]
#[get("/reports")]
pub async fn list_reports(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: ReportsQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        if let Some(round) = query.round.as_deref().filter(|key| alliance.programme.round(key).is_none())
        {
            faults.push(unknown("?round", "unknown-round", round));
        }
        if let Some(state) = &query.state {
            faults.one_of("?state", state, &["draft", "submitted", "returned", "accepted"]);
        }
        let partner = query.partner.as_deref().map(PartnerId::parse);
        if partner == Some(None) {
            faults.push(unknown(
                "?partner",
                "unknown-partner",
                query.partner.as_deref().unwrap_or_default(),
            ));
        }
        unless_any(faults)?;
        let own = call.ctx.as_partner(alliance.id);
        if let (Some(Some(asked)), Some(own)) = (partner, own)
            && asked != own
        {
            return Err(Failure::from(Error::absent()));
        }
        let filter = Filter {
            round: query.round,
            partner: own.or(partner.flatten()),
            state: query
                .state
                .and_then(|word| State::parse(&word))
                .map(|state| state.word().to_owned()),
            submitted_only: own.is_none(),
        };
        let page = paging.page(call)?;
        let rows = store::reports::list(conn, alliance.id, &filter, &page)?;
        let total = match paging.count {
            true => Some(store::reports::count(conn, alliance.id, &filter)?),
            false => None,
        };
        let cut = paging.cut(call, rows, total, |row| (row.round.clone(), row.id));
        cut.map(|report| Listed::from(&report)).answer(call)
    })
    .await
}

/// Find a report.
///
/// Its partner sees the draft where there is one; everybody else the last submission. As of an earlier point it is, for
/// its partner too, the last submission then, with its state and points then and the deadline that held.
#[utoipa::path(tag = "reports", params(PointQuery), responses(
    (status = 200, description = "The report", body = ReportView)))]
#[get("/reports/{round}/{partner}")]
pub async fn find_report(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: PointQuery = call.query()?;
        let (alliance, at) = report_at(conn, call)?;
        let now = |conn: &mut Conn, alliance: &InForce| {
            let report = reports::find(conn, &call.ctx, alliance, &at)?;
            answer(conn, call, alliance, &report)
        };
        let then = |conn: &mut Conn, then: &Then| {
            Ok(Answer::ok(&reports::then(conn, &call.ctx, then, &at)?).hashed())
        };
        call.now_or_then(conn, alliance, &query, now, then)
    })
    .await
}

/// Save a draft as a whole.
///
/// What is missing or wrong is kept and listed in `faults`; it stands in the way of a submission only.
#[utoipa::path(tag = "reports", request_body = ReportBody, responses(
    (status = 200, description = "Saved", body = ReportView),
    (status = 201, description = "The report was begun", body = ReportView)))]
#[put("/reports/{round}/{partner}")]
pub async fn save_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: ReportBody = call.body()?;
        let (alliance, at) = report_at(conn, call)?;
        let (report, is_new) = reports::save(conn, &call.ctx, &alliance, &at, call.seen.as_ref(), body)?;
        created_or_ok(call, is_new, answer(conn, call, &alliance, &report)?)
    })
    .await
}

/// Delete a draft that was never submitted.
#[utoipa::path(tag = "reports", responses((status = 204, description = "Gone")))]
#[delete("/reports/{round}/{partner}")]
pub async fn delete_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let (alliance, at) = report_at(conn, call)?;
        reports::delete(conn, &call.ctx, &alliance, &at, call.seen.as_ref())?;
        Ok(Answer::gone())
    })
    .await
}

/// Find one initiative's part of a draft.
#[utoipa::path(tag = "reports", responses((status = 200, description = "The part", body = PartView)))]
#[get("/reports/{round}/{partner}/initiatives/{initiative}")]
pub async fn find_report_part(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let (alliance, at) = report_at(conn, call)?;
        let initiative = call.id("initiative", InitiativeId::parse)?;
        let part = reports::find_part(conn, &call.ctx, &alliance, &at, initiative)?;
        Ok(Answer::ok(&part).versioned(part.version))
    })
    .await
}

/// Save one initiative's part of a draft.
///
/// It has a version of its own, so that two colleagues can work side by side.
#[utoipa::path(tag = "reports", request_body = ReportPart, responses(
    (status = 200, description = "Saved", body = PartView),
    (status = 201, description = "The part was begun", body = PartView)))]
#[put("/reports/{round}/{partner}/initiatives/{initiative}")]
pub async fn save_report_part(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: ReportPart = call.body()?;
        let (alliance, at) = report_at(conn, call)?;
        let initiative = call.id("initiative", InitiativeId::parse)?;
        let seen = call.seen.as_ref();
        let (part, is_new) =
            reports::save_part(conn, &call.ctx, &alliance, &at, initiative, seen, body)?;
        created_or_ok(call, is_new, Answer::ok(&part).versioned(part.version))
    })
    .await
}

/// Take one initiative's part out of a draft.
#[utoipa::path(tag = "reports", responses((status = 204, description = "Gone")))]
#[delete("/reports/{round}/{partner}/initiatives/{initiative}")]
pub async fn delete_report_part(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let (alliance, at) = report_at(conn, call)?;
        let initiative = call.id("initiative", InitiativeId::parse)?;
        reports::delete_part(conn, &call.ctx, &alliance, &at, initiative, call.seen.as_ref())?;
        Ok(Answer::gone())
    })
    .await
}

/// Submit a report.
///
/// The round must be open and every required question answered. Answers with all faults at once, or
/// with a receipt. Needs an Idempotency-Key.
#[utoipa::path(tag = "reports", responses((status = 200, description = "Submitted", body = ReportView)))]
#[post("/reports/{round}/{partner}/submission")]
pub async fn submit_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        call.no_body()?;
        moved(conn, call, |conn, alliance, at| {
            reports::submit(conn, &call.ctx, alliance, at, call.seen.as_ref())
        })
    })
    .await
}

/// Withdraw a submission.
///
/// Until the deadline; the report goes back to the state it came from.
#[utoipa::path(tag = "reports", responses((status = 200, description = "Withdrawn", body = ReportView)))]
#[post("/reports/{round}/{partner}/withdrawal")]
pub async fn withdraw_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        call.no_body()?;
        moved(conn, call, |conn, alliance, at| {
            reports::withdraw(conn, &call.ctx, alliance, at, call.seen.as_ref())
        })
    })
    .await
}

/// Return a report with points to mend.
///
/// A later submission closes each point whose part of the report it changes; the others stay open.
#[utoipa::path(tag = "reports", request_body = ReturnReport, responses(
    (status = 200, description = "Returned", body = ReportView)))]
#[post("/reports/{round}/{partner}/return")]
pub async fn return_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: ReturnReport = call.body()?;
        moved(conn, call, |conn, alliance, at| {
            reports::return_with(conn, &call.ctx, alliance, at, call.seen.as_ref(), &body)
        })
    })
    .await
}

/// Accept a report.
///
/// While a point is open: 409 `points-open`, which lists them. The body is optional; it names open points that need no
/// mending, each with the reason. Needs an Idempotency-Key.
#[utoipa::path(tag = "reports", request_body = AcceptReport, responses((status = 200, description = "Accepted", body = ReportView)))]
#[post("/reports/{round}/{partner}/acceptance")]
pub async fn accept_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: AcceptReport = call.body_or_default()?;
        moved(conn, call, |conn, alliance, at| {
            reports::accept(conn, &call.ctx, alliance, at, call.seen.as_ref(), &body)
        })
    })
    .await
}

/// Reopen an accepted report.
///
/// It stops counting at once.
#[utoipa::path(tag = "reports", request_body = ReopenReport, responses(
    (status = 200, description = "Returned to its partner", body = ReportView)))]
#[post("/reports/{round}/{partner}/reopening")]
pub async fn reopen_report(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: ReopenReport = call.body()?;
        moved(conn, call, |conn, alliance, at| {
            reports::reopen(conn, &call.ctx, alliance, at, call.seen.as_ref(), &body)
        })
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionsQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// List a report's submissions.
///
/// Each submission freezes one; all stay readable.
#[utoipa::path(tag = "reports", params(VersionsQuery), responses(
    (status = 200, description = "A page of submissions", body = List<VersionView>)))]
#[get("/reports/{round}/{partner}/versions")]
pub async fn list_report_versions(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: VersionsQuery = call.query()?;
        let (alliance, at) = report_at(conn, call)?;
        let report = reports::find(conn, &call.ctx, &alliance, &at)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        unless_any(faults)?;
        let versions = reports::versions(conn, &alliance, &report)?;
        let total = paging.count.then(|| i64::try_from(versions.len()).unwrap_or(i64::MAX));
        paging
            .of_all(call, versions, total, |version| version.version.to_string())?
            .answer(call)
    })
    .await
}

/// Find a submission of a report.
#[utoipa::path(tag = "reports", responses((status = 200, description = "The submission", body = VersionView)))]
#[get("/reports/{round}/{partner}/versions/{version}")]
pub async fn find_report_version(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let (alliance, at) = report_at(conn, call)?;
        let report = reports::find(conn, &call.ctx, &alliance, &at)?;
        let number = call.id("version", checks::number)?;
        let version = reports::versions(conn, &alliance, &report)?
            .into_iter()
            .find(|version| version.version == number);
        let version = version.ok_or_else(Error::absent)?;
        Ok(Answer::ok(&version).versioned(version.version))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ComparisonQuery {
    /// The submission to compare with: 1, 2, 3. By default the one before; nothing for the first.
    #[param(value_type = Option<i64>, minimum = 1)]
    from: Option<String>,
}

/// Compare two submissions of a report.
///
/// Every leaf that differs, with what it is called. Initiatives are matched by their ids, outcomes by measure and kind.
/// All changes are in one answer, which has no pages.
#[utoipa::path(tag = "reports", params(ComparisonQuery), responses(
    (status = 200, description = "What changed", body = Comparison)))]
#[get("/reports/{round}/{partner}/versions/{version}/diff")]
pub async fn compare_report_versions(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: ComparisonQuery = call.query()?;
        let (alliance, at) = report_at(conn, call)?;
        let report = reports::find(conn, &call.ctx, &alliance, &at)?;
        let number = call.id("version", checks::number)?;
        let from = query.from.as_deref().map(|text| {
            let number = checks::number(text).filter(|number| *number > 0);
            number.ok_or_else(|| refused(unknown("?from", "unknown-version", text)))
        });
        let from = from.transpose()?;
        let compared = reports::compare(conn, call.language, &alliance, &report, number, from)?;
        Ok(Answer::ok(&compared).hashed())
    })
    .await
}

/// Get a draft to begin with.
///
/// A body that `PUT` of the report takes as it is, made of the partner's last counting report before this round and of
/// its running initiatives. Of outcomes that it leads: measure, kind, unit, baseline and target; what was reached, and
/// whatever says how it went, is empty. Of answers: facts that are no numbers, without their comments. Self-assessments
/// and intents are never carried over. Nothing is saved.
#[utoipa::path(tag = "reports", responses((status = 200, description = "The draft", body = ReportBody)))]
#[get("/reports/{round}/{partner}/prefill")]
pub async fn prefill_report(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let (alliance, at) = report_at(conn, call)?;
        let body = reports::prefill(conn, &call.ctx, &alliance, &at)?;
        Ok(Answer::ok(&body).hashed())
    })
    .await
}

fn refused(fault: Fault) -> Failure {
    Failure::from(Error::from(vec![fault]))
}

fn report_at(conn: &mut Conn, call: &Call) -> Result<(InForce, ReportAt), Failure> {
    let alliance = call.alliance(conn)?;
    let partner = call.id("partner", PartnerId::parse)?;
    Ok((alliance, ReportAt { round: call.step("round").to_owned(), partner }))
}

fn moved(
    conn: &mut Conn,
    call: &Call,
    step: impl FnOnce(&mut Conn, &InForce, &ReportAt) -> ServiceResult<Report>,
) -> Result<Answer, Failure> {
    let (alliance, at) = report_at(conn, call)?;
    let report = step(conn, &alliance, &at)?;
    answer(conn, call, &alliance, &report)
}

fn answer(conn: &mut Conn, call: &Call, alliance: &InForce, report: &Report) -> Result<Answer, Failure> {
    let view = reports::view(conn, &call.ctx, call.language, alliance, report)?;
    let answer = Answer::ok(&view);
    Ok(match view.version {
        Some(version) => answer.versioned(version),
        None => answer.hashed(),
    })
}

fn created_or_ok(call: &Call, is_new: bool, answer: Answer) -> Result<Answer, Failure> {
    if !is_new {
        return Ok(answer);
    }
    let answer = Answer { status: actix_web::http::StatusCode::CREATED, ..answer };
    Ok(answer.with_header("location", call.path()))
}
