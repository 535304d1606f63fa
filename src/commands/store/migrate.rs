//! `jeton store migrate`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::Untrusted;
use serde::Serialize;
use std::path::PathBuf;

/// Migrate a store of an older jeton version, with a backup
///
/// Only for a store in a file. Other commands, except `jeton store check` and `jeton store restore`,
/// refuse an older store without changing it. Migration first backs up the store: to `--backup`, or
/// next to the store with the old version in the name. The owner of the file can migrate the store
/// without a login, because the accounts and roles in an older store cannot be read.
///
///   jeton store migrate
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Path of a new file for the backup, in a directory that other users cannot write to
    /// [default: next to the store]
    #[arg(long, value_name = "FILE", value_parser = crate::commands::args::path())]
    backup: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct MigrateOutput {
    changed: bool,
    backup: Option<Untrusted>,
}

impl Report for MigrateOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "store migrate";
    const EFFECT: Effect = Effect::Changes;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let backup_path = match app.caller() {
            // The store has the current version, because `App::caller` refuses an older store.
            Ok(caller) => {
                authority::maintenance::authorize(Some(&caller))?;
                None
            }
            Err(failure) if failure.code == Code::StoreOlder => {
                app.store.migrate(self.backup.as_deref())?
            }
            Err(failure) => return Err(failure),
        };
        let backup = backup_path.map(|path| Untrusted::new(path.to_string_lossy()));
        match &backup {
            Some(file) => {
                app.console
                    .print_status(&format!("migrated the store; backup: {}", file.to_display()));
            }
            None => app.console.print_status("the store is already up to date"),
        }
        app.console.report(&MigrateOutput { changed: backup.is_some(), backup })
    }
}
