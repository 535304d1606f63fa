//! `jeton users import`

use crate::app::{App, Rendered, Report};
use crate::authority::{self, ImportBatch, ImportOutcome};
use crate::commands::views::pluralize;
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
struct ImportOutput {
    changed: bool,
    imported: usize,
    without_password: usize,
    there_before: usize,
    /// How many of those are other than their row.
    different: usize,
}

impl Report for ImportOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = if app.has_store()? { app.caller_unless_empty_store()? } else { None };
    if let Some(caller) = &caller {
        authority::authorize_user_import(caller)?;
    }
    let now = app.now()?;
    let batch = ImportBatch::from_reader(app.rows_file(&args.rows)?, now)?;
    if caller.is_none() {
        batch.ensure_has_admin()?;
    }
    app.create_store_with_algorithm(Algorithm::ES256)?;
    let context = app.audit_context()?;
    let progress = app.start_progress("importing", batch.len());
    let on_row = || progress.advance();
    let store = app.store()?;
    let imported =
        authority::import_users(store, &context, caller.as_ref(), &batch, args.exist_ok, &on_row);
    drop(progress);
    report_import(app, imported?)
}

fn report_import(app: &App, imported: ImportOutcome) -> Result<(), Failure> {
    let ImportOutcome {
        created: new,
        without_password,
        existing: known,
        differing: other,
        first_differing: first_other,
    } = imported;
    let existing_note = match known {
        0 => String::new(),
        count => format!(", {count} there before"),
    };
    app.print_status(&format!("imported {}{existing_note}", pluralize(new, "user")));
    if let Some(line) = first_other {
        let (verb_phrase, row_phrase) = match other {
            1 => ("was left as it is", "its row, which is"),
            _ => ("were left as they are", "their rows, the first"),
        };
        let users = pluralize(other, "user");
        app.print_warning(&format!(
            "{users} there before {verb_phrase}, unlike {row_phrase} on line {line}"
        ));
    }
    if without_password > 0 {
        let users = pluralize(without_password, "user");
        app.print_hint(&format!(
            "there is no password yet for {users}; set one: jeton recover USER"
        ));
    }
    app.report(&ImportOutput {
        changed: new > 0,
        imported: new,
        without_password,
        there_before: known,
        different: other,
    })
}
