//! JSON that can be read in one way only.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

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

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        serde_json::from_str::<Unique>(text).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_duplicate_key_is_refused_at_any_depth_and_its_place_named() {
        assert!(fault(r#"{"a":1,"a":2}"#).starts_with("duplicate key at /a"));
        assert!(fault(r#"{"a":[{"b/c":{"x":1,"\u0078":2}}]}"#).starts_with("duplicate key at /a/0/b~1c/x"));
        assert_eq!(fault(r#"{"a":{"b":1},"b":1}"#), "");
    }

    #[test]
    fn nesting_without_end_is_refused_before_the_stack_ends() {
        assert!(fault(&"[".repeat(10_000)).contains("recursion limit"));
    }
}
