//! The secrets of API keys.
//!
//! A secret is made here and never chosen by people, so it has 256 bits of chance in it and can't be
//! guessed however fast guesses can be tried. A slow, salted hash (argon2, bcrypt) protects passwords,
//! which can be guessed; here it would only make every token request cost a core half a second.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Every secret starts with this, so that scanners of repositories and logs can find a leaked one.
const PREFIX: &str = "fs_";

/// Makes a new secret, `fs_` and 43 characters of base64url.
///
/// # Panics
///
/// When the operating system has no random bytes to give. Nothing that is secret can be made then.
pub fn generate() -> String {
    let mut bytes = [0; 32];
    #[expect(clippy::expect_used, reason = "nothing secret can be made then")]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");

    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret: the SHA-256 of all of it, prefix included.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Whether `secret` is the one that `hash` was made of. The time this takes says nothing about where
/// the two differ.
pub fn matches(secret: &str, hash: &[u8]) -> bool {
    self::hash(secret).ct_eq(hash).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_prefix_and_32_random_bytes() {
        let secret = generate();

        let encoded = secret.strip_prefix("fs_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(encoded).unwrap().len(), 32);
    }

    #[test]
    fn two_secrets_are_different() {
        assert_ne!(generate(), generate());
    }

    #[test]
    fn the_hash_is_sha_256() {
        let of_abc = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

        assert_eq!(URL_SAFE_NO_PAD.encode(hash("abc")), of_abc);
    }

    #[test]
    fn a_secret_matches_its_own_hash_only() {
        let secret = generate();

        assert!(matches(&secret, &hash(&secret)));
        assert!(!matches(&secret, &hash(&generate())));
        assert!(!matches(&secret.to_uppercase(), &hash(&secret)));
        assert!(!matches(secret.trim_start_matches("fs_"), &hash(&secret)));
        assert!(!matches(&format!("{secret} "), &hash(&secret)));
        assert!(!matches("", &hash(&secret)));
    }

    #[test]
    fn a_hash_of_another_length_matches_nothing() {
        let secret = generate();
        let hash = hash(&secret);

        assert!(!matches(&secret, &[]));
        assert!(!matches(&secret, &hash[..31]));
        assert!(!matches(&secret, &[&hash[..], &[0]].concat()));
        assert!(!matches(&secret, secret.as_bytes()));
    }
}
