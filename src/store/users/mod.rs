//! The table of users.

mod insert;
mod listing;

pub(crate) use listing::{UserFilter, UserOrder};

use super::connection::Connection;
use super::sql::{optional_time, required_time};
use super::values::{Row, Value, values};
use super::{Error, Reader, SharedWriter, Writer, tokens};
use crate::model::{
    DisplayName, Email, KeyRowId, PasswordHash, Quota, QuotaUsage, Role, Timestamp, Untrusted,
    User, UserId, UserName, UserRef, UserUuid, WithOwner,
};

/// State that decides whether a new token of a user may be recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IssuanceState {
    /// Quota usage; `None` for an unlimited quota. The tokens of a user with an unlimited quota are
    /// not counted, because such a user may have many tokens.
    pub(crate) quota_usage: Option<QuotaUsage>,
    /// Set if the user is disabled.
    pub(crate) is_disabled: bool,
    /// Set if the key that signed the token is still active.
    pub(crate) is_key_active: bool,
}

/// The columns that [`user_from_row`] converts, in order.
pub(in crate::store) const COLUMNS: &str =
    "id, uid, username, email, name, role, quota, disabled_at, deleted_at, created_at";

fn user_by_id_sql() -> String {
    format!("SELECT {COLUMNS} FROM users WHERE id = ?1")
}

/// Characters of the salt and of the hash value in a PHC string.
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Reader<'_> {
    /// Returns the user with this username, e-mail address, id or uid, unless the user is deleted.
    pub(crate) fn find_user(&self, user_ref: &UserRef) -> Result<Option<User>, Error> {
        let sql = |column| {
            format!("SELECT {COLUMNS} FROM users WHERE {column} = ?1 AND deleted_at IS NULL")
        };
        match user_ref {
            UserRef::Id(id) => self.user_where(&sql("id"), *id),
            UserRef::Uid(uid) => self.user_where(&sql("uid"), *uid),
            UserRef::Name(name) => self.user_where(&sql("username"), name.as_str()),
            UserRef::Email(email) => self.user_where(&sql("email_key"), email.comparison_key()),
        }
    }

    /// Returns the user with this id, including deleted users.
    pub(crate) fn find_user_including_deleted(&self, id: UserId) -> Result<Option<User>, Error> {
        self.user_where(&user_by_id_sql(), id)
    }

    /// Prefetches the query of [`Reader::find_user_including_deleted`]: sends the query to a server
    /// with the next statement. A call of that method before a further statement then needs no
    /// round trip. Does nothing for a file.
    pub(crate) fn prefetch_user(&self, id: UserId) {
        self.connection.prefetch(|| (user_by_id_sql(), vec![id.into()]));
    }

    /// Adds the owner's username to `value`, or the e-mail address of an owner without username.
    pub(crate) fn with_owner<T>(&self, owner: UserId, value: T) -> Result<WithOwner<T>, Error> {
        let sql = "SELECT coalesce(username, email) FROM users WHERE id = ?1";
        let name: Option<String> =
            self.connection.prepare(sql)?.query_row(values![owner], |row| row.get(0))?;
        Ok(WithOwner { value, owner_name: name.map(Untrusted::new) })
    }

    fn user_where<'v>(
        &self,
        sql: &str,
        value: impl Into<Value<'v>>,
    ) -> Result<Option<User>, Error> {
        self.connection.prepare(sql)?.query_optional(&[value.into()], user_from_row)
    }

    /// Returns the password hash of a user, and the time of the last password change. The time of
    /// each change is later than that of the previous change. A new hash of the same password keeps
    /// the time.
    pub(crate) fn find_password(
        &self,
        id: UserId,
    ) -> Result<Option<(PasswordHash, Timestamp)>, Error> {
        let sql = "SELECT password, password_at FROM users WHERE id = ?1";
        let password = self.connection.query_optional(sql, values![id], |row| {
            let hash: Option<String> = row.get(0)?;
            hash.map(|hash| Ok((PasswordHash::new(hash), required_time(row.get(1)?)?))).transpose()
        })?;
        Ok(password.flatten())
    }

    /// Returns whether the store has ever had a user.
    pub(crate) fn has_ever_had_users(&self) -> Result<bool, Error> {
        self.connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", &[], |row| row.get(0))
    }

    /// Returns the number of admins that are neither deleted nor disabled.
    pub(crate) fn count_active_admins(&self) -> Result<i64, Error> {
        self.connection.query_number(
            "SELECT count(*) FROM users
             WHERE role = 'admin' AND deleted_at IS NULL AND disabled_at IS NULL",
        )
    }

    /// Returns the class of the costliest password hash that the store has contained since the last
    /// `store prune`. The class of a hash is its PHC string without the salt and the hash value.
    /// Every failed login takes as long as a comparison with a hash of this class. Returns `None`
    /// if no hash since then has cost more than the hashes that jeton creates.
    pub(crate) fn costliest_hash_class(&self) -> Result<Option<String>, Error> {
        let sql = "SELECT costliest_hash FROM store";
        Ok(self.connection.prepare(sql)?.query_optional(&[], |row| row.get(0))?.flatten())
    }

    /// Calls `visit` with each distinct class of the users' password hashes.
    pub(crate) fn for_each_hash_class(&self, mut visit: impl FnMut(&str)) -> Result<(), Error> {
        let sql =
            "SELECT DISTINCT rtrim(rtrim(rtrim(rtrim(password, ?1), '$'), ?1), '$') FROM users
             WHERE password IS NOT NULL ORDER BY 1";
        self.connection.for_each_row(sql, values![BASE64], |row| {
            visit(&row.get::<String>(0)?);
            Ok(true)
        })
    }
}

