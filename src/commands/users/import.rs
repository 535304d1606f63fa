//! `jeton users import`

use crate::app::{App, Report, Text};
use crate::authority::{self, Drafts, Imported};
use crate::commands::shapes::counted;
use crate::failure::Failure;
use crate::model::Algorithm;
use serde::Serialize;
use std::path::PathBuf;

/// Add accounts from a file, all or none (admins only)
///
/// The file is CSV with a header, or a JSON object a line. A row has a `username`, an `email` or
/// both, and may have: `name`, `role` (user), `quota` (a number, `unlimited` or `default`), `disabled`
/// (true or false), `created_at`, `uid` (as an export has it), and a `password` in plain text or a
/// `password_hash` of Argon2 in PHC form. Who has neither logs in after `jeton recover`. Names of
/// columns, roles, and true and false may have capitals; rows of empty cells are passed over. The file
/// may be of any size, a row has at most 128 KiB. Beyond a few megabytes rows are kept on disk in
/// `TMPDIR` until the end, in a file without a name. Where
/// there is no store yet one is made, and without users nobody needs to be logged in; a row has to
/// be an admin then.
///
///   jeton users import users.csv
///   jeton users export -o jsonl | jeton --store other.db users import -
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The file (`-`: standard input)
    #[arg(value_name = "FILE")]
    rows: PathBuf,

    /// Leave accounts that are there already, by all of their names, as they are; a warning says how
    /// many have another role, quota, display name or status than their row
    #[arg(long)]
    exist_ok: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    changed: bool,
    imported: usize,
    without_password: usize,
    there_before: usize,
    /// How many of those are other than their row.
    different: usize,
}

impl Report for Answer {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = if app.has_store()? { app.caller_if_founded()? } else { None };
    if let Some(caller) = &caller {
        authority::may_import_users(caller)?;
    }
    let now = app.now()?;
    let drafts = Drafts::read(app.rows_file(&args.rows)?, now)?;
    if caller.is_none() {
        drafts.need_an_admin()?;
    }
    app.make_store_for(Algorithm::ES256)?;
    let act = app.act()?;
    let progress = app.progress("importing", drafts.len());
    let step = || progress.advance();
    let store = app.store()?;
    let imported =
        authority::import_users(store, &act, caller.as_ref(), &drafts, args.exist_ok, &step);
    drop(progress);
    report(app, imported?)
}

fn report(app: &App, imported: Imported) -> Result<(), Failure> {
    let Imported { new, without_password, known, other, first_other } = imported;
    let before = match known {
        0 => String::new(),
        known => format!(", {known} there before"),
    };
    app.status(&format!("imported {}{before}", counted(new, "user")));
    if let Some(line) = first_other {
        let (were, rows) = match other {
            1 => ("was left as it is", "its row, which is"),
            _ => ("were left as they are", "their rows, the first"),
        };
        let users = counted(other, "user");
        app.warning(&format!("{users} there before {were}, unlike {rows} on line {line}"));
    }
    if without_password > 0 {
        let users = counted(without_password, "user");
        app.hint(&format!("there is no password yet for {users}; set one: jeton recover USER"));
    }
    app.report(&Answer {
        changed: new > 0,
        imported: new,
        without_password,
        there_before: known,
        different: other,
    })
}
