//! Problem documents (RFC 9457): the one shape of every 4xx and 5xx.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db;
use crate::domain::text::{Fault, Language, Text};
use crate::service::{Error, Kind, Refusal};

pub const PROBLEM_JSON: &str = "application/problem+json";

/// When to ask again where somebody must put something right first.
const UNAVAILABLE_SECONDS: &str = "300";

/// In characters; longer ones are cut.
const LONGEST_POINTER: usize = 300;

/// What went wrong, for people and programs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "type": "/problems/invalid", "title": "Værdierne kan ikke bruges", "status": 422, "detail": "Der er 1 fejl.",
    "code": "invalid", "instance": "/v1/alliances/demo/partners",
    "requestId": "019353f2-6c00-7000-8000-00000000000f",
    "errors": [{"pointer": "/sector", "code": "unknown-sector", "detail": "Sektoren »x« findes ikke i programmet."}]
}))]
pub struct Problem {
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    /// Stable, kebab-case, never translated.
    code: String,
    /// The address that was asked.
    instance: String,
    request_id: String,
    /// RFC 6749's error code; at /v1/token only.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The places at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<PlaceAtFault>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlaceAtFault {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    #[schema(example = "/sector")]
    pointer: String,
    code: String,
    detail: String,
}

/// A failure on its way to the client, in both languages still.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: Box<Text>,
    pub faults: Vec<Fault>,
    /// RFC 6749's error code.
    pub oauth: Option<&'static str>,
    /// Headers that go with it.
    pub headers: Vec<(header::HeaderName, String)>,
    /// What to log; never sent.
    pub cause: Option<String>,
}

impl Failure {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        da: impl Into<String>,
        en: impl Into<String>,
    ) -> Failure {
        let detail = Box::new(Text::new(da, en));
        Failure {
            status,
            code,
            detail,
            faults: Vec::new(),
            oauth: None,
            headers: Vec::new(),
            cause: None,
        }
    }

    /// The request's shape is off.
    pub fn malformed(code: &'static str, da: impl Into<String>, en: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, code, da, en)
    }

    /// A malformed request, and the place.
    pub fn malformed_at(
        pointer: impl Into<String>,
        code: &'static str,
        da: impl Into<String>,
        en: impl Into<String>,
    ) -> Failure {
        let (da, en) = (da.into(), en.into());
        let fault = Fault::new(pointer, code, da.clone(), en.clone());
        Failure { faults: vec![fault], ..Failure::malformed(code, da, en) }
    }

    pub fn with_header(mut self, name: header::HeaderName, value: impl Into<String>) -> Failure {
        self.headers.push((name, value.into()));
        self
    }

    pub fn respond(self, language: Language, instance: &str, request_id: &str) -> HttpResponse {
        let problem = Problem {
            kind: format!("/problems/{}", self.code),
            title: title(self.status).get(language).to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.get(language).to_owned(),
            code: self.code.to_owned(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            error: self.oauth.map(str::to_owned),
            errors: self.faults.into_iter().map(|fault| place(fault, language)).collect(),
        };
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        response.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

fn place(fault: Fault, language: Language) -> PlaceAtFault {
    let detail = fault.detail.get(language).to_owned();
    // Nobody needs a key of a megabyte to find it again.
    let pointer = match fault.pointer.char_indices().nth(LONGEST_POINTER) {
        Some((end, _)) => format!("{}…", &fault.pointer[..end]),
        None => fault.pointer,
    };
    PlaceAtFault { pointer, code: fault.code.to_owned(), detail }
}

fn title(status: StatusCode) -> Text {
    let (da, en) = match status.as_u16() {
        400 => ("Anmodningen kan ikke læses", "The request can't be read"),
        401 => ("Hvem er du?", "Who are you?"),
        403 => ("Ingen adgang", "No access"),
        404 => ("Findes ikke", "Not found"),
        405 => ("Metoden findes ikke her", "No such method here"),
        408 => ("Anmodningen kom for langsomt", "The request came too slowly"),
        409 => ("Det lader sig ikke gøre nu", "That can't be done now"),
        412 => ("Nogen kom dig i forkøbet", "Somebody was faster"),
        413 => ("For stort", "Too large"),
        415 => ("Forkert medietype", "Wrong media type"),
        422 => ("Værdierne kan ikke bruges", "The values can't be used"),
        428 => ("Der mangler en betingelse", "A condition is missing"),
        429 => ("For mange anmodninger", "Too many requests"),
        503 => ("Prøv igen om lidt", "Try again in a moment"),
        _ => ("Fejl hos os", "A fault of ours"),
    };
    Text::new(da, en)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Refused(refusal) => Failure::from(*refusal),
            Error::Failed(error) => Failure::from(error),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let status = match refusal.kind {
            Kind::Malformed => StatusCode::BAD_REQUEST,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Absent => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Stale => StatusCode::PRECONDITION_FAILED,
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unconditional => StatusCode::PRECONDITION_REQUIRED,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let failure = Failure::new(status, refusal.code, refusal.detail.da, refusal.detail.en);
        let failure = Failure { faults: refusal.faults, ..failure };
        match refusal.kind {
            Kind::Unauthenticated => {
                failure.with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"facit\"")
            }
            Kind::Unavailable => failure.with_header(header::RETRY_AFTER, UNAVAILABLE_SECONDS),
            _ => failure,
        }
    }
}

impl From<db::Error> for Failure {
    /// What the rules have not foreseen: the database is busy, or the fault is ours. The cause is logged
    /// with the request's id and not sent.
    fn from(error: db::Error) -> Failure {
        let cause = Some(error.to_string());
        let failure = match error {
            db::Error::Unreachable(_) | db::Error::Panicked(_) => Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Tjenesten kan ikke svare lige nu. Intet er gemt.",
                "The service can't answer just now. Nothing was saved.",
            )
            .with_header(header::RETRY_AFTER, "1"),
            db::Error::Full(_) => Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "read-only",
                "Tjenesten kan kun læses lige nu: databasen har ikke plads til mere. Intet er gemt.",
                "The service can only be read just now: the database has no room for more. Nothing was saved.",
            )
            .with_header(header::RETRY_AFTER, "30"),
            db::Error::Taken | db::Error::Referenced => Failure::new(
                StatusCode::CONFLICT,
                "conflict",
                "Det strider mod noget, der findes i forvejen.",
                "That conflicts with something that exists already.",
            ),
            db::Error::Absent | db::Error::Broken(_) => Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "broken",
                "Noget gik galt hos os. Opgiv anmodningens id, hvis du skriver til os.",
                "Something went wrong on our side. Give the request's id if you write to us.",
            ),
        };
        Failure { cause, ..failure }
    }
}
