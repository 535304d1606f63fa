//! Insertion of users.

use super::to_stored_quota;
use crate::model::{DisplayName, Email, NewUser, PasswordHash, Timestamp, UserId, UserName};
use crate::store::values::Value;
use crate::store::{Error, Writer};

const COLUMNS: &str = "uid, username, email, email_key, name, name_key, password, role, quota,
    disabled_at, created_at, password_at";

/// Number of [`COLUMNS`].
const COLUMN_COUNT: usize = 12;

impl Writer<'_> {
    /// Adds a user. Returns [`Error::AlreadyExists`] if the username, e-mail address or uid is in
    /// use.
    pub(crate) fn add_user(&self, account: &NewUser, now: Timestamp) -> Result<UserId, Error> {
        self.add_users(&[account], now)
    }

    /// Adds users in one statement, all or none, and returns the id of the last user. Returns
    /// [`Error::AlreadyExists`] if a username, e-mail address or uid is in use.
    ///
    /// SQLite copies each page that a statement changes, so that the statement can be undone: for many
    /// users, one statement per user takes twice the time.
    pub(crate) fn add_users(&self, accounts: &[&NewUser], now: Timestamp) -> Result<UserId, Error> {
        let values: Vec<Value<'_>> =
            accounts.iter().flat_map(|account| to_row(account, now)).collect();
        let sql = insert_sql(accounts.len());
        Ok(UserId(self.connection.insert_rows("users", &sql, &values, accounts.len())?))
    }
}

fn insert_sql(row_count: usize) -> String {
    let mut parameters = 1..;
    let mut row = || {
        let row: Vec<String> =
            parameters.by_ref().take(COLUMN_COUNT).map(|number| format!("?{number}")).collect();
        format!("({})", row.join(", "))
    };
    let rows: Vec<String> = (0..row_count).map(|_| row()).collect();
    format!("INSERT INTO users ({COLUMNS}) VALUES {}", rows.join(", "))
}

fn to_row(account: &NewUser, now: Timestamp) -> [Value<'_>; COLUMN_COUNT] {
    [
        account.uid.into(),
        account.username.as_ref().map(UserName::as_str).into(),
        account.email.as_ref().map(Email::as_str).into(),
        account.email.as_ref().map(Email::comparison_key).into(),
        account.display_name.as_ref().map(DisplayName::as_str).into(),
        account.display_name.as_ref().map(DisplayName::search_key).into(),
        account.password_hash.as_ref().map(PasswordHash::expose).into(),
        account.role.name().into(),
        account.quota.map(to_stored_quota).into(),
        account.disabled_at.into(),
        account.created_at.into(),
        now.into(),
    ]
}
