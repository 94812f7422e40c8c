//! What every request passes through, first and last: its id, its language, the headers that every
//! answer carries, and one log line.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};

use super::app::App;
use super::cors;
use super::headers;
use super::limits::Left;
use super::measure::{self, UnderWay};
use super::points;
use super::problem::{Failure, PROBLEM_JSON};
use crate::domain::text::Language;
use crate::service::Caller;

/// The contract's version, in `API-Version`.
pub const API_VERSION: &str = "1";

/// Its faults carry RFC 6749's error code.
pub const TOKEN_PATH: &str = "/v1/token";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request before anything is checked.
#[derive(Debug, Clone)]
pub struct Facts {
    pub request_id: String,
    pub language: Language,
    pub path: String,
}

impl Facts {
    pub fn of(request: &HttpRequest) -> Facts {
        let kept = request.extensions().get::<Facts>().cloned();
        kept.unwrap_or_else(|| Facts {
            request_id: uuid::Uuid::now_v7().to_string(),
            language: headers::language(request.headers()),
            path: request.path().to_owned(),
        })
    }

    /// Turns a failure into its problem document, logging once what is our own fault.
    pub fn refuse(&self, mut failure: Failure) -> HttpResponse {
        if self.path == TOKEN_PATH && failure.status.is_client_error() {
            failure.oauth.get_or_insert("invalid_request");
        }
        if let Some(cause) = &failure.cause
            && failure.status.is_server_error()
        {
            tracing::error!(request.id = %self.request_id, error = %cause, "request failed");
        }
        failure.respond(self.language, &self.path, &self.request_id)
    }
}

/// The outermost middleware.
pub async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (started, under_way) = (Instant::now(), UnderWay::begin());
    let facts = Facts {
        request_id: request_id(&request),
        language: headers::language(request.headers()),
        path: request.path().to_owned(),
    };
    request.extensions_mut().insert(facts.clone());
    let preflight = cors::preflight(&request);
    let is_preflight = preflight.is_some();
    let method = request.method().clone();
    if method == Method::HEAD {
        // Answered as GET; the encoder leaves the body out.
        request.head_mut().method = Method::GET;
    }
    let response = match preflight {
        Some(preflight) => request.into_response(preflight),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let mut response = as_problem(response, &facts);
    let route = response.request().match_pattern().unwrap_or_default();
    // A read is proven where it is answered, all else before.
    let proven = response.response().extensions().get::<Caller>().copied();
    let caller = proven.or_else(|| response.request().extensions().get::<Caller>().copied());
    let role = match caller {
        Some(Caller::Key { role, .. }) => role.word(),
        _ => "public",
    };
    let status = response.status();
    let left = response.request().extensions().get::<Left>().copied();
    if let Some(left) = left {
        left.write(response.headers_mut());
    }
    let app = response.request().app_data::<Data<App>>().cloned();
    let asked = app
        .as_ref()
        .and_then(|app| app.routes.find(response.request().method(), &route));
    let negotiates_time = asked.is_some_and(|route| route.takes_time)
        && !points::is_memento(response.request().query_string());
    finish(response.headers_mut(), &facts, negotiates_time);
    if let Some(app) = app.as_ref().filter(|_| !is_preflight) {
        cors::mark(&mut response, app, asked);
    }
    measure::answered(asked, &method, status, started.elapsed());
    drop(under_way);
    tracing::info!(
        http.method = %method,
        http.route = %route,
        http.status = status.as_u16(),
        duration_ms = started.elapsed().as_secs_f64() * 1000.0,
        request.id = %facts.request_id,
        actor.role = role,
        language = facts.language.tag(),
        "request"
    );
    Ok(response)
}

/// A refusal that did not come from here (the viewer's, actix's own) as a problem like all others.
fn as_problem(response: ServiceResponse, facts: &Facts) -> ServiceResponse {
    let status = response.status();
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let is_problem = media_type.is_some_and(|media_type| media_type == PROBLEM_JSON);
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let failure = match status {
        StatusCode::NOT_FOUND => Failure::from(crate::service::Error::absent()),
        _ => Failure::new(status, "refused", "Anmodningen blev afvist.", "The request was refused."),
    };
    response.into_response(facts.refuse(failure))
}

fn finish(headers: &mut header::HeaderMap, facts: &Facts, negotiates_time: bool) {
    if let Ok(id) = HeaderValue::from_str(&facts.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(HeaderName::from_static("api-version"), HeaderValue::from_static(API_VERSION));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A replay is in the language of the first answer.
    if !headers.contains_key(header::CONTENT_LANGUAGE) {
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(facts.language.tag()));
    }
    let varies = match negotiates_time {
        true => "Accept, Accept-Datetime, Accept-Language, Authorization, Origin",
        false => "Accept, Accept-Language, Authorization, Origin",
    };
    headers.insert(header::VARY, HeaderValue::from_static(varies));
}

/// A client's own request id if it is a plain word, else a new one.
fn request_id(request: &ServiceRequest) -> String {
    let sent = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_plain = |id: &&str| {
        (1..=128).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    sent.filter(is_plain)
        .map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// Where no operation is: 405 with `Allow` at an address, 404 elsewhere.
pub async fn nowhere(request: HttpRequest) -> HttpResponse {
    let facts = Facts::of(&request);
    let app = request.app_data::<Data<App>>();
    if let Some(Err(refused)) = app.map(|app| app.limits.count(&request, None)) {
        return facts.refuse(refused);
    }
    let methods = app.map(|app| app.routes.methods_at(request.path())).unwrap_or_default();
    if methods.is_empty() {
        return facts.refuse(Failure::from(crate::service::Error::absent()));
    }
    let allow: Vec<&str> = methods.iter().map(Method::as_str).collect();
    let allow = allow.join(", ");
    let failure = Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        format!("Her findes kun {allow}."),
        format!("Only {allow} exist here."),
    );
    facts.refuse(failure.with_header(header::ALLOW, allow))
}
