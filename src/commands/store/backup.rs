//! `jeton store backup`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::failure::Failure;
use crate::model::Untrusted;
use serde::Serialize;
use std::path::PathBuf;

/// Copy the store to a new file, while others use it (admins only)
///
/// The copy is a store of its own: of one moment, readable by you alone, with all accounts and
/// private keys in it. `jeton store restore` brings it back.
///
///   jeton store backup jeton-$(date +%F).db
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Where to, in a directory that no other user can write; nothing may be there
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct BackupOutput {
    changed: bool,
    file: Untrusted,
    size: u64,
}

impl Report for BackupOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if args.file.as_os_str() == "-" {
        return Err(Failure::usage("a store is copied to a file, not to standard output"));
    }
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let progress = app.start_progress("copying", 0);
    let on_progress = progress.updater();
    let (size, writers) =
        authority::back_up(app.store()?, &context, &caller, &args.file, on_progress)?;
    drop(progress);
    app.warn_of_group_writers(writers, args.file.parent().unwrap_or(&args.file));
    let file = Untrusted::new(args.file.to_string_lossy());
    app.print_status(&format!("wrote {}, {size} bytes", file.to_display()));
    app.report(&BackupOutput { changed: true, file, size })
}
