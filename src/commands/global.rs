//! The flags that every command has.

use super::grammar::json_or_text;
use crate::app::{Form, Options};
use crate::failure::Failure;
use crate::model::{Invalid, Lifetime};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Global {
    /// The store's file, instead of `jeton/jeton.db` in the platform's data directory; no other
    /// user may be able to write its directory
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
        value_parser = words(&[JSON]),
        hide_possible_values = true,
        default_value = "text",
        hide_default_value = true,
        hide_env_values = true,
        help_heading = "Global options"
    )]
    output: String,

    /// No talk: only results, warnings and errors
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

/// The forms of results, and what each is. Every command has the first one.
pub(super) const FORMS: [(&str, &str); 4] = [
    ("text", "for people and for shells; lists are tables"),
    ("json", "one JSON document; a failure is one line of JSON, and there is no talk"),
    ("jsonl", "one JSON document a line"),
    ("csv", "comma-separated values under a header (RFC 4180)"),
];

/// A form by its word.
pub(super) type Named = (&'static str, Form);

/// The form that most commands have besides text.
pub(super) const JSON: Named = ("json", Form::Json);

/// The matches of the command itself, below those of the commands above it.
pub(super) fn of_command(matches: &ArgMatches) -> &ArgMatches {
    let mut here = matches;
    while let Some((_, below)) = here.subcommand() {
        here = below;
    }
    here
}

/// Returns the global options, wherever their flags stand: the command's own matches have them all.
/// `forms` are those that the command has besides text.
pub(super) fn options(matches: &ArgMatches, forms: &[Named]) -> Result<Options, Failure> {
    let here = of_command(matches);
    let global =
        Global::from_arg_matches(here).map_err(|error| Failure::usage(error.to_string()))?;
    global.options(forms, here.value_source("output") == Some(ValueSource::CommandLine))
}

impl Global {
    fn options(self, forms: &[Named], from_flag: bool) -> Result<Options, Failure> {
        let form = match self.output.as_str() {
            "text" | "" => Form::Text,
            word => match forms.iter().find(|(name, _)| *name == word) {
                Some((_, form)) => *form,
                None if from_flag => {
                    let hint = format!("use {}", listed(forms, |form| format!("`-o {form}`")));
                    return Err(
                        Failure::usage(format!("this command has no {word} form")).with_hint(hint)
                    );
                }
                None => Form::Text,
            },
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

/// All words of forms; the command is known to have text and `forms`.
fn words(forms: &[Named]) -> PossibleValuesParser {
    let has = |word: &str| word == "text" || forms.iter().any(|(form, _)| *form == word);
    // An empty variable counts as an absent one.
    let words = FORMS.iter().map(|(word, _)| *word).chain([""]);
    words.map(|word| PossibleValue::new(word).hide(!has(word))).into()
}

/// The command, whose help and completion name the forms it has besides text.
pub(super) fn with_forms(command: clap::Command, forms: &[Named]) -> clap::Command {
    command.mut_args(|flag| match flag.get_id().as_str() {
        "output" => flag
            .help(format!("The form of results: {}", listed(forms, str::to_owned)))
            .value_parser(words(forms)),
        _ => flag,
    })
}

/// The forms of a command in a sentence: `text, json or jsonl`.
fn listed(forms: &[Named], spelled: impl Fn(&str) -> String) -> String {
    let mut listed = spelled("text");
    for (at, (word, _)) in forms.iter().enumerate() {
        listed += if at + 1 == forms.len() { " or " } else { ", " };
        listed += &spelled(word);
    }
    listed
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
