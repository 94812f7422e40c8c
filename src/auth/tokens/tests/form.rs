//! What a token looks like before anything in it is read.

use super::*;

#[test]
fn fewer_or_more_than_three_segments_are_refused() {
    let token = issued();
    let (signed, signature) = token.rsplit_once('.').unwrap();

    for bad in [
        "".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        signed.to_owned(),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{signed}..{signature}"),
    ] {
        assert_eq!(verify_now(&bad), Err(TokenFault::Malformed), "{bad}");
    }
}

#[test]
fn empty_segments_are_refused() {
    let token = issued();
    let parts: Vec<&str> = token.split('.').collect();

    for bad in [
        format!(".{}.{}", parts[1], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        sign_segments(&format!("{}.", parts[0])),
        sign_segments(&format!(".{}", parts[1])),
    ] {
        assert_eq!(verify_now(&bad), Err(TokenFault::Malformed), "{bad}");
    }
}

#[test]
fn padding_is_refused() {
    let payload = [claims().to_string(), format!("{} ", claims()), format!("{}  ", claims())]
        .into_iter()
        .find(|payload| payload.len() % 3 == 1)
        .unwrap();
    let (header, payload) = (encode(header().to_string()), encode(payload));

    assert!(verify_now(&sign_segments(&format!("{header}.{payload}"))).is_ok());
    for bad in [
        sign_segments(&format!("{header}.{payload}==")),
        sign_segments(&format!("{header}.{payload}=")),
        format!("{}==", issued()),
    ] {
        assert_eq!(verify_now(&bad), Err(TokenFault::Malformed));
    }
}

#[test]
fn spare_bits_are_refused() {
    // 64 bytes end in a character of which only two bits count: A, Q, g or w.
    let token = issued();
    let (rest, last) = token.split_at(token.len() - 1);
    let spare = char::from(last.as_bytes()[0] + 1);

    assert_eq!(verify_now(&format!("{rest}{spare}")), Err(TokenFault::Malformed));
}

#[test]
fn the_other_alphabet_and_white_space_are_refused() {
    let payload = json!({"iss": "???>>>~~~"}).to_string();
    let signed = format!("{}.{}", encode(header().to_string()), encode(&payload));
    let standard = signed.replace('-', "+").replace('_', "/");
    assert_ne!(signed, standard);

    assert_eq!(verify_now(&sign_segments(&signed)), Err(TokenFault::WrongIssuer));
    assert_eq!(verify_now(&sign_segments(&standard)), Err(TokenFault::Malformed));
    for bad in [format!(" {}", issued()), format!("{}\n", issued()), format!("{}\0", issued())] {
        assert_eq!(verify_now(&bad), Err(TokenFault::Malformed));
    }
}

#[test]
fn more_than_four_kibibytes_are_refused() {
    let of_length = |length: usize| {
        (0..length)
            .map(|count| sign(header().to_string(), format!("{}{}", claims(), " ".repeat(count))))
            .find(|token| token.len() >= length)
            .unwrap()
    };

    assert!(verify_now(&of_length(4095)).is_ok());
    assert_eq!(verify_now(&of_length(4097)), Err(TokenFault::Malformed));
}

#[test]
fn a_header_that_is_no_json_object_is_refused() {
    for bad in ["", "null", "[]", "\"EdDSA\"", "1", "{", "{}}", "{} {}", "\u{feff}{}", "{'alg':1}"] {
        let token = sign(bad, claims().to_string());
        assert_eq!(verify_now(&token), Err(TokenFault::Malformed), "{bad}");
    }
    let not_utf_8 = [b"{\"alg\":\"EdDSA\",\"x\":\"", &[0xff][..], b"\"}"].concat();
    assert_eq!(verify_now(&sign(not_utf_8, claims().to_string())), Err(TokenFault::Malformed));
}

#[test]
fn a_payload_that_is_no_json_object_is_refused() {
    for bad in ["null", "[]", "\"facit\"", "1", "{", "{} {}", "{\"iss\":NaN}", "{\"iss\":01}"] {
        let token = sign(header().to_string(), bad);
        assert_eq!(verify_now(&token), Err(TokenFault::Malformed), "{bad}");
    }
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1200), "]".repeat(1200));
    assert_eq!(verify_now(&sign(header().to_string(), deep)), Err(TokenFault::Malformed));
}

#[test]
fn a_duplicate_key_in_the_header_is_refused() {
    let header = header().to_string();
    for more in [
        r#""alg":"EdDSA"}"#.to_owned(),
        r#""alg":"none"}"#.to_owned(),
        r#""\u0061lg":"EdDSA"}"#.to_owned(),
        format!(r#""kid":"{}"}}"#, KEY.kid),
        r#""x":1,"x":1}"#.to_owned(),
        r#""x":{"y":1,"y":1}}"#.to_owned(),
    ] {
        let twice = header.replace('}', &format!(",{more}"));
        assert_eq!(verify_now(&sign(&twice, claims().to_string())), Err(TokenFault::Malformed));
    }
}

#[test]
fn a_duplicate_key_in_the_payload_is_refused() {
    let claims = claims().to_string();
    for more in [
        r#""iss":"facit"}"#.to_owned(),
        r#""\u0069ss":"facit"}"#.to_owned(),
        format!(r#""sub":"{}"}}"#, Uuid::nil()),
        format!(r#""exp":{}}}"#, NOW + 600),
        r#""x":null,"x":null}"#.to_owned(),
        r#""x":[{"y":1,"y":1}]}"#.to_owned(),
    ] {
        let twice = claims.replace('}', &format!(",{more}"));
        let token = sign(header().to_string(), &twice);
        assert_eq!(verify_now(&token), Err(TokenFault::Malformed), "{twice}");
    }
}

#[test]
fn claims_and_headers_that_we_do_not_know_are_let_be() {
    assert!(claim("x", json!([{"y": [null, true, -1, 1.5, "z"]}])).is_ok());
    assert!(header_with("x5t", json!("z")).is_ok());
}
