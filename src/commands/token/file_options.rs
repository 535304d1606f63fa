//! Options of `token mint` for one token in a table of a TOML file. The options are converted to
//! words of a command line, which clap parses.

use super::mint_options::MintOptions;
use crate::model::{
    InvalidLine, InvalidValue, TomlEntry, TomlTable, TomlValue, find_similar, redact_for_error,
};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, Command, FromArgMatches};
use std::error::Error;
use std::slice;

/// Options that are allowed on the command line but not in the TOML file. They select other files
/// or the store, weaken a check, or choose the number of tokens or the variable of a token.
const COMMAND_LINE_ONLY: [&str; 8] =
    ["allow-env", "allow-weak", "count", "env", "from", "out", "store", "token-file"];

/// Error in a table of options: the line with the reason, and a hint, if any.
pub(super) type OptionError = (InvalidLine, Option<String>);

/// Parses the options of a token. `defaults` are the options for all tokens of the file, and `own`
/// are the options for this token. A default is ignored if `own` has the same option or a
/// conflicting option. Returns the options, and the entries of both tables that are not ignored.
pub(super) fn parse_options(
    defaults: &TomlTable,
    own: &TomlTable,
) -> Result<(MintOptions, Vec<TomlEntry>), OptionError> {
    let command = MintOptions::augment_args(Command::new("mint"))
        .no_binary_name(true)
        .disable_help_flag(true);
    for entry in defaults.entries.iter().chain(&own.entries) {
        find_option(&command, entry)?;
    }
    let is_not_ignored = |default: &&TomlEntry| {
        own.entries.iter().all(|entry| !excludes(&command, &entry.key, &default.key))
    };
    let entries: Vec<TomlEntry> =
        defaults.entries.iter().filter(is_not_ignored).chain(&own.entries).cloned().collect();
    let mut words = Vec::new();
    for entry in &entries {
        let option = find_option(&command, entry)?;
        words.extend(to_words(option, entry).map_err(|reason| error_at(entry, &reason, None))?);
    }
    let parsed = command.try_get_matches_from(words);
    let parsed = parsed.and_then(|mut matches| MintOptions::from_arg_matches_mut(&mut matches));
    match parsed {
        Ok(options) => Ok((options, entries)),
        Err(error) => Err(to_option_error(&error, &entries)),
    }
}

/// Returns the error for an entry with a known key.
fn error_at(entry: &TomlEntry, reason: &str, hint: Option<String>) -> OptionError {
    let reason = format!("`{}`: {reason}", redact_for_error(&entry.key));
    (InvalidLine { line: entry.line, reason }, hint)
}

/// Returns the option that the key of `entry` names. Refuses an unknown key and an option that is not
/// allowed in a file.
fn find_option<'a>(command: &'a Command, entry: &TomlEntry) -> Result<&'a Arg, OptionError> {
    let key = entry.key.as_str();
    if COMMAND_LINE_ONLY.contains(&key) {
        return Err(error_at(entry, "not allowed in a file", None));
    }
    command.get_arguments().find(|option| option.get_long() == Some(key)).ok_or_else(|| {
        let names = command.get_arguments().filter_map(Arg::get_long);
        let similar = find_similar(key, names.filter(|name| !COMMAND_LINE_ONLY.contains(name)));
        let reason = format!("unknown key `{}`", redact_for_error(key));
        let hint = similar.map(|name| format!("use `{name}`"));
        (InvalidLine { line: entry.line, reason }, hint)
    })
}

/// Returns whether two options exclude each other, because `key` and `other` name the same option or
/// conflicting options.
fn excludes(command: &Command, key: &str, other: &str) -> bool {
    let conflicts_with = |key: &str, other: &str| {
        let option = command.get_arguments().find(|option| option.get_long() == Some(key));
        let conflicts = option.map(|option| command.get_arg_conflicts_with(option));
        conflicts.unwrap_or_default().iter().any(|option| option.get_long() == Some(other))
    };
    key == other || conflicts_with(key, other) || conflicts_with(other, key)
}

