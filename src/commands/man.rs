//! `jeton man`

use super::views::{WrittenFiles, pluralize};
use crate::app::{App, OutputDir, PUBLIC_MODE};
use crate::commands::command::{Command, CommandTree, Effect};
use crate::failure::{Code, Failure};
use crate::model::Untrusted;
use clap_mangen::Man;
use std::marker::PhantomData;
use std::path::PathBuf;

/// Write manual pages, one per command
///
///   jeton man --dir ~/.local/share/man/man1 && man jeton-token-create
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args<T: CommandTree> {
    /// Output directory, not writable by other users; created if missing
    #[arg(long, value_name = "DIR", value_parser = super::args::path())]
    dir: PathBuf,

    #[arg(skip)]
    tree: PhantomData<T>,
}

impl<T: CommandTree> Command for Args<T> {
    const ACTION: &'static str = "man";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let mut pages = Vec::new();
        add_pages(T::build(), &mut pages)?;
        OutputDir::open(&app.console, &self.dir, PUBLIC_MODE)?.replace(&pages, PUBLIC_MODE)?;
        let display_dir = Untrusted::new(self.dir.to_string_lossy()).to_display();
        app.console
            .print_status(&format!("wrote {} to {display_dir}", pluralize(pages.len(), "page")));
        let files =
            pages.iter().map(|(name, _)| Untrusted::new(self.dir.join(name).to_string_lossy()));
        app.console.report(&WrittenFiles { files: files.collect() })
    }
}

/// Renders the pages of the command and its subcommands, as pairs of file name and content.
fn add_pages(command: clap::Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let subcommands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let page =
        Man::new(command).manual("jeton").source(concat!("jeton ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    pages.push((page.get_filename(), preserve_example_lines(&String::from_utf8_lossy(&text))));
    subcommands.into_iter().try_for_each(|command| add_pages(command, pages))
}

/// Disables line filling around examples, since roff would otherwise join the lines of an example.
fn preserve_example_lines(page: &str) -> String {
    let is_example = |line: &str| line.starts_with("  ");
    let mut text = String::with_capacity(page.len());
    let mut previous_line = "";
    for line in page.lines() {
        text += match (is_example(previous_line), is_example(line)) {
            (false, true) => ".nf\n",
            (true, false) => ".fi\n",
            (true, true) | (false, false) => "",
        };
        text += line;
        text.push('\n');
        previous_line = line;
    }
    text
}
