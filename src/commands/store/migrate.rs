//! `jeton store migrate`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::failure::Failure;
use crate::model::Untrusted;
use serde::Serialize;
use std::path::PathBuf;

/// Bring a store of an older jeton up to date, after a backup
///
/// Other commands refuse such a store and leave it as it is. It is copied first: to the file that
/// is said, else beside the store under the version it had. An older store cannot say who is an
/// admin: whoever owns its file may do this.
///
///   jeton store migrate
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Where to copy an older store first; nothing may be there
    #[arg(long, value_name = "FILE")]
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

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let backup = match app.caller() {
        Ok(caller) => {
            authority::authorize_maintenance(&caller)?;
            None
        }
        Err(failure) if failure.code == "store_older" => {
            app.migrate_store(args.backup.as_deref())?
        }
        Err(failure) => return Err(failure),
    };
    let backup = backup.map(|path| Untrusted::new(path.to_string_lossy()));
    match &backup {
        Some(file) => {
            app.print_status(&format!("the store is up to date; as it was: {}", file.to_display()));
        }
        None => app.print_status("the store is up to date: nothing was changed"),
    }
    app.report(&MigrateOutput { changed: backup.is_some(), backup })
}
