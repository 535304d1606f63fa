//! Insertion of users.

use super::to_stored_quota;
use crate::model::{DisplayName, Email, NewUser, PasswordHash, Timestamp, UserId, UserName};
use crate::store::values::Value;
use crate::store::{Error, Writer};

/// The columns of a row of [`to_row`], in order.
const COLUMNS: &str = "uid, username, email, email_key, name, name_key, password, role, quota,
    disabled_at, created_at, password_at";

/// Number of [`COLUMNS`].
const COLUMN_COUNT: usize = 12;

impl Writer<'_> {
    /// Adds a user. Returns [`Error::AlreadyExists`] if the username, e-mail address or uid is in
    /// use.
    pub(crate) fn add_user(&self, user: &NewUser, now: Timestamp) -> Result<UserId, Error> {
        self.add_users(&[user], now)
    }

    /// Adds users in one statement, all or none, and returns the id of the last user. Returns
    /// [`Error::AlreadyExists`] if a username, e-mail address or uid is in use.
    ///
    /// SQLite copies each page that a statement changes, so that SQLite can undo the statement.
    /// With one statement for each user, the same pages would be copied repeatedly, and the
    /// insertion of many users would take twice the time.
    pub(crate) fn add_users(&self, users: &[&NewUser], now: Timestamp) -> Result<UserId, Error> {
        let values: Vec<Value<'_>> = users.iter().flat_map(|user| to_row(user, now)).collect();
        let sql = insert_sql(users.len());
        Ok(UserId(self.connection.insert_rows("users", &sql, &values, users.len())?))
    }
}

/// Returns the statement that inserts `row_count` users.
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

/// Returns the values of a new user. `now` is stored as the time of the last password change.
fn to_row(user: &NewUser, now: Timestamp) -> [Value<'_>; COLUMN_COUNT] {
    [
        user.uid.into(),
        user.username.as_ref().map(UserName::as_str).into(),
        user.email.as_ref().map(Email::as_str).into(),
        user.email.as_ref().map(Email::comparison_key).into(),
        user.display_name.as_ref().map(DisplayName::as_str).into(),
        user.display_name.as_ref().map(DisplayName::search_key).into(),
        user.password_hash.as_ref().map(PasswordHash::expose).into(),
        user.role.name().into(),
        user.quota.map(to_stored_quota).into(),
        user.disabled_at.into(),
        user.created_at.into(),
        now.into(),
    ]
}
