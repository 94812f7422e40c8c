//! The key and the note of the reference implementation (golang.org/x/mod/sumdb/note), and what may not pass.

use super::*;

const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
/// Behind a first byte that names the type.
const SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n";
const SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn peter() -> Verifier {
    Verifier::parse(VERIFIER).expect("a verifier key")
}

fn peters_key() -> NoteKey {
    let seed = BASE64_STANDARD.decode(SEED).expect("base64");
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed[1..]).expect("a seed");
    NoteKey::of(&pair).expect("a key")
}

#[test]
fn a_note_is_signed_byte_for_byte_as_the_reference_does() {
    let note = peters_key().sign("PeterNeumann", TEXT).expect("a note");
    assert_eq!(note, format!("{TEXT}\n{SIGNATURE}"));
    assert_eq!(open(&note, &[peter()]), Ok(TEXT));
    assert_eq!(peters_key().verifier("PeterNeumann").to_string(), VERIFIER);
    assert_eq!(hex(&peter().id()), "c74f20a3");
}

#[test]
fn a_note_may_have_empty_lines_and_signatures_of_others() {
    let text = "one\n\ntwo\n";
    let note = peters_key().sign("PeterNeumann", text).expect("a note");
    let other = NoteKey::generate();
    let signed = other.sign("other.example/log", text).expect("a note");
    let line = signed.lines().last().expect("a signature");
    let both = format!("{note}{line}\n");
    assert_eq!(open(&both, &[peter()]), Ok(text));
    assert_eq!(open(&both, &[other.verifier("other.example/log")]), Ok(text));
    assert_eq!(open(&both, &[other.verifier("another.example/log")]), Err(NoteFault::Unsigned));
    assert_eq!(open(&note, &[other.verifier("PeterNeumann")]), Err(NoteFault::Unsigned));
    assert_eq!(open(&note, &[]), Err(NoteFault::Unsigned));
}

#[test]
fn a_note_that_was_changed_anywhere_is_not_believed() {
    let note = format!("{TEXT}\n{SIGNATURE}");
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(bent) = String::from_utf8(bytes) else { continue };
        assert!(open(&bent, &[peter()]).is_err(), "byte {at}: {bent:?}");
    }
    for end in 0..note.len() {
        let Some(short) = note.get(..end) else { continue };
        assert!(open(short, &[peter()]).is_err(), "cut at {end}");
    }
    let bent = note.replace("answer", "cause");
    assert_eq!(open(&bent, &[peter()]), Err(NoteFault::BadSignature));
}

#[test]
fn what_is_no_note_is_malformed() {
    let line = SIGNATURE.trim_end();
    let cases = [
        String::new(),
        "\n\n".to_owned(),
        TEXT.to_owned(),
        format!("{TEXT}{SIGNATURE}"),
        format!("{TEXT}\n{line}"),
        format!("{TEXT}\n{SIGNATURE}\n"),
        format!("{TEXT}\n{SIGNATURE}more\n"),
        format!("{TEXT}\n- PeterNeumann AAAAAAA=\n"),
        format!("{TEXT}\n— PeterNeumann !!!!\n"),
        format!("{TEXT}\n— PeterNeumann x08gow==\n"),
        format!("{TEXT}\n— Peter+Neumann x08go/ZJ\n"),
        format!("{TEXT}\t\n{SIGNATURE}"),
        format!("{TEXT}\n{}", SIGNATURE.repeat(65)),
    ];
    for case in cases {
        assert_eq!(open(&case, &[peter()]), Err(NoteFault::Malformed), "{case:?}");
    }
    assert_eq!(open(&format!("{TEXT}\n{}", SIGNATURE.repeat(16)), &[peter()]), Ok(TEXT));
}

#[test]
fn a_verifier_key_that_was_changed_is_none() {
    let wrong = [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3",
        "",
    ];
    for text in wrong {
        assert_eq!(Verifier::parse(text), None, "{text}");
    }
    for (start, _) in VERIFIER.char_indices() {
        assert_eq!(Verifier::parse(&VERIFIER[start + 1..]), None);
        assert_eq!(Verifier::parse(&VERIFIER[..start]), None);
    }
}

#[test]
fn a_signer_signs_with_its_newest_key_and_all_its_keys_are_believed() {
    let keys = vec![NoteKey::generate(), NoteKey::generate()];
    let signer = Signer { origin: "facit.example.org".to_owned(), keys: keys.clone() };
    let note = signer.sign("demo", "hello\n").expect("a note");
    let newest = keys[1].verifier("facit.example.org/demo");
    assert_eq!(open(&note, std::slice::from_ref(&newest)), Ok("hello\n"));
    assert_eq!(signer.verifiers("demo"), [newest, keys[0].verifier("facit.example.org/demo")]);
    assert_eq!(open(&note, &signer.verifiers("other")), Err(NoteFault::Unsigned));
}
