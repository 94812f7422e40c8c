//! One request, checked in the order that the contract names: token, role, headers and media type,
//! idempotent replay, and only then shape, object, precondition, state, values.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::app::{App, Route, now};
use super::callers::{Claim, counted_claim};
use super::csv::{self, Column, Form};
use super::edge::Facts;
use super::headers;
use super::json;
use super::points;
use super::problem::Failure;
use super::upload;
use crate::db::Conn;
use crate::domain::text::Language;
use crate::service::figures::{self, Known};
use crate::service::patch::Seen;
use crate::service::policy::{self, Reach};
use crate::service::programmes::{self, InForce};
use crate::service::{Caller, Ctx, Error};
use crate::store::alliances::InForce as Found;

/// The largest body, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// How long a client may take to send its body.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// POSTs that write nothing, or nothing that a key could protect.
pub const TAKE_NO_KEY: [&str; 2] = ["issue_token", "check_claims"];
/// Without an Idempotency-Key these could happen twice unnoticed.
pub const NEED_A_KEY: [&str; 4] = ["submit_report", "accept_report", "create_import", "publish_edition"];

mod answering;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// One request with everything that was checked about it.
pub struct Call {
    pub app: Data<App>,
    pub ctx: Ctx,
    pub facts: Facts,
    pub language: Language,
    /// What the client says that it has seen.
    pub seen: Option<Seen>,
    pub headers: HeaderMap,
    pub body: Bytes,
    method: Method,
    path: String,
    query: String,
    params: HashMap<String, String>,
    once: Option<String>,
    takes_query: bool,
    is_list: bool,
    /// Whether the query's `asOf` came as `Accept-Datetime`.
    pub negotiates_time: bool,
    operation: &'static str,
    /// Whoever the token says is asking, where that is yet to be proven.
    claim: Option<Claim>,
    /// The alliance of the address, where it was read together with the caller's rights.
    found: Option<Found>,
}

impl Call {
    /// A step of the address, such as `alliance`.
    pub fn step(&self, name: &str) -> &str {
        self.params.get(name).map(String::as_str).unwrap_or_default()
    }

    /// An id in the address; what is none names nothing.
    pub fn id<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, Failure> {
        parse(self.step(name)).ok_or_else(|| Failure::from(Error::absent()))
    }

    /// The alliance of the address, where the caller may do the operation in it.
    pub fn alliance(&self, conn: &mut Conn) -> Result<InForce, Failure> {
        Ok(match &self.found {
            Some(found) => programmes::entered_at(conn, &self.ctx, found)?,
            None => programmes::entered(conn, &self.ctx, self.step("alliance"))?,
        })
    }

    /// What is known of the alliance's figures now.
    pub fn known(&self, conn: &mut Conn, alliance: &InForce) -> Result<Known, Failure> {
        Ok(match &self.found {
            Some(found) => figures::known(&self.ctx, alliance, found.head),
            None => figures::live(conn, &self.ctx, alliance)?,
        })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn query_string(&self) -> &str {
        &self.query
    }

    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let besides: &[&str] = if self.is_list { &[csv::DIALECT] } else { &[] };
        json::query(&self.query, besides)
    }

    /// How the client wants a list. Fails with 422 where it wants a dialect that does not exist.
    pub fn form(&self) -> Result<Form, Failure> {
        let dialect = csv::dialect(&self.query)?;
        Ok(if headers::prefers_csv(&self.headers) { Form::Csv(dialect) } else { Form::Json })
    }

    /// The columns of this operation's rows as CSV.
    pub fn columns(&self) -> &[Column] {
        self.app.routes.columns(self.operation)
    }

