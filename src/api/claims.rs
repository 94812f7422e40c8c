use actix_web::{HttpResponse, post};

use super::answer::Answer;
use super::call::Call;
use crate::service::claims::{self, CheckClaims, CheckedClaims};

/// Check published percentages.
///
/// On which bases up to `maxBase` all of them are possible at once, whether the given base can give them, and whether
/// the named indicators' figures say the same, with base, non-response and range. Percentages are taken as rounded half
/// up. Writes nothing, so it takes no Idempotency-Key. Whoever may see the figures of now holds claims against these,
/// or against an edition; everybody else against editions only.
#[utoipa::path(tag = "publications", request_body = CheckClaims, responses(
    (status = 200, description = "What the claims can be, and what the figures say", body = CheckedClaims)))]
#[post("/claims")]
pub async fn check_claims(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let body: CheckClaims = call.body()?;
        let alliance = call.alliance(conn)?;
        let checked = claims::check(conn, &call.ctx, &alliance, &body, call.language)?;
        Ok(Answer::ok(&checked))
    })
    .await
}