/// Returns the command-line words for `option` with the value of `entry`, or the reason why the value
/// is invalid.
fn to_words(option: &Arg, entry: &TomlEntry) -> Result<Vec<String>, String> {
    let key = &entry.key;
    if !option.get_action().takes_values() {
        let TomlValue::Boolean(is_set) = entry.value else {
            return Err(type_mismatch(&entry.value, "a boolean"));
        };
        return Ok(is_set.then(|| format!("--{key}")).into_iter().collect());
    }
    let value_name = option.get_value_names().and_then(|names| names.first());
    let texts = match &entry.value {
        TomlValue::Table(table) => {
            table_to_texts(table, value_name.map_or("", |name| name.as_str()))?
        }
        TomlValue::Array(items) if matches!(option.get_action(), ArgAction::Append) => {
            items.iter().map(to_text).collect::<Result<_, _>>()?
        }
        TomlValue::Boolean(_) => return Err(type_mismatch(&entry.value, "text")),
        TomlValue::Array(_)
        | TomlValue::Text(_)
        | TomlValue::Integer(_)
        | TomlValue::Float(_)
        | TomlValue::Time(_) => vec![to_text(&entry.value)?],
    };
    Ok(texts.into_iter().map(|text| format!("--{key}={text}")).collect())
}

/// Converts a table to the values of an option. `value_name` is the placeholder for the value in
/// the help of the option. For `JSON|FILE`, the only value is the whole table as JSON. For
/// `NAME=JSON`, each member of the table becomes a value. For `NAME=VALUE`, each member becomes a
/// value too, but a member that is an array becomes one value for each item. For other options, a
/// table is refused.
fn table_to_texts(table: &TomlTable, value_name: &str) -> Result<Vec<String>, String> {
    let to_json = |value: &TomlValue| {
        value
            .to_json()
            .map(|json| json.to_string())
            .ok_or("number found that JSON cannot represent")
    };
    let mut texts = Vec::new();
    match value_name {
        "NAME=VALUE" => {
            for TomlEntry { key, value, .. } in &table.entries {
                let items = if let TomlValue::Array(items) = value {
                    items.as_slice()
                } else {
                    slice::from_ref(value)
                };
                for item in items {
                    texts.push(format!("{key}={}", to_text(item)?));
                }
            }
        }
        "NAME=JSON" => {
            for TomlEntry { key, value, .. } in &table.entries {
                texts.push(format!("{key}={}", to_json(value)?));
            }
        }
        "JSON|FILE" => texts.push(to_json(&TomlValue::Table(table.clone()))?),
        _ => return Err("table found, expected text".to_owned()),
    }
    Ok(texts)
}

/// Returns the text of a value. Refuses an array or table.
fn to_text(value: &TomlValue) -> Result<String, String> {
    match value {
        TomlValue::Text(text) | TomlValue::Float(text) | TomlValue::Time(text) => Ok(text.clone()),
        TomlValue::Integer(number) => Ok(number.to_string()),
        TomlValue::Boolean(value) => Ok(value.to_string()),
        TomlValue::Array(_) | TomlValue::Table(_) => Err(type_mismatch(value, "text")),
    }
}

fn type_mismatch(found: &TomlValue, expected: &str) -> String {
    format!("{} found, expected {expected}", found.type_name())
}

/// Converts an error of clap. The reason in the result does not contain the value of an option,
/// because the value may be a misplaced secret.
fn to_option_error(error: &clap::Error, entries: &[TomlEntry]) -> OptionError {
    let flags = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => flags_in(text),
        Some(ContextValue::Strings(texts)) => {
            texts.iter().flat_map(|text| flags_in(text)).collect()
        }
        _ => Vec::new(),
    };
    let find_entry = |flag: &String| entries.iter().find(|entry| entry.key == *flag);
    let invalid_flags = flags(ContextKind::InvalidArg);
    let Some(entry) = invalid_flags.iter().find_map(find_entry) else {
        let line = entries.last().map_or(0, |entry| entry.line);
        let reason = format!("missing key: `{}`", invalid_flags.join("` or `"));
        return (InvalidLine { line, reason }, None);
    };
    if error.kind() == ErrorKind::ArgumentConflict {
        let conflicts = flags(ContextKind::PriorArg).into_iter();
        let conflicts: Vec<String> = conflicts.filter(|flag| find_entry(flag).is_some()).collect();
        return error_at(entry, &format!("not allowed with `{}`", conflicts.join("` and `")), None);
    }
    let source = error.source();
    let hint = source.and_then(|source| source.downcast_ref::<InvalidValue>()?.hint.clone());
    let reason = match (source, error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(ContextValue::Strings(values))) => format!("expected {}", values.join(", ")),
        _ => "invalid value".to_owned(),
    };
    error_at(entry, &reason, hint)
}

