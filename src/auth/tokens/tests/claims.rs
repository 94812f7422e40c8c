//! What the payload may say, and when.

use super::*;

#[test]
fn every_required_claim_is_required() {
    assert_eq!(no_claim("iss"), Err(TokenFault::WrongIssuer));
    assert_eq!(no_claim("aud"), Err(TokenFault::WrongAudience));
    assert_eq!(no_claim("sub"), Err(TokenFault::WrongClaim("sub")));
    assert_eq!(no_claim("exp"), Err(TokenFault::WrongClaim("exp")));
    assert_eq!(no_claim("iat"), Err(TokenFault::WrongClaim("iat")));
}

#[test]
fn another_issuer_is_refused() {
    for iss in [json!("Facit"), json!("facit "), json!(""), json!(null), json!(1), json!({"facit": 1})] {
        assert_eq!(claim("iss", iss), Err(TokenFault::WrongIssuer));
    }
}

#[test]
fn a_list_of_issuers_is_refused() {
    assert_eq!(claim("iss", json!([ISSUER])), Err(TokenFault::WrongIssuer));
}

#[test]
fn another_audience_is_refused() {
    for aud in [json!("Facit"), json!("facit/"), json!(""), json!(null), json!(1)] {
        assert_eq!(claim("aud", aud), Err(TokenFault::WrongAudience));
    }
}

#[test]
fn a_list_of_audiences_is_refused() {
    assert_eq!(claim("aud", json!([ISSUER])), Err(TokenFault::WrongAudience));
    assert_eq!(claim("aud", json!([ISSUER, "elsewhere"])), Err(TokenFault::WrongAudience));
}

#[test]
fn a_subject_that_is_no_canonical_uuid_is_refused() {
    for sub in [
        json!(""),
        json!(SUBJECT.to_uppercase()),
        json!(SUBJECT.replace('-', "")),
        json!(format!("{{{SUBJECT}}}")),
        json!(format!("urn:uuid:{SUBJECT}")),
        json!(format!(" {SUBJECT}")),
        json!(format!("{SUBJECT}0")),
        json!("anna"),
        json!(null),
        json!(1),
        json!([SUBJECT]),
    ] {
        assert_eq!(claim("sub", sub.clone()), Err(TokenFault::WrongClaim("sub")), "{sub}");
    }
}

#[test]
fn times_that_are_not_whole_numbers_are_refused() {
    for name in ["exp", "iat", "nbf"] {
        for bad in [
            json!(NOW as f64 + 0.5),
            json!(NOW as f64),
            json!(NOW.to_string()),
            json!(at(NOW).to_rfc3339()),
            json!(null),
            json!(true),
            json!([NOW]),
        ] {
            assert_eq!(claim(name, bad.clone()), Err(TokenFault::WrongClaim(name)), "{bad}");
        }
        for bad in ["1.7e9", "17e8", "1700000000.0", "-0", "-0.0", "1e400"] {
            let fault = claim_spelled(name, bad).unwrap_err();
            // A number beyond f64 is no JSON to the parser.
            assert!([TokenFault::WrongClaim(name), TokenFault::Malformed].contains(&fault), "{bad}");
        }
    }
}

#[test]
fn huge_times_are_refused() {
    for name in ["exp", "iat", "nbf"] {
        for huge in [i64::MAX, i64::MIN, i64::MAX / 1000, 9_000_000_000_000, -9_000_000_000_000] {
            assert_eq!(claim(name, json!(huge)), Err(TokenFault::WrongClaim(name)), "{huge}");
        }
        for huge in [u64::MAX.to_string(), (1_u64 << 63).to_string(), "9".repeat(60), "1".repeat(400)] {
            let fault = claim_spelled(name, &huge).unwrap_err();
            // A number beyond f64 is no JSON to the parser.
            assert!([TokenFault::WrongClaim(name), TokenFault::Malformed].contains(&fault), "{huge}");
        }
    }
}

#[test]
fn a_token_expires_to_the_second() {
    let token = issued();
    let just_before = DateTime::from_timestamp(NOW + 599, 999_999_999).unwrap();

    assert!(verify(&token, ISSUER, just_before, find).is_ok());
    assert_eq!(verify(&token, ISSUER, at(NOW + 600), find), Err(TokenFault::Expired));
    assert_eq!(verify(&token, ISSUER, at(NOW + 601), find), Err(TokenFault::Expired));
    assert_eq!(verify(&token, ISSUER, DateTime::<Utc>::MAX_UTC, find), Err(TokenFault::Expired));
}

#[test]
fn a_token_from_the_future_is_refused() {
    let token = issued();
    let just_before = DateTime::from_timestamp(NOW - 1, 999_999_999).unwrap();

    assert!(verify(&token, ISSUER, at(NOW), find).is_ok());
    assert_eq!(verify(&token, ISSUER, just_before, find), Err(TokenFault::NotYetValid));
    assert_eq!(verify(&token, ISSUER, DateTime::<Utc>::MIN_UTC, find), Err(TokenFault::NotYetValid));
}

#[test]
fn an_early_nbf_does_not_excuse_an_iat_in_the_future() {
    let future = with(with(claims(), "iat", json!(NOW + 61)), "nbf", json!(NOW));

    let token = sign(header().to_string(), future.to_string());

    assert_eq!(verify_now(&token), Err(TokenFault::NotYetValid));
}

#[test]
fn a_token_before_its_nbf_is_refused() {
    assert!(claim("nbf", json!(NOW + 60)).is_ok());
    assert!(claim("nbf", json!(NOW - 1)).is_ok());
    assert_eq!(claim("nbf", json!(NOW + 61)), Err(TokenFault::NotYetValid));
}

#[test]
fn a_lifetime_of_more_than_ten_minutes_is_refused() {
    assert!(claim("exp", json!(NOW + 600)).is_ok());
    assert_eq!(claim("exp", json!(NOW + 601)), Err(TokenFault::WrongLifetime));
    assert_eq!(claim("exp", json!(NOW + 100 * 365 * 86_400)), Err(TokenFault::WrongLifetime));
    assert_eq!(claim("iat", json!(0)), Err(TokenFault::WrongLifetime));

    let whole_calendar =
        with(with(claims(), "iat", json!(-8_000_000_000_000_i64)), "exp", json!(8_000_000_000_000_i64));
    let token = sign(header().to_string(), whole_calendar.to_string());
    assert_eq!(verify_now(&token), Err(TokenFault::WrongLifetime));
}

#[test]
fn a_lifetime_that_is_not_positive_is_refused() {
    assert_eq!(claim("exp", json!(NOW)), Err(TokenFault::WrongLifetime));
    assert_eq!(claim("exp", json!(NOW - 1)), Err(TokenFault::WrongLifetime));
    assert_eq!(claim("iat", json!(NOW + 600)), Err(TokenFault::WrongLifetime));
}
