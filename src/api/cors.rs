//! Which pages of other origins may read answers in a browser (CORS).
//!
//! What is public everyone may read. For the rest the origin must be named in `FACIT_CORS_ORIGINS`. Reading
//! is all there is: GET and HEAD, a POST of claims to be checked, and a token to read with. No cookies, so no
//! credentials. Another program than a browser does not care.

use actix_web::HttpResponse;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;

use super::app::{App, Route};
use super::edge::TOKEN_PATH;
use crate::service::policy::Grant;

/// What a page may send besides what it always may.
const MAY_SEND: &str =
    "Authorization, Accept, Accept-Datetime, Accept-Language, If-None-Match, Content-Type";

/// What a page may read of an answer besides its body.
const MAY_READ: &str = "ETag, Link, X-Request-Id, API-Version, RateLimit, RateLimit-Policy, Retry-After, \
    Content-Language, Content-Location, Memento-Datetime, Repr-Digest";

/// The POST that writes nothing.
const CHECKS_ONLY: &str = "check_claims";

/// How long a browser may remember what a preflight said, in seconds.
const REMEMBERED: &str = "600";

/// The answer to a browser that asks beforehand, at an address that exists.
pub fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let app = request.app_data::<Data<App>>()?;
    if *request.method() != Method::OPTIONS || app.routes.methods_at(request.path()).is_empty() {
        return None;
    }
    let mut response = HttpResponse::build(StatusCode::NO_CONTENT);
    let allowed = Method::from_bytes(wanted.as_bytes()).ok().and_then(|method| {
        let method = if method == Method::HEAD { Method::GET } else { method };
        let route = app.routes.at(&method, request.path());
        allowed(route, &method, request.headers().get(header::ORIGIN), &app.cors_origins)
    });
    if let Some(allowed) = allowed {
        let methods = if wanted == Method::POST.as_str() { "POST" } else { "GET, HEAD" };
        response
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed))
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED));
    }
    Some(response.finish())
}

/// Says on an answer who may read it. `route` is the operation that was asked for, if it is one.
pub fn mark(response: &mut ServiceResponse, app: &App, route: Option<&Route>) {
    let request = response.request();
    let origin = request.headers().get(header::ORIGIN);
    let Some(allowed) = allowed(route, request.method(), origin, &app.cors_origins) else { return };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(MAY_READ));
}

/// Everyone (`*`), the page's own origin, or nobody.
fn allowed(
    route: Option<&Route>,
    method: &Method,
    origin: Option<&HeaderValue>,
    origins: &[String],
) -> Option<HeaderValue> {
    let access = route.and_then(|route| route.access);
    let is_read = *method == Method::GET || access.is_some_and(|access| access.operation == CHECKS_ONLY);
    let is_public = access.is_some_and(|access| access.public == Grant::All);
    if is_read && is_public {
        return Some(HeaderValue::from_static("*"));
    }
    let is_token = route.is_some_and(|route| route.pattern == TOKEN_PATH);
    let origin = origin.filter(|_| is_read || is_token)?;
    origins
        .iter()
        .any(|listed| listed.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}