    /// The body as the type it must have.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        json::body(&self.body)
    }

    /// A merge patch: its shape read as `T`, and itself.
    pub fn patch<T: DeserializeOwned>(&self) -> Result<serde_json::Value, Failure> {
        let value = json::value(&self.body)?;
        json::typed::<T>(value.clone())?;
        Ok(value)
    }

    /// A body that may be left out.
    pub fn body_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        if self.body.is_empty() { Ok(T::default()) } else { self.body() }
    }

    /// A POST that takes nothing: an empty body, or an empty object.
    pub fn no_body(&self) -> Result<(), Failure> {
        if self.body.is_empty() {
            return Ok(());
        }
        self.body::<Nothing>().map(drop)
    }

    /// An operation that takes no parameters refuses those it is sent.
    fn no_surplus_query(&self) -> Result<(), Failure> {
        if self.takes_query {
            return Ok(());
        }
        self.query::<Nothing>().map(drop)
    }
}

/// A request that was turned away before its handler ran.
#[derive(Debug)]
pub struct TurnedAway {
    facts: Facts,
    failure: Failure,
}

impl std::fmt::Display for TurnedAway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.failure.code)
    }
}

impl ResponseError for TurnedAway {
    fn status_code(&self) -> StatusCode {
        self.failure.status
    }

    fn error_response(&self) -> HttpResponse {
        self.facts.refuse(self.failure.clone())
    }
}

impl FromRequest for Call {
    type Error = TurnedAway;
    type Future = Pin<Box<dyn Future<Output = Result<Call, TurnedAway>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let facts = Facts::of(&request);
            checked(&request, payload)
                .await
                .map_err(|failure| TurnedAway { facts, failure })
        })
    }
}

/// What a request brings, once it is known who asks.
///
/// A read is proven in the transaction that answers it, so that a dashboard's request costs one trip to the
/// database. What else is wrong with it is told only to those who may ask.
async fn checked(request: &HttpRequest, payload: Payload) -> Result<Call, Failure> {
    let app = request.app_data::<Data<App>>().cloned();
    let app = app.ok_or_else(|| Failure::from(crate::db::Error::Broken("no application".to_owned())))?;
    let route = route(&app, request);
    let access = route.and_then(|route| route.access);
    let now = now();
    let claim = counted_claim(&app, request, now, route).await?;
    let prove = async |claim: Claim| {
        let caller = app.db.read(move |conn| claim.prove(conn, now)).await?;
        request.extensions_mut().insert(caller);
        let ctx = Ctx::new(now, caller, access);
        policy::may(&ctx, Reach::default())?;
        Ok::<Ctx, Failure>(ctx)
    };
    let (ctx, claim) = match claim {
        Claim::Caller(caller) => {
            request.extensions_mut().insert(caller);
            let ctx = Ctx::new(now, caller, access);
            policy::may(&ctx, Reach::default())?;
            (ctx, None)
        }
        claim if *request.method() == Method::GET => {
            (Ctx::new(now, Caller::Public, access), Some(claim))
        }
        claim => (prove(claim).await?, None),
    };
    let brought = brought(request, payload, (app.clone(), route), ctx, claim).await;
    if let (Err(_), Some(claim)) = (&brought, claim) {
        prove(claim).await?;
    }
    brought
}

