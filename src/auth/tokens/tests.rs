use std::sync::LazyLock;

use serde_json::json;

use super::*;

mod claims;
mod form;
mod headers;
mod mutations;
mod signatures;

const ISSUER: &str = "facit";
const NOW: i64 = 1_700_000_000;
const SUBJECT: &str = "018bcfe5-6800-7000-8000-0123456789ab";

static KEY: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn subject() -> Uuid {
    SUBJECT.parse().unwrap()
}

fn find(kid: &str) -> Option<[u8; 32]> {
    (kid == KEY.kid).then_some(KEY.public)
}

fn issued() -> String {
    issue(&KEY, ISSUER, subject(), at(NOW)).unwrap().token
}

/// Verifies at a minute past the issue of every token here.
fn verify_now(token: &str) -> Result<Verified, TokenFault> {
    verify(token, ISSUER, at(NOW + 60), find)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs with the real key whatever is given, without the library that `issue` uses.
fn sign_segments(signed: &str) -> String {
    let pair = Ed25519KeyPair::from_pkcs8(&KEY.pkcs8).unwrap();
    format!("{signed}.{}", encode(pair.sign(signed.as_bytes())))
}

fn sign(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    sign_segments(&format!("{}.{}", encode(header), encode(payload)))
}

fn header() -> Value {
    json!({"typ": "at+jwt", "alg": "EdDSA", "kid": KEY.kid})
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": ISSUER, "sub": SUBJECT, "iat": NOW, "exp": NOW + 600})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn header_with(name: &str, value: Value) -> Result<Verified, TokenFault> {
    verify_now(&sign(with(header(), name, value).to_string(), claims().to_string()))
}

fn header_without(name: &str) -> Result<Verified, TokenFault> {
    verify_now(&sign(without(header(), name).to_string(), claims().to_string()))
}

fn claim(name: &str, value: Value) -> Result<Verified, TokenFault> {
    verify_now(&sign(header().to_string(), with(claims(), name, value).to_string()))
}

fn no_claim(name: &str) -> Result<Verified, TokenFault> {
    verify_now(&sign(header().to_string(), without(claims(), name).to_string()))
}

/// Replaces the text of one claim in the JSON itself, for what `json!` can't spell.
fn claim_spelled(name: &str, value: &str) -> Result<Verified, TokenFault> {
    let marked = with(claims(), name, json!("MARK")).to_string();
    verify_now(&sign(header().to_string(), marked.replace("\"MARK\"", value)))
}

fn part(token: &str, index: usize) -> Value {
    let segment = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
}

#[test]
fn a_token_that_was_issued_is_accepted() {
    let expected = Verified { subject: subject(), expires_at: at(NOW + 600) };

    assert_eq!(verify_now(&issued()), Ok(expected));
}

#[test]
fn a_token_made_by_hand_is_accepted() {
    assert!(verify_now(&sign(header().to_string(), claims().to_string())).is_ok());
}

#[test]
fn a_token_says_what_rfc_9068_asks_for() {
    let token = issue(&KEY, ISSUER, subject(), at(NOW)).unwrap();

    assert_eq!(token.expires_in, 600);
    assert_eq!(part(&token.token, 0), header());
    let mut payload = part(&token.token, 1);
    let jti = payload.as_object_mut().unwrap().remove("jti").unwrap();
    assert!(Uuid::try_parse(jti.as_str().unwrap()).is_ok());
    assert_eq!(payload, with(claims(), "client_id", json!(SUBJECT)));
}

#[test]
fn no_two_tokens_are_equal() {
    assert_ne!(issued(), issued());
}

#[test]
fn a_token_is_valid_from_the_very_moment_of_its_issue() {
    let now = DateTime::from_timestamp(NOW, 999_999_999).unwrap();
    let token = issue(&KEY, ISSUER, subject(), now).unwrap().token;

    assert!(verify(&token, ISSUER, now, find).is_ok());
}

#[test]
fn a_broken_private_key_issues_nothing() {
    for pkcs8 in [vec![], vec![0; 32], KEY.pkcs8[1..].to_vec()] {
        let broken = SigningKey { pkcs8, ..KEY.clone() };
        assert!(issue(&broken, ISSUER, subject(), at(NOW)).is_err());
    }
}

#[test]
fn an_issuer_may_be_any_text() {
    for issuer in ["https://facit.example/æøå", "\"quoted\"", ""] {
        let token = issue(&KEY, issuer, subject(), at(NOW)).unwrap().token;
        assert!(verify(&token, issuer, at(NOW), find).is_ok(), "{issuer}");
    }
}

#[test]
fn the_library_reads_our_tokens_by_our_jwks() {
    let jwks = jwks(&[(KEY.kid.clone(), KEY.public)]);
    let jwks: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(serde_json::to_value(jwks).unwrap()).unwrap();
    let key = DecodingKey::from_jwk(jwks.find(&KEY.kid).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[ISSUER]);
    validation.validate_exp = false;

    let read = jsonwebtoken::decode::<Value>(issued(), &key, &validation).unwrap();

    assert_eq!(read.claims["sub"], SUBJECT);
}

#[test]
fn the_kid_is_the_thumbprint_of_rfc_7638() {
    // The example of RFC 8037, appendices A.2 and A.3.
    let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();

    let thumbprint = thumbprint(&x.try_into().unwrap());

    assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_key_is_whole() {
    let key = SigningKey::generate();
    let pair = Ed25519KeyPair::from_pkcs8(&key.pkcs8).unwrap();

    assert_eq!(pair.public_key().as_ref(), key.public);
    assert_eq!(key.kid, super::thumbprint(&key.public));
    assert_ne!(key.public, SigningKey::generate().public);
}

#[test]
fn jwks_lists_the_public_keys_and_nothing_private() {
    let jwks = jwks(&[("one".to_owned(), [0; 32]), (KEY.kid.clone(), KEY.public)]);

    let expected = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "one",
         "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY.kid,
         "x": encode(KEY.public)},
    ]});
    assert_eq!(serde_json::to_value(jwks).unwrap(), expected);
}

#[test]
fn every_fault_has_a_code_and_both_languages() {
    let faults = [
        TokenFault::Malformed,
        TokenFault::WrongAlgorithm,
        TokenFault::WrongType,
        TokenFault::ForbiddenHeader("crit"),
        TokenFault::UnknownKey,
        TokenFault::BadSignature,
        TokenFault::WrongIssuer,
        TokenFault::WrongAudience,
        TokenFault::WrongClaim("sub"),
        TokenFault::WrongLifetime,
        TokenFault::NotYetValid,
        TokenFault::Expired,
    ];

    for fault in faults {
        let expected = if fault == TokenFault::Expired { "token-expired" } else { "invalid-token" };
        assert_eq!(fault.code(), expected);
        assert!(fault.detail().da.ends_with('.') && fault.detail().en.ends_with('.'));
        assert_ne!(fault.detail().da, fault.detail().en);
    }
}
