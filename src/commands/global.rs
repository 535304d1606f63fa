//! The flags that every command has.

use super::grammar::json_or_text;
use crate::app::{Form, Options};
use crate::failure::{Failure, Kind};
use crate::model::{Invalid, Lifetime};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Global {
    /// The store's file, instead of `jeton/jeton.db` in the platform's data directory
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

    /// A file with the token to act with, instead of the session (`-`: standard input); the
    /// token itself can be in `JETON_TOKEN`, the file's name in `JETON_TOKEN_FILE`
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    token_file: Option<PathBuf>,

    /// The form of results: text or json
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORM",
        env = "JETON_OUTPUT",
        value_parser = forms(),
        hide_possible_values = true,
        default_value = "text",
        hide_default_value = true,
        hide_env_values = true,
        help_heading = "Global options"
    )]
    output: String,

    /// Only results and errors, no talk
    #[arg(short, long, global = true, help_heading = "Global options")]
    quiet: bool,

    /// Answer every question with yes
    #[arg(short, long, global = true, help_heading = "Global options")]
    yes: bool,

    /// Never ask; so it is without a terminal on standard input, and when `CI` is set
    #[arg(long, global = true, help_heading = "Global options")]
    no_input: bool,

    /// How long to wait for a lock
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        env = "JETON_WAIT",
        default_value = "30s",
        hide_env_values = true,
        value_parser = wait,
        help_heading = "Global options"
    )]
    wait: Duration,
}

/// What the flags say, wherever they stand: the command's own matches have them all. `has_lines` is
/// whether the command has a result of many lines.
pub(super) fn options(matches: &ArgMatches, has_lines: bool) -> Result<Options, Failure> {
    let mut here = matches;
    while let Some((_, below)) = here.subcommand() {
        here = below;
    }
    let global =
        Global::from_arg_matches(here).map_err(|error| Failure::usage(error.to_string()))?;
    global.options(has_lines, here.value_source("output") == Some(ValueSource::CommandLine))
}

impl Global {
    fn options(self, has_lines: bool, from_flag: bool) -> Result<Options, Failure> {
        let form = match self.output.as_str() {
            "json" => Form::Json,
            "jsonl" if has_lines => Form::JsonLines,
            "jsonl" | "csv" if from_flag => {
                return Err(Failure::new(
                    Kind::Usage,
                    "usage",
                    format!("this command has no {} form", self.output),
                )
                .with_hint("use `-o text` or `-o json`"));
            }
            _ => Form::Text,
        };
        Ok(Options {
            store: self.store.filter(|path| !path.is_empty()).map(PathBuf::from),
            token_file: self.token_file,
            form,
            quiet: self.quiet,
            yes: self.yes,
            no_input: self.no_input,
            wait: self.wait,
        })
    }
}

fn forms() -> PossibleValuesParser {
    let told = ["text", "json"].map(PossibleValue::new);
    // Few commands have these two; an empty variable counts as an absent one.
    let known = ["jsonl", "csv", ""].map(|form| PossibleValue::new(form).hide(true));
    told.into_iter().chain(known).into()
}

fn wait(text: &str) -> Result<Duration, Invalid> {
    match text {
        "" => Ok(Duration::from_secs(30)),
        "0" | "0s" => Ok(Duration::ZERO),
        text => {
            let seconds = Lifetime::parse(text)?.seconds();
            // A day is as good as for ever, and SQLite counts milliseconds in 32 bits.
            Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(86_400)))
        }
    }
}

/// Whether the words ask for JSON, for failures that come before the flags are read.
pub(super) fn form_in(words: &[OsString]) -> Form {
    let mut words = words.iter().skip(1).map(OsString::as_os_str);
    let mut json = json_by_default();
    while let Some(word) = words.next() {
        if word == OsStr::new("--") {
            break;
        }
        let Some(word) = word.to_str() else { continue };
        let form = word.strip_prefix("--output").and_then(|rest| match rest {
            "" => Some(""),
            rest => rest.strip_prefix('='),
        });
        match form.or_else(|| behind_short_flag(word)) {
            None => {}
            Some("") => json = words.next() == Some(OsStr::new("json")),
            Some(form) => json = form == "json",
        }
    }
    json_or_text(json)
}

/// What stands behind `o` in `-o`, `-ojson`, `-o=json`, `-qojson`.
fn behind_short_flag(word: &str) -> Option<&str> {
    let form = word.strip_prefix('-')?.trim_start_matches(['q', 'y']).strip_prefix('o')?;
    Some(form.strip_prefix('=').unwrap_or(form))
}

fn json_by_default() -> bool {
    #[expect(clippy::disallowed_methods, reason = "clap reads the others, and has failed here")]
    std::env::var_os("JETON_OUTPUT").is_some_and(|form| form == "json")
}
