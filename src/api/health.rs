use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::call::Call;
use crate::store;

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

/// Whether the service can answer: the database is within reach and migrated.
#[utoipa::path(tag = "service", responses((status = 200, description = "It is ready", body = Readiness)))]
#[get("/readyz")]
pub async fn readyz(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        store::alliances::count(conn)?;
        let readiness = Readiness { status: "ok".to_owned(), writable: !call.app.read_only };
        Ok(Answer::ok(&readiness).with_header("cache-control", "no-store"))
    })
    .await
}

/// This document.
#[utoipa::path(tag = "service", responses(
    (status = 200, description = "The OpenAPI 3.1 document", body = serde_json::Value)))]
#[get("/openapi.json")]
pub async fn openapi_document(call: Call) -> HttpResponse {
    call.read(|_, call| {
        let body = call.app.document.clone().into_bytes();
        let answer = Answer::of_bytes(body);
        Ok(answer.with_header("cache-control", "public, no-cache").hashed())
    })
    .await
}
