//! Hints for errors of the command-line parser.

use super::cli::command;
use super::parse_context::{
    command_path, context_values, find_option, flag_name, innermost_command, own_words,
};
use super::parse_suggestions::{command_hint, option_hint};
use super::variables::omit_options_set_by_variables;
use crate::model::{InvalidValue, find_similar, quote_shell_word, redact_for_error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::ffi::OsString;

/// Flags for the name of a file or of a variable. `--key` takes the name of a file in `token verify`,
/// and a key id in other commands. A user may pass a secret in place of the name or key id by
/// mistake.
pub(super) const MISPLACED_SECRET_FLAGS: [&str; 10] = [
    "--allow-env",
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

/// Returns the hint for an error: the hint of the invalid value, or else a hint for the kind of
/// error, or else the usage of the command.
pub(super) fn hint_for_error(error: &clap::Error, argv: &[OsString]) -> String {
    let invalid = error.source().and_then(|source| source.downcast_ref::<InvalidValue>());
    if let Some(hint) = invalid.and_then(|invalid| invalid.hint.clone()) {
        return hint;
    }
    let specific = conflict_hint(error, argv)
        .or_else(|| hyphen_value_hint(error, argv))
        .or_else(|| extra_word_hint(error, argv))
        .or_else(|| suggestion(error, argv));
    if let Some(hint) = specific {
        return hint;
    }
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            usage_hint(&omit_options_set_by_variables(&usage.to_string(), argv))
        }
        _ => format!("see `{} --help`", command_path(argv)),
    }
}

/// Returns the arguments with which the invalid argument conflicts. The error may name all
/// arguments of an argument group: this function returns only the arguments whose flags are in
/// `argv`. If `argv` has none of the flags, the conflict is with a positional argument or with an
/// option that is given by its short flag. The function then returns all arguments that the error
/// names.
pub(super) fn given_conflicts(error: &clap::Error, argv: &[OsString]) -> Vec<String> {
    let conflicts = context_values(error, ContextKind::PriorArg);
    let root = command();
    let innermost = innermost_command(&root, argv);
    let is_given = |conflict: &&String| {
        let flag = flag_name(conflict).trim_start_matches('-');
        let aliases = innermost
            .get_arguments()
            .find(|argument| argument.get_long() == Some(flag))
            .and_then(clap::Arg::get_all_aliases)
            .unwrap_or_default();
        own_words(argv).filter_map(|word| word.strip_prefix("--")).any(|word| {
            let name = word.split_once('=').map_or(word, |(name, _)| name);
            name == flag || aliases.contains(&name)
        })
    };
    let given: Vec<String> = conflicts.iter().filter(is_given).cloned().collect();
    if given.is_empty() { conflicts } else { given }
}

/// Returns the hint for arguments that cannot be used together, or for an argument that is given twice.
fn conflict_hint(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::ArgumentConflict {
        return None;
    }
    let argument = context_values(error, ContextKind::InvalidArg).concat();
    let conflicts = given_conflicts(error, argv);
    let flags: Vec<&str> =
        std::iter::once(&argument).chain(&conflicts).map(|argument| flag_name(argument)).collect();
    let (first, rest) = flags.split_first().filter(|(_, rest)| !rest.is_empty())?;
    if rest == [*first] {
        return Some(format!("pass `{first}` once"));
    }
    if flags.contains(&"--batch") && flags.contains(&"[TOKEN]") {
        return Some(
            "pass the tokens on standard input: jeton token verify --batch < FILE".to_owned(),
        );
    }
    if flags.contains(&"--record")
        && ["--secret-env", "--key-file"].iter().any(|flag| flags.contains(flag))
    {
        return Some(
            "omit `--record`: only tokens signed with a key of the store can be recorded"
                .to_owned(),
        );
    }
    let name = |flag: &&str| flag.trim_matches(['[', ']', '<', '>', '.']).to_owned();
    let rest: Vec<String> = rest.iter().map(name).collect();
    let first = name(first);
    Some(format!("omit `{first}` or `{}`", rest.join("` and `")))
}

/// Returns the hint for an extra word, which is neither a flag, nor the value of a flag, nor an
/// argument that the command takes. Only some commands have such a hint.
fn extra_word_hint(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    // `parse_errors` has removed the extra word from the error, because it may be a secret.
    let is_word = error.kind() == ErrorKind::UnknownArgument
        && context_values(error, ContextKind::InvalidArg).concat().is_empty();
    match command_path(argv).as_str() {
        "jeton keys import" if is_word => Some("use `--from-file FILE`".to_owned()),
        "jeton run" if is_word => {
            Some("put `--` before the command: jeton run -- COMMAND".to_owned())
        }
        "jeton token create" if is_word => {
            Some("use `--permission P[,P]` for permissions".to_owned())
        }
        "jeton token fixtures" if is_word => Some("use `--out DIR`".to_owned()),
        _ => None,
    }
}

