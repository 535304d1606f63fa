//! Options that every command has.

use super::command::DEFAULT_FORMATS;
use crate::app::{AddressSource, Options, OutputFormat, StoreAddress};
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
    /// Store: a file, in a directory that no other user can write to, or the address of a PostgreSQL
    /// database, `postgres://HOST/DATABASE` [default: the file `jeton/jeton.db` in the data directory of
    /// the platform]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "JETON_STORE",
        hide_env_values = true,
        value_parser = clap::builder::OsStringValueParser::new(),
        hide_short_help = true, hide_long_help = true, help_heading = "Global options"
    )]
    store: Option<OsString>,

    /// File with the token to authenticate with, instead of the session (`-` for standard input);
    /// alternatives: `JETON_TOKEN` (a token), `JETON_TOKEN_FILE` (a path)
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, hide_long_help = true, help_heading = "Global options", value_parser = super::args::input_path())]
    token_file: Option<PathBuf>,

    /// Output format: text or json
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        env = "JETON_OUTPUT",
        value_parser = format_value_parser(DEFAULT_FORMATS),
        hide_possible_values = true,
        default_value = "text",
        hide_env_values = true,
        // After the options of the command, before `--help`.
        display_order = 900
    )]
    output: String,

    /// Suppress status messages
    #[arg(
        short,
        long,
        global = true,
        hide_short_help = true,
        hide_long_help = true,
        help_heading = "Global options"
    )]
    quiet: bool,

    /// Skip confirmation prompts
    #[arg(
        short,
        long,
        global = true,
        hide_short_help = true,
        hide_long_help = true,
        help_heading = "Global options"
    )]
    yes: bool,

    /// Never prompt (the default if standard input is not a terminal, or `CI` is set)
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        hide_long_help = true,
        help_heading = "Global options"
    )]
    no_input: bool,

    /// Time limit for waiting for a lock or a database server
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        env = "JETON_WAIT",
        default_value = "30s",
        hide_env_values = true,
        allow_hyphen_values = true,
        value_parser = parse_wait,
        hide_short_help = true, hide_long_help = true, help_heading = "Global options"
    )]
    wait: Duration,

    // `store_source` and `output_source` are the origins of the values of `store` and `output`.
    #[arg(skip)]
    store_source: Option<ValueSource>,
    #[arg(skip)]
    output_source: Option<ValueSource>,
}

/// Output formats with descriptions. Every command supports the first format.
pub(super) const OUTPUT_FORMATS: [(OutputFormat, &str); 8] = [
    (OutputFormat::Text, "for people and for shells; lists are tables"),
    (OutputFormat::Wide, "text with more columns and complete texts"),
    (OutputFormat::Json, "one JSON document; an error is one line of JSON"),
    (OutputFormat::JsonLines, "one JSON document per line"),
    (OutputFormat::Csv, "comma-separated values with a header line (RFC 4180)"),
    (OutputFormat::Name, "ids only, one per line, as arguments for other commands"),
    (OutputFormat::Dotenv, "one line `NAME=TOKEN` for each token, for `.env` files and shells"),
    (
        OutputFormat::Github,
        "appends `NAME=TOKEN` to the file in `GITHUB_ENV`; prints only workflow commands, which mask the tokens",
    ),
];

/// Returns the matches of the innermost subcommand.
fn innermost_matches(matches: &ArgMatches) -> &ArgMatches {
    let mut innermost = matches;
    while let Some((_, submatches)) = innermost.subcommand() {
        innermost = submatches;
    }
    innermost
}

impl GlobalArgs {
    /// Returns the global options from the matches of the innermost subcommand. Clap copies
    /// a global option to these matches from any position on the command line.
    pub(super) fn from_innermost_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let innermost = innermost_matches(matches);
        let mut global = Self::from_arg_matches(innermost)?;
        global.store_source = innermost.value_source("store");
        global.output_source = innermost.value_source("output");
        Ok(global)
    }

    /// Returns the options of a command that supports `formats`. An unsupported format is refused
    /// in `--output`, and ignored in `JETON_OUTPUT`. If the arguments of the command name the store
    /// (`argument_store`), `JETON_STORE` is ignored and `--store` is refused.
    pub(super) fn into_options(
        self,
        formats: &[OutputFormat],
        argument_store: Option<StoreAddress>,
    ) -> Result<Options, Failure> {
        let has_store_flag = self.store_source == Some(ValueSource::CommandLine);
        if argument_store.is_some() && has_store_flag {
            return Err(Failure::usage("the arguments of the command name the store")
                .with_hint("omit `--store`"));
        }
        let store = self.store.as_deref().filter(|address| !address.is_empty());
        let store = store.filter(|_| argument_store.is_none());
        let store = store.map(|address| match self.store_source {
            Some(ValueSource::EnvVariable) => StoreAddress::parse(address, AddressSource::Variable)
                .map_err(|invalid| Failure::invalid_address("`JETON_STORE`", &invalid)),
            _ => StoreAddress::parse(address, AddressSource::CommandLine)
                .map_err(|invalid| Failure::invalid_address("`--store`", &invalid)),
        });
        let store = store.transpose()?.or(argument_store);
        let format = match formats.iter().find(|format| format.name() == self.output) {
            Some(format) => *format,
            None if self.output_source == Some(ValueSource::CommandLine)
                && !self.output.is_empty() =>
            {
                let hint = format!("use {}", join_names(formats, |name| format!("`-o {name}`")));
                let message =
                    format!("output format `{}` is not supported by this command", self.output);
                return Err(Failure::usage(message).with_hint(hint));
            }
            None => OutputFormat::Text,
        };
        Ok(Options {
            store,
            token_file: self.token_file,
            output_format: format,
            quiet: self.quiet,
            yes: self.yes,
            no_input: self.no_input,
            wait: self.wait,
        })
    }
}

