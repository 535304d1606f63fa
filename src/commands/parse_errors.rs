//! Messages for errors of the command-line parser. The messages of clap repeat arguments that may
//! be secrets; the messages of this module do not.

use super::args::UrlAsPath;
use super::global_args;
use super::lazy_parse;
use super::parse_context::{context_values, flag_name};
use super::parse_hints::{
    MISPLACED_SECRET_FLAGS, find_option_missing_value, given_conflicts, hint_for_error,
};
use super::variables::{find_non_utf8_variable, find_variable_with_refused_value};
use crate::app::{Console, OutputFormat};
use crate::failure::{Code, Failure, unused_file_name};
use crate::model::{REDACTED, is_plain_word, quote_shell_word, redact_for_error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write;

/// Prints help and version as results, and all other clap errors as usage errors. Returns the exit
/// code.
pub(super) fn print_clap_error(mut error: clap::Error, argv: &[OsString]) -> u8 {
    let format = global_args::requested_format(argv, &["json", "jsonl"]);
    let console = Console::new(format, false);
    let is_document = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_document {
        return match console.write_styled_text(&error.render().ansi().to_string()) {
            Ok(_) => 0,
            Err(error) => report_failure(&console, &error.into()),
        };
    }
    if error.kind() == ErrorKind::MissingSubcommand {
        let path = context_values(&error, ContextKind::InvalidSubcommand).concat();
        // For the name of a group without further words, clap usually returns the help of the
        // group. If an environment variable sets an option, clap returns `MissingSubcommand`
        // instead, because it counts this option as an argument. The help is then printed here.
        if format == OutputFormat::Text && argv.len() == path.split(' ').count() {
            let help = lazy_parse::parse(&[argv, &["-h".into()]].concat());
            return help.map_or_else(|help| print_clap_error(help, argv), |_| 0);
        }
        let failure = Failure::usage("missing command").with_hint(format!("see `{path} --help`"));
        return report_failure(&console, &failure);
    }
    if let Some(failure) = url_failure(&error, argv) {
        return report_failure(&console, &failure);
    }
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(variable) = find_non_utf8_variable(argv)
    {
        let failure = Failure::new(Code::InvalidInput, format!("`{variable}` is not UTF-8"));
        return report_failure(&console, &failure);
    }
    let is_pem = |word: &OsString| word.to_string_lossy().trim_start().starts_with("-----BEGIN ");
    if error.kind() == ErrorKind::UnknownArgument && argv.iter().any(is_pem) {
        let failure = Failure::usage("PEM found, expected the name of a file")
            .with_hint("use `-` and pass the PEM on standard input");
        return report_failure(&console, &failure);
    }
    escape_clap_error(&mut error);
    let is_value_error =
        matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
    let code = if is_value_error { Code::InvalidInput } else { Code::Usage };
    let failure =
        Failure::new(code, describe(&error, argv)).with_hint(hint_for_error(&error, argv));
    report_failure(&console, &failure)
}

/// Prints a failure that occurs before the command runs. Returns the exit code.
pub(super) fn report_failure(console: &Console, failure: &Failure) -> u8 {
    console.print_failure(&failure.message, failure.hint.as_deref(), &failure.to_json());
    failure.kind().exit_code()
}

/// Returns the failure for a URL in place of a path; `None` for other errors.
fn url_failure(error: &clap::Error, argv: &[OsString]) -> Option<Failure> {
    let url: &UrlAsPath = error.source()?.downcast_ref()?;
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    // `argument` is, for example, `--site <DIR>` or `<FILE>`.
    let name = argument.split(' ').next()?.trim_matches(['<', '>', '[', ']']);
    let is_http = ["http", "https"].iter().any(|scheme| url.scheme.eq_ignore_ascii_case(scheme));
    if url.is_input && is_http {
        let message = format!("`{name}`: URL found, expected the name of a file");
        let value = context_values(error, ContextKind::InvalidValue).concat();
        let hint = download_hint(name, &value, argv);
        return Some(Failure::new(Code::InvalidInput, message).with_hint(hint));
    }
    Some(Failure::unsupported_url(&format!("`{name}`"), &url.scheme))
}

/// Returns the hint to pipe the document at `url` into the same command. If the command line cannot
/// be repeated in the hint, returns the hint to download the document to a file. A URL that may
/// contain a secret is not repeated.
fn download_hint(argument: &str, url: &str, argv: &[OsString]) -> String {
    let may_contain_secret = redact_for_error(url) != url || url.contains(['@', '?', '#']);
    if may_contain_secret {
        return "download the document, and pass the document on standard input with the argument `-`".to_owned();
    }
    let words: Option<Vec<_>> =
        argv.iter().skip(1).map(|word| repeat_word(word.to_str()?, url)).collect();
    let fetch = format!("curl -fsS {}", quote_shell_word(url));
    let has_one_url = argv.iter().filter(|word| word.to_string_lossy().ends_with(url)).count() == 1;
    if let Some(words) = words.filter(|_| has_one_url) {
        return format!("pipe the document: {fetch} | jeton {}", words.join(" "));
    }
    let name = url.rsplit('/').next().filter(|name| is_plain_word(name)).unwrap_or("FILE");
    let name = unused_file_name(name);
    let url = quote_shell_word(url);
    let option = if argument.starts_with("--") { format!("{argument} ") } else { String::new() };
    format!("download the document, then use `{option}{name}`: curl -fsSo {name} {url}")
}

/// Returns a word for the hint, with `-` in place of the URL. Returns `None` for an argument that reads
/// standard input, and for a word that may contain a secret: another URL, `NAME=VALUE`, a word with
/// special characters, or a word that [`redact_for_error`] redacts.
fn repeat_word(word: &str, url: &str) -> Option<String> {
    if let Some(flag) = word.strip_suffix(url) {
        let is_flag = flag.is_empty() || flag.starts_with("--") && flag.ends_with('=');
        return is_flag.then(|| format!("{flag}-"));
    }
    let reads_stdin = matches!(word, "-" | "--batch") || word.ends_with("-stdin");
    let plain_part = word.strip_prefix('@').unwrap_or(word);
    let is_repeatable =
        is_plain_word(plain_part) && !word.contains(['=', ':']) && redact_for_error(word) == word;
    (is_repeatable && !reads_stdin).then(|| quote_shell_word(word))
}

/// Returns the message for an error, with the valid values of the argument, if any.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds have a general description in clap"
)]
fn describe(error: &clap::Error, argv: &[OsString]) -> String {
    let argument = context_values(error, ContextKind::InvalidArg).concat();
    let value = context_values(error, ContextKind::InvalidValue).concat();
    let option_missing_value = find_option_missing_value(error, argv);
    let mut message = match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::ValueValidation
            if let Some(option) = &option_missing_value =>
        {
            format!("a value is required for '{option}' but none was supplied")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
            if let Some(variable) =
                find_variable_with_refused_value(flag_name(&argument), &value, argv) =>
        {
            format!("invalid value '{value}' in `{variable}`")
        }
        ErrorKind::ArgumentConflict => describe_conflict(error, &argument, argv),
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("a value is required for '{argument}' but none was supplied")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("invalid value '{value}' for '{argument}'")
        }
        ErrorKind::TooManyValues => {
            format!("unexpected value '{value}' for '{argument}' found; no more were expected")
        }
        ErrorKind::UnknownArgument if !argument.is_empty() => {
            format!("unexpected argument '{argument}' found")
        }
        ErrorKind::InvalidSubcommand => {
            let word = context_values(error, ContextKind::InvalidSubcommand).concat();
            format!("unrecognized subcommand '{word}'")
        }
        ErrorKind::MissingRequiredArgument => {
            let arguments = context_values(error, ContextKind::InvalidArg).join("\n  ");
            format!("the following required arguments were not provided:\n  {arguments}")
        }
        _ => error.kind().as_str().unwrap_or("invalid command line").to_owned(),
    };
    if let (ErrorKind::ValueValidation, Some(source), None) =
        (error.kind(), error.source(), option_missing_value)
    {
        let _ = write!(message, ": {source}");
    }
    let valid_values = context_values(error, ContextKind::ValidValue);
    if !valid_values.is_empty() {
        let _ = write!(message, "\n  [possible values: {}]", valid_values.join(", "));
    }
    message
}

