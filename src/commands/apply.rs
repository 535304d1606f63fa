//! `jeton apply`

use super::args::{DryRunArgs, input_path, path, stdin_argument};
use super::users::import_progress::{ImportProgress, ImportWatch};
use super::users::password_file::{PasswordFile, print_passwordless_hint};
use crate::app::{App, Rendered, Report};
use crate::authority::Caller;
use crate::authority::accounts::{AccountChange, IfExists};
use crate::authority::desired_state::{self, DesiredState, StateChanges};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{Algorithm, Setting, Untrusted};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// Apply the settings and accounts in a TOML file, all or none (admins only)
///
/// The table `[settings]` has the settings of `jeton settings list`. A table `[users.LOGIN]` describes
/// the account with this username or e-mail address, with the fields of `jeton users import`:
///
///   settings.token.quota = 10
///   users.ada = { role = "admin", email = "ada@example.com" }
///
/// Missing accounts are created; existing accounts get the fields in the file. Settings, accounts and
/// fields that are not in the file are unchanged, and so are the passwords of existing accounts.
/// Applying the file again changes nothing. Creates the store if it does not exist. For a store
/// without users, no login is needed, and the file must have an admin.
///
///   jeton apply -f store.toml --dry-run
///   jeton apply -f store.toml --passwords-out passwords.csv
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// TOML file (`-` for standard input)
    #[arg(short, long, value_name = "FILE", value_parser = input_path())]
    file: PathBuf,

    /// Generate a password for each new account without a password, and write logins and passwords
    /// to this new file (CSV, readable only by you). Without such accounts, no file is written. If
    /// the file cannot be written, nothing is changed
    #[arg(long, value_name = "FILE", value_parser = path())]
    passwords_out: Option<PathBuf>,

    #[command(flatten)]
    dry_run: DryRunArgs,
}

#[derive(Debug, Serialize)]
struct ApplyOutput {
    changed: bool,
    /// The changed settings with their new values.
    settings: Vec<SettingChange>,
    /// The new and the updated accounts.
    users: Vec<UserChange>,
    /// Number of new accounts without a password.
    without_password: usize,
    /// Number of generated passwords.
    generated_passwords: usize,
}

#[derive(Debug, Serialize)]
struct SettingChange {
    name: &'static str,
    value: Value,
}

#[derive(Debug, Serialize)]
struct UserChange {
    /// Username, or else e-mail address, of the account.
    user: String,
    /// `created` or `updated`.
    change: &'static str,
    /// Names of the changed fields of an existing account; empty for a new account.
    fields: Vec<&'static str>,
}

impl Report for ApplyOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "apply";
    const EFFECT: Effect = Effect::Changes;

    fn effect(&self) -> Effect {
        self.dry_run.effect()
    }

    fn stdin_arguments(&self) -> Vec<&'static str> {
        stdin_argument("--file", Some(&self.file)).into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.session.caller_if_store_has_users(&mut app.store)?;
        if let Some(caller) = &caller {
            desired_state::authorize(caller)?;
        }
        self.dry_run.start(app);
        let document = app.console.read_toml("--file", &self.file)?;
        let mut state = DesiredState::read(document, app.store.now()?)?;
        if caller.is_none() {
            state.accounts.ensure_has_admin()?;
        }
        let (path, if_exists) = (self.passwords_out.as_deref(), IfExists::Update);
        let watch = ImportWatch::start("applying", "no setting or account was changed")?;
        let password_file =
            PasswordFile::create(app, &mut state.accounts, path, if_exists, &watch)?;
        let result = apply(app, caller.as_ref(), &mut state, watch);
        if let Ok(changes) = &result {
            print_changes(app, changes);
        }
        if let Some(password_file) = password_file {
            password_file.keep_or_remove(app, &result);
        }
        app.console.report(&to_output(result?, state.accounts.generated_passwords().len()))
    }
}

/// Applies the state of the file to the store, and creates the store if it does not exist.
fn apply(
    app: &mut App,
    caller: Option<&Caller>,
    state: &mut DesiredState,
    watch: ImportWatch,
) -> Result<StateChanges, Failure> {
    app.store.create_if_missing_with_algorithm(Algorithm::ES256)?;
    let (store, audit) = app.store.open_with_audit()?;
    let progress = ImportProgress::start(&app.console, watch, &state.accounts);
    let on_step = |step| progress.observe(step);
    let result = desired_state::apply(store, &audit, caller, state, &on_step);
    progress.finish(result)
}

fn print_changes(app: &App, changes: &StateChanges) {
    let accounts = changes.accounts.changes.as_deref().unwrap_or_default();
    if changes.settings.is_empty() && accounts.is_empty() {
        app.console.print_status("nothing to change");
    }
    for (setting, value) in &changes.settings {
        let value = Untrusted::new(value).to_display();
        app.console.print_status(&format!("set {} to {value}", setting.name()));
    }
    for AccountChange { login, changed_fields } in accounts {
        app.console.print_status(&match changed_fields {
            None => format!("created user {login}"),
            Some(fields) => format!("updated user {login}: changed {}", fields.join(", ")),
        });
    }
    print_passwordless_hint(app, changes.accounts.passwordless_count);
}

fn to_output(changes: StateChanges, generated_password_count: usize) -> ApplyOutput {
    let to_setting = |(setting, value): (Setting, String)| SettingChange {
        name: setting.name(),
        value: setting.to_json(&value),
    };
    let to_user = |AccountChange { login, changed_fields }: AccountChange| UserChange {
        user: login,
        change: if changed_fields.is_some() { "updated" } else { "created" },
        fields: changed_fields.unwrap_or_default(),
    };
    let settings: Vec<_> = changes.settings.into_iter().map(to_setting).collect();
    let accounts = changes.accounts.changes.unwrap_or_default();
    let users: Vec<_> = accounts.into_iter().map(to_user).collect();
    ApplyOutput {
        changed: !(settings.is_empty() && users.is_empty()),
        settings,
        users,
        without_password: changes.accounts.passwordless_count,
        generated_passwords: generated_password_count,
    }
}
