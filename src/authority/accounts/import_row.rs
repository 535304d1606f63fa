//! One row of an import file: its fields, and its differences from an existing user.

use super::login_refs;
use crate::crypto;
use crate::model::{
    DisplayName, Email, InvalidValue, NewUser, Password, QuotaOverride, Role, Row, Timestamp, User,
    UserName, UserRef, UserUuid, redact_for_error,
};
use secrecy::SecretString;
use serde_json::{Map, Value};

/// The allowed fields of a row.
pub(in crate::authority) const ACCOUNT_FIELDS: [&str; 10] = [
    "uid",
    "username",
    "email",
    "name",
    "role",
    "quota",
    "disabled",
    "created_at",
    "password",
    "password_hash",
];

/// Start of the error for a field that is not in [`ACCOUNT_FIELDS`].
pub(super) const UNKNOWN_FIELD: &str = "unknown field";

/// A parsed row.
#[derive(Debug)]
pub(super) struct ImportRow {
    /// The number of the first line of the row in the file.
    pub(super) line: u64,
    /// The account that the row describes. Missing fields have the values of a new account.
    pub(super) new_user: NewUser,
    /// Set if the row has a `uid`.
    has_uid: bool,
    /// The password in plain text; `None` if the row has no password or has a password hash.
    pub(super) password: Option<Password>,
    explicit_fields: ExplicitFields,
}

/// A generated password.
#[derive(Debug, Clone)]
pub(crate) struct GeneratedPassword {
    /// Username, or else e-mail address.
    pub(crate) login: UserRef,
    pub(crate) password: SecretString,
}

/// The role, quota and status in a row. `None` if the row does not have the field: then the
/// `new_user` of the row contains the default for new accounts.
#[derive(Debug)]
struct ExplicitFields {
    role: Option<Role>,
    quota: Option<QuotaOverride>,
    is_disabled: Option<bool>,
}

impl ImportRow {
    /// Returns the username and e-mail address of the account, and the uid if the row has a `uid`.
    pub(super) fn user_refs(&self) -> Vec<UserRef> {
        let mut refs = login_refs(self.new_user.username.as_ref(), self.new_user.email.as_ref());
        refs.extend(self.has_uid.then_some(UserRef::Uid(self.new_user.uid)));
        refs
    }

    /// Returns the reference that identifies an existing account: the `uid`, or else the username,
    /// or else the e-mail address.
    pub(super) fn identity(&self) -> UserRef {
        let NewUser { uid, username, email, .. } = &self.new_user;
        match (username, email) {
            (Some(username), _) if !self.has_uid => UserRef::Name(username.clone()),
            (None, Some(email)) if !self.has_uid => UserRef::Email(email.clone()),
            _ => UserRef::Uid(*uid),
        }
    }

    /// Returns whether the row has a password or a password hash.
    pub(super) fn has_password(&self) -> bool {
        self.password.is_some() || self.new_user.password_hash.is_some()
    }

    /// Returns `user` with the e-mail address, display name, role, quota and status of the row.
    /// Fields that the row does not have are unchanged.
    pub(super) fn to_updated_user(&self, user: &User, now: Timestamp) -> User {
        let ExplicitFields { role, quota, is_disabled } = &self.explicit_fields;
        let disabled_at = match is_disabled {
            Some(true) => user.disabled_at.or(Some(now)),
            Some(false) => None,
            None => user.disabled_at,
        };
        let NewUser { email, display_name, .. } = &self.new_user;
        User {
            email: email.clone().or_else(|| user.email.clone()),
            display_name: display_name.clone().or_else(|| user.display_name.clone()),
            role: role.unwrap_or(user.role),
            quota: quota.map_or(user.quota, |quota| quota.0),
            disabled_at,
            ..user.clone()
        }
    }

    /// Returns whether the row has another role, quota, status or display name than the existing
    /// user. Fields that the row does not have are not compared.
    pub(super) fn differs_from(&self, user: &User) -> bool {
        let explicit_fields = &self.explicit_fields;
        explicit_fields.role.is_some_and(|role| role != user.role)
            || explicit_fields.quota.is_some_and(|quota| quota.0 != user.quota)
            || explicit_fields
                .is_disabled
                .is_some_and(|disabled| disabled != user.disabled_at.is_some())
            || self
                .new_user
                .display_name
                .as_ref()
                .is_some_and(|name| Some(name) != user.display_name.as_ref())
    }
}

