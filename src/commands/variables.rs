//! Variables with the value of a flag, for errors of the command-line parser.

use super::global_args::GlobalArgs;
use crate::model::redact_for_error;
use clap::Args;
use std::ffi::OsString;

/// Returns the variable with this value of a flag, such as `--wait`, if the value is not in `argv`.
/// `text` is the value as messages show it.
pub(super) fn find_variable(flag: &str, text: &str, argv: &[OsString]) -> Option<String> {
    let command = GlobalArgs::augment_args(clap::Command::new("jeton"));
    let has_name = |name: &str| flag.strip_prefix("--") == Some(name);
    let argument = command.get_arguments().find(|arg| arg.get_long().is_some_and(has_name))?;
    let variable = argument.get_env()?.to_str()?;
    #[expect(clippy::disallowed_methods, reason = "clap reads the variable, but has failed")]
    let value = std::env::var_os(variable)?.to_string_lossy().into_owned();
    let is_value = |word: &OsString| word.to_string_lossy().contains(&value);
    let has_text = value == text || redact_for_error(&value) == text;
    (has_text && !argv.iter().any(is_value)).then(|| variable.to_owned())
}

/// Returns the variable of a flag with a value that is not UTF-8, if all of `argv` is UTF-8.
pub(super) fn find_non_utf8_variable(argv: &[OsString]) -> Option<String> {
    if argv.iter().any(|word| word.to_str().is_none()) {
        return None;
    }
    let command = GlobalArgs::augment_args(clap::Command::new("jeton"));
    // The value of the store is a path, which need not be UTF-8.
    let options = command.get_arguments().filter(|option| option.get_id() != "store");
    let variables = options.filter_map(|option| option.get_env()?.to_str());
    #[expect(clippy::disallowed_methods, reason = "clap reads the variable, but has failed")]
    let is_not_utf8 = |name: &&str| std::env::var_os(name).is_some_and(|v| v.to_str().is_none());
    variables.map(str::to_owned).find(|name| is_not_utf8(&name.as_str()))
}
