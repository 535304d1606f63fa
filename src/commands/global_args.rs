//! Options that every command has.

use super::cli::json_or_text;
use crate::app::{Options, OutputFormat};
use crate::failure::Failure;
use crate::model::{InvalidValue, Lifetime};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// Store file, in a directory that no other user can write to [default: `jeton/jeton.db` in the
    /// data directory of the platform]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "JETON_STORE",
        hide_env_values = true,
        value_parser = clap::builder::OsStringValueParser::new(),
        help_heading = "Global options"
    )]
    store: Option<OsString>,

    /// File with the token to authenticate with, instead of the session (`-` for standard input);
    /// alternatives: `JETON_TOKEN` (a token), `JETON_TOKEN_FILE` (a path)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    token_file: Option<PathBuf>,

    /// Output format: text or json
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        env = "JETON_OUTPUT",
        value_parser = format_value_parser(&[JSON]),
        hide_possible_values = true,
        default_value = "text",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    output: String,

    /// Suppress status messages
    #[arg(short, long, global = true, help_heading = "Global options")]
    quiet: bool,

    /// Skip confirmation prompts
    #[arg(short, long, global = true, help_heading = "Global options")]
    yes: bool,

    /// Never prompt (the default if standard input is not a terminal, or `CI` is set)
    #[arg(long, global = true, help_heading = "Global options")]
    no_input: bool,

    /// Time limit for waiting for a lock
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        env = "JETON_WAIT",
        default_value = "30s",
        hide_env_values = true,
        value_parser = parse_wait,
        help_heading = "Global options"
    )]
    wait: Duration,
}

/// Output formats with descriptions. Every command supports the first format.
pub(super) const OUTPUT_FORMATS: [(&str, &str); 4] = [
    ("text", "for people and for shells; lists are tables"),
    ("json", "one JSON document; an error is one line of JSON, without other messages"),
    ("jsonl", "one JSON document per line"),
    ("csv", "comma-separated values with a header line (RFC 4180)"),
];

/// Name of an output format, and the format.
pub(super) type NamedFormat = (&'static str, OutputFormat);

/// JSON, which most commands support.
pub(super) const JSON: NamedFormat = ("json", OutputFormat::Json);

/// Returns the matches of the innermost subcommand.
pub(super) fn innermost_matches(matches: &ArgMatches) -> &ArgMatches {
    let mut innermost = matches;
    while let Some((_, submatches)) = innermost.subcommand() {
        innermost = submatches;
    }
    innermost
}

/// Returns the global options, which clap propagates from any position to the innermost matches.
/// `formats` are the output formats that the command supports in addition to text.
pub(super) fn parse_options(
    matches: &ArgMatches,
    formats: &[NamedFormat],
) -> Result<Options, Failure> {
    let innermost = innermost_matches(matches);
    let global = GlobalArgs::from_arg_matches(innermost)
        .map_err(|error| Failure::usage(error.to_string()))?;
    global.into_options(formats, innermost.value_source("output") == Some(ValueSource::CommandLine))
}

impl GlobalArgs {
    fn into_options(self, formats: &[NamedFormat], from_flag: bool) -> Result<Options, Failure> {
        let format = match self.output.as_str() {
            "text" | "" => OutputFormat::Text,
            word => match formats.iter().find(|(name, _)| *name == word) {
                Some((_, format)) => *format,
                None if from_flag => {
                    let hint =
                        format!("use {}", join_names(formats, |name| format!("`-o {name}`")));
                    let message =
                        format!("output format `{word}` is not supported by this command");
                    return Err(Failure::usage(message).with_hint(hint));
                }
                None => OutputFormat::Text,
            },
        };
        Ok(Options {
            store: self.store.filter(|path| !path.is_empty()).map(PathBuf::from),
            token_file: self.token_file,
            output_format: format,
            quiet: self.quiet,
            yes: self.yes,
            no_input: self.no_input,
            wait: self.wait,
        })
    }
}

/// Returns a parser that accepts the names of all formats and shows text and `formats` in the help.
fn format_value_parser(formats: &[NamedFormat]) -> PossibleValuesParser {
    let is_supported = |word: &str| word == "text" || formats.iter().any(|(name, _)| *name == word);
    // An empty variable counts as unset.
    let names = OUTPUT_FORMATS.iter().map(|(word, _)| *word).chain([""]);
    names.map(|word| PossibleValue::new(word).hide(!is_supported(word))).into()
}

/// Limits the help and completion of `--output` to text and `formats`.
pub(super) fn with_output_formats(
    command: clap::Command,
    formats: &[NamedFormat],
) -> clap::Command {
    command.mut_args(|flag| match flag.get_id().as_str() {
        "output" => flag
            .help(format!("Output format: {}", join_names(formats, str::to_owned)))
            .value_parser(format_value_parser(formats)),
        _ => flag,
    })
}

/// Joins the format names of a command: `text, json or jsonl`.
fn join_names(formats: &[NamedFormat], render: impl Fn(&str) -> String) -> String {
    let mut list = render("text");
    for (index, (word, _)) in formats.iter().enumerate() {
        list += if index + 1 == formats.len() { " or " } else { ", " };
        list += &render(word);
    }
    list
}

fn parse_wait(text: &str) -> Result<Duration, InvalidValue> {
    match text {
        "" => Ok(Duration::from_secs(30)),
        "0" | "0s" => Ok(Duration::ZERO),
        text => {
            let seconds = Lifetime::parse(text)?.seconds();
            // The limit of a day is far below the maximum of SQLite (milliseconds in 32 bits).
            Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(86_400)))
        }
    }
}

/// Returns the format that `argv` requests, for errors that occur before the flags are parsed.
pub(super) fn requested_format(argv: &[OsString]) -> OutputFormat {
    let mut words = argv.iter().skip(1).map(OsString::as_os_str);
    let mut json = env_requests_json();
    while let Some(word) = words.next() {
        if word == OsStr::new("--") {
            break;
        }
        let Some(word) = word.to_str() else { continue };
        let value = word.strip_prefix("--output").and_then(|rest| match rest {
            "" => Some(""),
            rest => rest.strip_prefix('='),
        });
        match value.or_else(|| short_flag_value(word)) {
            None => {}
            Some("") => json = words.next() == Some(OsStr::new("json")),
            Some(value) => json = value == "json",
        }
    }
    json_or_text(json)
}

/// Returns the value of a short `-o` flag: of `-o`, `-ojson`, `-o=json` or `-qojson`.
fn short_flag_value(word: &str) -> Option<&str> {
    let value = word.strip_prefix('-')?.trim_start_matches(['q', 'y']).strip_prefix('o')?;
    Some(value.strip_prefix('=').unwrap_or(value))
}

fn env_requests_json() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "clap reads the variable, but has failed in this case"
    )]
    std::env::var_os("JETON_OUTPUT").is_some_and(|value| value == "json")
}
