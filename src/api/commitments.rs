use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::points::PointQuery;
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checks::Faults;
use crate::domain::commitment::{Commitment, MakeCommitment, UpdateCommitment};
use crate::domain::id::{CommitmentId, PartnerId};
use crate::service::past::{self, Then};
use crate::service::programmes::InForce;
use crate::service::{commitments, partners};
use crate::store;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CommitmentsQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// List a partner's commitments.
///
/// In order of the focus areas' keys.
#[utoipa::path(tag = "commitments", params(CommitmentsQuery), responses(
    (status = 200, description = "A page of commitments", body = List<Commitment>)))]
#[get("/partners/{partner}/commitments")]
pub async fn list_commitments(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: CommitmentsQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let partner = call.id("partner", PartnerId::parse)?;
        partners::find(conn, &call.ctx, &alliance, partner)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        unless_any(faults)?;
        let page = paging.page(call)?;
        let rows = store::commitments::list(conn, partner, &page)?;
        let total = match paging.count {
            true => Some(store::commitments::count(conn, partner)?),
            false => None,
        };
        paging
            .cut(call, rows, total, |row| (row.focus_area.clone(), row.id))
            .answer(call)
    })
    .await
}

/// Make a commitment.
///
/// A partner chooses a focus area, which it can do once for each, and sets itself a goal there.
#[utoipa::path(tag = "commitments", request_body = MakeCommitment, responses(
    (status = 201, description = "Made", body = Commitment)))]
#[post("/partners/{partner}/commitments")]
pub async fn make_commitment(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: MakeCommitment = call.body()?;
        let alliance = call.alliance(conn)?;
        let partner = call.id("partner", PartnerId::parse)?;
        let commitment = commitments::make(conn, &call.ctx, &alliance, partner, &body)?;
        let location =
            format!("/v1/alliances/{}/commitments/{}", alliance.programme.slug, commitment.id);
        Ok(Answer::created(location, &commitment).versioned(commitment.version))
    })
    .await
}

/// Find a commitment.
#[utoipa::path(tag = "commitments", params(PointQuery), responses(
    (status = 200, description = "The commitment", body = Commitment)))]
#[get("/commitments/{commitment}")]
pub async fn find_commitment(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: PointQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let id = call.id("commitment", CommitmentId::parse)?;
        let now = |conn: &mut Conn, alliance: &InForce| {
            answer(&commitments::find(conn, &call.ctx, alliance, id)?)
        };
        let then = |conn: &mut Conn, then: &Then| answer(&past::commitment(conn, &call.ctx, then, id)?);
        call.now_or_then(conn, alliance, &query, now, then)
    })
    .await
}

/// Update a commitment.
///
/// A JSON merge patch (RFC 7396). The focus area stays.
#[utoipa::path(tag = "commitments",
    request_body(content = UpdateCommitment, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Updated", body = Commitment)))]
#[patch("/commitments/{commitment}")]
pub async fn update_commitment(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let changes = call.patch::<UpdateCommitment>()?;
        let alliance = call.alliance(conn)?;
        let id = call.id("commitment", CommitmentId::parse)?;
        answer(&commitments::update(conn, &call.ctx, &alliance, id, call.seen.as_ref(), &changes)?)
    })
    .await
}

/// Delete a commitment.
///
/// The journal keeps what it was.
#[utoipa::path(tag = "commitments", responses((status = 204, description = "Gone")))]
#[delete("/commitments/{commitment}")]
pub async fn delete_commitment(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let alliance = call.alliance(conn)?;
        let id = call.id("commitment", CommitmentId::parse)?;
        commitments::delete(conn, &call.ctx, &alliance, id, call.seen.as_ref())?;
        Ok(Answer::gone())
    })
    .await
}

fn answer(commitment: &Commitment) -> Result<Answer, Failure> {
    Ok(Answer::ok(commitment).versioned(commitment.version))
}
