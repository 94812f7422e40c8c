//! Which signatures count, and when they are checked.

use super::*;

#[test]
fn a_signature_by_another_key_is_refused() {
    let other = SigningKey { kid: KEY.kid.clone(), ..SigningKey::generate() };
    let token = issue(&other, ISSUER, subject(), at(NOW)).unwrap().token;

    assert_eq!(verify_now(&token), Err(TokenFault::BadSignature));
}

#[test]
fn the_key_that_the_kid_names_is_the_one_that_counts() {
    let other = SigningKey::generate();
    let find = |kid: &str| match kid {
        kid if kid == KEY.kid => Some(KEY.public),
        kid if kid == other.kid => Some(other.public),
        _ => None,
    };
    let good = issue(&other, ISSUER, subject(), at(NOW)).unwrap().token;
    let bad = sign(with(header(), "kid", json!(other.kid)).to_string(), claims().to_string());

    assert!(verify(&good, ISSUER, at(NOW), find).is_ok());
    assert_eq!(verify(&bad, ISSUER, at(NOW), find), Err(TokenFault::BadSignature));
}

#[test]
fn a_changed_payload_is_refused() {
    let token = issued();
    let parts: Vec<&str> = token.split('.').collect();
    let other = encode(with(part(&token, 1), "sub", json!(Uuid::nil())).to_string());

    let forged = format!("{}.{other}.{}", parts[0], parts[2]);

    assert_eq!(verify_now(&forged), Err(TokenFault::BadSignature));
}

#[test]
fn a_changed_header_is_refused() {
    let token = issued();
    let (_, rest) = token.split_once('.').unwrap();
    let other = encode(with(header(), "x", json!(1)).to_string());

    assert_eq!(verify_now(&format!("{other}.{rest}")), Err(TokenFault::BadSignature));
}

#[test]
fn a_signature_of_another_length_is_refused() {
    let token = issued();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();

    for bad in [&signature[..63], &signature[..32], &[0][..], &[&signature[..], &[0]].concat()] {
        let token = format!("{signed}.{}", encode(bad));
        assert_eq!(verify_now(&token), Err(TokenFault::BadSignature));
    }
}

#[test]
fn a_signature_can_not_be_written_in_another_way() {
    // S + L is the same scalar as S; RFC 8032 §5.1.7 wants it refused.
    let order: Vec<u8> = [
        &[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58][..],
        &[0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14],
        &[0; 15],
        &[0x10],
    ]
    .concat();
    let token = issued();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }

    let forged = format!("{signed}.{}", encode(signature));

    assert_eq!(verify_now(&forged), Err(TokenFault::BadSignature));
}

#[test]
fn the_signature_is_checked_before_the_claims() {
    let other = SigningKey { kid: KEY.kid.clone(), ..SigningKey::generate() };
    let long_expired = issue(&other, "elsewhere", subject(), at(0)).unwrap().token;
    let signed = format!("{}.{}", encode(header().to_string()), encode("no JSON at all"));

    assert_eq!(verify_now(&long_expired), Err(TokenFault::BadSignature));
    assert_eq!(verify_now(&format!("{signed}.AA")), Err(TokenFault::BadSignature));
}
