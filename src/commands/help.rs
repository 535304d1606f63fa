//! `jeton help`: guides, help for commands, and JSON Schemas.

use super::command_view::CommandView;
use super::{guides, schemas};
use crate::app::{App, OutputFormat, Rendered, Report};
use crate::commands::command::{Command, CommandTree, Effect};
use crate::failure::Failure;
use crate::model::{find_similar, redact_for_error};
use clap::error::ErrorKind;
use clap_complete::CompletionCandidate;
use serde::Serialize;
use std::iter;
use std::marker::PhantomData;

/// Show a guide, or help for a command
///
/// With `-o json`: the guide, or the command with its arguments, options and subcommands. Without an
/// argument, `-o json` prints the complete command tree.
///
/// Guides: tour, jobs, install, ci, test-tokens, accounts, keys, administration, scripting,
/// security, performance, many-machines
///
/// Parts of guides: environment, exit-codes, output. Other names of guides: trust (security)
///
/// `jeton help schema` lists the JSON Schemas of the results that `-o json` prints.
///
///   jeton help tour
///   jeton help token create
///   jeton help exit-codes
///   jeton help -o json
///   jeton help schema users list
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args<T: CommandTree> {
    /// Guide, a command, or `schema`
    #[arg(value_name = "GUIDE|COMMAND", add = clap_complete::ArgValueCandidates::new(guides_and_commands::<T>))]
    words: Vec<String>,

    // `T` builds the command tree whose help is shown.
    #[arg(skip)]
    tree: PhantomData<T>,
}

/// Word after `jeton help` that selects the JSON Schemas.
const SCHEMA_WORD: &str = "schema";

/// Returns the names of guides, topics and top-level commands, and `schema`, for completion.
fn guides_and_commands<T: CommandTree>() -> Vec<CompletionCandidate> {
    let root = T::build();
    let commands = root.get_subcommands().map(|command| command.get_name().to_owned());
    let is_guide = |name: &String| guides::names().any(|guide| guide == name);
    let commands = commands.filter(|name| !is_guide(name));
    let guides_and_schema = guides::names().chain([SCHEMA_WORD]).map(str::to_owned);
    guides_and_schema.chain(commands).map(CompletionCandidate::new).collect()
}

/// JSON view of a guide, of a part of a guide, or of the list of JSON Schemas.
#[derive(Debug, Serialize)]
struct GuideView<'a> {
    name: &'a str,
    text: String,
}

impl Report for GuideView<'_> {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl<T: CommandTree> Command for Args<T> {
    const ACTION: &'static str = "help";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if let [SCHEMA_WORD, rest @ ..] =
            &*self.words.iter().map(String::as_str).collect::<Vec<_>>()
        {
            return print_schema(app, &rest.join(" "));
        }
        if app.console.output_format() == OutputFormat::Json {
            return self.report_as_json(app);
        }
        if let [word] = self.words.as_slice()
            && let Some(text) = guides::render_guide_or_topic(word)
        {
            return app.console.write_styled_text(&text);
        }
        // Parsing the words with `--help` appended gives the same text as `jeton COMMAND --help`.
        let words = self.words.iter().map(String::as_str);
        let words = iter::once("jeton").chain(words).chain(["--help"]);
        match T::build().try_get_matches_from(words) {
            Err(help) if help.kind() == ErrorKind::DisplayHelp => {
                app.console.write_styled_text(&help.render().ansi().to_string())
            }
            _ => Err(self.unknown_words_failure()),
        }
    }
}

impl<T: CommandTree> Args<T> {
    /// Writes the named guide, or the named command with its subcommands, as JSON. If no name is given,
    /// writes the complete command tree.
    fn report_as_json(&self, app: &App) -> Result<(), Failure> {
        if let [word] = self.words.as_slice()
            && let Some(text) = guides::render_guide_or_topic(word)
        {
            return app.console.report(&GuideView { name: word, text });
        }
        let root = T::build();
        let (mut command, mut parents) = (&root, Vec::new());
        for word in &self.words {
            parents.push(command.get_name());
            command = command.find_subcommand(word).ok_or_else(|| self.unknown_words_failure())?;
        }
        app.console.report(&CommandView::new(&parents.join(" "), command))
    }

    fn unknown_words_failure(&self) -> Failure {
        Failure::usage(format!("unknown guide or command `{}`", display_words(&self.words)))
            .with_hint(unknown_words_hint(&T::build(), &self.words))
    }
}

/// Prints the schema with this name, or the list of the schemas if `name` is empty.
fn print_schema(app: &App, name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        let text = schemas::overview();
        if app.console.output_format() == OutputFormat::Json {
            return app.console.report(&GuideView { name: SCHEMA_WORD, text });
        }
        return app.console.write_styled_text(&text);
    }
    let schema = schemas::find(name).ok_or_else(|| {
        Failure::usage(format!("unknown schema `{}`", redact_for_error(name)))
            .with_hint("list the schemas: jeton help schema")
    })?;
    app.console.write_styled_text(schema)
}

/// Returns a hint for words that name neither a guide nor a command. The hint proposes a name that
/// is similar to the first unknown word. If no name is similar, the hint refers to the help of the
/// command that the words before the unknown word name.
fn unknown_words_hint(root: &clap::Command, words: &[String]) -> String {
    let (mut command, mut path) = (root, "jeton help".to_owned());
    for word in words {
        if let Some(subcommand) = command.find_subcommand(word) {
            path = format!("{path} {}", subcommand.get_name());
            command = subcommand;
            continue;
        }
        let is_root = path == "jeton help";
        let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        if is_root {
            guides::names().chain([SCHEMA_WORD]).for_each(|name| names.push(name));
        }
        return match find_similar(word, names) {
            Some(name) => format!("use `{path} {name}`"),
            None => format!("see `{path}`"),
        };
    }
    format!("see `{path}`")
}

/// Joins words for an error message. If the text may contain a secret, the whole text is redacted.
fn display_words(words: &[String]) -> String {
    redact_for_error(&words.join(" "))
}
