//! JSON merge patches (RFC 7396), and the version that a client has seen.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, Kind, Result};
use crate::domain::text::{Fault, pointer_step};

/// What a client says that it has seen: by `If-Match` any, or one of these versions; by
/// `If-None-Match: *` nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Any,
    Versions(Vec<i64>),
    Nothing,
}

impl Seen {
    fn is(&self, version: i64) -> bool {
        match self {
            Seen::Any => true,
            Seen::Versions(versions) => versions.contains(&version),
            Seen::Nothing => false,
        }
    }
}

/// Changing what exists needs the version that was seen: absent 428, another 412.
pub fn must_have_seen(seen: Option<&Seen>, version: i64) -> Result<()> {
    match seen {
        Some(seen) if seen.is(version) => Ok(()),
        Some(_) => Err(Error::stale()),
        None => Err(Error::refuse(
            Kind::Unconditional,
            "if-match-missing",
            "Send If-Match med den ETag, du så sidst, så ingen overskriver en andens ændring.",
            "Send If-Match with the ETag that you saw last, so that nobody overwrites another's change.",
        )),
    }
}

/// A move honours the version when it is given.
pub fn may_have_seen(seen: Option<&Seen>, version: i64) -> Result<()> {
    match seen {
        Some(seen) if !seen.is(version) => Err(Error::stale()),
        _ => Ok(()),
    }
}

/// What does not exist can't have been seen.
pub fn must_not_have_seen(seen: Option<&Seen>) -> Result<()> {
    match seen {
        Some(Seen::Any | Seen::Versions(_)) => Err(Error::stale()),
        Some(Seen::Nothing) | None => Ok(()),
    }
}

/// Merges a patch into what is there, and reads the outcome as the whole body it must be.
pub fn merged<T: Serialize + DeserializeOwned>(current: &T, patch: &Value) -> Result<T> {
    let mut value = serde_json::to_value(current).unwrap_or_default();
    merge(&mut value, patch);
    whole(value, "Feltet kan ikke fjernes.", "The field can't be taken away.")
}

/// Reads a patch of nothing as the whole body that it must be.
pub fn made<T: DeserializeOwned>(patch: &Value) -> Result<T> {
    let mut value = Value::Null;
    merge(&mut value, patch);
    whole(value, "Feltet mangler.", "The field is missing.")
}

fn whole<T: DeserializeOwned>(value: Value, da: &str, en: &str) -> Result<T> {
    crate::domain::json::typed(value).map_err(|misfit| {
        let missing = missing_field(&misfit.message);
        let step = missing.map(|field| format!("/{}", pointer_step(&field))).unwrap_or_default();
        let pointer = format!("{}{step}", misfit.pointer);
        Error::from(vec![Fault::new(pointer, "required", da, en)])
    })
}

fn missing_field(message: &str) -> Option<String> {
    let rest = message
        .strip_prefix("missing field `")
        .or_else(|| message.split_once("missing field `").map(|p| p.1))?;
    rest.split('`').next().map(str::to_owned)
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(object) = target else { return };
    for (key, value) in fields {
        match value {
            Value::Null => {
                object.remove(key);
            }
            value => merge(object.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn the_examples_of_rfc_7396_come_out() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut target, patch, expected) in cases {
            merge(&mut target, &patch);
            assert_eq!(target, expected);
        }
    }
}