/// Splits a row that is a list, `{"items": […]}`, into its items. `jeton users export -o json`
/// writes such a list. Returns any other row unchanged.
pub(super) fn flatten_json_list(row: Row) -> Vec<Row> {
    let items = match row.fields.get("items") {
        Some(Value::Array(items)) if row.fields.len() == 1 => items,
        _ => return vec![row],
    };
    let to_row = |item: &Value| Some(Row { line: row.line, fields: item.as_object()?.clone() });
    items.iter().map(to_row).collect::<Option<_>>().unwrap_or_else(|| vec![row.clone()])
}

/// Parses a row. The error describes the fault without the values of the row.
pub(super) fn parse_import_row(
    Row { line, mut fields }: Row,
    now: Timestamp,
) -> Result<ImportRow, String> {
    let fields = &mut fields;
    let uid = take_string(fields, "uid")?;
    let uid =
        uid.map(|text| UserUuid::parse_typed(&text).ok_or("`uid` is not a UUID")).transpose()?;
    let username = take_parsed(fields, "username", UserName::parse)?;
    let email = take_parsed(fields, "email", Email::parse)?;
    if username.is_none() && email.is_none() {
        return Err("username or e-mail address required".to_owned());
    }
    let password = take_parsed(fields, "password", |text| Password::parse(text.to_owned()))?;
    let hash =
        take_parsed(fields, "password_hash", |text| crypto::parse_imported_hash(text.to_owned()))?;
    if password.is_some() && hash.is_some() {
        return Err("`password` and `password_hash` are mutually exclusive".to_owned());
    }
    let explicit_fields = ExplicitFields {
        role: take_keyword(fields, "role", Role::parse)?,
        quota: take_quota(fields)?,
        is_disabled: take_disabled(fields)?,
    };
    let new_user = NewUser {
        uid: uid.unwrap_or_else(crypto::generate_uid),
        username,
        email,
        display_name: take_parsed(fields, "name", DisplayName::parse)?,
        password_hash: hash,
        role: explicit_fields.role.unwrap_or(Role::User),
        quota: explicit_fields.quota.and_then(|quota| quota.0),
        disabled_at: explicit_fields.is_disabled.unwrap_or(false).then_some(now),
        created_at: take_parsed(fields, "created_at", Timestamp::parse)?.unwrap_or(now),
    };
    if let Some(name) = fields.keys().next() {
        return Err(format!(
            "{UNKNOWN_FIELD} `{}`: expected one of {}",
            redact_for_error(name),
            ACCOUNT_FIELDS.join(", ")
        ));
    }
    Ok(ImportRow { line, new_user, has_uid: uid.is_some(), password, explicit_fields })
}

/// Returns the comparison key of a username, e-mail address or uid. Two rows of a file with an
/// equal key are duplicates.
pub(super) fn name_key(name: &UserRef) -> String {
    match name {
        UserRef::Email(email) => email.comparison_key(),
        UserRef::Id(_) | UserRef::Uid(_) | UserRef::Name(_) => name.to_display(),
    }
}

/// Removes and returns a string field; `None` if the field is absent or null.
fn take_string(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}

/// Removes and parses a string field; `None` if the field is absent or null.
fn take_parsed<T>(
    fields: &mut Map<String, Value>,
    field: &'static str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, String> {
    let value = take_string(fields, field)?.map(|text| parse(&text)).transpose();
    value.map_err(|invalid| InvalidValue { value_name: field, ..invalid }.to_string())
}

/// Removes a string field, and parses the text in lowercase: spreadsheets write `TRUE` for `true`.
fn take_keyword<T>(
    fields: &mut Map<String, Value>,
    field: &'static str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, String> {
    take_parsed(fields, field, |text| parse(&text.to_ascii_lowercase()))
}

fn take_quota(fields: &mut Map<String, Value>) -> Result<Option<QuotaOverride>, String> {
    if let Some(Value::Number(number)) = fields.get("quota") {
        let text = Value::from(number.to_string());
        fields.insert("quota".to_owned(), text);
    }
    take_keyword(fields, "quota", QuotaOverride::parse)
}

fn take_disabled(fields: &mut Map<String, Value>) -> Result<Option<bool>, String> {
    if let Some(Value::Bool(disabled)) = fields.get("disabled") {
        let text = Value::from(disabled.to_string());
        fields.insert("disabled".to_owned(), text);
    }
    take_keyword(fields, "disabled", |text| {
        text.parse().map_err(|_| InvalidValue::new("disabled", "expected `true` or `false`"))
    })
}
