//! User accounts.

use super::{
    DisplayName, Email, InvalidValue, PasswordHash, Quota, Timestamp, Untrusted, UserId, UserName,
    UserUuid,
};
use serde::Serialize;

/// Role of a user, in ascending order of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Manages only the user's own account, sessions and app tokens.
    User,
    /// Has the rights of `User`, may also mint test tokens, and may grant any permission to app
    /// tokens.
    Minter,
    /// Has all rights.
    Admin,
}

impl Role {
    /// All roles.
    pub(crate) const ALL: [Self; 3] = [Self::User, Self::Minter, Self::Admin];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Minter => "minter",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "user" => Ok(Self::User),
            "minter" => Ok(Self::Minter),
            "admin" => Ok(Self::Admin),
            _ => Err(InvalidValue::new("role", "expected `user`, `minter` or `admin`")),
        }
    }
}

/// Initial values of a user row. `username` or `email` must be set.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    /// User id in tokens.
    pub(crate) uid: UserUuid,
    /// Username.
    pub(crate) username: Option<UserName>,
    /// E-mail address.
    pub(crate) email: Option<Email>,
    /// Display name.
    pub(crate) display_name: Option<DisplayName>,
    /// Password hash; `None`: the user cannot log in.
    pub(crate) password_hash: Option<PasswordHash>,
    /// Role.
    pub(crate) role: Role,
    /// Quota of the user; `None` means the quota of the store.
    pub(crate) quota: Option<Quota>,
    /// Time since which the user is disabled and cannot log in; `None`: not disabled.
    pub(crate) disabled_at: Option<Timestamp>,
    /// Creation time.
    pub(crate) created_at: Timestamp,
}

/// User row. The row of a deleted user keeps the ids, but has no username, e-mail address or
/// display name.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Row id.
    pub(crate) id: UserId,
    /// User id in tokens.
    pub(crate) uid: UserUuid,
    /// Username.
    pub(crate) username: Option<UserName>,
    /// E-mail address.
    pub(crate) email: Option<Email>,
    /// Display name.
    pub(crate) display_name: Option<DisplayName>,
    /// Role.
    pub(crate) role: Role,
    /// Quota of the user; `None` means the quota of the store.
    pub(crate) quota: Option<Quota>,
    /// Time since which the user is disabled and cannot log in; `None`: not disabled.
    pub(crate) disabled_at: Option<Timestamp>,
    /// Deletion time; `None`: not deleted.
    pub(crate) deleted_at: Option<Timestamp>,
    /// Creation time.
    pub(crate) created_at: Timestamp,
}

/// Object, such as a token or a session, with the name of its owner.
#[derive(Debug, Clone)]
pub(crate) struct WithOwner<T> {
    /// The object.
    pub(crate) value: T,
    /// Username or e-mail address of the owner; `None` for a deleted user.
    pub(crate) owner_name: Option<Untrusted>,
}

impl User {
    /// Returns the name for messages: the username, or by default the e-mail address. For a user
    /// without both, returns `user` and the row id.
    pub(crate) fn to_display(&self) -> String {
        match (&self.username, &self.email) {
            (Some(name), _) => name.to_display(),
            (None, Some(email)) => email.to_display(),
            (None, None) => format!("user {}", self.id),
        }
    }
}
