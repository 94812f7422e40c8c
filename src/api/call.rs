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
use chrono::Duration;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::app::{App, Route, now};
use super::csv::{self, Column, Form};
use super::callers::counted_caller;
use super::edge::Facts;
use super::headers;
use super::json;
use super::problem::Failure;
use super::tokens::client_id;
use crate::db::Conn;
use crate::db::types::{Document, Instant};
use crate::domain::text::Language;
use crate::service::patch::Seen;
use crate::service::policy::{self, Reach};
use crate::service::programmes::{self, InForce};
use crate::service::{Ctx, Error};
use crate::store;
use crate::store::idempotency::StoredAnswer;

/// The largest body, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// How long a client may take to send its body.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// How long an answer is kept for a replay.
const KEPT: Duration = Duration::hours(24);
/// When to ask again in read-only mode, which lasts as long as some work on the installation.
const READ_ONLY_SECONDS: &str = "60";
/// Without an Idempotency-Key these could happen twice unnoticed.
const NEED_A_KEY: [&str; 2] = ["submit_report", "accept_report"];

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
    operation: &'static str,
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
        Ok(programmes::entered(conn, &self.ctx, self.step("alliance"))?)
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

    /// Reads, and answers 304 where the client has the answer already.
    pub async fn read<F>(self, work: F) -> HttpResponse
    where
        F: FnOnce(&mut Conn, &Call) -> Result<Answer, Failure> + Send + 'static,
    {
        let (facts, headers, app) = (self.facts.clone(), self.headers.clone(), self.app.clone());
        let outcome = app.db.read(move |conn| work(conn, &self)).await;
        match outcome {
            Ok(answer) => match answer.etag().filter(|etag| headers::none_match(&headers, etag)) {
                Some(etag) => not_modified(etag),
                None => answer.respond(),
            },
            Err(failure) => facts.refuse(failure),
        }
    }

    /// Writes in one transaction, together with the answer that a replay will get.
    pub async fn write<F>(self, work: F) -> HttpResponse
    where
        F: FnOnce(&mut Conn, &Call) -> Result<Answer, Failure> + Send + 'static,
    {
        let (facts, app) = (self.facts.clone(), self.app.clone());
        if app.read_only && !self.is_rehearsal() {
            return self.refuse_write().await;
        }
        let outcome = app.db.write(move |conn| self.once(conn, work)).await;
        match outcome {
            Ok(answer) => answer.respond(),
            Err(failure) => facts.refuse(failure),
        }
    }

    /// A dry run writes nothing, so it goes on where writes do not.
    fn is_rehearsal(&self) -> bool {
        let mut query = url::form_urlencoded::parse(self.query.as_bytes());
        self.once.is_none() && query.any(|(name, value)| name == "dryRun" && value == "true")
    }

    /// In read-only mode: what was answered before is answered again, all else is refused for now.
    async fn refuse_write(self) -> HttpResponse {
        let (facts, app) = (self.facts.clone(), self.app.clone());
        let replay = app.db.read(move |conn| self.replay(conn)).await;
        match replay {
            Ok(Some(answer)) => answer.respond(),
            Ok(None) => facts.refuse(read_only()),
            Err(failure) => facts.refuse(failure),
        }
    }

    /// The answer that the same request got before.
    fn replay(&self, conn: &mut Conn) -> Result<Option<Answer>, Failure> {
        let Some(key) = &self.once else { return Ok(None) };
        let stored = store::idempotency::find(conn, self.ctx.caller.actor(), key, &self.address())?;
        stored.map(|stored| replayed(stored, &self.request_hash())).transpose()
    }

    fn address(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Does the work unless the same request was answered before.
    fn once<F>(&self, conn: &mut Conn, work: F) -> Result<Answer, Failure>
    where
        F: FnOnce(&mut Conn, &Call) -> Result<Answer, Failure>,
    {
        let Some(key) = &self.once else { return work(conn, self) };
        store::idempotency::forget_before(conn, self.ctx.now - KEPT)?;
        if let Some(answer) = self.replay(conn)? {
            return Ok(answer);
        }
        self.no_surplus_query()?;
        let answer = work(conn, self)?;
        let stored = StoredAnswer {
            caller_id: self.ctx.caller.actor(),
            caller_key: key.clone(),
            address: self.address(),
            request_hash: self.request_hash(),
            status: i64::from(answer.status.as_u16()),
            headers: Document(serde_json::to_value(self.stored_headers(&answer)).unwrap_or_default()),
            body: answer.stored_body.as_ref().unwrap_or(&answer.body).to_vec(),
            stored_at: Instant(self.ctx.now),
        };
        store::idempotency::insert(conn, &stored)?;
        Ok(answer)
    }

    /// The body is kept in the language in which it was sent, and says so when it is sent again.
    fn stored_headers(&self, answer: &Answer) -> Vec<(String, String)> {
        let mut headers = answer.headers.clone();
        headers.push(("content-language".to_owned(), self.language.tag().to_owned()));
        headers
    }

    fn request_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update((self.query.len() as u64).to_be_bytes());
        hash.update(self.query.as_bytes());
        hash.update(&self.body);
        hash.finalize().to_vec()
    }
}

