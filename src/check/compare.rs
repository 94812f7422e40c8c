//! Two JSON values side by side: what the journal says, and what a table says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Difference, Rows};
use crate::domain::journal::REDACTED;

/// Longer values are cut where they are shown.
const SHOWN: usize = 160;

/// Every row that is missing, extra or different, in order of addresses.
pub fn rows(mut expected: Rows, mut rows: Rows) -> Vec<Difference> {
    let addresses: BTreeSet<String> = expected.keys().chain(rows.keys()).cloned().collect();
    let one = |address: String| {
        let detail = match (expected.remove(&address), rows.remove(&address)) {
            (Some(expected), Some(row)) => {
                let fields = fields(&expected, &row);
                (!fields.is_empty()).then(|| fields.join("; "))
            }
            (Some(expected), None) => {
                Some(format!("the row is missing; the journal says {}", shown(&expected)))
            }
            (None, Some(row)) => {
                Some(format!("the journal knows no such row; the table says {}", shown(&row)))
            }
            (None, None) => None,
        };
        detail.map(|detail| Difference { address, detail })
    };
    addresses.into_iter().filter_map(one).collect()
}

/// What differs between two values, field by field. An absent field is the same as null, and where a text was redacted
/// the table says so.
pub fn fields(journal: &Value, table: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    walk("", journal, table, &mut differences);
    differences
}

fn walk(path: &str, journal: &Value, table: &Value, differences: &mut Vec<String>) {
    if redacted(journal).is_some() {
        if table.as_str() != Some(REDACTED) {
            differences.push(format!(
                "{}: the text is gone from the journal, the table says {}",
                name(path),
                shown(table)
            ));
        }
        return;
    }
    match (journal, table) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let (one, other) = (one.get(key), other.get(key));
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (i, (one, other)) in one.iter().zip(other).enumerate() {
                walk(&format!("{path}[{i}]"), one, other, differences);
            }
        }
        _ if journal == table => {}
        _ => {
            let (journal, table) = (shown(journal), shown(table));
            differences
                .push(format!("{}: the journal says {journal}, the table says {table}", name(path)));
        }
    }
}

fn name(path: &str) -> &str {
    if path.is_empty() { "the whole" } else { path }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

/// The hash that stands where a text was taken out and has been redacted since.
pub fn redacted(value: &Value) -> Option<&str> {
    let place = value.as_object().filter(|fields| fields.len() == 1)?;
    let hash = place.get("sha256")?.as_str()?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some(hash)
}

/// A text field; a redacted one reads as such, since it counts as present; anything else is `''`.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).map(written).unwrap_or_default()
}

/// The text that a value is, or that stood there.
pub fn written(value: &Value) -> &str {
    value.as_str().or_else(|| redacted(value).map(|_| REDACTED)).unwrap_or_default()
}

pub fn number(value: &Value, field: &str) -> Option<i64> {
    value.get(field).and_then(Value::as_i64)
}

/// The elements of a list field; none where it is null or absent.
pub fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The texts of a list field.
pub fn words<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    list(value, field).iter().filter_map(Value::as_str).collect()
}

/// The value with one more field.
pub fn with(mut value: Value, field: &str, more: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(field.to_owned(), more);
    }
    value
}

/// The value with one field fewer.
pub fn without(mut value: Value, field: &str) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(field);
    }
    value
}
