//! `jeton store restore`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::failure::Failure;
use crate::model::Untrusted;
use serde::Serialize;
use std::path::PathBuf;

/// Replace the store by a backup (admins, or without a login the owner of the file)
///
/// The backup is checked first. No other process may have the store open: it is waited for (see
/// `--wait`). The old store is kept beside the new one, with `.before-restore` after its name. A
/// damaged store is replaced, too. Tokens that were revoked after the backup was made are not
/// revoked any more, and sessions that began after it are unknown: log in again.
///
///   jeton store restore jeton-2026-11-28.db
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The backup, which is not changed
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct RestoreOutput {
    changed: bool,
    file: Untrusted,
    kept: Option<Untrusted>,
    needs_migration: bool,
}

impl Report for RestoreOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if args.file.as_os_str() == "-" {
        return Err(Failure::usage("a store is restored from a file, not from standard input"));
    }
    let caller = app.caller_or_file_owner()?;
    caller.as_ref().map_or(Ok(()), authority::authorize_maintenance)?;
    app.confirm_restore(&args.file)?;
    let restored = app.restore_store(&args.file, caller.as_ref())?;
    let file = Untrusted::new(args.file.to_string_lossy());
    let kept = restored.previous_store.map(|path| Untrusted::new(path.to_string_lossy()));
    match &kept {
        Some(kept) => {
            app.print_status(&format!(
                "restored {}; the old store: {}",
                file.to_display(),
                kept.to_display()
            ));
        }
        None => app.print_status(&format!("restored {}", file.to_display())),
    }
    if restored.is_from_older_version {
        app.print_status("an older jeton made it; bring it up to date: jeton store migrate");
    }
    app.report(&RestoreOutput {
        changed: true,
        file,
        kept,
        needs_migration: restored.is_from_older_version,
    })
}
