//! `jeton help`

mod topics;

use crate::app::{App, OutputFormat};
use crate::commands::command::{Command, CommandTree, Effect};
use crate::failure::Failure;
use crate::model::redact_for_error;
use clap::error::ErrorKind;
use clap_complete::CompletionCandidate;
use std::iter;
use std::marker::PhantomData;

/// Show help for a command or a topic
///
/// Topics: environment, exit-codes, output, trust
///
///   jeton help token create
///   jeton help exit-codes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args<T: CommandTree> {
    /// Command, or a topic
    #[arg(value_name = "COMMAND|TOPIC", add = clap_complete::ArgValueCandidates::new(topics_and_commands::<T>))]
    words: Vec<String>,

    #[arg(skip)]
    tree: PhantomData<T>,
}

/// Returns the names of topics and commands, for completion.
fn topics_and_commands<T: CommandTree>() -> Vec<CompletionCandidate> {
    let root = T::build();
    let commands = root.get_subcommands().map(|command| command.get_name().to_owned());
    let topics = topics::TOPICS.iter().map(ToString::to_string);
    topics.chain(commands).map(CompletionCandidate::new).collect()
}

impl<T: CommandTree> Command for Args<T> {
    const ACTION: &'static str = "help";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = &[OutputFormat::Text];

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if let [word] = self.words.as_slice()
            && let Some(text) = topics::page(word, &T::ROOT)
        {
            return app.console.write_document(&text);
        }
        // Parsing the words with `--help` appended gives the same text as `jeton COMMAND --help`.
        let words = self.words.iter().map(String::as_str);
        let words = iter::once("jeton").chain(words).chain(["--help"]);
        match T::build().try_get_matches_from(words) {
            Err(help) if help.kind() == ErrorKind::DisplayHelp => {
                app.console.write_document(&help.render().ansi().to_string())
            }
            _ => Err(Failure::usage(format!(
                "unknown command or topic `{}`",
                display_words(&self.words)
            ))
            .with_hint("see `jeton help`")),
        }
    }
}

fn display_words(words: &[String]) -> String {
    redact_for_error(&words.join(" "))
}
