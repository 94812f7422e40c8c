//! JSON that can be read in one way only.

use serde_json::{Map, Value};

use crate::domain::json::Unique;

/// Reads a JSON object in which no key is there twice, at any depth.
pub fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Unique(Value::Object(object))) => Some(object),
        Ok(_) | Err(_) => None,
    }
}
