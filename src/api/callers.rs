//! Who asks: the key behind a token or a password, and whose limit the request counts against.

use actix_web::HttpRequest;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::Data;
use chrono::{DateTime, Utc};

use super::app::{App, Route};
use super::edge::TOKEN_PATH;
use super::headers;
use super::limits;
use super::problem::Failure;
use super::tokens::basic;
use crate::db::Conn;
use crate::domain::id::KeyId;
use crate::service::{Caller, Role, keys};
use crate::store::alliances::InForce;

/// Never limited: whoever watches over the service must not make it look dead.
const UNLIMITED: [&str; 2] = ["livez", "readyz"];

/// Who a request says is asking.
#[derive(Debug, Clone, Copy)]
pub enum Claim {
    /// Nobody in particular, or somebody whose password was looked up.
    Caller(Caller),
    /// The holder of a key, by a token that is ours. What the key may do is yet to be read.
    Key(KeyId),
}

impl Claim {
    /// Who that is, as the database says now: a revoked key is nobody from the next request on.
    pub fn prove(self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Caller, Failure> {
        match self {
            Claim::Caller(caller) => Ok(caller),
            Claim::Key(id) => keys::caller(conn, id, now)?.ok_or_else(revoked),
        }
    }

    /// The same, and the alliance that the request is about, if there is one of that slug, in one read.
    pub fn prove_at(
        self,
        conn: &mut Conn,
        slug: &str,
        now: DateTime<Utc>,
    ) -> Result<(Caller, Option<InForce>), Failure> {
        match self {
            Claim::Caller(caller) => Ok((caller, None)),
            Claim::Key(id) => keys::caller_at(conn, id, slug, now)?.ok_or_else(revoked),
        }
    }

    fn key(self) -> Option<KeyId> {
        match self {
            Claim::Key(id) | Claim::Caller(Caller::Key { id, .. }) => Some(id),
            Claim::Caller(_) => None,
        }
    }
}

/// Who is asking, once the request has been counted against that client's limit.
pub async fn counted_claim(
    app: &Data<App>,
    request: &HttpRequest,
    now: DateTime<Utc>,
    route: Option<&Route>,
) -> Result<Claim, Failure> {
    if request.path() == TOKEN_PATH {
        app.limits.count_secret(request)?;
        return Ok(Claim::Caller(Caller::Public));
    }
    let found = claim(app, request, now).await;
    let is_limited = route.is_none_or(|route| !UNLIMITED.contains(&route.operation.as_str()));
    if is_limited && !limits::is_counted(request) {
        let key = found.as_ref().ok().and_then(|claim| claim.key());
        app.limits.count(request, key)?;
    }
    found
}

async fn claim(app: &Data<App>, request: &HttpRequest, now: DateTime<Utc>) -> Result<Claim, Failure> {
    let sent = headers::single(request.headers(), &header::AUTHORIZATION)?;
    let Some(sent) = sent else { return Ok(Claim::Caller(Caller::Public)) };
    if let Some((id, secret)) = basic(sent).filter(|_| *request.method() == Method::GET) {
        return reader(app, request, id, secret, now).await.map(Claim::Caller);
    }
    let token = sent.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        return Err(bad_token(
            "invalid-token",
            "Authorization skal være »Bearer« og en token.",
            "Authorization must be \"Bearer\" and a token.",
        ));
    };
    let find = |kid: &str| {
        app.installation
            .signing_keys
            .iter()
            .find(|key| key.kid == kid)
            .map(|key| key.public)
    };
    let verified = app.remembered.verify(token.trim(), &app.issuer, now, find);
    let verified = verified.map_err(|fault| {
        let detail = fault.detail();
        bad_token(fault.code(), detail.da, detail.en)
    })?;
    Ok(Claim::Key(KeyId::from(verified.subject)))
}

fn revoked() -> Failure {
    bad_token(
        "key-revoked",
        "Nøglen bag denne token er trukket tilbage eller udløbet.",
        "The key behind this token is revoked or expired.",
    )
}

/// A dashboard that can't get tokens (Excel, Power BI) sends its key with each GET. Only a reader's key:
/// whoever may do more must not send a secret that never changes with every request.
async fn reader(
    app: &Data<App>,
    request: &HttpRequest,
    id: String,
    secret: String,
    now: DateTime<Utc>,
) -> Result<Caller, Failure> {
    app.limits.may_try(request)?;
    let found = app.db.read(move |conn| {
        let key = keys::authenticate(conn, &id, &secret, now)?;
        match key.filter(|key| Role::parse(&key.role) == Some(Role::Reader)) {
            Some(key) => keys::caller(conn, key.id, now),
            None => Ok(None),
        }
    });
    if let Some(caller) = found.await? {
        return Ok(caller);
    }
    app.limits.count_secret(request)?;
    let refused = Failure::new(
        StatusCode::UNAUTHORIZED,
        "invalid-client",
        "HTTP Basic tager kun en gyldig læsenøgles id og hemmelighed, og kun ved GET.",
        "HTTP Basic takes only the id and secret of a live reader's key, and only with GET.",
    );
    Err(refused.with_header(header::WWW_AUTHENTICATE, "Basic realm=\"facit\""))
}

fn bad_token(code: &'static str, da: impl Into<String>, en: impl Into<String>) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, code, da, en)
        .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"facit\", error=\"invalid_token\"")
}
