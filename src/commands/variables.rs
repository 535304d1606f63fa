//! Environment variables that set global options, for the error messages of the command-line
//! parser.

use super::global_args::{GlobalArgs, short_flag_value};
use crate::model::redact_for_error;
use clap::Args;
use std::ffi::OsString;

/// Returns the name of the environment variable that sets the flag `flag` (such as `--wait`) to a
/// value that clap refused. `shown_value` is the text of the refused value in the error message.
/// Returns `None` if the flag is in `argv`, or if the variable has another value.
pub(super) fn find_variable_with_refused_value(
    flag: &str,
    shown_value: &str,
    argv: &[OsString],
) -> Option<String> {
    let command = GlobalArgs::augment_args(clap::Command::new("jeton"));
    let has_name = |name: &str| flag.strip_prefix("--") == Some(name);
    let argument = command.get_arguments().find(|arg| arg.get_long().is_some_and(has_name))?;
    let variable = argument.get_env()?.to_str()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "clap, which usually reads the variable, has failed"
    )]
    let value = std::env::var_os(variable)?.to_string_lossy().into_owned();
    let is_refused_value = value == shown_value || redact_for_error(&value) == shown_value;
    (is_refused_value && !has_flag(argument, argv)).then(|| variable.to_owned())
}

/// Removes options from a usage text. In this text, clap also lists the options that environment
/// variables set. Of these options, only the options in `argv` are kept.
pub(super) fn omit_options_set_by_variables(usage: &str, argv: &[OsString]) -> String {
    let mut command = GlobalArgs::augment_args(clap::Command::new("jeton"));
    // After `build`, the text of an option includes the name of its value, as in the usage text:
    // `--wait <DURATION>`.
    command.build();
    let options = command.get_arguments().filter(|option| option.get_env().is_some());
    options
        .filter(|option| !has_flag(option, argv))
        .fold(usage.to_owned(), |usage, option| usage.replacen(&format!(" {option}"), "", 1))
}

/// Returns whether a flag is in `argv`, before `--`: `--wait 5s`, `--wait=5s`, `-o json` or
/// `-qojson`. The only short flag that an environment variable can set is `-o`.
fn has_flag(flag: &clap::Arg, argv: &[OsString]) -> bool {
    let mut words = argv.iter().take_while(|word| *word != "--").map(|word| word.to_string_lossy());
    words.any(|word| match word.strip_prefix("--") {
        Some(long) => flag.get_long() == Some(long.split_once('=').map_or(long, |(name, _)| name)),
        None => flag.get_short() == Some('o') && short_flag_value(&word).is_some(),
    })
}

/// Returns the name of the first environment variable that sets a flag to a value that is not
/// UTF-8, although the flag requires UTF-8. Returns `None` if a word of `argv` is not UTF-8,
/// because then this word may be the cause of the error.
pub(super) fn find_non_utf8_variable(argv: &[OsString]) -> Option<String> {
    if argv.iter().any(|word| word.to_str().is_none()) {
        return None;
    }
    let command = GlobalArgs::augment_args(clap::Command::new("jeton"));
    // The value of `--store` can be a path, which need not be UTF-8.
    let options = command.get_arguments().filter(|option| option.get_id() != "store");
    let variables = options.filter_map(|option| option.get_env()?.to_str());
    #[expect(
        clippy::disallowed_methods,
        reason = "clap, which usually reads the variable, has failed"
    )]
    let is_not_utf8 =
        |name: &&str| std::env::var_os(name).is_some_and(|value| value.to_str().is_none());
    variables.map(str::to_owned).find(|name| is_not_utf8(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_keeps_options_with_variables_only_if_in_argv() {
        let usage = "jeton run --kid <ID> --store <PATH> --wait <DURATION> -- <COMMAND>...";
        for (words, remaining) in [
            ("jeton run", "jeton run --kid <ID> -- <COMMAND>..."),
            ("jeton run --wait 5s", "jeton run --kid <ID> --wait <DURATION> -- <COMMAND>..."),
            ("jeton run --wait 5s --store x", usage),
        ] {
            let argv: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(omit_options_set_by_variables(usage, &argv), remaining, "{words}");
        }
    }

    #[test]
    fn flag_is_found_in_every_spelling_before_the_double_dash() {
        let command = GlobalArgs::augment_args(clap::Command::new("jeton"));
        let is_given = |id: &str, words: &str| {
            let flag = command.get_arguments().find(|flag| flag.get_id() == id).unwrap();
            has_flag(flag, &words.split(' ').map(OsString::from).collect::<Vec<_>>())
        };
        for words in ["jeton --wait 5", "jeton whoami --wait=5", "jeton whoami --wait -5"] {
            assert!(is_given("wait", words), "{words}");
        }
        for words in ["jeton x --alg HS256", "jeton run -- x --wait 5", "jeton x --waiting 5"] {
            assert!(!is_given("wait", words), "{words}");
        }
        for words in ["jeton -o json", "jeton -ojson", "jeton -qojson", "jeton --output=json"] {
            assert!(is_given("output", words), "{words}");
        }
        for words in ["jeton -q", "jeton token mint --out json", "jeton run -- x -o json"] {
            assert!(!is_given("output", words), "{words}");
        }
    }
}
