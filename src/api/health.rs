use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::call::Call;
use super::problem::Failure;
use crate::domain::text::{Fault, Text};
use crate::service::checkpoints;

#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    pub status: String,
}

/// Whether the service runs.
#[utoipa::path(tag = "service", responses((status = 200, description = "It runs", body = Health)))]
#[get("/livez")]
pub async fn livez(_call: Call) -> HttpResponse {
    let health = Health { status: "ok".to_owned() };
    Answer::ok(&health).with_header("cache-control", "no-store").respond()
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    #[schema(example = "ok")]
    pub status: String,
    /// Whether writes are taken; not in read-only mode.
    pub writable: bool,
}

/// So many alliances' journals are looked at.
const MOST_JOURNALS: i64 = 100;

/// Whether the service can answer: the database is within reach and migrated.
///
/// And whether its journals are what was signed of them: each has its whole hash tree, and the last checkpoint is
/// still true. Else 503, with what is wrong.
#[utoipa::path(tag = "service", responses((status = 200, description = "It is ready", body = Readiness)))]
#[get("/readyz")]
pub async fn readyz(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        unless_faulty(checkpoints::faults(conn, &call.app.signer, MOST_JOURNALS)?)?;
        let readiness = Readiness { status: "ok".to_owned(), writable: !call.app.read_only };
        Ok(Answer::ok(&readiness).with_header("cache-control", "no-store"))
    })
    .await
}

/// Names each journal that is not what it must be.
fn unless_faulty(faults: Vec<(String, checkpoints::Fault)>) -> Result<(), Failure> {
    let Some((_, first)) = faults.first() else { return Ok(()) };
    let failure = Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        first.code(),
        "En journal er ikke, hvad den skal være. Kør facit check.",
        "A journal is not what it must be. Run facit check.",
    );
    let faults = faults.iter().map(|(slug, fault)| {
        let Text { da, en } = fault.text();
        Fault::new(format!("/alliances/{slug}"), fault.code(), da, en)
    });
    Err(Failure { faults: faults.collect(), ..failure })
}

/// This document.
#[utoipa::path(tag = "service", responses(
    (status = 200, description = "The OpenAPI 3.1 document", body = serde_json::Value)))]
#[get("/openapi.json")]
pub async fn openapi_document(call: Call) -> HttpResponse {
    call.read(|_, call| {
        let answer = Answer::of_bytes(call.app.document.clone());
        Ok(answer.with_header("cache-control", "public, no-cache").hashed())
    })
    .await
}