/// Returns the names of the long flags in a text of clap, without `--`: `secret-env` and `key-file` for
/// the text `<--secret-env <NAME>|--key-file <FILE>>`.
fn flags_in(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words = text.split(|c| !is_word(c));
    words.filter_map(|word| word.strip_prefix("--").map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_table(text: &str) -> TomlTable {
        TomlTable::parse(text.as_bytes()).unwrap()
    }

    /// Returns the error for the options of a token, with the hint after a semicolon.
    fn error_of_options(own: &str) -> String {
        let (invalid_line, hint) = parse_options(&parse_table(""), &parse_table(own)).unwrap_err();
        hint.map_or(invalid_line.to_string(), |hint| format!("{invalid_line}; {hint}"))
    }

    fn describe_options(defaults: &str, own: &str) -> String {
        format!("{:?}", parse_options(&parse_table(defaults), &parse_table(own)).unwrap().0)
    }

    #[test]
    fn every_mint_option_has_a_long_flag_as_key() {
        let command = MintOptions::augment_args(Command::new("mint"));
        for option in command.get_arguments() {
            assert!(option.get_long().is_some(), "{option}");
        }
    }

    #[test]
    fn toml_values_are_parsed_like_command_line_words() {
        let toml = "sub = 7\naud = ['a', 'b']\nno-jti = true\nno-iat = false\n\
                    claim = { email = 'a@b.c' }\nclaim-json = { roles = ['x'], n = 1.5 }\n\
                    expires-at = 2030-01-01\n";
        let words = "--sub=7 --aud=a --aud=b --no-jti --claim=email=a@b.c --claim-json=roles=[\"x\"] \
                     --claim-json=n=1.5 --expires-at=2030-01-01";
        let command = MintOptions::augment_args(Command::new("mint")).no_binary_name(true);
        let matches = command.get_matches_from(words.split_whitespace());
        let expected = format!("{:?}", MintOptions::from_arg_matches(&matches).unwrap());
        assert_eq!(describe_options("", toml), expected);
        let inline = describe_options("", "claims = { roles = ['x'], team.id = 7 }");
        assert!(inline.contains(r#"{\"roles\":[\"x\"],\"team\":{\"id\":7}}"#), "{inline}");
    }

    #[test]
    fn option_of_a_token_replaces_only_the_same_and_conflicting_defaults() {
        let defaults = "ttl = '10m'\nsub = 'a'\nsecret-env = 'S'\nrecord = true";
        let own = "expires-at = '-1h'\nsub = 'b'\nkey-file = 'k'\ndefect = 'expired'";
        assert_eq!(describe_options(defaults, own), describe_options("", own));
        let both = describe_options("secret-env = 'S'\nalg = 'HS256'", "sub = 'b'");
        assert_eq!(both, describe_options("", "secret-env = 'S'\nalg = 'HS256'\nsub = 'b'"));
    }

    #[test]
    fn invalid_option_is_refused_with_line_and_reason_without_its_value() {
        for (own, expected) in [
            ("\nsubb = 'x'", "line 2: unknown key `subb`; use `sub`"),
            ("no-jti = 'x'", "line 1: `no-jti`: text found, expected a boolean"),
            ("sub = true", "line 1: `sub`: boolean found, expected text"),
            ("sub = ['x']", "line 1: `sub`: array found, expected text"),
            ("sub = { x = 1 }", "line 1: `sub`: table found, expected text"),
            ("aud = [['x']]", "line 1: `aud`: array found, expected text"),
            ("claim = { x = { y = 1 } }", "line 1: `claim`: table found, expected text"),
            ("claims = { x = inf }", "line 1: `claims`: number found that JSON cannot represent"),
            ("set = { x = 1 }", "line 1: missing key: `preset`"),
            ("kid = 'x'", "line 1: missing key: `secret-env` or `key-file`"),
            ("sub = 'x'\nkid = 'x'", "line 2: missing key: `secret-env` or `key-file`"),
            (
                "secret-env = 'S'\nkey-file = 'f'",
                "line 1: `secret-env`: not allowed with `key-file`",
            ),
            ("ttl = '1h'\nexpires-at = '+1h'", "line 1: `ttl`: not allowed with `expires-at`"),
            ("record = true\ndefect = 'expired'", "line 1: `record`: not allowed with `defect`"),
        ] {
            assert_eq!(error_of_options(own), expected, "{own}");
        }
        for key in COMMAND_LINE_ONLY {
            let expected = format!("line 1: `{key}`: not allowed in a file");
            assert_eq!(error_of_options(&format!("{key} = true")), expected);
        }
        let ttl = error_of_options("ttl = 'c2VjcmV0LXZhbHVl'");
        assert!(ttl.starts_with("line 1: `ttl`: duration: ") && !ttl.contains("c2Vj"), "{ttl}");
        let defect = error_of_options("defect = 'expird'");
        assert!(defect.starts_with("line 1: `defect`: expected expired, "), "{defect}");
    }
}
