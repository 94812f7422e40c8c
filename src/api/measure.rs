//! What is counted of each request.
//!
//! Labels come from the access table and from short lists, never from what a client sent, so their number is
//! bounded whatever is asked.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{counter, gauge, histogram};

use super::app::Route;
use crate::telemetry::metrics::{DURATION, IN_FLIGHT, REQUESTS};

/// A request that waits for its answer; one whose client has gone is over, too.
pub struct UnderWay;

impl UnderWay {
    pub fn begin() -> UnderWay {
        gauge!(IN_FLIGHT).increment(1.0);
        UnderWay
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1.0);
    }
}

/// Counts an answer. `route` is the operation that was asked for, if it is one.
pub fn answered(route: Option<&Route>, method: &Method, status: StatusCode, took: Duration) {
    let operation = route.and_then(|route| route.access).map_or("none", |access| access.operation);
    let status = status.as_u16().to_string();
    counter!(REQUESTS, "operation" => operation, "method" => word(method), "status" => status)
        .increment(1);
    histogram!(DURATION, "operation" => operation).record(took.as_secs_f64());
}

fn word(method: &Method) -> &'static str {
    let known = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    known.iter().find(|(own, _)| own == method).map_or("other", |(_, word)| word)
}
