//! Access tokens: JWTs as RFC 9068 has them, signed with Ed25519.
//!
//! `jsonwebtoken` signs and checks signatures. What a token must say is checked here by hand, because
//! a library has to be lax where we need not be: all that we ever accept was made by [`issue`]. A token
//! that is well signed but says something else is refused.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::text::Text;

mod json;
#[cfg(test)]
mod tests;

/// How long a token lasts, and the longest lifetime that is believed.
pub const LIFETIME_SECONDS: i64 = 600;

/// No token of ours is nearly as long. What is longer is refused before it is read.
const LONGEST_TOKEN: usize = 4096;

/// Headers that bring their own key, or change what the signature means.
const FORBIDDEN_HEADERS: [&str; 6] = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];

/// A key that tokens are signed with. It has no `Debug`, so that it can't end up in a log.
#[derive(Clone)]
pub struct SigningKey {
    /// The thumbprint of the public key (RFC 7638).
    pub kid: String,
    /// The private key, PKCS #8 in DER.
    pub pkcs8: Vec<u8>,
    pub public: [u8; 32],
}

/// A token that was just made, and for how many seconds it lasts.
pub struct Issued {
    pub token: String,
    pub expires_in: i64,
}

/// What a token that passed every check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub subject: Uuid,
    pub expires_at: DateTime<Utc>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// It is too long, is not three segments of base64url, or a segment is not a JSON object without
    /// duplicate keys.
    Malformed,
    WrongAlgorithm,
    WrongType,
    ForbiddenHeader(&'static str),
    /// The key is not named, or not one of ours.
    UnknownKey,
    BadSignature,
    WrongIssuer,
    WrongAudience,
    /// The claim is missing, or its value can't be one that we wrote.
    WrongClaim(&'static str),
    /// It lasts longer than any token of ours, or ends before it begins.
    WrongLifetime,
    NotYetValid,
    Expired,
}

/// The public keys as a JWK set (RFC 7517, RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

/// One public key of a [`Jwks`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Jwk {
    pub kty: &'static str,
    pub crv: &'static str,
    pub alg: &'static str,
    pub r#use: &'static str,
    pub kid: String,
    /// The 32 bytes of the key in base64url.
    pub x: String,
}

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Panics
    ///
    /// When the machine can't make one. Nothing could be signed then.
    #[expect(clippy::expect_used, reason = "nothing could be signed then")]
    pub fn generate() -> SigningKey {
        let pair = Ed25519KeyPair::generate().expect("the machine can make a key");
        let pkcs8 = pair.to_pkcs8().expect("a new key can be written down");

        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        SigningKey {
            kid: thumbprint(&public),
            pkcs8: pkcs8.as_ref().to_vec(),
            public,
        }
    }
}

/// Makes a token for `subject` that lasts for [`LIFETIME_SECONDS`] from `now`. It fails only when what
/// is stored as the private key is not one.
pub fn issue(
    key: &SigningKey,
    issuer: &str,
    subject: Uuid,
    now: DateTime<Utc>,
) -> Result<Issued, jsonwebtoken::errors::Error> {
    #[derive(Serialize)]
    struct Claims<'a> {
        iss: &'a str,
        aud: &'a str,
        sub: Uuid,
        client_id: Uuid,
        iat: i64,
        exp: i64,
        jti: Uuid,
    }

    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.kid.clone());

    let iat = now.timestamp();
    let claims = Claims {
        iss: issuer,
        aud: issuer,
        sub: subject,
        client_id: subject,
        iat,
        exp: iat + LIFETIME_SECONDS,
        jti: Uuid::new_v4(),
    };

    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&key.pkcs8))?;
    Ok(Issued { token, expires_in: LIFETIME_SECONDS })
}

