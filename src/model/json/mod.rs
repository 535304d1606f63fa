//! JSON parsers with a bounded depth. The strict parser rejects duplicate member names (RFC 7519,
//! section 4) and numbers that [`is_out_of_range`] reports; the lenient parser accepts both. RFC
//! 7519, section 4 also permits a parser that returns the last of several members with the same
//! name. Another parser of the same text could then use a different value.
//!
//! Numbers keep all their digits, because `serde_json` is built with `arbitrary_precision`. Only
//! the notation of an exponent can change: `1E2` becomes `1e+2`.

use super::redact_for_error;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::fmt;
use std::io::{self, Read};

/// Reason why a text is not the expected JSON. Contains no part of the text except the name of a
/// duplicate member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonError {
    defect: JsonDefect,
    /// Description of the defect, without its position.
    detail: String,
    /// Line of the defect, counted from 1; 0 for [`JsonDefect::NotAnObject`].
    line: usize,
    /// Column of the last byte that was parsed, counted from 1; 0 for
    /// [`JsonDefect::NotAnObject`]. For a duplicate member name, this byte is the closing quote of
    /// the name, or whitespace after the quote. If the last byte is a line break, or the text is
    /// empty: 1.
    column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonDefect {
    NotAnObject,
    DuplicateMember,
    Syntax,
}

impl JsonError {
    const NOT_AN_OBJECT: Self =
        Self { defect: JsonDefect::NotAnObject, detail: String::new(), line: 0, column: 0 };

    fn new(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let detail = reword_message(text.strip_suffix(&position).unwrap_or(&text));
        let is_duplicate = detail.starts_with(DUPLICATE_MEMBER);
        let defect = if is_duplicate { JsonDefect::DuplicateMember } else { JsonDefect::Syntax };
        Self { defect, detail, line: error.line(), column: error.column().max(1) }
    }

    /// Returns the kind of the defect, without a position and without any part of the text.
    pub(crate) fn summary(&self) -> &'static str {
        match self.defect {
            JsonDefect::NotAnObject => "not a JSON object",
            JsonDefect::DuplicateMember => "ambiguous: duplicate member name",
            JsonDefect::Syntax => "not well-formed JSON",
        }
    }

    /// Returns the start of the message, before the position and `detail`.
    fn message_start(&self) -> &'static str {
        if self.defect == JsonDefect::DuplicateMember { "ambiguous" } else { self.summary() }
    }

    /// Returns the message without the line number, for a text of one line.
    pub(crate) fn describe_without_line(&self) -> String {
        match self.defect {
            JsonDefect::NotAnObject => self.summary().to_owned(),
            JsonDefect::DuplicateMember | JsonDefect::Syntax => {
                format!("{}: column {}: {}", self.message_start(), self.column, self.detail)
            }
        }
    }

    /// Returns whether the cause of the error may be that a string has no quotes.
    pub(crate) fn may_lack_quotes(&self) -> bool {
        self.defect == JsonDefect::Syntax && !self.detail.starts_with(UNFINISHED)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { defect, detail, line, column } = self;
        match defect {
            JsonDefect::NotAnObject => f.write_str(self.summary()),
            JsonDefect::DuplicateMember | JsonDefect::Syntax => {
                write!(f, "{}: line {line}, column {column}: {detail}", self.message_start())
            }
        }
    }
}

/// Parses one JSON object that is the whole text, with the strict parser. Arrays and objects may be
/// nested to a depth of 127, the limit of `serde_json`.
pub(crate) fn parse_strict_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    require_object(parse_strict_value(bytes)?)
}

/// Parses one JSON value that is the whole text, with the strict parser.
pub(crate) fn parse_strict_value(bytes: &[u8]) -> Result<Value, JsonError> {
    parse(bytes, Strictness::Strict)
}

/// Parses one JSON value that is the whole text, with the lenient parser. Of several members with
/// the same name, the result contains the last member.
pub(crate) fn parse_lenient_value(bytes: &[u8]) -> Result<Value, JsonError> {
    parse(bytes, Strictness::Lenient)
}

/// Reads one JSON object with the strict parser, and no byte after the object. The error is
/// `Ok(error)` if reading the input failed, and `Err(error)` if the JSON is invalid.
pub(super) fn read_strict_object(
    input: impl Read,
) -> Result<Map<String, Value>, Result<io::Error, JsonError>> {
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    let value = Strictness::Strict.deserialize(&mut deserializer).map_err(|error| {
        if error.is_io() { Ok(error.into()) } else { Err(JsonError::new(&error)) }
    })?;
    require_object(value).map_err(Err)
}

