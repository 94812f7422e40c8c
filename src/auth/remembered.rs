//! Tokens whose signature was checked already.
//!
//! A signature takes longer to check than most requests take to answer, and a dashboard sends the same token
//! for ten minutes. What is remembered is only that the token is one of ours, until it expires; what its
//! holder may do is read from the database at each request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::tokens::{TokenFault, Verified, verify};

/// How many tokens are remembered: as many clients' as are there at a time.
const MOST: usize = 4096;

/// Tokens by their hashes: a token itself is kept nowhere.
#[derive(Default)]
pub struct Remembered(Mutex<HashMap<[u8; 32], Verified>>);

impl Remembered {
    /// `verify`, which runs once for each token. Fails as it does.
    pub fn verify(
        &self,
        token: &str,
        issuer: &str,
        now: DateTime<Utc>,
        find: impl Fn(&str) -> Option<[u8; 32]>,
    ) -> Result<Verified, TokenFault> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(verified) = self.find(&hash).filter(|verified| now < verified.expires_at) {
            return Ok(verified);
        }
        let verified = verify(token, issuer, now, find)?;
        self.keep(hash, verified, now);
        Ok(verified)
    }

    fn find(&self, hash: &[u8; 32]) -> Option<Verified> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).copied()
    }

    fn keep(&self, hash: [u8; 32], verified: Verified, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, verified| now < verified.expires_at);
        }
        if known.len() < MOST {
            known.insert(hash, verified);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::auth::tokens::{LIFETIME_SECONDS, SigningKey, issue};

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).expect("a time")
    }

    #[test]
    fn a_token_is_remembered_until_it_expires_and_no_longer() {
        let key = SigningKey::generate();
        let token = issue(&key, "facit", uuid::Uuid::from_u128(7), noon()).expect("a token").token;
        let remembered = Remembered::default();
        let asked = std::cell::Cell::new(0);
        let ask = |token: &str, at| {
            remembered.verify(token, "facit", at, |_| {
                asked.set(asked.get() + 1);
                Some(key.public)
            })
        };
        let last = noon() + TimeDelta::seconds(LIFETIME_SECONDS - 1);
        assert_eq!(ask(&token, noon()).map(|verified| verified.subject.as_u128()), Ok(7));
        assert_eq!(ask(&token, last).map(|verified| verified.subject.as_u128()), Ok(7));
        assert_eq!(asked.get(), 1, "the signature is checked once");
        assert_eq!(ask(&token, last + TimeDelta::seconds(1)), Err(TokenFault::Expired));
    }

    #[test]
    fn a_token_that_differs_by_a_letter_is_another_one() {
        let key = SigningKey::generate();
        let token = issue(&key, "facit", uuid::Uuid::from_u128(7), noon()).expect("a token").token;
        let remembered = Remembered::default();
        let ask = |token: &str| remembered.verify(token, "facit", noon(), |_| Some(key.public));
        assert!(ask(&token).is_ok());
        let (signed, _) = token.rsplit_once('.').expect("a signature");
        assert_eq!(ask(&format!("{signed}.AAAA")), Err(TokenFault::BadSignature));
        assert_eq!(ask(&format!("{token}A")), Err(TokenFault::BadSignature));
    }

    #[test]
    fn what_is_refused_is_not_remembered_and_no_crowd_fills_the_memory() {
        let key = SigningKey::generate();
        let remembered = Remembered::default();
        for n in 0..3 {
            assert!(
                remembered
                    .verify(&format!("no token {n}"), "facit", noon(), |_| Some(key.public))
                    .is_err()
            );
        }
        let verified = |seconds| Verified {
            subject: uuid::Uuid::nil(),
            expires_at: noon() + TimeDelta::seconds(seconds),
        };
        for n in 0..MOST {
            let hash: [u8; 32] = Sha256::digest(n.to_be_bytes()).into();
            remembered.keep(hash, verified(if n % 2 == 0 { 1 } else { 100 }), noon());
        }
        let size = || remembered.0.lock().expect("no panic").len();
        assert_eq!(size(), MOST);
        remembered.keep([0; 32], verified(100), noon());
        assert_eq!(size(), MOST, "nothing has expired yet");
        remembered.keep([0; 32], verified(100), noon() + TimeDelta::seconds(50));
        assert_eq!(size(), MOST / 2 + 1, "what has expired makes room");
    }
}
