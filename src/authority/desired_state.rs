//! The settings and accounts that a TOML file describes, and their transfer to the store.

use super::accounts::{
    self, ACCOUNT_FIELDS, IfExists, ImportObserver, ImportOutcome, ImportRows,
    require_admin_or_empty_store,
};
use super::principal::write_as_optional_principal;
use super::{AuditContext, Caller, Error, settings};
use crate::model::{
    EventDetail, EventSubject, InvalidLine, InvalidLines, Role, Row, Setting, TargetKind,
    Timestamp, TomlEntry, TomlTable, TomlValue, redact_for_error,
};
use crate::store::Store;
use serde_json::{Map, Value};

const ADMINS_ONLY: &str = "only admins can apply a file";

/// Tables for test tokens; other commands read these tables from the same file.
const TABLES_OF_OTHER_COMMANDS: [&str; 2] = ["tokens", "defaults"];

/// The settings and accounts of a file.
#[derive(Debug)]
pub(crate) struct DesiredState {
    /// The settings with their values, in the order of the file.
    settings: Vec<(Setting, String)>,
    /// The accounts, as the rows of an import.
    pub(crate) accounts: ImportRows,
}

/// The changes that [`apply`] made in the store.
#[derive(Debug)]
pub(crate) struct StateChanges {
    /// The changed settings with their new values.
    pub(crate) settings: Vec<(Setting, String)>,
    /// The outcome of the import of the accounts.
    pub(crate) accounts: ImportOutcome,
}

impl DesiredState {
    /// Reads a TOML document with the tables `settings` and `users`. Tables for other commands are
    /// ignored. If lines are invalid, the error describes at most the first 20 of these lines. The
    /// error contains no values of account fields, and thus no passwords.
    pub(crate) fn read(document: TomlTable, now: Timestamp) -> Result<Self, Error> {
        let mut invalid_lines = Vec::new();
        let (mut settings, mut account_entries) = (Vec::new(), Vec::new());
        for TomlEntry { key, line, value } in document.entries {
            match (key.as_str(), value) {
                ("settings", TomlValue::Table(TomlTable { entries })) => {
                    read_settings("", entries, &mut settings, &mut invalid_lines);
                }
                ("users", TomlValue::Table(TomlTable { entries })) => {
                    account_entries.extend(entries);
                }
                ("settings", _) => {
                    let reason = "`settings` is not a table: expected a table `[settings]`";
                    invalid_lines.push(invalid_line(line, reason));
                }
                ("users", _) => {
                    let reason = "`users` is not a table: expected tables `[users.LOGIN]`";
                    invalid_lines.push(invalid_line(line, reason));
                }
                (name, TomlValue::Table(_)) if TABLES_OF_OTHER_COMMANDS.contains(&name) => {}
                (name, _) => {
                    let name = redact_for_error(name);
                    let reason =
                        format!("unknown key `{name}`: expected tables `settings` and `users`");
                    invalid_lines.push(invalid_line(line, &reason));
                }
            }
        }
        let min_password_length = settings
            .iter()
            .find(|(setting, _)| *setting == Setting::PasswordMinLength)
            .and_then(|(_, value)| value.parse().ok());
        let accounts = ImportRows::with_list_of_changes(now, min_password_length)?;
        let mut state = Self { settings, accounts };
        for entry in account_entries {
            let result = read_account(entry).map_err(Error::from);
            match result.and_then(|row| state.accounts.add_row(row)) {
                Err(Error::InvalidLine(line)) => invalid_lines.push(line),
                other => other?,
            }
        }
        // All settings are read before the accounts, but may come later in the file.
        invalid_lines.sort_by_key(|line| line.line);
        let mut reported_lines = InvalidLines::default();
        invalid_lines.into_iter().try_for_each(|line| reported_lines.push(line))?;
        reported_lines.into_result()?;
        Ok(state)
    }
}

fn invalid_line(line: u64, reason: &str) -> InvalidLine {
    InvalidLine { line, reason: reason.to_owned() }
}

