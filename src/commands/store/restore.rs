//! `jeton store restore`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::Untrusted;
use serde::Serialize;
use std::path::PathBuf;

/// Replace the store with a backup (admins, or without a login the owner of the store file)
///
/// Only for a store in a file; for PostgreSQL, use `jeton store copy` with the backup as the source.
/// The backup is checked first. Waits until no other process has the store open (see `--wait`). The
/// previous store is kept under its name with the suffix `.before-restore`. A damaged store can be
/// replaced too. Revocations and sessions that are newer than the backup are lost: tokens revoked
/// since the backup are valid again, and users must log in again.
///
///   jeton store restore jeton-2026-11-28.db
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Backup to restore; the file is not changed
    #[arg(value_name = "FILE", value_parser = crate::commands::args::path())]
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct RestoreOutput {
    changed: bool,
    backup: Untrusted,
    previous_store: Option<Untrusted>,
    /// True if the backup has an older store format.
    needs_migration: bool,
}

impl Report for RestoreOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "store restore";
    const EFFECT: Effect = Effect::Changes;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if self.file.as_os_str() == "-" {
            return Err(Failure::usage("restore from standard input is not supported")
                .with_hint("give a file name: jeton store restore FILE"));
        }
        let caller = app.session.caller_or_store_owner(&mut app.store)?;
        authority::maintenance::authorize(caller.as_ref())?;
        app.store.confirm_restore(&self.file)?;
        let outcome = app.store.restore(&self.file, caller.as_ref())?;
        let file = Untrusted::new(self.file.to_string_lossy());
        let previous_store =
            outcome.previous_store.map(|path| Untrusted::new(path.to_string_lossy()));
        match &previous_store {
            Some(path) => {
                app.console.print_status(&format!(
                    "restored {}; previous store: {}",
                    file.to_display(),
                    path.to_display()
                ));
            }
            None => app.console.print_status(&format!("restored {}", file.to_display())),
        }
        if outcome.is_from_older_version {
            app.console.print_status("the backup is from an older jeton version");
            app.console.print_hint("migrate the store: jeton store migrate");
        }
        app.console.report(&RestoreOutput {
            changed: true,
            backup: file,
            previous_store,
            needs_migration: outcome.is_from_older_version,
        })
    }
}
