//! Bodies and queries, read strictly: the first fault of shape is a 400 that names its place.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::Failure;
use crate::domain::checks::shown;
use crate::domain::text::pointer_step;

/// Reads a body: JSON syntax, no key twice at any depth, no unknown key, the right types.
pub fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    typed(value(bytes)?)
}

/// Reads a body's syntax only, refusing duplicate keys.
pub fn value(bytes: &[u8]) -> Result<Value, Failure> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::malformed(
            "body-missing",
            "Anmodningen mangler sit JSON-indhold.",
            "The request lacks its JSON body.",
        ));
    }
    serde_json::from_slice::<crate::domain::json::Unique>(bytes)
        .map(|unique| unique.0)
        .map_err(syntax)
}

/// Reads a value as the type it must have.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    crate::domain::json::typed(value).map_err(|misfit| shape(misfit.pointer, &misfit.message))
}

/// Reads a query: each parameter known, there at most once, and UTF-8 behind its percent signs. Those
/// `besides` are known as well, and are read elsewhere.
pub fn query<T: DeserializeOwned>(query: &str, besides: &[&str]) -> Result<T, Failure> {
    let mut fields = serde_json::Map::new();
    if let Some(pair) = query.split('&').find(|pair| !is_encoded(pair)) {
        let name = shown(pair.split('=').next().unwrap_or_default());
        return Err(Failure::malformed_at(
            format!("?{name}"),
            "bad-encoding",
            "Parameteren er ikke procentkodet UTF-8.",
            "The parameter is not percent-encoded UTF-8.",
        ));
    }
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if fields.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            let name = shown(&name);
            return Err(Failure::malformed_at(
                format!("?{name}"),
                "repeated-parameter",
                format!("Parameteren »{name}« står der mere end én gang."),
                format!("The parameter \"{name}\" stands there more than once."),
            ));
        }
    }
    fields.retain(|name, _| !besides.contains(&name.as_str()));
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|fault| {
        let message = fault.into_inner().to_string();
        let name = shown(&quoted(&message).unwrap_or_default());
        Failure::malformed_at(
            format!("?{name}"),
            "unknown-parameter",
            format!("Adressen kender ikke parameteren »{name}«."),
            format!("The address does not know the parameter \"{name}\"."),
        )
    })
}

/// Whether two hexadecimal digits follow each percent sign, and all of it is UTF-8.
fn is_encoded(text: &str) -> bool {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return false };
        decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    String::from_utf8(decoded).is_ok()
}

/// serde says in English what is off; its sentence decides the code, and the English detail.
fn shape(pointer: String, message: &str) -> Failure {
    let name = quoted(message).unwrap_or_default();
    let shown_name = shown(&name);
    if message.starts_with("unknown field") {
        let own = pointer.rsplit('/').next().is_some_and(|last| last == pointer_step(&name));
        let pointer = if own { pointer } else { format!("{pointer}/{}", pointer_step(&shown_name)) };
        return Failure::malformed_at(
            pointer,
            "unknown-field",
            format!("Feltet »{shown_name}« kendes ikke her."),
            format!("The field \"{shown_name}\" is not known here."),
        );
    }
    if message.starts_with("missing field") {
        return Failure::malformed_at(
            format!("{pointer}/{}", pointer_step(&name)),
            "missing-field",
            format!("Feltet »{shown_name}« mangler."),
            format!("The field \"{shown_name}\" is missing."),
        );
    }
    Failure::malformed_at(
        pointer,
        "wrong-type",
        "Værdien har en forkert JSON-type.",
        format!("The value has the wrong JSON type: {}.", shown(message)),
    )
}

fn quoted(message: &str) -> Option<String> {
    message.split('`').nth(1).map(str::to_owned)
}

fn syntax(error: serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    if let Some(pointer) = message.strip_prefix("duplicate key at ") {
        let pointer = pointer.rsplit_once(" at line ").map_or(pointer, |(pointer, _)| pointer);
        let pointer = pointer.strip_suffix('.').unwrap_or(pointer);
        return Failure::malformed_at(
            shown(pointer),
            "duplicate-key",
            "En nøgle står der to gange.",
            format!("A key stands there twice (line {line}, column {column})."),
        );
    }
    Failure::malformed_at(
        "",
        "bad-json",
        format!("Indholdet er ikke gyldig JSON (linje {line}, tegn {column})."),
        format!("The body is not valid JSON (line {line}, column {column}): {}", shown(&message)),
    )
}
