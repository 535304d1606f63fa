//! Errors of the command-line parser. Clap would repeat arguments that may be secrets; these
//! messages do not.

use super::args::UrlAsPath;
use super::cli::{command, report_failure};
use super::global_args;
use crate::app::Console;
use crate::failure::{Code, Failure};
use crate::model::{REDACTED, redact_for_error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::ffi::OsString;

/// Prints help and version as results, and all other clap errors as usage errors. Returns the exit
/// code.
pub(super) fn print_clap_error(mut error: clap::Error, argv: &[OsString]) -> u8 {
    let console = Console::new(global_args::requested_format(argv), false);
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match console.write_document(&error.render().ansi().to_string()) {
            Ok(_) => 0,
            Err(error) => report_failure(&console, &error.into()),
        };
    }
    let missing_command_kinds =
        [ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ErrorKind::MissingSubcommand];
    if missing_command_kinds.contains(&error.kind()) {
        return report_failure(&console, &print_help_for_missing_command(&console, &error));
    }
    if let Some(failure) = url_failure(&error) {
        return report_failure(&console, &failure);
    }
    escape_clap_error(&mut error);
    let is_value_error =
        matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
    let code = if is_value_error { Code::InvalidInput } else { Code::Usage };
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (message, usage) = text.split_once("\n\nUsage: ").unwrap_or((text, ""));
    let message = message.split("\n\nFor more information").next().unwrap_or(message);
    let mut failure = Failure::new(code, message.trim_end());
    failure.hint = match usage.lines().next() {
        Some(usage) => Some(format!("usage: {usage}")),
        None => Some(format!("see `{} --help`", command_path(argv))),
    };
    report_failure(&console, &failure)
}

/// Returns the failure for a URL given as a path.
fn url_failure(error: &clap::Error) -> Option<Failure> {
    let url: &UrlAsPath = error.source()?.downcast_ref()?;
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    // `--site <DIR>`, `<FILE>`
    let name = argument.split(' ').next()?.trim_matches(['<', '>', '[', ']']);
    Some(Failure::unsupported_url(&format!("`{name}`"), &url.scheme))
}

/// Prints the help of the command group, if clap provides it, and returns the error for the missing
/// subcommand.
fn print_help_for_missing_command(console: &Console, error: &clap::Error) -> Failure {
    let help = error.render().to_string();
    let usage = help.split_once("Usage: ").map_or("jeton", |(_, usage)| usage);
    let path = usage.split(" [").next().unwrap_or(usage);
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        console.print_status(&help);
    }
    Failure::usage("missing command").with_hint(format!("see `{path} --help`"))
}

/// Returns the longest command path in `argv`: `jeton token create`.
fn command_path(argv: &[OsString]) -> String {
    let root = command();
    let (mut innermost, mut path) = (&root, "jeton".to_owned());
    for word in argv.iter().skip(1) {
        if let Some(subcommand) = innermost.find_subcommand(word) {
            path = format!("{path} {}", subcommand.get_name());
            innermost = subcommand;
        }
    }
    path
}

/// Flags that name a file or variable with a secret. A user may pass the secret itself by mistake.
const SECRET_FLAGS: [&str; 9] = [
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

/// Escapes the words that clap repeats, and removes words that may be misplaced secrets: an extra
/// argument (`jeton login ada PASSWORD`), a value given to a flag that takes no value
/// (`--password-stdin=PASSWORD`), and the values of [`SECRET_FLAGS`].
fn escape_clap_error(error: &mut clap::Error) {
    let context_text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let argument = context_text(ContextKind::InvalidArg);
    let is_flag = |word: &String| {
        word.starts_with('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            || word.len() == 2 && word.starts_with('-')
    };
    if error.kind() == ErrorKind::UnknownArgument && !argument.as_ref().is_some_and(is_flag) {
        error.remove(ContextKind::InvalidArg);
        // The suggestion repeats the word.
        error.remove(ContextKind::Suggested);
        return;
    }
    let flag = argument.as_deref().and_then(|argument| argument.split(' ').next());
    let is_redacted = error.kind() == ErrorKind::TooManyValues
        || flag.is_some_and(|flag| SECRET_FLAGS.contains(&flag));
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand]
    {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let is_value = kind == ContextKind::InvalidValue;
        let display_value =
            if is_value && is_redacted { REDACTED.to_owned() } else { redact_for_error(text) };
        if display_value != *text {
            error.insert(kind, ContextValue::String(display_value));
            error.remove(ContextKind::Suggested);
        }
    }
}
