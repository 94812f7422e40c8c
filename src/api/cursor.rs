//! Cursors: where a page begins, sealed so that a client can't make one up, and bound to the list that
//! gave it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::problem::Failure;

const SEAL: usize = 16;

/// Seals a position for a list; `list` names the list with all its filters.
pub fn seal<K: Serialize>(secret: &[u8], list: &str, position: &K) -> String {
    let position = serde_json::to_vec(position).unwrap_or_default();
    let mut bytes = mac(secret, list, &position);
    bytes.truncate(SEAL);
    bytes.extend(position);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Opens a cursor that this very list gave.
pub fn open<K: DeserializeOwned>(secret: &[u8], list: &str, cursor: &str) -> Result<K, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let opened = bytes.and_then(|bytes| {
        let (sealed, position) = bytes.split_at_checked(SEAL)?;
        let mut expected = mac(secret, list, position);
        expected.truncate(SEAL);
        let same: bool = subtle::ConstantTimeEq::ct_eq(expected.as_slice(), sealed).into();
        same.then(|| serde_json::from_slice(position).ok()).flatten()
    });
    opened.ok_or_else(|| {
        Failure::malformed_at(
            "?cursor",
            "bad-cursor",
            "Markøren hører ikke til denne liste.",
            "The cursor does not belong to this list.",
        )
    })
}

fn mac(secret: &[u8], list: &str, position: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(&(list.len() as u64).to_be_bytes());
    mac.update(list.as_bytes());
    mac.update(position);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_where_it_came_from_and_as_it_was() {
        let cursor = seal(b"secret", "partners?sector=a", &("name", 3));
        let open = |secret: &[u8], list: &str, cursor: &str| {
            super::open::<(String, i64)>(secret, list, cursor).ok()
        };
        assert_eq!(open(b"secret", "partners?sector=a", &cursor), Some(("name".to_owned(), 3)));
        assert_eq!(open(b"secret", "partners?sector=b", &cursor), None);
        assert_eq!(open(b"other", "partners?sector=a", &cursor), None);
        for i in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).expect("ASCII");
            assert_eq!(open(b"secret", "partners?sector=a", &forged), None, "byte {i}");
        }
        for bad in ["", "A", "%%%", "=====", &cursor[..10]] {
            assert_eq!(open(b"secret", "partners?sector=a", bad), None);
        }
    }
}