/// Returns a parser that accepts the names of all formats. Help and completion list only `formats`.
fn format_value_parser(formats: &[OutputFormat]) -> PossibleValuesParser {
    let to_value =
        |format: OutputFormat| PossibleValue::new(format.name()).hide(!formats.contains(&format));
    // An empty `JETON_OUTPUT` counts as unset.
    let empty = PossibleValue::new("").hide(true);
    OUTPUT_FORMATS.iter().map(|(format, _)| to_value(*format)).chain([empty]).into()
}

/// The line about global options in the help of every command.
const GLOBAL_OPTIONS_LINE: &str = "Global options: --store, --token-file, -q, -y, --no-input, --wait; \
                                   see `jeton help scripting`";

/// Adds the line about global options to the help of a command and all subcommands.
pub(super) fn with_global_options_line(command: clap::Command) -> clap::Command {
    command.after_help(GLOBAL_OPTIONS_LINE).mut_subcommands(with_global_options_line)
}

/// Shows all global options in the help of a command, for manual pages.
pub(super) fn with_visible_global_options(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| argument.hide_short_help(false).hide_long_help(false))
}

/// Limits the help and completion of `--output` to `formats`.
pub(super) fn with_output_formats(
    command: clap::Command,
    formats: &[OutputFormat],
) -> clap::Command {
    command.mut_args(|flag| match flag.get_id().as_str() {
        "output" => flag
            .help(format!("Output format: {}", join_names(formats, str::to_owned)))
            .value_parser(format_value_parser(formats)),
        _ => flag,
    })
}

/// Joins the names of formats: `text, json or jsonl`.
fn join_names(formats: &[OutputFormat], render: impl Fn(&str) -> String) -> String {
    let names: Vec<String> = formats.iter().map(|format| render(format.name())).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn parse_wait(text: &str) -> Result<Duration, InvalidValue> {
    match text {
        "" => Ok(Duration::from_secs(30)), // An empty `JETON_WAIT` counts as unset.
        "0" | "0s" => Ok(Duration::ZERO),
        text => {
            let seconds = Lifetime::parse(text)?.seconds();
            // A wait of more than one day is shortened to one day, which is far below the longest wait
            // that SQLite accepts (24 days: milliseconds in 32 bits).
            Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(86_400)))
        }
    }
}

/// Returns the format of errors that prevent the creation of [`Options`]: JSON if `json_formats`
/// contains the requested format, otherwise text. The requested format is the format in `argv`, or
/// the format in `JETON_OUTPUT` if `argv` has no format.
pub(super) fn requested_format(argv: &[OsString], json_formats: &[&str]) -> OutputFormat {
    let is_json = |format: &OsStr| json_formats.iter().any(|name| format == *name);
    let mut words = argv.iter().skip(1).map(OsString::as_os_str);
    let mut json = output_variable().is_some_and(|format| is_json(&format));
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
            Some("") => json = words.next().is_some_and(is_json),
            Some(value) => json = is_json(OsStr::new(value)),
        }
    }
    if json { OutputFormat::Json } else { OutputFormat::Text }
}

/// Returns the value of the flag `-o` in a word: `json` for `-ojson`, `-o=json` and `-qojson`. For
/// `-o` alone, the value is the next word, and the result is empty. `None` for a word without `-o`.
pub(super) fn short_flag_value(word: &str) -> Option<&str> {
    let value = word.strip_prefix('-')?.trim_start_matches(['q', 'y']).strip_prefix('o')?;
    Some(value.strip_prefix('=').unwrap_or(value))
}

fn output_variable() -> Option<OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "without `Options`, the value that clap reads is not available"
    )]
    std::env::var_os("JETON_OUTPUT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_options_line_lists_every_hidden_option() {
        let command = GlobalArgs::augment_args(clap::Command::new("jeton"));
        let hidden = command.get_arguments().filter(|argument| argument.is_hide_long_help_set());
        let names: Vec<String> = hidden
            .map(|argument| match argument.get_short() {
                Some(short) => format!("-{short}"),
                None => format!("--{}", argument.get_long().unwrap()),
            })
            .collect();
        assert!(GLOBAL_OPTIONS_LINE.starts_with(&format!("Global options: {};", names.join(", "))));
    }
}