/// Says whom a token speaks for, or why it is refused. `find` gives the public key for a `kid`.
///
/// The signature is checked before any claim is read. Clocks are given no leeway: issuer and verifier
/// are the same installation.
pub fn verify(
    token: &str,
    issuer: &str,
    now: DateTime<Utc>,
    find: impl Fn(&str) -> Option<[u8; 32]>,
) -> Result<Verified, TokenFault> {
    let parts = split(token).ok_or(TokenFault::Malformed)?;
    let header = json::object(&parts.header).ok_or(TokenFault::Malformed)?;
    let kid = judge_header(&header)?;
    let public = find(kid).ok_or(TokenFault::UnknownKey)?;
    check_signature(&parts, &public)?;

    let claims = json::object(&parts.payload).ok_or(TokenFault::Malformed)?;
    judge_parties(&claims, issuer)?;
    let subject = subject_of(&claims)?;
    let expires_at = judge_times(&claims, now)?;
    Ok(Verified { subject, expires_at })
}

/// What anyone needs who wants to check our signatures. `keys` are pairs of `kid` and public key.
pub fn jwks(keys: &[(String, [u8; 32])]) -> Jwks {
    let keys = keys.iter().map(|(kid, public)| Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid: kid.clone(),
        x: URL_SAFE_NO_PAD.encode(public),
    });
    Jwks { keys: keys.collect() }
}

impl TokenFault {
    /// The code of the problem. A client that reads `token-expired` gets itself a new token; any other
    /// fault is its own.
    pub fn code(&self) -> &'static str {
        match self {
            TokenFault::Expired => "token-expired",
            _ => "invalid-token",
        }
    }

    pub fn detail(&self) -> Text {
        match self {
            TokenFault::Malformed => Text::new(
                "Adgangstokenet er ikke et velformet JWT.",
                "The access token is not a well-formed JWT.",
            ),
            TokenFault::WrongAlgorithm => Text::new(
                "Adgangstokenet er ikke signeret med EdDSA, som er den eneste algoritme, der godtages.",
                "The access token is not signed with EdDSA, which is the only algorithm accepted.",
            ),
            TokenFault::WrongType => Text::new(
                "Adgangstokenets type (typ) er ikke at+jwt.",
                "The access token's type (typ) is not at+jwt.",
            ),
            TokenFault::ForbiddenHeader(name) => Text::new(
                format!("Adgangstokenets header indeholder {name}, som ikke er tilladt."),
                format!("The access token's header contains {name}, which is not allowed."),
            ),
            TokenFault::UnknownKey => Text::new(
                "Adgangstokenet angiver ikke en nøgle (kid), som vi kender.",
                "The access token does not name a key (kid) that we know.",
            ),
            TokenFault::BadSignature => Text::new(
                "Adgangstokenets signatur er ugyldig.",
                "The access token's signature is not valid.",
            ),
            TokenFault::WrongIssuer => Text::new(
                "Adgangstokenet er ikke udstedt af denne installation (iss).",
                "The access token was not issued by this installation (iss).",
            ),
            TokenFault::WrongAudience => Text::new(
                "Adgangstokenet er ikke udstedt til brug i denne installation (aud).",
                "The access token was not issued for use with this installation (aud).",
            ),
            TokenFault::WrongClaim(name) => Text::new(
                format!("Feltet {name} i adgangstokenet mangler eller har en ugyldig værdi."),
                format!("The access token's claim {name} is missing or has an invalid value."),
            ),
            TokenFault::WrongLifetime => Text::new(
                "Adgangstokenet skal være gyldigt i mere end 0 og højst 600 sekunder fra udstedelsen.",
                "The access token must be valid for more than 0 and at most 600 seconds from its issue.",
            ),
            TokenFault::NotYetValid => {
                Text::new("Adgangstokenet er ikke gyldigt endnu.", "The access token is not valid yet.")
            }
            TokenFault::Expired => Text::new(
                "Adgangstokenet er udløbet. Hent et nyt.",
                "The access token has expired. Get a new one.",
            ),
        }
    }
}

/// The thumbprint of RFC 7638: the required members of the JWK in order of name, without spaces.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
}

