//! `jeton man`

mod command_page;
mod guide_page;
mod page;

use super::guides::GUIDES;
use super::views::{WrittenFiles, pluralize};
use crate::app::{App, OutputDir, PUBLIC_MODE, manual_directory};
use crate::commands::command::{Command, CommandTree, Effect};
use crate::failure::Failure;
use crate::model::Untrusted;
use std::marker::PhantomData;
use std::path::PathBuf;

/// Install the manual pages of all commands and guides
///
/// Pages of commands are written to `man1`, pages of guides to `man7`. The default directory is
/// `share/man` beside the `bin` directory of the program. For a program that is not in a directory
/// `bin`, the default is `man` in the data directory of the platform, which `man` on macOS does not
/// search.
///
///   jeton man && man jeton-token-create
///   jeton man --dir build/man
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args<T: CommandTree> {
    /// Directory of manual pages, not writable by other users; created if missing
    #[arg(long, value_name = "DIR", value_parser = super::args::path())]
    dir: Option<PathBuf>,

    // `T` builds the command tree whose pages are written.
    #[arg(skip)]
    tree: PhantomData<T>,
}

impl<T: CommandTree> Command for Args<T> {
    const ACTION: &'static str = "man";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let dir = match self.dir {
            Some(dir) => dir,
            None => manual_directory()?,
        };
        let sections = [
            ("man1", command_page::render_all(T::build())?),
            ("man7", GUIDES.iter().map(guide_page::render).collect()),
        ];
        let mut paths = Vec::new();
        // `OutputDir::open` locks the directory, and refuses a directory that other users can write
        // to: these users could replace the directories `man1` and `man7`.
        let _dir_lock = OutputDir::open(&app.console, &dir, PUBLIC_MODE)?;
        for (section, pages) in &sections {
            let section_dir = dir.join(section);
            OutputDir::open(&app.console, &section_dir, PUBLIC_MODE)?
                .replace(pages, PUBLIC_MODE)?;
            paths.extend(pages.iter().map(|(name, _)| section_dir.join(name)));
        }
        let display_dir = Untrusted::new(dir.to_string_lossy()).to_display();
        app.console
            .print_status(&format!("wrote {} to {display_dir}", pluralize(paths.len(), "page")));
        let files = paths.iter().map(|path| Untrusted::new(path.to_string_lossy()));
        app.console.report(&WrittenFiles { files: files.collect() })
    }
}