/// Headers, media type and body.
async fn brought(
    request: &HttpRequest,
    payload: Payload,
    (app, route): (Data<App>, Option<&Route>),
    ctx: Ctx,
    claim: Option<Claim>,
) -> Result<Call, Failure> {
    let facts = Facts::of(request);
    let takes_query = route.is_some_and(|route| route.takes_query);
    let is_list = route.is_some_and(|route| route.is_list);
    let access = ctx.access;
    let operation = access.map_or("", |access| access.operation);
    let seen = match *request.method() == Method::PUT && headers::only_if_absent(request.headers()) {
        true => Some(Seen::Nothing),
        false => headers::if_match(request.headers())?,
    };
    // What writes nothing can't happen twice.
    let is_dry_run = takes_query && request.query_string().split('&').any(|pair| pair == "dryRun=true");
    let once =
        match *request.method() == Method::POST && !TAKE_NO_KEY.contains(&operation) && !is_dry_run {
            true => headers::idempotency_key(request.headers())?,
            false => None,
        };
    if once.is_none() && !is_dry_run && NEED_A_KEY.contains(&operation) {
        return Err(Failure::malformed(
            "idempotency-key-missing",
            "Send en Idempotency-Key, så anmodningen kan gentages uden at ske to gange.",
            "Send an Idempotency-Key, so that the request can be repeated without happening twice.",
        ));
    }
    check_media_type(request, operation)?;
    let body = match *request.method() == Method::GET || *request.method() == Method::DELETE {
        true => Bytes::new(),
        false => read_body(request, payload, operation).await?,
    };
    if !body.is_empty() && request.headers().get(header::CONTENT_TYPE).is_none() {
        return Err(wrong_media_type(operation));
    }
    let negotiated = match route.is_some_and(|route| route.takes_time) {
        true => points::negotiated(request.headers(), request.query_string(), ctx.now)?,
        false => None,
    };
    let params = request
        .match_info()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = Call {
        language: facts.language,
        seen,
        headers: request.headers().clone(),
        body,
        method: request.method().clone(),
        path: request.path().to_owned(),
        negotiates_time: negotiated.is_some(),
        query: negotiated.unwrap_or_else(|| request.query_string().to_owned()),
        params: params.collect(),
        once,
        takes_query,
        is_list,
        operation,
        claim,
        found: None,
        app,
        ctx,
        facts,
    };
    if call.once.is_none() {
        call.no_surplus_query()?;
    }
    Ok(call)
}

fn route<'a>(app: &'a App, request: &HttpRequest) -> Option<&'a Route> {
    let pattern = request.match_pattern()?;
    app.routes.find(request.method(), &pattern)
}

fn check_media_type(request: &HttpRequest, operation: &str) -> Result<(), Failure> {
    let encoded = request.headers().get(header::CONTENT_ENCODING);
    if encoded.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(wrong_media_type(operation));
    }
    if request.headers().get(header::CONTENT_TYPE).is_none() {
        return Ok(());
    }
    if operation == "create_import" {
        return if upload::is_taken(request.headers()) {
            Ok(())
        } else {
            Err(wrong_media_type(operation))
        };
    }
    let takes: &[&str] = match (operation, request.method()) {
        ("issue_token", _) => &["application/x-www-form-urlencoded"],
        (_, &Method::PATCH) => &["application/merge-patch+json", "application/json"],
        (_, &Method::POST | &Method::PUT) => &["application/json"],
        _ => return Ok(()),
    };
    match headers::media_type(request.headers()) {
        Some(media) if takes.contains(&media.as_str()) => Ok(()),
        _ => Err(wrong_media_type(operation)),
    }
}

fn wrong_media_type(operation: &str) -> Failure {
    let (da, en) = match operation {
        "create_import" => ("CSV, XLSX eller multipart/form-data", "CSV, XLSX or multipart/form-data"),
        _ => ("application/json i UTF-8", "application/json in UTF-8"),
    };
    Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        format!("Indholdets medietype tages ikke imod her. Send {da}."),
        format!("The body's media type is not taken here. Send {en}."),
    )
}

async fn read_body(
    request: &HttpRequest,
    mut payload: Payload,
    operation: &str,
) -> Result<Bytes, Failure> {
    let (most, patience) = match operation {
        "create_import" => upload::LIMITS,
        _ => (MOST_BYTES, PATIENCE),
    };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    let reading = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| {
                Failure::malformed(
                    "body-cut-short",
                    "Indholdet kom ikke helt frem.",
                    "The body did not arrive whole.",
                )
            })?;
            if bytes.len() + chunk.len() > most {
                return Err(too_large(most));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(patience, reading).await.unwrap_or_else(|_| {
        Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "too-slow",
            "Indholdet kom ikke frem i tide.",
            "The body did not arrive in time.",
        ))
    })
}

fn too_large(most: usize) -> Failure {
    let most = most / 1024;
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        format!("Indholdet fylder mere end {most} KiB."),
        format!("The body is larger than {most} KiB."),
    )
}
