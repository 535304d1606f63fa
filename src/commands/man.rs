//! `jeton man`

use super::grammar::command;
use super::shapes::{Written, counted};
use crate::app::{App, PUBLIC};
use crate::failure::{Failure, Kind};
use crate::model::Foreign;
use clap_mangen::Man;
use std::path::PathBuf;

/// Write the manual pages, one for each command
///
///   jeton man --dir ~/.local/share/man/man1 && man jeton-token-create
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The directory for the files, which no other user can write; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<(), Failure> {
    let mut pages = Vec::new();
    add_pages(command(), &mut pages)?;
    app.folder(&args.dir, PUBLIC)?.replace(&pages, PUBLIC)?;
    let shown = Foreign::new(args.dir.to_string_lossy()).shown();
    app.status(&format!("wrote {} to {shown}", counted(pages.len(), "page")));
    let files = pages.iter().map(|(name, _)| Foreign::new(args.dir.join(name).to_string_lossy()));
    app.report(&Written { files: files.collect() })
}

/// The page of the command and those of all below it, each under its name.
fn add_pages(command: clap::Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let page =
        Man::new(command).manual("jeton").source(concat!("jeton ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    page.render(&mut text)
        .map_err(|error| Failure::new(Kind::Internal, "internal", error.to_string()))?;
    pages.push((page.get_filename(), with_examples(&String::from_utf8_lossy(&text))));
    below.into_iter().try_for_each(|command| add_pages(command, pages))
}

/// The page with its examples line by line: roff would fill lines with them.
fn with_examples(page: &str) -> String {
    let is_example = |line: &str| line.starts_with("  ");
    let mut text = String::with_capacity(page.len());
    let mut before = "";
    for line in page.lines() {
        text += match (is_example(before), is_example(line)) {
            (false, true) => ".nf\n",
            (true, false) => ".fi\n",
            (true, true) | (false, false) => "",
        };
        text += line;
        text.push('\n');
        before = line;
    }
    text
}
