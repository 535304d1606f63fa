//! TOML documents, with the line number of each key.

use super::{InvalidLine, normalize_encoding};
use memchr::memchr_iter;
use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Table of a TOML document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TomlTable {
    /// Entries in the order of the document.
    pub(crate) entries: Vec<TomlEntry>,
}

/// Key of a table, with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TomlEntry {
    /// Key. A dotted key such as `a.b` is an entry `a` with a table as its value.
    pub(crate) key: String,
    /// Line number of the key, counted from 1.
    pub(crate) line: u64,
    /// Value of the key.
    pub(crate) value: TomlValue,
}

/// Value in a TOML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TomlValue {
    Text(String),
    Integer(i64),
    /// Floating-point number as text, with the digits of the document.
    Float(String),
    Boolean(bool),
    /// Date, time, or both (RFC 3339).
    Time(String),
    Array(Vec<Self>),
    Table(TomlTable),
}

impl TomlTable {
    /// Parses a document. Refuses a table header, a dotted key or a value with more than 80 levels,
    /// each counted on its own.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, InvalidLine> {
        let bytes = normalize_encoding(document);
        let lines = LineIndex::new(&bytes);
        let text = str::from_utf8(&bytes)
            .map_err(|error| lines.error_at(error.valid_up_to(), "text is not UTF-8"))?;
        let root = DeTable::parse(text).map_err(|error| {
            lines.error_at(error.span().map_or(0, |span| span.start), error.message())
        })?;
        lines.convert_table(root.into_inner())
    }
}

impl TomlValue {
    /// Returns the name of the type, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "integer",
            Self::Float(_) => "float",
            Self::Boolean(_) => "boolean",
            Self::Time(_) => "time",
            Self::Array(_) => "array",
            Self::Table(_) => "table",
        }
    }

    /// Returns the value as JSON, in which a time is a string. Returns `None` if the value is or
    /// contains `inf`, `nan`, or a number beyond the range of a double.
    pub(crate) fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Text(text) | Self::Time(text) => Value::from(text.as_str()),
            Self::Integer(number) => Value::from(*number),
            Self::Float(text) => Value::Number(Number::from_f64(text.parse().ok()?)?),
            Self::Boolean(value) => Value::from(*value),
            Self::Array(items) => items.iter().map(Self::to_json).collect::<Option<_>>()?,
            Self::Table(table) => {
                let members = table.entries.iter();
                let members =
                    members.map(|entry| Some((entry.key.clone(), entry.value.to_json()?)));
                Value::Object(members.collect::<Option<Map<_, _>>>()?)
            }
        })
    }
}

/// Offsets of the line breaks of a document, for the line numbers of keys and errors.
struct LineIndex(Vec<usize>);

impl LineIndex {
    fn new(document: &[u8]) -> Self {
        Self(memchr_iter(b'\n', document).collect())
    }

    /// Returns the number of the line with the byte at `offset`, counted from 1.
    fn line_at(&self, offset: usize) -> u64 {
        let index = self.0.partition_point(|line_break| *line_break < offset);
        u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn error_at(&self, offset: usize, reason: &str) -> InvalidLine {
        InvalidLine { line: self.line_at(offset), reason: reason.to_owned() }
    }

    fn convert_table(&self, table: DeTable<'_>) -> Result<TomlTable, InvalidLine> {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| {
            let line = self.line_at(key.span().start);
            let value = self.convert_value(value)?;
            Ok(TomlEntry { key: key.into_inner().into_owned(), line, value })
        });
        Ok(TomlTable { entries: entries.collect::<Result<_, _>>()? })
    }

    fn convert_value(&self, value: Spanned<DeValue<'_>>) -> Result<TomlValue, InvalidLine> {
        let offset = value.span().start;
        Ok(match value.into_inner() {
            DeValue::String(text) => TomlValue::Text(text.into_owned()),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                TomlValue::Integer(
                    parsed.map_err(|_| self.error_at(offset, "integer out of range"))?,
                )
            }
            DeValue::Float(number) => TomlValue::Float(number.as_str().to_owned()),
            DeValue::Boolean(value) => TomlValue::Boolean(value),
            DeValue::Datetime(time) => TomlValue::Time(time.to_string()),
            DeValue::Array(items) => {
                let items = items.into_iter().map(|item| self.convert_value(item));
                TomlValue::Array(items.collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => TomlValue::Table(self.convert_table(table)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(text: &str) -> Result<TomlTable, InvalidLine> {
        TomlTable::parse(text.as_bytes())
    }

    #[test]
    fn entries_keep_document_order_and_line_numbers() {
        let text = "z = 1_000\r\n\r\n[b.c]\r\nx = [\n  'é',\n]\n[a]\n\"k y\" = 0x1F\n";
        let table = parse(&format!("\u{feff}{text}")).unwrap();
        let json = TomlValue::Table(table.clone()).to_json().unwrap();
        assert_eq!(json.to_string(), r#"{"z":1000,"b":{"c":{"x":["é"]}},"a":{"k y":31}}"#);
        let lines: Vec<_> =
            table.entries.iter().map(|entry| (entry.key.as_str(), entry.line)).collect();
        assert_eq!(lines, [("z", 1), ("b", 3), ("a", 7)]);
        let TomlValue::Table(last) = &table.entries[2].value else { panic!("{table:?}") };
        assert_eq!(last.entries[0].line, 8);
    }

    #[test]
    fn toml_values_except_inf_and_nan_convert_to_json() {
        let text = "t = 2030-01-31T12:00:00Z\nf = 1.5\nb = true\ns = ''\na = [[1], {x = 'y'}]";
        let json = TomlValue::Table(parse(text).unwrap()).to_json();
        let expected = json!({
            "t": "2030-01-31T12:00:00Z", "f": 1.5, "b": true, "s": "", "a": [[1], {"x": "y"}],
        });
        assert_eq!(json, Some(expected));
        assert_eq!(TomlValue::Table(parse("x = [nan]").unwrap()).to_json(), None);
        assert_eq!(TomlValue::Table(parse("x = inf").unwrap()).to_json(), None);
    }

    #[test]
    fn invalid_document_is_refused_with_line_number() {
        let nested = format!("\nx = {}{}", "[".repeat(9_000), "]".repeat(9_000));
        let dotted = format!("{}x = 1", "a.".repeat(9_000));
        for (text, line) in [
            ("a = 1\nb = \n", 2),
            ("a = 1\n\na = 2\n", 3),
            ("[x]\n[y]\n[x]\n", 3),
            ("\na = 9223372036854775808", 2),
            (&nested, 2),
            (&dotted, 1),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:.20}");
        }
        let error = TomlTable::parse(b"a = 1\nb = '\xff'\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: text is not UTF-8");
    }
}