impl SharedWriter<'_> {
    /// Locks the row of a user until the commit. The lock is requested with the next statement. If
    /// another transaction has locked the row, that statement waits for its end; later queries then
    /// see its changes. Does nothing for a file, which has one writer at a time.
    ///
    /// [`SharedWriter::issuance_state`] counts the tokens in a separate statement. A single
    /// statement would start before the wait for the lock, and would see only what was committed
    /// before its start.
    pub(crate) fn lock_user(&self, id: UserId) {
        self.connection.prefetch(|| {
            ("SELECT 1 FROM users WHERE id = ?1 FOR NO KEY UPDATE".to_owned(), vec![id.into()])
        });
    }

    /// Replaces the password hash with another hash of the same password.
    pub(crate) fn rehash_password(&self, id: UserId, new_hash: &PasswordHash) -> Result<(), Error> {
        let sql = "UPDATE users SET password = ?2 WHERE id = ?1";
        self.connection.execute(sql, values![id, new_hash.expose()])?;
        Ok(())
    }

    /// Returns the issuance state of a user, or `None` for a deleted user. `default_quota` applies
    /// to a user without an individual quota. On a server, the number of tokens stays valid until
    /// the commit only after [`SharedWriter::lock_user`], or with a [`Writer`].
    pub(crate) fn issuance_state(
        &self,
        id: UserId,
        key: KeyRowId,
        default_quota: Quota,
        now: Timestamp,
    ) -> Result<Option<IssuanceState>, Error> {
        let used_sql = match self.connection {
            Connection::Sqlite(_) => tokens::quota_count_unless_grace_sql(),
            // A second query would be another round trip.
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => tokens::quota_count_sql(),
        };
        let sql = format!(
            "SELECT coalesce(quota, ?3), disabled_at IS NOT NULL,
                 (SELECT state = 'active' FROM keys WHERE id = ?4),
                 CASE WHEN coalesce(quota, ?3) >= 0 THEN ({used_sql}) END
             FROM users WHERE id = ?1 AND deleted_at IS NULL"
        );
        let from_row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let values = values![id, now, to_stored_quota(default_quota), key];
        let row: Option<(i64, _, _, Option<i64>)> =
            self.connection.query_optional(&sql, values, from_row)?;
        let Some((limit, is_disabled, is_key_active, used)) = row else { return Ok(None) };
        let quota_usage = match (u32::try_from(limit), used) {
            (Err(_), _) => None,
            (Ok(limit), Some(used)) => Some(QuotaUsage { used, limit }),
            // A token is in its grace period, so the count depends on its successor.
            (Ok(limit), None) => {
                let sql = tokens::quota_count_sql();
                let used = self.connection.query_row(&sql, values![id, now], |row| row.get(0))?;
                Some(QuotaUsage { used, limit })
            }
        };
        Ok(Some(IssuanceState { quota_usage, is_disabled, is_key_active }))
    }
}

