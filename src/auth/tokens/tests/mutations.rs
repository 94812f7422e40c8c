//! Tokens changed by chance: refused, and never a panic.

use std::panic::catch_unwind;

use super::*;

/// A small generator (xorshift), so that a failure can be had again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// Changes, drops, adds, doubles or cuts a few bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const ODD: &[u8] = b"\0.=+/-_AQgw{}[]\",:\\ \xff\xc3e019";
        for _ in 0..=self.below(3) {
            let place = self.below(bytes.len().max(1)).min(bytes.len());
            let odd = ODD[self.below(ODD.len())];
            match self.below(6) {
                0 if place < bytes.len() => bytes[place] = odd,
                1 if place < bytes.len() => bytes[place] ^= 1 << self.below(8),
                2 if place < bytes.len() => drop(bytes.remove(place)),
                3 => bytes.insert(place, odd),
                4 => bytes.extend_from_within(place..),
                _ => bytes.truncate(place),
            }
        }
    }
}

fn never_panics(token: &str) -> Result<Verified, TokenFault> {
    catch_unwind(|| verify_now(token)).unwrap_or_else(|_| panic!("panicked on {token:?}"))
}

#[test]
fn a_token_that_was_changed_anyhow_is_refused() {
    let token = issued();
    for length in 0..token.len() {
        assert!(never_panics(&token[..length]).is_err());
        assert!(never_panics(&token[length + 1..]).is_err());
    }
    for place in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(never_panics(&changed).is_err(), "{changed}");
        }
    }

    let mut chance = Chance(0x5eed);
    for _ in 0..5_000 {
        let mut bytes = token.clone().into_bytes();
        chance.mutate(&mut bytes);
        let changed = String::from_utf8_lossy(&bytes);
        assert!(changed == token || never_panics(&changed).is_err(), "{changed}");
    }
}

#[test]
fn no_content_makes_it_panic_however_well_it_is_signed() {
    let mut chance = Chance(0xfac17);
    for _ in 0..5_000 {
        let (mut header, mut payload) = (header().to_string(), claims().to_string());
        for text in [&mut header, &mut payload] {
            let mut bytes = std::mem::take(text).into_bytes();
            chance.mutate(&mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }

        let _ = never_panics(&sign(&header, claims().to_string()));
        let outcome = never_panics(&sign(self::header().to_string(), &payload));

        if let Ok(verified) = outcome {
            assert!(verified.expires_at > at(NOW + 60) && verified.expires_at <= at(NOW + 660));
        }
    }
}
