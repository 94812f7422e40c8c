//! JSON that can be read in one way only.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::{Map, Number, Value};
use serde_path_to_error::Segment;

use super::text::pointer_step;

/// A JSON value without duplicate keys. `Value` itself silently keeps the last of them.
pub struct Unique(pub Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        let place = Place { above: None, step: "" };
        de::DeserializeSeed::deserialize(Seed(&place), deserializer).map(Unique)
    }
}

/// Where in the document reading has come to, kept on the stack so that good input costs nothing.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: &'a str,
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self.above {
            None => String::new(),
            Some(above) => format!("{}/{}", above.pointer(), pointer_step(self.step)),
        }
    }
}

struct Seed<'a>(&'a Place<'a>);

impl<'de> de::DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("JSON without duplicate keys")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    /// Minus nought is nought: PostgreSQL does not keep its sign.
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value + 0.0).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let step = array.len().to_string();
            let place = Place { above: Some(self.0), step: &step };
            match items.next_element_seed(Seed(&place))? {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let place = Place { above: Some(self.0), step: &key };
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate key at {}", place.pointer())));
            }
            let value = entries.next_value_seed(Seed(&place))?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// What keeps a value from being of a type: where, and serde's sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    pub message: String,
}

/// Reads a value as a type. An array is no object: serde by itself takes `["a", "b"]` for a struct of two
/// fields.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(ByName(value)).map_err(|fault| Misfit {
        pointer: pointer(fault.path()),
        message: fault.into_inner().to_string(),
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
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

/// A value whose structs are read from objects only.
struct ByName(Value);

impl<'de> Deserializer<'de> for ByName {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(ByName));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, value)| (key, ByName(value)));
                let mut fields = MapDeserializer::new(fields);
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"an object")),
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
        _: &'static str,
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
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

impl IntoDeserializer<'_, serde_json::Error> for ByName {
    type Deserializer = ByName;

    fn into_deserializer(self) -> ByName {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_no_object_at_any_depth() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "read for its shape")]
        struct Pair {
            left: String,
            right: Option<Box<Pair>>,
        }
        let fault = |value: Value| typed::<Pair>(value).err().map(|misfit| misfit.pointer);
        assert_eq!(fault(serde_json::json!({"left": "a", "right": {"left": "b"}})), None);
        assert_eq!(fault(serde_json::json!(["a", null])), Some(String::new()));
        assert_eq!(
            fault(serde_json::json!({"left": "a", "right": ["b", null]})),
            Some("/right".to_owned())
        );
    }

    fn fault(text: &str) -> String {
        serde_json::from_str::<Unique>(text)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_duplicate_key_is_refused_at_any_depth_and_its_place_named() {
        assert!(fault(r#"{"a":1,"a":2}"#).starts_with("duplicate key at /a"));
        assert!(
            fault(r#"{"a":[{"b/c":{"x":1,"\u0078":2}}]}"#).starts_with("duplicate key at /a/0/b~1c/x")
        );
        assert_eq!(fault(r#"{"a":{"b":1},"b":1}"#), "");
    }

    #[test]
    fn nesting_without_end_is_refused_before_the_stack_ends() {
        assert!(fault(&"[".repeat(10_000)).contains("recursion limit"));
    }
}
