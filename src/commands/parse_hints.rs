//! Hints for errors of the command-line parser.

use super::cli::command;
use crate::model::{InvalidValue, quote_shell_word, redact_for_error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::ffi::OsString;

/// Returns the flag of an argument: `--wait` of `--wait <DURATION>`.
pub(super) fn flag_name(argument: &str) -> &str {
    argument.split(' ').next().unwrap_or_default()
}

/// Returns the words that clap attached to an error.
pub(super) fn values(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        _ => Vec::new(),
    }
}

/// Flags that name a file or variable with a secret. A user may pass the secret itself by mistake.
pub(super) const SECRET_FLAGS: [&str; 9] = [
    "--key",
    "--key-file",
    "--password-file",
    "--token-file",
    "--jwks",
    "--from-file",
    "--from-env",
    "--secret-env",
    "--env",
];

/// Returns the hint of the value error, or else the usage of the command.
pub(super) fn hint(error: &clap::Error, argv: &[OsString]) -> String {
    let invalid = error.source().and_then(|source| source.downcast_ref::<InvalidValue>());
    if let Some(hint) = invalid.and_then(|invalid| invalid.hint.clone()) {
        return hint;
    }
    if let Some(hint) = hyphen_value_hint(error, argv) {
        return hint;
    }
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage_hint(&usage.to_string()),
        _ => format!("see `{} --help`", command_path(argv)),
    }
}

/// Returns the hint for a value that starts with `-` and is not a secret, or for an option that took
/// the next option as its value.
fn hyphen_value_hint(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    let argument = values(error, ContextKind::InvalidArg).concat();
    let is_missing_value = error.kind() == ErrorKind::InvalidValue
        && values(error, ContextKind::InvalidValue).concat().is_empty();
    if error.kind() != ErrorKind::UnknownArgument && !is_missing_value {
        return None;
    }
    let root = command();
    let innermost = innermost_command(&root, argv);
    argv.windows(2).find_map(|pair| {
        let (flag, value) = (pair.first()?.to_str()?, pair.last()?.to_str()?);
        let option = innermost.get_arguments().find(|option| {
            option.get_action().takes_values()
                && flag.strip_prefix("--").is_some_and(|name| option.get_long() == Some(name))
        })?;
        if option.is_allow_hyphen_values_set() && value.starts_with("--") {
            return Some(format!("add the value of `{flag}`"));
        }
        let is_value = if is_missing_value {
            flag == flag_name(&argument) && value.starts_with('-')
        } else {
            argument.starts_with('-') && value.starts_with(&argument)
        };
        let word = quote_shell_word(&redact_for_error(value));
        let is_secret = SECRET_FLAGS.contains(&flag);
        (is_value && !is_secret).then(|| format!("use `{flag}={word}` for this value"))
    })
}

/// Returns the first line of a usage text as a hint.
fn usage_hint(usage: &str) -> String {
    let line = usage.lines().next().unwrap_or_default();
    format!("usage: {}", line.trim_start_matches("Usage: "))
}

/// Returns the longest command path in `argv`: `jeton token create`.
pub(super) fn command_path(argv: &[OsString]) -> String {
    let root = command();
    let mut path = "jeton".to_owned();
    visit_commands(&root, argv, |command| path = format!("{path} {}", command.get_name()));
    path
}

/// Returns the innermost command that `argv` names.
fn innermost_command<'a>(root: &'a clap::Command, argv: &[OsString]) -> &'a clap::Command {
    visit_commands(root, argv, |_| {})
}

/// Calls `visit` for each command that `argv` names, and returns the innermost command.
fn visit_commands<'a>(
    root: &'a clap::Command,
    argv: &[OsString],
    mut visit: impl FnMut(&clap::Command),
) -> &'a clap::Command {
    let mut innermost = root;
    for word in argv.iter().skip(1) {
        if let Some(subcommand) = innermost.find_subcommand(word) {
            visit(subcommand);
            innermost = subcommand;
        }
    }
    innermost
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `check` with each option that takes a value, and with its command.
    fn for_each_option(
        command: &clap::Command,
        check: &mut impl FnMut(&clap::Command, &clap::Arg),
    ) {
        for argument in command.get_arguments() {
            if argument.get_long().is_some() && argument.get_action().takes_values() {
                check(command, argument);
            }
        }
        command.get_subcommands().for_each(|subcommand| for_each_option(subcommand, check));
    }

    fn built_command() -> clap::Command {
        let mut root = command();
        root.build();
        root
    }

    #[test]
    fn option_with_number_or_time_accepts_leading_hyphen() {
        let mut count = 0;
        for_each_option(&built_command(), &mut |command, option| {
            let value_name = option.get_value_names().unwrap_or_default().first().cloned();
            if matches!(value_name.as_deref(), Some("TIME" | "DURATION" | "N" | "ID")) {
                count += 1;
                assert!(option.is_allow_hyphen_values_set(), "{command} {option}");
            }
        });
        assert!(count > 20, "{count}");
    }

    #[test]
    fn value_error_has_no_wording_of_the_standard_library() {
        let mut count = 0;
        for_each_option(&built_command(), &mut |command, option| {
            for value in ["x", "-1", "1.5", "99999999999999999999999", "é", "a,b", "="] {
                let argument = format!("--{}={value}", option.get_long().unwrap());
                let words = [command.get_name(), &argument];
                let Err(error) = command.clone().try_get_matches_from(words) else { continue };
                let Some(source) = error.source() else { continue };
                let message = source.to_string();
                count += 1;
                for wording in ["invalid digit", "..=", "integer", "string", "provided"] {
                    assert!(!message.contains(wording), "{words:?}: {message}");
                }
            }
        });
        assert!(count > 100, "{count}");
    }
}