/// Returns the hint for an unknown command, an unknown option or a misspelled value.
#[expect(clippy::wildcard_enum_match_arm, reason = "other errors have no suggestion")]
fn suggestion(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    let context = |kind| context_values(error, kind).concat();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand);
            let position = argv.iter().position(|argument| argument == word.as_str());
            let group = command_path(argv.get(..position?)?);
            command_hint(&command(), group.trim_start_matches("jeton").trim_start(), &word)
        }
        ErrorKind::UnknownArgument => {
            let root = command();
            let (path, flag) = (command_path(argv), context(ContextKind::InvalidArg));
            let path = path.trim_start_matches("jeton").trim_start();
            option_hint(innermost_command(&root, argv), path, &flag)
        }
        ErrorKind::InvalidValue => {
            let valid = context_values(error, ContextKind::ValidValue);
            let value = context(ContextKind::InvalidValue);
            let similar = find_similar(&value, valid.iter().map(String::as_str))?;
            Some(format!("use `{similar}`"))
        }
        _ => None,
    }
}

/// Returns the option that is given without its required value, if this may have caused the error.
/// The option accepts values that start with `-`, so that clap parsed the next option as the value:
/// for `--expires-at --sub x`, returns `--expires-at <TIME>`.
pub(super) fn find_option_missing_value(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    let value = context_values(error, ContextKind::InvalidValue).concat();
    let may_be_cause = error.kind() == ErrorKind::UnknownArgument
        || error.kind() == ErrorKind::InvalidValue && value.is_empty()
        || error.kind() == ErrorKind::ValueValidation && value.starts_with("--");
    if !may_be_cause {
        return None;
    }
    let root = command();
    let innermost = innermost_command(&root, argv);
    let words: Vec<&str> = own_words(argv).collect();
    words.windows(2).find_map(|pair| {
        let [flag, value] = pair else { return None };
        let option = find_option(innermost, flag)?;
        (option.is_allow_hyphen_values_set() && value.starts_with("--")).then(|| option.to_string())
    })
}

/// Returns the hint for an option without its required value, or for a value that starts with `-`.
/// `None` for a value of one of the [`MISPLACED_SECRET_FLAGS`].
fn hyphen_value_hint(error: &clap::Error, argv: &[OsString]) -> Option<String> {
    if let Some(option) = find_option_missing_value(error, argv) {
        return Some(format!("add the value of `{}`", flag_name(&option)));
    }
    let argument = context_values(error, ContextKind::InvalidArg).concat();
    let is_missing_value = error.kind() == ErrorKind::InvalidValue
        && context_values(error, ContextKind::InvalidValue).concat().is_empty();
    if error.kind() != ErrorKind::UnknownArgument && !is_missing_value {
        return None;
    }
    let root = command();
    let innermost = innermost_command(&root, argv);
    argv.windows(2).find_map(|pair| {
        let (flag, value) = (pair.first()?.to_str()?, pair.last()?.to_str()?);
        find_option(innermost, flag)?;
        let is_value = if is_missing_value {
            flag == flag_name(&argument) && value.starts_with('-')
        } else {
            argument.starts_with('-') && value.starts_with(&argument)
        };
        let word = quote_shell_word(&redact_for_error(value));
        let may_be_secret = MISPLACED_SECRET_FLAGS.contains(&flag);
        (is_value && !may_be_secret).then(|| format!("use `{flag}={word}` for this value"))
    })
}

/// Returns the first line of a usage text as a hint.
fn usage_hint(usage: &str) -> String {
    let line = usage.lines().next().unwrap_or_default();
    format!("usage: {}", line.trim_start_matches("Usage: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `check` for each option that takes a value, with the option's command and the option.
    fn for_each_valued_option(
        command: &clap::Command,
        check: &mut impl FnMut(&clap::Command, &clap::Arg),
    ) {
        for argument in command.get_arguments() {
            if argument.get_long().is_some() && argument.get_action().takes_values() {
                check(command, argument);
            }
        }
        command.get_subcommands().for_each(|subcommand| for_each_valued_option(subcommand, check));
    }

    fn built_command() -> clap::Command {
        let mut root = command();
        root.build();
        root
    }

    #[test]
    fn number_time_or_id_option_accepts_value_with_leading_hyphen() {
        let mut count = 0;
        for_each_valued_option(&built_command(), &mut |command, option| {
            let value_name = option.get_value_names().unwrap_or_default().first().cloned();
            if matches!(value_name.as_deref(), Some("TIME" | "DURATION" | "N" | "ID")) {
                count += 1;
                assert!(option.is_allow_hyphen_values_set(), "{command} {option}");
            }
        });
        assert!(count > 20, "{count}");
    }

    #[test]
    fn value_error_has_no_wording_of_clap_or_the_standard_library() {
        let mut count = 0;
        for_each_valued_option(&built_command(), &mut |command, option| {
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