/// A token taken apart, nothing in it believed yet.
struct Parts<'a> {
    header: Vec<u8>,
    payload: Vec<u8>,
    /// Header and payload as they were sent, which is what was signed.
    signed: &'a str,
    signature: &'a str,
}

fn split(token: &str) -> Option<Parts<'_>> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    segment(signature)?;
    Some(Parts {
        header: segment(header)?,
        payload: segment(payload)?,
        signed,
        signature,
    })
}

/// The bytes of a segment. This alphabet takes neither padding nor spare bits nor a dot, so that
/// nothing can be written in two ways, and a fourth segment is no segment.
fn segment(encoded: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(encoded).ok().filter(|bytes| !bytes.is_empty())
}

/// Checks the header and gives the `kid` in it.
fn judge_header(header: &Map<String, Value>) -> Result<&str, TokenFault> {
    if text(header, "alg") != Some("EdDSA") {
        return Err(TokenFault::WrongAlgorithm);
    }
    let typ = text(header, "typ").unwrap_or_default().to_ascii_lowercase();
    if !["at+jwt", "application/at+jwt"].contains(&typ.as_str()) {
        return Err(TokenFault::WrongType);
    }
    if let Some(name) = FORBIDDEN_HEADERS.into_iter().find(|name| header.contains_key(*name)) {
        return Err(TokenFault::ForbiddenHeader(name));
    }
    text(header, "kid").ok_or(TokenFault::UnknownKey)
}

fn check_signature(parts: &Parts, public: &[u8; 32]) -> Result<(), TokenFault> {
    let key = DecodingKey::from_ed_der(public);
    match crypto::verify(parts.signature, parts.signed.as_bytes(), &key, Algorithm::EdDSA) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(TokenFault::BadSignature),
    }
}

/// Checks who made the token and whom it is for. A list of audiences is refused: we write one.
fn judge_parties(claims: &Map<String, Value>, issuer: &str) -> Result<(), TokenFault> {
    if text(claims, "iss") != Some(issuer) {
        return Err(TokenFault::WrongIssuer);
    }
    if text(claims, "aud") != Some(issuer) {
        return Err(TokenFault::WrongAudience);
    }
    Ok(())
}

/// The subject, which must be spelled as we spell it: one id, one spelling.
fn subject_of(claims: &Map<String, Value>) -> Result<Uuid, TokenFault> {
    let sub = text(claims, "sub").ok_or(TokenFault::WrongClaim("sub"))?;
    let id = Uuid::try_parse(sub).map_err(|_| TokenFault::WrongClaim("sub"))?;
    if id.to_string() != sub {
        return Err(TokenFault::WrongClaim("sub"));
    }
    Ok(id)
}

/// Checks that `now` is within the token's lifetime and gives its end, the first moment outside.
fn judge_times(claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<DateTime<Utc>, TokenFault> {
    let issued_at = instant(claims, "iat")?;
    let expires_at = instant(claims, "exp")?;
    let valid_from = match claims.contains_key("nbf") {
        true => instant(claims, "nbf")?,
        false => issued_at,
    };

    let lifetime = expires_at - issued_at;
    if lifetime <= TimeDelta::zero() || lifetime > TimeDelta::seconds(LIFETIME_SECONDS) {
        return Err(TokenFault::WrongLifetime);
    }
    if issued_at > now || valid_from > now {
        return Err(TokenFault::NotYetValid);
    }
    if expires_at <= now {
        return Err(TokenFault::Expired);
    }
    Ok(expires_at)
}

/// A point in time in whole seconds, and one that the calendar has.
fn instant(claims: &Map<String, Value>, name: &'static str) -> Result<DateTime<Utc>, TokenFault> {
    let seconds = claims.get(name).and_then(Value::as_i64).ok_or(TokenFault::WrongClaim(name))?;
    DateTime::from_timestamp(seconds, 0).ok_or(TokenFault::WrongClaim(name))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}
