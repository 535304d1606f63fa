//! `jeton users import`

use super::import_progress::{ImportProgress, ImportWatch};
use super::password_file::{PasswordFile, print_passwordless_hint};
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::Caller;
use crate::authority::accounts::{IfExists, ImportOutcome, ImportRows, UnknownFields};
use crate::commands::args::{DryRunArgs, path, stdin_argument};
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::Algorithm;
use serde::Serialize;
use std::path::PathBuf;

/// Add accounts from a file, all or none (admins only)
///
/// The file is CSV with a header, separated by commas, semicolons or tabs, or JSON Lines, or the
/// output of `jeton users export -o json`. A row has a `username`, an `email` or both, and optionally
/// `name`, `role` (default `user`), `quota` (a number, `unlimited` or `default`), `disabled` (true or
/// false), `created_at`, `uid` (as exported), and a `password` in plain text or a `password_hash`
/// (Argon2, PHC format). New users with neither cannot log in until `jeton recover` sets a password,
/// unless `--generate-passwords` is given. Column names, roles, `true` and `false` are
/// case-insensitive; empty rows are skipped.
///
/// The file can be of any size, with rows of at most 128 KiB. During the import, rows after the first
/// few megabytes are kept in an unnamed file in `TMPDIR` (default `/var/tmp`). Creates the store if it
/// does not exist. An import into a store without users needs no login, and must contain an active
/// admin.
///
///   jeton users import users.csv --generate-passwords passwords.csv
///   jeton users export -o jsonl | jeton --store other.db users import -
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// File to import (`-` for standard input)
    #[arg(value_name = "FILE", value_parser = crate::commands::args::input_path())]
    file: PathBuf,

    /// Skip rows whose names (username, e-mail address, `uid`) all belong to one existing account; a
    /// warning shows how many accounts differ from the row in role, quota, display name or status
    #[arg(long)]
    exist_ok: bool,

    /// Update existing accounts: set display name, e-mail address, role, quota and status to the values
    /// of the row, if the row has a value. An account is identified by `uid`, or else by username, or
    /// else by e-mail address. Passwords of existing accounts are never changed
    #[arg(long, conflicts_with = "exist_ok")]
    update: bool,

    /// Generate a password for each new account without a password, and write logins and passwords
    /// to this new file (CSV, readable only by you). Without such accounts, no file is written. If
    /// the file cannot be written, no account is created or changed
    #[arg(long, value_name = "FILE", value_parser = path())]
    generate_passwords: Option<PathBuf>,

    /// Ignore CSV columns and JSON members that are not fields of an account
    #[arg(long)]
    ignore_unknown: bool,

    #[command(flatten)]
    dry_run: DryRunArgs,
}

/// Numbers of accounts that the command created, updated or left unchanged.
#[derive(Debug, Serialize)]
struct ImportOutput {
    changed: bool,
    /// Number of created accounts.
    imported: usize,
    updated: usize,
    /// Number of created accounts without a password.
    without_password: usize,
    generated_passwords: usize,
    /// Number of rows whose accounts already exist and are unchanged, or were deleted during the
    /// import.
    skipped: usize,
    /// Number of unchanged existing accounts that differ from their row.
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
        stdin_argument("FILE", Some(&self.file)).into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.session.caller_if_store_has_users(&mut app.store)?;
        if let Some(caller) = &caller {
            authority::accounts::authorize_import(caller)?;
        }
        self.dry_run.start(app);
        let unknown_fields =
            if self.ignore_unknown { UnknownFields::Ignore } else { UnknownFields::Refuse };
        let mut import_rows = app.console.read_rows("FILE", &self.file, |rows| {
            Ok(ImportRows::from_reader(rows, app.store.now()?, unknown_fields)?)
        })?;
        // Reading the rows may have waited for input. The next use of the current time reads the
        // clock again.
        app.store.forget_time();
        if caller.is_none() {
            import_rows.ensure_has_admin()?;
        }
        let if_exists = match (self.update, self.exist_ok) {
            (true, _) => IfExists::Update,
            (false, true) => IfExists::Skip,
            (false, false) => IfExists::Refuse,
        };
        let password_path = self.generate_passwords.as_deref();
        let watch = ImportWatch::start("importing", "no account was created or changed")?;
        let password_file =
            PasswordFile::create(app, &mut import_rows, password_path, if_exists, &watch)?;
        let result = import(app, caller.as_ref(), &mut import_rows, if_exists, watch);
        if let Ok(outcome) = &result {
            print_outcome(app, outcome, if_exists);
        }
        if let Some(password_file) = password_file {
            password_file.keep_or_remove(app, &result);
        }
        let outcome = result?;
        app.console.report(&ImportOutput {
            changed: outcome.created_count + outcome.updated_count > 0,
            imported: outcome.created_count,
            updated: outcome.updated_count,
            without_password: outcome.passwordless_count,
            generated_passwords: import_rows.generated_passwords().len(),
            skipped: outcome.unchanged_count,
            differing_users: outcome.differing_count,
        })
    }
}

/// Imports the rows. Creates the store if it does not exist.
fn import(
    app: &mut App,
    caller: Option<&Caller>,
    import_rows: &mut ImportRows,
    if_exists: IfExists,
    watch: ImportWatch,
) -> Result<ImportOutcome, Failure> {
    app.store.create_if_missing_with_algorithm(Algorithm::ES256)?;
    let skipped_fields = import_rows.skipped_fields();
    if !skipped_fields.is_empty() {
        let names = skipped_fields.join("`, `");
        app.console.print_warning(&format!("skipped unknown columns or members: `{names}`"));
    }
    let (store, audit) = app.store.open_with_audit()?;
    let progress = ImportProgress::start(&app.console, watch, import_rows);
    let on_step = |step| progress.observe(step);
    let result =
        authority::accounts::import(store, &audit, caller, import_rows, if_exists, &on_step);
    progress.finish(result)
}

/// Prints the status message, a warning about existing accounts that differ from their rows, and a
/// hint about new accounts without a password.
fn print_outcome(app: &App, outcome: &ImportOutcome, if_exists: IfExists) {
    let imported = pluralize(outcome.created_count, "user");
    let updated = match if_exists {
        IfExists::Update => format!(", updated {}", outcome.updated_count),
        IfExists::Refuse | IfExists::Skip => String::new(),
    };
    let skipped = match outcome.unchanged_count {
        0 => String::new(),
        count => format!(", skipped {count} existing"),
    };
    app.console.print_status(&format!("imported {imported}{updated}{skipped}"));
    let differing = outcome.differing_count;
    if let Some(line) = outcome.first_differing_line {
        let users = pluralize(differing, "existing user");
        app.console.print_warning(&match differing {
            1 => format!("{users} differs from the row on line {line} and was not changed"),
            _ => {
                format!("{users} differ from their rows and were not changed; the first row is on line {line}")
            }
        });
    }
    print_passwordless_hint(app, outcome.passwordless_count);
}
