//! Which pages of other origins may read answers in a browser (CORS).
//!
//! What is public everyone may read. For the rest the origin must be named in `FACIT_CORS_ORIGINS`. Reading
//! is all there is: GET and HEAD, and a token to read with. No cookies, so no credentials. Another program
//! than a browser does not care.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
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

/// How long a browser may remember what a preflight said, in seconds.
const REMEMBERED: &str = "600";

/// A request's part in CORS: of which origin its page is, and who may read the answer.
pub struct Reading {
    allowed: Option<HeaderValue>,
    is_preflight: bool,
}

impl Reading {
    /// Of a request as it came in.
    pub fn of(request: &ServiceRequest) -> Reading {
        let headers = request.headers();
        let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let is_preflight = *request.method() == Method::OPTIONS && wanted.is_some();
        let wanted = wanted.filter(|_| is_preflight).map(HeaderValue::as_bytes);
        let method = wanted.map_or(Ok(request.method().clone()), Method::from_bytes);
        let app = request.app_data::<Data<App>>();
        let allowed = app.zip(method.ok()).and_then(|(app, method)| {
            let method = if method == Method::HEAD { Method::GET } else { method };
            let route = app.routes.at(&method, request.path());
            allowed(route, &method, headers.get(header::ORIGIN), &app.cors_origins)
        });
        Reading { allowed, is_preflight }
    }

    /// The answer to a browser that asks beforehand, at an address that exists.
    pub fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let app = request.app_data::<Data<App>>()?;
        if !self.is_preflight || app.routes.methods_at(request.path()).is_empty() {
            return None;
        }
        let mut response = HttpResponse::build(StatusCode::NO_CONTENT);
        if self.allowed.is_some() {
            let methods = if request.path() == TOKEN_PATH { "POST" } else { "GET, HEAD" };
            response
                .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods))
                .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND))
                .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED));
        }
        Some(response.finish())
    }

    /// Says on the answer who may read it.
    pub fn mark(self, headers: &mut HeaderMap) {
        let Some(allowed) = self.allowed else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if !self.is_preflight {
            let names: HeaderName = header::ACCESS_CONTROL_EXPOSE_HEADERS;
            headers.insert(names, HeaderValue::from_static(MAY_READ));
        }
    }
}

/// Everyone (`*`), the page's own origin, or nobody.
fn allowed(
    route: Option<&Route>,
    method: &Method,
    origin: Option<&HeaderValue>,
    origins: &[String],
) -> Option<HeaderValue> {
    let is_read = *method == Method::GET;
    let is_public = route
        .and_then(|route| route.access)
        .is_some_and(|access| access.public == Grant::All);
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
