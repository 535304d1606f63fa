//! TOML documents in which each key has its line.

use super::{InvalidLine, escape};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Key of a table, with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TomlEntry {
    pub(crate) key: String,
    /// Line of the key, counted from 1. For a table, the line of its first header or key.
    pub(crate) line: u64,
    pub(crate) value: TomlValue,
}

/// Value of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TomlValue {
    /// Entries of a table, in the order of the document.
    Table(Vec<TomlEntry>),
    /// Any other value as JSON; a time is a string.
    Plain(Value),
}

/// Parses a document. The error does not repeat a value of the document, which may be a password.
pub(crate) fn parse_toml(text: &str) -> Result<Vec<TomlEntry>, InvalidLine> {
    let lines = LineStarts::new(text);
    let table = DeTable::parse(text).map_err(|error| InvalidLine {
        line: lines.line_at(error.span().map_or(0, |span| span.start)),
        reason: format!("not TOML: {}", escape(error.message())),
    })?;
    Ok(to_entries(&lines, table.get_ref()))
}

/// Offsets of the first bytes of all lines.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn new(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    /// Returns the number of the line with this byte.
    fn line_at(&self, offset: usize) -> u64 {
        let line = self.0.partition_point(|start| *start <= offset);
        u64::try_from(line).unwrap_or(u64::MAX)
    }
}

fn to_entries(lines: &LineStarts, table: &DeTable<'_>) -> Vec<TomlEntry> {
    let to_entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| TomlEntry {
        key: key.get_ref().to_string(),
        line: lines.line_at(key.span().start),
        value: if let DeValue::Table(table) = value.get_ref() {
            TomlValue::Table(to_entries(lines, table))
        } else {
            TomlValue::Plain(to_json(value.get_ref()))
        },
    };
    let mut entries: Vec<TomlEntry> = table.iter().map(to_entry).collect();
    entries.sort_by_key(|entry| entry.line);
    entries
}

fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| number.to_string().into(), Value::from),
        DeValue::Float(number) => {
            let float = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            float.map_or_else(|| number.to_string().into(), Value::Number)
        }
        DeValue::Boolean(is_true) => Value::Bool(*is_true),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let to_member = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
                (key.get_ref().to_string(), to_json(value.get_ref()))
            };
            Value::Object(table.iter().map(to_member).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(entries: &[TomlEntry]) -> String {
        let render_entry = |TomlEntry { key, line, value }: &TomlEntry| match value {
            TomlValue::Table(entries) => format!("{line}:{key}[{}]", render(entries)),
            TomlValue::Plain(value) => format!("{line}:{key}={value}"),
        };
        entries.iter().map(render_entry).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn entries_have_lines_and_the_order_of_the_document() {
        let text = "# comment\nb = 1_000\na.c = true\r\n\n[users.\"kim@x.org\"]\nname = '''\n\
                    x'''\nsince = 2030-01-31\n[users.ada]\n[settings]\nx = [1.5, {y = 0xff}]\n";
        let entries = parse_toml(text).unwrap();
        assert_eq!(
            render(&entries),
            "2:b=1000 3:a[3:c=true] 5:users[5:kim@x.org[6:name=\"x\" 8:since=\"2030-01-31\"] \
             9:ada[]] 10:settings[11:x=[1.5,{\"y\":255}]]"
        );
        assert_eq!(parse_toml("").unwrap(), []);
    }

    #[test]
    fn numbers_become_json() {
        let value = |text: &str| match parse_toml(text).unwrap().remove(0).value {
            TomlValue::Plain(value) => value,
            TomlValue::Table(_) => json!("table"),
        };
        assert_eq!(value("x = -7"), json!(-7));
        assert_eq!(value("x = 99999999999999999999"), json!("99999999999999999999"));
        assert_eq!(value("x = nan"), json!("nan"));
    }

    #[test]
    fn syntax_error_has_a_line_and_no_value() {
        for (text, line) in [
            ("a = 1\npassword = \"marker\n", 2),
            ("[a]\nb = 1\nb = \"marker\"\n", 3),
            ("a = 1\n[users.kim\n", 2),
            ("a = marker\n", 1),
        ] {
            let error = parse_toml(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(!error.reason.contains("marker"), "{error}");
        }
    }
}