impl Writer<'_> {
    /// Replaces the user's username, e-mail address and display name. Returns
    /// [`Error::AlreadyExists`] if the username or e-mail address is in use.
    pub(crate) fn set_names(
        &self,
        id: UserId,
        username: Option<&UserName>,
        email: Option<&Email>,
        display_name: Option<&DisplayName>,
    ) -> Result<(), Error> {
        self.connection.execute(
            "UPDATE users SET username = ?2, email = ?3, email_key = ?4, name = ?5, name_key = ?6
             WHERE id = ?1",
            values![
                id,
                username.map(UserName::as_str),
                email.map(Email::as_str),
                email.map(Email::comparison_key),
                display_name.map(DisplayName::as_str),
                display_name.map(DisplayName::search_key),
            ],
        )?;
        Ok(())
    }

    /// Changes the user's role.
    pub(crate) fn set_role(&self, id: UserId, role: Role) -> Result<(), Error> {
        self.connection
            .execute("UPDATE users SET role = ?2 WHERE id = ?1", values![id, role.name()])?;
        Ok(())
    }

    /// Sets the individual quota of the user. With `None`, the default quota of the store applies.
    pub(crate) fn set_quota(&self, id: UserId, quota: Option<Quota>) -> Result<(), Error> {
        let quota = quota.map(to_stored_quota);
        self.connection.execute("UPDATE users SET quota = ?2 WHERE id = ?1", values![id, quota])?;
        Ok(())
    }

    /// Disables the user as of `since`, or enables the user with `None`.
    pub(crate) fn set_disabled(&self, id: UserId, since: Option<Timestamp>) -> Result<(), Error> {
        self.connection
            .execute("UPDATE users SET disabled_at = ?2 WHERE id = ?1", values![id, since])?;
        Ok(())
    }

    /// Changes the user's password. The time of the change is later than that of the previous
    /// change, if necessary by one second: see [`Reader::find_password`].
    pub(crate) fn set_password(
        &self,
        id: UserId,
        new_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.connection.execute(
            "UPDATE users SET password = ?2,
                 password_at = CASE WHEN password_at < ?3 THEN ?3 ELSE password_at + 1 END
             WHERE id = ?1",
            values![id, new_hash.expose(), now],
        )?;
        Ok(())
    }

    /// Marks the user as deleted. Keeps the row, but removes the username, e-mail address, display
    /// name and password from the row.
    pub(crate) fn remove_user(&self, id: UserId, now: Timestamp) -> Result<(), Error> {
        self.connection.execute(
            "UPDATE users SET username = NULL, email = NULL, email_key = NULL, name = NULL,
                 name_key = NULL, password = NULL, deleted_at = ?2
             WHERE id = ?1",
            values![id, now],
        )?;
        Ok(())
    }

    /// Stores the class of the costliest password hash: see [`Reader::costliest_hash_class`].
    pub(crate) fn set_costliest_hash_class(&self, class: Option<&str>) -> Result<(), Error> {
        self.connection.execute("UPDATE store SET costliest_hash = ?1", values![class])?;
        Ok(())
    }
}

pub(in crate::store) fn user_from_row(row: &Row<'_>) -> Result<User, Error> {
    Ok(User {
        id: row.get(0)?,
        uid: UserUuid::new(row.get(1)?),
        username: row.get::<Option<String>>(2)?.map(UserName::new_unchecked),
        email: row.get::<Option<String>>(3)?.map(Email::new_unchecked),
        display_name: row.get::<Option<String>>(4)?.map(DisplayName::new_unchecked),
        role: Role::parse(&row.get::<String>(5)?)?,
        quota: from_stored_quota(row.get(6)?),
        disabled_at: optional_time(row.get(7)?)?,
        deleted_at: optional_time(row.get(8)?)?,
        created_at: required_time(row.get(9)?)?,
    })
}

fn to_stored_quota(quota: Quota) -> i64 {
    quota.limit().map_or(-1, i64::from)
}

fn from_stored_quota(stored: Option<i64>) -> Option<Quota> {
    stored.map(|n| u32::try_from(n).map_or(Quota::Unlimited, Quota::Limited))
}
