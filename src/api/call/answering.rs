//! How a call is answered: reads with their entity tags, writes together with the answer that a replay gets.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use chrono::Duration;
use sha2::{Digest, Sha256};

use super::super::answer::Answer;
use super::super::headers;
use super::super::problem::Failure;
use super::Call;
use crate::db::Conn;
use crate::db::types::{Document, Instant};
use crate::service::policy::{self, Reach};
use crate::store;
use crate::store::idempotency::StoredAnswer;

/// How long an answer is kept for a replay.
const KEPT: Duration = Duration::hours(24);
/// When to ask again in read-only mode, which lasts as long as some work on the installation.
const READ_ONLY_SECONDS: &str = "60";

impl Call {
    /// Reads, and answers 304 where the client has the answer already.
    pub async fn read<F>(self, work: F) -> HttpResponse
    where
        F: FnOnce(&mut Conn, &Call) -> Result<Answer, Failure> + Send + 'static,
    {
        let (facts, headers, app) = (self.facts.clone(), self.headers.clone(), self.app.clone());
        let outcome = app.db.read(move |conn| {
            let call = self.proven(conn)?;
            Ok::<_, Failure>((work(conn, &call)?, call.ctx.caller))
        });
        match outcome.await {
            Ok((answer, caller)) => {
                let unchanged = answer.etag().is_some_and(|etag| headers::none_match(&headers, etag));
                let mut response = if unchanged { answer.not_modified() } else { answer.respond() };
                response.extensions_mut().insert(caller);
                response
            }
            Err(failure) => facts.refuse(failure),
        }
    }

    /// The call with its caller as the database says now, who may do what is asked as far as it is known yet.
    fn proven(mut self, conn: &mut Conn) -> Result<Call, Failure> {
        if let Some(claim) = self.claim.take() {
            match self.params.get("alliance") {
                None => self.ctx.caller = claim.prove(conn, self.ctx.now)?,
                Some(slug) => {
                    (self.ctx.caller, self.found) = claim.prove_at(conn, slug, self.ctx.now)?;
                }
            }
            policy::may(&self.ctx, Reach::default())?;
        }
        Ok(self)
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
