//! `jeton store backup`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::Foreign;
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
struct Written {
    changed: bool,
    file: Foreign,
    size: u64,
}

impl Report for Written {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if args.file.as_os_str() == "-" {
        return Err(Failure::usage("a store is copied to a file, not to standard output"));
    }
    let caller = app.caller()?;
    let act = app.act()?;
    let progress = app.progress("copying", 0);
    let seen = progress.counter();
    let (size, writers) = authority::back_up(app.store()?, &act, &caller, &args.file, seen)?;
    drop(progress);
    app.warn_of_group(writers, args.file.parent().unwrap_or(&args.file));
    let file = Foreign::new(args.file.to_string_lossy());
    app.status(&format!("wrote {}, {size} bytes", file.shown()));
    app.report(&Written { changed: true, file, size })
}
