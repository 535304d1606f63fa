//! Insertion of users.

use super::to_stored_quota;
use crate::model::{DisplayName, Email, NewUser, PasswordHash, Timestamp, UserId, UserName};
use crate::store::{Error, Writer};
use rusqlite::params;

const COLUMNS: &str = "uid, username, email, email_key, name, name_key, password, role, quota,
    disabled_at, created_at, password_at";

/// Placeholders for the values of one row.
const PLACEHOLDERS: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

impl Writer<'_> {
    /// Adds a user. Returns [`Error::AlreadyExists`] if a name, e-mail address or uid is in use.
    pub(crate) fn add_user(&self, account: &NewUser, now: Timestamp) -> Result<UserId, Error> {
        self.add_users(&[account], now)
    }

    /// Adds users in one statement, all or none, and returns the id of the last user. Returns
    /// [`Error::AlreadyExists`] if a name, e-mail address or uid is in use.
    ///
    /// Before each statement, SQLite copies the pages that the statement changes, so that the
    /// statement can be undone: for many users, one statement per user takes twice the time.
    pub(crate) fn add_users(&self, accounts: &[&NewUser], now: Timestamp) -> Result<UserId, Error> {
        let rows = vec![PLACEHOLDERS; accounts.len()].join(", ");
        let sql = format!("INSERT INTO users ({COLUMNS}) VALUES {rows}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut parameters = 1..;
        for account in accounts {
            let values = params![
                account.uid.bytes(),
                account.username.as_ref().map(UserName::as_str),
                account.email.as_ref().map(Email::as_str),
                account.email.as_ref().map(Email::comparison_key),
                account.display_name.as_ref().map(DisplayName::as_str),
                account.display_name.as_ref().map(DisplayName::search_key),
                account.password_hash.as_ref().map(PasswordHash::expose),
                account.role.name(),
                account.quota.map(to_stored_quota),
                account.disabled_at.map(Timestamp::unix),
                account.created_at.unix(),
                now.unix(),
            ];
            for (value, parameter) in values.iter().zip(parameters.by_ref()) {
                statement.raw_bind_parameter(parameter, value)?;
            }
        }
        let result = statement.raw_execute();
        Ok(UserId(self.inserted_id("users", result)?))
    }
}
