//! File of the passwords that a command generates for new accounts.

use super::import_progress::ImportWatch;
use crate::app::{App, NewSecretFile};
use crate::authority::accounts::{GeneratedPassword, IfExists, ImportRows};
use crate::commands::views::pluralize;
use crate::failure::{Code, Failure};
use crate::model::{redact_for_error, render_csv_header, render_csv_rows};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// File with the generated passwords of the accounts that a command will create. Dropping the value
/// removes the file.
pub(crate) struct PasswordFile {
    file: NewSecretFile,
    path: PathBuf,
    /// Number of passwords.
    count: usize,
}

impl PasswordFile {
    /// Generates a password for each new account without a password, and writes the passwords to a
    /// new file at `path`. Does nothing if `path` is `None`. Writes no file if no password is
    /// generated.
    ///
    /// Must be called before the accounts are created. If the file cannot be written, the error
    /// prevents the creation of accounts whose passwords would be lost.
    pub(crate) fn create(
        app: &mut App,
        rows: &mut ImportRows,
        path: Option<&Path>,
        if_exists: IfExists,
        watch: &ImportWatch,
    ) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        if path.as_os_str() == "-" {
            return Err(Failure::usage("passwords cannot be written to standard output"));
        }
        let store = if app.store.exists()? { Some(app.store.get()?) } else { None };
        watch.convert_error(rows.generate_passwords(store, if_exists, || watch.check()))?;
        let csv_rows: Vec<_> = rows.generated_passwords().iter().map(to_row).collect();
        let Some(first) = csv_rows.first() else { return Ok(None) };
        let header = render_csv_header(first.keys().map(String::as_str));
        let csv = header + &render_csv_rows(&csv_rows);
        let file = NewSecretFile::create(&app.console, path, csv.as_bytes())?;
        Ok(Some(Self { file, path: path.to_owned(), count: csv_rows.len() }))
    }

    /// Keeps the file if the accounts were created, or if an error leaves unknown whether they were
    /// created. Removes the file after a dry run and after any other error. Unless there is an
    /// error, prints a status message with the number of passwords and the path.
    pub(crate) fn keep_or_remove<T>(self, app: &App, result: &Result<T, Failure>) {
        match result {
            Ok(_) => {
                let passwords = pluralize(self.count, "password");
                let path = redact_for_error(&self.path.to_string_lossy());
                app.console.print_status(&format!("wrote {passwords} to `{path}`"));
                if !app.store.is_dry_run() {
                    self.file.keep();
                }
            }
            Err(failure) if failure.code == Code::OutcomeUnknown => self.file.keep(),
            Err(_) => {}
        }
    }
}

/// Prints the hint with the command that sets a password for new users without a password.
pub(crate) fn print_passwordless_hint(app: &App, passwordless_count: usize) {
    if passwordless_count > 0 {
        let users = pluralize(passwordless_count, "new user");
        let verb = if passwordless_count == 1 { "has" } else { "have" };
        app.console.print_hint(&format!("{users} {verb} no password; set one: jeton recover USER"));
    }
}

fn to_row(generated: &GeneratedPassword) -> Map<String, Value> {
    let password = generated.password.expose_secret();
    Map::from_iter([
        ("login".to_owned(), generated.login.to_display().into()),
        ("password".to_owned(), password.into()),
    ])
}
