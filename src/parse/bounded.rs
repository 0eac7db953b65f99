//! JSON values with a limit on how many are built, because a tree of values takes many times the bytes of its text. Values beyond
//! the limit are skipped, not built; broken JSON among them is still an error.

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Maximum number of values built for one item, or for a document without its items. A real item has 10 to 50.
const VALUES: usize = 5_000;

/// Maximum nesting that is built: an item, its attachments, one attachment, its members.
const DEPTH: usize = 5;

/// Reads one JSON value. Also returns whether it stayed within the limit of values.
///
/// # Errors
/// When the text is not JSON.
pub(super) fn read(text: &str) -> serde_json::Result<(Value, bool)> {
    read_with(text, false)
}

/// Does the same as [`read`], and fails if an object has a key twice.
///
/// # Errors
/// When the text is not JSON, or a key occurs twice.
pub(super) fn read_unique(text: &str) -> serde_json::Result<(Value, bool)> {
    read_with(text, true)
}

fn read_with(text: &str, is_unique: bool) -> serde_json::Result<(Value, bool)> {
    let left = Cell::new(VALUES);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed { left: &left, is_unique, depth: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, left.get() > 0))
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    /// Values that may still be built.
    left: &'a Cell<usize>,
    /// Whether a key that occurs twice is an error.
    is_unique: bool,
    depth: usize,
}

impl Seed<'_> {
    /// Counts one more value and returns whether it may be built. What a value beyond [`DEPTH`] contains is not counted, because
    /// nothing would read it.
    fn takes_one(self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    fn inside(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > DEPTH {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Value::Null);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            if !self.takes_one() {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Value::Array(values));
            }
            let Some(value) = list.next_element_seed(self.inside())? else { return Ok(Value::Array(values)) };
            values.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        loop {
            if !self.takes_one() {
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(Value::Object(values));
            }
            let Some(key) = object.next_key::<String>()? else { return Ok(Value::Object(values)) };
            if self.is_unique && values.contains_key(&key) {
                return Err(A::Error::custom("a key occurs twice"));
            }
            let value = object.next_value_seed(self.inside())?;
            values.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_small_is_read_as_it_is() {
        let text = r#"{"a": [1, -2, 1.5, true, null, "x\n"], "b": {"c": {"d": []}}, "a2": "é"}"#;
        assert_eq!(read(text).unwrap(), (serde_json::from_str(text).unwrap(), true));
        for text in ["", "{", "[1", "1 2", "{\"a\" 1}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_beyond_the_bound_is_not_built() {
        let (value, whole) = read(&format!("{{\"a\":[{}1],\"b\":2}}", "1,".repeat(VALUES))).unwrap();
        assert!(!whole);
        assert!(value["a"].as_array().unwrap().len() <= VALUES);
        assert_eq!(value.get("b"), None);
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(read(&deep).unwrap().0, json!([[[[[[null]]]]]]));
    }
}