/// Reads settings. The name of a setting is a quoted key such as `"token.ttl"`, or consists of the
/// names of nested tables and a key. `prefix` is the part of the name from the outer tables.
fn read_settings(
    prefix: &str,
    entries: Vec<TomlEntry>,
    settings: &mut Vec<(Setting, String)>,
    invalid_lines: &mut Vec<InvalidLine>,
) {
    for TomlEntry { key, line, value } in entries {
        let name = format!("{prefix}{key}");
        if let TomlValue::Table(TomlTable { entries }) = value {
            read_settings(&format!("{name}."), entries, settings, invalid_lines);
            continue;
        }
        let value = value.to_json().unwrap_or_default();
        match read_setting(&name, value) {
            Ok((setting, _)) if settings.iter().any(|(other, _)| *other == setting) => {
                let reason = format!("setting `{}` set twice", setting.name());
                invalid_lines.push(invalid_line(line, &reason));
            }
            Ok(setting) => settings.push(setting),
            Err(reason) => invalid_lines.push(invalid_line(line, &reason)),
        }
    }
}

/// Returns the setting `name` with the validated text of its value. The error is the reason for
/// which the line is invalid.
fn read_setting(name: &str, value: Value) -> Result<(Setting, String), String> {
    let setting = Setting::parse(name).map_err(|invalid| {
        format!("unknown key `{}`: {}", redact_for_error(name), invalid.reason)
    })?;
    let text = match value {
        Value::String(text) => text,
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(format!("{}: expected a string, a number or a boolean", setting.name()));
        }
    };
    let text = setting.validate(&text);
    Ok((setting, text.map_err(|invalid| format!("{}: {}", setting.name(), invalid.reason))?))
}

/// Converts the table of an account to the row of an import. The name of the table is the username
/// or, if the name contains `@`, the e-mail address.
fn read_account(TomlEntry { key, line, value }: TomlEntry) -> Result<Row, InvalidLine> {
    let TomlValue::Table(TomlTable { entries }) = value else {
        let reason = format!(
            "`{}` is not a table: expected a table `[users.LOGIN]`",
            redact_for_error(&key)
        );
        return Err(invalid_line(line, &reason));
    };
    let name_field = if key.contains('@') { "email" } else { "username" };
    let mut fields = Map::from_iter([(name_field.to_owned(), Value::from(key))]);
    for TomlEntry { key, line, value } in entries {
        if key == name_field {
            let reason = format!("`{name_field}` is set by the table name: omit the key");
            return Err(invalid_line(line, &reason));
        }
        if !ACCOUNT_FIELDS.contains(&key.as_str()) {
            let (name, expected) = (redact_for_error(&key), ACCOUNT_FIELDS.join(", "));
            let reason = format!("unknown key `{name}`: expected one of {expected}");
            return Err(invalid_line(line, &reason));
        }
        let value = Some(value).filter(|value| !matches!(value, TomlValue::Table(_)));
        let Some(value) = value.and_then(|value| value.to_json()) else {
            let reason = format!("{key}: expected a string, a number or a boolean");
            return Err(invalid_line(line, &reason));
        };
        fields.insert(key, value);
    }
    Ok(Row { line, fields })
}

/// Refuses a caller who is not an admin.
pub(crate) fn authorize(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Sets the settings, and adds or updates the accounts. After an error, no setting and no account
/// is changed. Settings, accounts and fields that the file does not contain remain unchanged. Only
/// admins may apply a file. While the store has no users, `caller` may be `None`: then any process
/// that can write to the store may apply a file.
pub(crate) fn apply(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    state: &mut DesiredState,
    observer: &ImportObserver<'_>,
) -> Result<StateChanges, Error> {
    store.read(|tx| {
        require_admin_or_empty_store(tx, caller.map(|caller| &caller.user), ADMINS_ONLY)
    })?;
    accounts::hash_row_passwords(store, &state.accounts, IfExists::Update, observer)?;
    write_as_optional_principal(store, caller.map(|caller| &caller.principal), |tx, user| {
        require_admin_or_empty_store(tx, user, ADMINS_ONLY)?;
        let mut changed_settings = Vec::new();
        for (setting, value) in &state.settings {
            if settings::change(tx, audit.now, *setting, value)? {
                changed_settings.push((*setting, value.clone()));
            }
        }
        let accounts =
            accounts::apply_all_rows(tx, audit, &mut state.accounts, IfExists::Update, observer)?;
        let count = changed_settings.len() + accounts.created_count + accounts.updated_count;
        let detail = EventDetail::objects("settings and users");
        let subject = EventSubject::several(TargetKind::Store, detail);
        audit.record(tx, caller.map(|caller| caller.user.id), subject, count)?;
        Ok(StateChanges { settings: changed_settings, accounts })
    })
}
