//! Strict JSON reader: duplicate member names are rejected (RFC 8725, section 2.4), and the depth
//! is bounded. RFC 7519, section 4 leaves duplicates to the parser, but with lenient parsers two
//! readers can disagree about the value.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::{self, Read};

/// Parses one JSON object that is the whole text. The maximum depth is 128 (`serde_json`).
///
/// The error describes the defect without repeating the text.
pub(crate) fn parse_strict_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    require_object(serde_json::from_slice(bytes)).map_err(|error| describe_error(error.as_ref()))
}

/// Reads one JSON object and no byte after the object. The error is an input error, or a
/// description like the error of [`parse_strict_object`].
pub(super) fn read_strict_object(
    input: impl Read,
) -> Result<Map<String, Value>, Result<io::Error, String>> {
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    require_object(StrictValue::deserialize(&mut deserializer)).map_err(|error| match error {
        Some(error) if error.is_io() => Ok(error.into()),
        error => Err(describe_error(error.as_ref())),
    })
}

/// Returns the object; the error `None` means valid JSON of another type.
fn require_object(
    result: Result<StrictValue, serde_json::Error>,
) -> Result<Map<String, Value>, Option<serde_json::Error>> {
    match result {
        Ok(StrictValue(Value::Object(map))) => Ok(map),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    }
}

fn describe_error(error: Option<&serde_json::Error>) -> String {
    match error {
        None => "not a JSON object",
        Some(error) if error.is_data() => "ambiguous: duplicate member name",
        Some(_) => "not well-formed JSON",
    }
    .to_owned()
}

struct StrictValue(Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(StrictValue)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(StrictValue(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, StrictValue(value))) = members.next_entry::<String, StrictValue>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_members_are_refused_at_any_depth() {
        assert!(parse_strict_object(br#"{"a":1,"a":1}"#).is_err());
        assert!(parse_strict_object(br#"{"a":{"b":1,"b":2}}"#).is_err());
        assert!(parse_strict_object(br#"{"a":1,"\u0061":2}"#).is_err());
        assert!(parse_strict_object(br#"{"a":[{"b":1},{"b":2}]}"#).is_ok());
    }

    #[test]
    fn json_must_be_one_object() {
        for text in ["[]", "1", "{} {}", "{", "", "{\"a\":1e400}", "\u{feff}{}"] {
            assert!(parse_strict_object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_strict_object("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn member_order_and_numbers_are_kept() {
        let map = parse_strict_object(br#"{"z":1,"a":-2,"m":18446744073709551615}"#).unwrap();
        assert_eq!(Value::Object(map).to_string(), r#"{"z":1,"a":-2,"m":18446744073709551615}"#);
    }
}
