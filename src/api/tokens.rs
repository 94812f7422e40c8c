use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::call::Call;
use super::headers;
use super::problem::Failure;
use crate::auth::tokens;
use crate::db;
use crate::service::keys;

/// A token request (RFC 6749 §4.4). The client's id and secret stand here or in HTTP Basic.
#[derive(ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials",
    "client_id": "019353f2-6c00-7000-8000-000000000004", "client_secret": "fs_…"}))]
#[allow(dead_code)] // For the document: the form is read field by field.
pub struct TokenRequest {
    #[schema(example = "client_credentials")]
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// A token (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds.
    #[schema(example = 600)]
    pub expires_in: i64,
}

/// Get an access token.
///
/// OAuth 2 client credentials. Good for ten minutes, or until the key is revoked.
#[utoipa::path(tag = "access",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token", body = TokenAnswer)))]
#[post("/token")]
pub async fn issue_token(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let form = Form::read(&call.body)?;
        let (id, secret, by_basic) = credentials(call, &form)?;
        match form.grant_type.as_deref() {
            Some("client_credentials") => {}
            None => {
                return Err(oauth(
                    "invalid_request",
                    "missing-field",
                    "grant_type mangler.",
                    "grant_type is missing.",
                ));
            }
            Some(_) => {
                return Err(oauth(
                    "unsupported_grant_type",
                    "unsupported-grant-type",
                    "Kun grant_type=client_credentials kendes her.",
                    "Only grant_type=client_credentials is known here.",
                ));
            }
        }
        let key = keys::authenticate(conn, &id, &secret, call.ctx.now)?;
        let key = key.ok_or_else(|| wrong_credentials(by_basic))?;
        let signing = call.app.installation.signing_keys.last();
        let signing = signing.ok_or_else(|| db::Error::Broken("no signing key".to_owned()))?;
        let issued = tokens::issue(signing, &call.app.issuer, *key.id.uuid(), call.ctx.now)
            .map_err(|e| db::Error::Broken(format!("a token could not be signed: {e}")))?;
        let answer = TokenAnswer {
            access_token: issued.token,
            token_type: "Bearer".to_owned(),
            expires_in: issued.expires_in,
        };
        Ok(Answer::ok(&answer)
            .with_header("cache-control", "no-store")
            .with_header("pragma", "no-cache"))
    })
    .await
}

#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Form {
    /// Unknown fields are passed over, as RFC 6749 §3.2 says; none may stand there twice.
    fn read(body: &[u8]) -> Result<Form, Failure> {
        let mut form = Form::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let field = match name.as_ref() {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(oauth(
                    "invalid_request",
                    "repeated-parameter",
                    "Et felt står der mere end én gang.",
                    "A field stands there more than once.",
                ));
            }
        }
        Ok(form)
    }
}

/// From HTTP Basic or the form, never both.
fn credentials(call: &Call, form: &Form) -> Result<(String, String, bool), Failure> {
    let sent = headers::single(&call.headers, &header::AUTHORIZATION)?;
    let Some(sent) = sent else {
        return match (&form.client_id, &form.client_secret) {
            (Some(id), Some(secret)) => Ok((id.clone(), secret.clone(), false)),
            _ => Err(oauth(
                "invalid_request",
                "missing-field",
                "client_id eller client_secret mangler.",
                "client_id or client_secret is missing.",
            )),
        };
    };
    if form.client_secret.is_some() {
        return Err(oauth(
            "invalid_request",
            "two-credentials",
            "Send hemmeligheden enten i formularen eller med HTTP Basic.",
            "Send the secret either in the form or by HTTP Basic.",
        ));
    }
    let (id, secret) = basic(sent).ok_or_else(|| wrong_credentials(true))?;
    Ok((id, secret, true))
}

/// A client's id and secret from HTTP Basic. RFC 6749 §2.3.1: both halves are form-encoded before they are
/// joined; ours look the same either way.
pub fn basic(sent: &str) -> Option<(String, String)> {
    let (scheme, encoded) = sent.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |text: &str| {
        let pair = format!("x={text}");
        let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
        decoded.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    Some((decode(id), decode(secret)))
}

fn oauth(oauth: &'static str, code: &'static str, da: &str, en: &str) -> Failure {
    Failure { oauth: Some(oauth), ..Failure::malformed(code, da, en) }
}

fn wrong_credentials(by_basic: bool) -> Failure {
    let failure = Failure::new(
        StatusCode::UNAUTHORIZED,
        "invalid-client",
        "client_id eller client_secret er forkert, eller nøglen er trukket tilbage eller udløbet.",
        "client_id or client_secret is wrong, or the key is revoked or expired.",
    );
    let scheme = if by_basic { "Basic realm=\"facit\"" } else { "Bearer realm=\"facit\"" };
    Failure { oauth: Some("invalid_client"), ..failure }.with_header(header::WWW_AUTHENTICATE, scheme)
}

/// List the keys that sign tokens.
#[utoipa::path(tag = "access", responses(
    (status = 200, description = "A JSON Web Key Set (RFC 7517)", body = tokens::Jwks)))]
#[get("/jwks.json")]
pub async fn list_signing_keys(call: Call) -> HttpResponse {
    call.read(|_, call| {
        let keys: Vec<(String, [u8; 32])> = call
            .app
            .installation
            .signing_keys
            .iter()
            .map(|key| (key.kid.clone(), key.public))
            .collect();
        Ok(Answer::ok(&tokens::jwks(&keys))
            .with_header("cache-control", "public, max-age=300")
            .hashed())
    })
    .await
}
