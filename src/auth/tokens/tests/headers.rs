//! What the header may say.

use super::*;

#[test]
fn any_algorithm_but_ed_dsa_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", "HS256", "RS256", "ES256", "PS256", "ES512"] {
        assert_eq!(header_with("alg", json!(alg)), Err(TokenFault::WrongAlgorithm), "{alg}");
    }
    for alg in
        [json!("eddsa"), json!("EdDSA "), json!(""), json!("Ed448"), json!(null), json!(["EdDSA"])]
    {
        assert_eq!(header_with("alg", alg), Err(TokenFault::WrongAlgorithm));
    }
    assert_eq!(header_without("alg"), Err(TokenFault::WrongAlgorithm));
}

#[test]
fn an_unsigned_token_is_refused() {
    let none = with(header(), "alg", json!("none")).to_string();
    let signed = format!("{}.{}", encode(none), encode(claims().to_string()));

    assert_eq!(verify_now(&format!("{signed}.")), Err(TokenFault::Malformed));
    assert_eq!(verify_now(&format!("{signed}.AA")), Err(TokenFault::WrongAlgorithm));
}

#[test]
fn hs256_with_the_public_key_as_the_secret_is_refused() {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(KEY.kid.clone());
    let x = encode(KEY.public);

    for secret in [&KEY.public[..], x.as_bytes()] {
        let secret = EncodingKey::from_secret(secret);
        let token = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
        assert_eq!(verify_now(&token), Err(TokenFault::WrongAlgorithm));

        // The same MAC under a header that says EdDSA.
        let signed = format!("{}.{}", encode(self::header().to_string()), encode(claims().to_string()));
        let mac = crypto::sign(signed.as_bytes(), &secret, Algorithm::HS256).unwrap();
        assert_eq!(verify_now(&format!("{signed}.{mac}")), Err(TokenFault::BadSignature));
    }
}

#[test]
fn any_type_but_an_access_token_is_refused() {
    for typ in ["JWT", "jwt", "", "at", "at+jwt ", "id+jwt", "application/jwt", "text/at+jwt", "at+jwt;"]
    {
        assert_eq!(header_with("typ", json!(typ)), Err(TokenFault::WrongType), "{typ}");
    }
    assert_eq!(header_with("typ", json!(null)), Err(TokenFault::WrongType));
    assert_eq!(header_with("typ", json!(["at+jwt"])), Err(TokenFault::WrongType));
    assert_eq!(header_without("typ"), Err(TokenFault::WrongType));
}

#[test]
fn the_type_may_be_spelled_as_a_media_type_is() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert!(header_with("typ", json!(typ)).is_ok(), "{typ}");
    }
}

#[test]
fn a_token_without_kid_is_refused() {
    assert_eq!(header_without("kid"), Err(TokenFault::UnknownKey));
    for kid in [json!(null), json!(1), json!([KEY.kid]), json!("")] {
        assert_eq!(header_with("kid", kid), Err(TokenFault::UnknownKey));
    }
}

#[test]
fn an_unknown_kid_is_refused() {
    assert_eq!(header_with("kid", json!("another")), Err(TokenFault::UnknownKey));
    assert_eq!(verify(&issued(), ISSUER, at(NOW), |_| None), Err(TokenFault::UnknownKey));
}

#[test]
fn crit_is_refused() {
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!(null)] {
        assert_eq!(header_with("crit", crit), Err(TokenFault::ForbiddenHeader("crit")));
    }
}

#[test]
fn an_unencoded_payload_is_refused() {
    for b64 in [json!(false), json!(true), json!(null)] {
        assert_eq!(header_with("b64", b64), Err(TokenFault::ForbiddenHeader("b64")));
    }
}

#[test]
fn a_token_that_brings_its_own_key_is_refused() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(KEY.public)});
    assert_eq!(header_with("jwk", jwk), Err(TokenFault::ForbiddenHeader("jwk")));
    for name in ["jku", "x5u"] {
        let fault = header_with(name, json!("https://attacker.example/keys"));
        assert_eq!(fault, Err(TokenFault::ForbiddenHeader(name)));
    }
    assert_eq!(header_with("x5c", json!(["MII"])), Err(TokenFault::ForbiddenHeader("x5c")));
}