fn read_only() -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "read-only",
        "Tjenesten kan for tiden kun læses. Intet er gemt. Send det samme igen senere.",
        "The service can only be read for now. Nothing was saved. Send the same again later.",
    )
    .with_header(header::RETRY_AFTER, READ_ONLY_SECONDS)
}

fn replayed(stored: StoredAnswer, hash: &[u8]) -> Result<Answer, Failure> {
    if stored.request_hash != hash {
        return Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "Nøglen i Idempotency-Key er brugt til en anden anmodning.",
            "The key in Idempotency-Key was used for another request.",
        ));
    }
    let status = u16::try_from(stored.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let answer = Answer {
        status: status.unwrap_or(StatusCode::OK),
        headers: serde_json::from_value(stored.headers.0).unwrap_or_default(),
        body: stored.body.into(),
        stored_body: None,
    };
    Ok(answer.with_header("idempotent-replayed", "true"))
}

fn not_modified(etag: &str) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .finish()
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

async fn checked(request: &HttpRequest, payload: Payload) -> Result<Call, Failure> {
    let facts = Facts::of(request);
    let app = request.app_data::<Data<App>>().cloned();
    let app = app.ok_or_else(|| Failure::from(crate::db::Error::Broken("no application".to_owned())))?;
    let route = route(&app, request);
    let access = route.and_then(|route| route.access);
    let takes_query = route.is_some_and(|route| route.takes_query);
    let is_list = route.is_some_and(|route| route.is_list);
    let now = now();
    let ctx = Ctx {
        now,
        caller: counted_caller(&app, request, now, route).await?,
        access,
    };
    request.extensions_mut().insert(ctx.caller);
    policy::may(&ctx, Reach::default())?;

    let operation = access.map_or("", |access| access.operation);
    let seen = match *request.method() == Method::PUT && headers::only_if_absent(request.headers()) {
        true => Some(Seen::Nothing),
        false => headers::if_match(request.headers())?,
    };
    let once = match *request.method() == Method::POST && operation != "issue_token" {
        true => headers::idempotency_key(request.headers())?,
        false => None,
    };
    if once.is_none() && NEED_A_KEY.contains(&operation) {
        return Err(Failure::malformed(
            "idempotency-key-missing",
            "Send en Idempotency-Key, så anmodningen kan gentages uden at ske to gange.",
            "Send an Idempotency-Key, so that the request can be repeated without happening twice.",
        ));
    }
    check_media_type(request, operation)?;
    let body = match *request.method() == Method::GET || *request.method() == Method::DELETE {
        true => Bytes::new(),
        false => read_body(request, payload).await?,
    };
    if !body.is_empty() && request.headers().get(header::CONTENT_TYPE).is_none() {
        return Err(wrong_media_type());
    }
    if operation == "issue_token"
        && let Some(key) = client_id(request.headers(), &body)
    {
        app.limits.count_secret_of(request, key)?;
    }
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
        query: request.query_string().to_owned(),
        params: params.collect(),
        once,
        takes_query,
        is_list,
        operation,
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
        return Err(wrong_media_type());
    }
    if request.headers().get(header::CONTENT_TYPE).is_none() {
        return Ok(());
    }
    let takes: &[&str] = match (operation, request.method()) {
        ("issue_token", _) => &["application/x-www-form-urlencoded"],
        (_, &Method::PATCH) => &["application/merge-patch+json", "application/json"],
        (_, &Method::POST | &Method::PUT) => &["application/json"],
        _ => return Ok(()),
    };
    match headers::media_type(request.headers()) {
        Some(media) if takes.contains(&media.as_str()) => Ok(()),
        _ => Err(wrong_media_type()),
    }
}

fn wrong_media_type() -> Failure {
    Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "Indholdets medietype tages ikke imod her. Send application/json i UTF-8.",
        "The body's media type is not taken here. Send application/json in UTF-8.",
    )
}

async fn read_body(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Failure> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MOST_BYTES as u64) {
        return Err(too_large());
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
            if bytes.len() + chunk.len() > MOST_BYTES {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| {
        Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "too-slow",
            "Indholdet kom ikke frem i tide.",
            "The body did not arrive in time.",
        ))
    })
}

fn too_large() -> Failure {
    let most = MOST_BYTES / 1024;
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        format!("Indholdet fylder mere end {most} KiB."),
        format!("The body is larger than {most} KiB."),
    )
}