/// Rewords a message of `serde_json`, from which the position was removed.
fn reword_message(message: &str) -> String {
    if let Some(unfinished) = message.strip_prefix("EOF while parsing ") {
        return format!("{UNFINISHED}{unfinished}");
    }
    match message {
        "expected value" => "expected a value",
        "expected ident" => "expected `true`, `false` or `null`",
        "recursion limit exceeded" => "nested too deeply",
        "key must be a string" => "expected a member name in double quotes",
        message if message.starts_with("control character") => {
            "line break or control character in a string"
        }
        message => message,
    }
    .to_owned()
}

fn require_object(value: Value) -> Result<Map<String, Value>, JsonError> {
    if let Value::Object(map) = value { Ok(map) } else { Err(JsonError::NOT_AN_OBJECT) }
}

/// Member name that `serde_json` reserves for numbers: `serde_json` passes a number to a visitor as
/// a map whose only member has this name.
pub(crate) const NUMBER_MEMBER: &str = "$serde_json::private::Number";

/// Start of the description of JSON that ends too early.
const UNFINISHED: &str = "the text ends within ";

/// Start of the error about a duplicate member name.
const DUPLICATE_MEMBER: &str = "duplicate member name";

fn parse(bytes: &[u8], strictness: Strictness) -> Result<Value, JsonError> {
    let name = NUMBER_MEMBER.as_bytes();
    // `serde_json` passes `NUMBER_MEMBER` as a borrowed name. From a slice, `serde_json` also
    // borrows the names in the text; from a reader, it does not. `MapKey` can therefore distinguish
    // `NUMBER_MEMBER` from an equal name in the text only if a reader is parsed. All other texts
    // are parsed from a slice, which is faster.
    let contains_name = bytes.contains(&b'$') && bytes.windows(name.len()).any(|part| part == name);
    let result = if contains_name {
        let mut deserializer = serde_json::Deserializer::from_reader(bytes);
        strictness
            .deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value))
    } else {
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        strictness
            .deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value))
    };
    result.map_err(|error| JsonError::new(&error))
}

/// Treatment of duplicate member names, and of numbers that [`is_out_of_range`] reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Both are errors.
    Strict,
    /// The last of several members with the same name is kept; numbers have no limit.
    Lenient,
}

impl<'de> DeserializeSeed<'de> for Strictness {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strictness {
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

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key()? {
            let MapKey::Member(name) = name else {
                let number: Number =
                    members.next_value::<String>()?.parse().map_err(A::Error::custom)?;
                if self == Self::Strict && is_out_of_range(&number) {
                    return Err(A::Error::custom("number out of range"));
                }
                return Ok(Value::Number(number));
            };
            // Checked before the value is parsed, so that the error has the position of the name.
            match map.entry(name) {
                Entry::Occupied(entry) if self == Self::Strict => {
                    let name = redact_for_error(entry.key());
                    return Err(A::Error::custom(format_args!("{DUPLICATE_MEMBER} `{name}`")));
                }
                Entry::Occupied(mut entry) => {
                    entry.insert(members.next_value_seed(self)?);
                }
                Entry::Vacant(entry) => {
                    entry.insert(members.next_value_seed(self)?);
                }
            }
        }
        Ok(Value::Object(map))
    }
}

/// Returns whether a number with a fraction or an exponent exceeds the range of a double. Most
/// parsers use doubles for such numbers (RFC 8259, section 6). Integers of any size are in range.
fn is_out_of_range(number: &Number) -> bool {
    let is_integer = number.as_str().bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
    !is_integer && number.as_f64().is_none_or(|value| !value.is_finite())
}

/// Key of a map: a member name in the text, or [`NUMBER_MEMBER`] from `serde_json`.
enum MapKey {
    Member(String),
    Number,
}

impl<'de> Deserialize<'de> for MapKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapKeyVisitor)
    }
}

struct MapKeyVisitor;

impl<'de> Visitor<'de> for MapKeyVisitor {
    type Value = MapKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<MapKey, E> {
        Ok(MapKey::Member(name.to_owned()))
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<MapKey, E> {
        Ok(if name == NUMBER_MEMBER { MapKey::Number } else { MapKey::Member(name.to_owned()) })
    }
}

#[cfg(test)]
mod tests;
