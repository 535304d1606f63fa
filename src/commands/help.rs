//! `jeton help`

use super::grammar::command;
use crate::app::App;
use crate::failure::{Failure, Kind};
use crate::model::repeatable;
use clap::error::ErrorKind;
use std::fmt::Write;
use std::iter;

/// Explain a command or a topic
///
/// Topics: exit-codes
///
///   jeton help token create
///   jeton help exit-codes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The words of a command, or a topic
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<(), Failure> {
    if args.words == ["exit-codes"] {
        return app.document(&exit_codes());
    }
    // The words are given to the grammar with `--help` behind them, so that both say the same.
    let words = args.words.iter().map(String::as_str);
    let words = iter::once("jeton").chain(words).chain(["--help"]);
    match command().try_get_matches_from(words) {
        Err(help) if help.kind() == ErrorKind::DisplayHelp => {
            app.document(&help.render().ansi().to_string())
        }
        _ => Err(Failure::usage(format!("there is no command or topic `{}`", shown(&args.words)))
            .with_hint("see `jeton help`")),
    }
}

fn shown(words: &[String]) -> String {
    repeatable(&words.join(" "))
}

/// The table of exit codes, as the failures define it.
fn exit_codes() -> String {
    let mut text = "Every kind of failure has its own exit code. With `-o json` the error is one \
                    line on\nstandard error: {\"error\":{\"kind\",\"code\",\"exit_code\",\"message\",\
                    \"hint\",\"details\"}}.\n\n  0  done, also if it was so before; or the reader of \
                    the output has left\n"
        .to_owned();
    for (exit, name, codes, when) in Kind::TABLE {
        let _ = writeln!(text, "{exit:>3}  {name}: {when}\n     code: {codes}");
    }
    text
}