/// Returns the message for arguments that cannot be used together, or for an argument that is given
/// twice. `argument` is the invalid argument.
fn describe_conflict(error: &clap::Error, argument: &str, argv: &[OsString]) -> String {
    let conflicts = given_conflicts(error, argv);
    match conflicts.as_slice() {
        [] => format!("the argument '{argument}' cannot be used with the other arguments"),
        [conflict] if conflict == argument => {
            format!("the argument '{argument}' cannot be used multiple times")
        }
        conflicts => {
            format!("the argument '{argument}' cannot be used with '{}'", conflicts.join("' or '"))
        }
    }
}

/// Escapes the words in an error of clap, and redacts words that look like secrets.
/// Removes an extra argument (`jeton login ada PASSWORD`), because it may be a misplaced secret.
/// For the same reason, redacts a value given to a flag that takes no value
/// (`--password-stdin=PASSWORD`), and the values of [`MISPLACED_SECRET_FLAGS`].
fn escape_clap_error(error: &mut clap::Error) {
    let context_text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let argument = context_text(ContextKind::InvalidArg);
    // The name of a flag in an error is no secret: `--some-flag`, or `-` and one character.
    let is_flag = |word: &String| {
        word.starts_with('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            || word.len() == 2 && word.starts_with('-')
    };
    if error.kind() == ErrorKind::UnknownArgument && !argument.as_ref().is_some_and(is_flag) {
        error.remove(ContextKind::InvalidArg);
        return;
    }
    let flag = argument.as_deref().map(flag_name);
    let may_be_secret = error.kind() == ErrorKind::TooManyValues
        || flag.is_some_and(|flag| MISPLACED_SECRET_FLAGS.contains(&flag));
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand]
    {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let is_value = kind == ContextKind::InvalidValue;
        let display_value =
            if is_value && may_be_secret { REDACTED.to_owned() } else { redact_for_error(text) };
        if display_value != *text {
            error.insert(kind, ContextValue::String(display_value));
        }
    }
}
