//! `jeton users import`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::accounts::{IfExists, ImportOutcome, ImportRows, UnknownFields};
use crate::commands::args::{DryRunArgs, stdin_path};
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::Algorithm;
use serde::Serialize;
use std::path::PathBuf;

/// Add accounts from a file, all or none (admins only)
///
/// The file is CSV with a header, separated by commas, semicolons or tabs, or JSON Lines. A row has a `username`, an `email` or both, and
/// optionally `name`, `role` (default `user`), `quota` (a number, `unlimited` or `default`),
/// `disabled` (true or false), `created_at`, `uid` (as exported), and a `password` in plain text or
/// a `password_hash` (Argon2, PHC format). Users imported without a `password` or `password_hash`
/// cannot log in until `jeton recover` sets a password. Column names, roles, `true` and `false` are
/// case-insensitive; empty rows are skipped.
///
/// The file can be of any size, with rows of at most 128 KiB. Rows beyond a few megabytes are kept in
/// an unnamed file in `TMPDIR` during the import. Creates the store if it does not exist. An import
/// into a store without users needs no login, and must contain an admin.
///
///   jeton users import users.csv
///   jeton users export -o jsonl | jeton --store other.db users import -
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// File to import (`-` for standard input)
    #[arg(value_name = "FILE", value_parser = crate::commands::args::input_path())]
    rows: PathBuf,

    /// Skip rows whose names (username, e-mail address, `uid`) all belong to one existing account; a
    /// warning shows how many accounts differ from the row in role, quota, display name or status
    #[arg(long)]
    exist_ok: bool,

    /// Skip columns and members that accounts do not have
    #[arg(long)]
    ignore_unknown: bool,

    #[command(flatten)]
    dry_run: DryRunArgs,
}

#[derive(Debug, Serialize)]
struct ImportOutput {
    changed: bool,
    imported: usize,
    without_password: usize,
    skipped: usize,
    /// Number of existing users that differ from their row.
    #[serde(rename = "different")]
    differing_users: usize,
}

impl Report for ImportOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "users import";
    const EFFECT: Effect = Effect::Changes;

    fn effect(&self) -> Effect {
        self.dry_run.effect()
    }

    fn stdin_arguments(&self) -> Vec<&'static str> {
        stdin_path("FILE", Some(&self.rows)).into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = if app.store.exists()? {
            app.session.caller_unless_empty_store(&mut app.store)?
        } else {
            None
        };
        if let Some(caller) = &caller {
            authority::accounts::authorize_import(caller)?;
        }
        self.dry_run.start(app);
        let rows = app.console.open_rows_file("FILE", &self.rows)?;
        let unknown_fields =
            if self.ignore_unknown { UnknownFields::Ignore } else { UnknownFields::Refuse };
        let mut batch = ImportRows::from_reader(rows, app.store.now()?, unknown_fields)?;
        if caller.is_none() {
            batch.ensure_has_admin()?;
        }
        app.store.create_with_algorithm(Algorithm::ES256)?;
        let (store, audit) = app.store.open()?;
        let skipped_fields = batch.skipped_fields();
        if !skipped_fields.is_empty() {
            let names = skipped_fields.join("`, `");
            app.console.print_warning(&format!("skipped unknown columns or members: `{names}`"));
        }
        let progress = app.console.start_progress("importing", batch.len());
        let on_row = || progress.advance();
        let result = authority::accounts::import(
            store,
            &audit,
            caller.as_ref(),
            &mut batch,
            if self.exist_ok { IfExists::Skip } else { IfExists::Refuse },
            &on_row,
        );
        drop(progress);
        report_import(app, result?)
    }
}

fn report_import(app: &App, outcome: ImportOutcome) -> Result<(), Failure> {
    let ImportOutcome {
        created_count: created,
        passwordless_count: without_password,
        existing_count: existing,
        differing_count: differing,
        first_differing_line: first_differing,
    } = outcome;
    let existing_note = match existing {
        0 => String::new(),
        count => format!(", skipped {count} existing"),
    };
    app.console.print_status(&format!("imported {}{existing_note}", pluralize(created, "user")));
    if let Some(line) = first_differing {
        let users = pluralize(differing, "existing user");
        app.console.print_warning(&match differing {
            1 => format!("{users} differs from the row on line {line} and was not changed"),
            _ => {
                format!("{users} differ from their rows and were not changed, first on line {line}")
            }
        });
    }
    if without_password > 0 {
        let users = pluralize(without_password, "user");
        app.console.print_hint(&format!(
            "set a password for {users} without a password: jeton recover USER"
        ));
    }
    app.console.report(&ImportOutput {
        changed: created > 0,
        imported: created,
        without_password,
        skipped: existing,
        differing_users: differing,
    })
}
