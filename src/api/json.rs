//! Bodies and queries, read strictly: the first fault of shape is a 400 that names its place.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
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
    serde_json::from_slice::<crate::domain::json::Unique>(bytes).map(|unique| unique.0).map_err(syntax)
}

/// Reads a value as the type it must have.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|fault| {
        let pointer = pointer(fault.path());
        shape(pointer, &fault.into_inner().to_string())
    })
}

/// Reads a query: each parameter known, and there at most once.
pub fn query<T: DeserializeOwned>(query: &str) -> Result<T, Failure> {
    let mut fields = serde_json::Map::new();
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

/// A value whose arrays are never taken for objects: serde's derived types would read an array as their
/// fields in order.
struct Strict(Value);

impl<'de> Deserializer<'de> for Strict {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Strict));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(fields) => {
                let mut fields = MapDeserializer::new(fields.into_iter().map(|(key, value)| (key, Strict(value))));
                let value = visitor.visit_map(&mut fields)?;
                fields.end()?;
                Ok(value)
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &"an object")),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Strict {
    type Deserializer = Strict;

    fn into_deserializer(self) -> Strict {
        self
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", pointer_step(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
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
