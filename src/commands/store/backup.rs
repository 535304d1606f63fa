//! `jeton store backup`

use crate::app::{App, Cell, Monitor, Rendered, Report, StoreAddress, Total, parent_directory};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::Untrusted;
use serde::Serialize;
use std::path::PathBuf;

/// Back up the store to a new file (admins, or without a login the owner of the store file)
///
/// The backup is a consistent store with all accounts and private keys, readable only by you. The store
/// can be used during the backup. Restore a backup with `jeton store restore`.
///
/// The backup of a store in PostgreSQL is a SQLite file, too: `--store` and `jeton store copy` accept
/// the backup as a store. The backup needs the rights of `jeton_owner` (see `jeton store roles`), but
/// no login. `pg_dump` makes backups that PostgreSQL restores.
///
///   jeton store backup jeton-$(date +%F).db
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Path of a new file for the backup, in a directory that other users cannot write to
    #[arg(value_name = "FILE", value_parser = crate::commands::args::path())]
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct BackupOutput {
    changed: bool,
    backup: Untrusted,
    size_bytes: u64,
}

impl Report for BackupOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "store backup";
    const EFFECT: Effect = Effect::Changes;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if self.file.as_os_str() == "-" {
            return Err(Failure::usage("backup to standard output is not supported")
                .with_hint("give a file name: jeton store backup FILE"));
        }
        let caller = app.session.caller_or_store_owner(&mut app.store)?;
        let (store, audit) = app.store.open_with_audit()?;
        // 0: the total is not known before the backup starts.
        let total = match store.address() {
            StoreAddress::File(_) => Total::Bytes(0),
            #[cfg(feature = "postgres")]
            StoreAddress::Server(_) => Total::Items(0),
        };
        let monitor = Monitor::start(&app.console, "backing up", total)?;
        let progress_monitor = monitor.clone();
        let on_progress = move |done, total| progress_monitor.set(done, total);
        let caller = caller.as_ref();
        let result =
            authority::maintenance::back_up(store, &audit, caller, &self.file, on_progress);
        let (size_bytes, directory_writers) =
            monitor.finish(result, || "; no backup was written".to_owned())?;
        app.console.warn_of_group_writers(directory_writers, parent_directory(&self.file));
        let file = Untrusted::new(self.file.to_string_lossy());
        let display_size = app.console.render_cell(Cell::from_size(size_bytes));
        app.console.print_status(&format!("wrote {}, {display_size}", file.to_display()));
        app.console.report(&BackupOutput { changed: true, backup: file, size_bytes })
    }
}
