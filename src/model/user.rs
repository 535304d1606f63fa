//! Accounts.

use super::{
    DisplayName, Email, InvalidValue, PasswordHash, Quota, Timestamp, Uid, Untrusted, UserId,
    UserName,
};
use serde::Serialize;

/// What a user may do. The order is the order of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Own account and app tokens.
    User,
    /// Besides, mints test tokens.
    Minter,
    /// Everything.
    Admin,
}

impl Role {
    /// All of them.
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
            _ => Err(InvalidValue::new("role", "`user`, `minter` or `admin`")),
        }
    }
}

/// What a row of the users begins with; at least one of the two names is there.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    /// Its identity in tokens.
    pub(crate) uid: Uid,
    /// The user name.
    pub(crate) username: Option<UserName>,
    /// The e-mail address.
    pub(crate) email: Option<Email>,
    /// The display name.
    pub(crate) display_name: Option<DisplayName>,
    /// The hash of the password; without one nobody logs in.
    pub(crate) password_hash: Option<PasswordHash>,
    /// What it may do.
    pub(crate) role: Role,
    /// Its own quota; `None` means the store's.
    pub(crate) quota: Option<Quota>,
    /// Since when it may not log in.
    pub(crate) disabled_at: Option<Timestamp>,
    /// When it registered.
    pub(crate) created_at: Timestamp,
}

/// A row of the users. A deleted one has lost its names and keeps its ids.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Its integer id.
    pub(crate) id: UserId,
    /// Its identity in tokens.
    pub(crate) uid: Uid,
    /// The user name.
    pub(crate) username: Option<UserName>,
    /// The e-mail address.
    pub(crate) email: Option<Email>,
    /// The display name.
    pub(crate) display_name: Option<DisplayName>,
    /// What it may do.
    pub(crate) role: Role,
    /// Its own quota; `None` means the store's.
    pub(crate) quota: Option<Quota>,
    /// Since when it may not log in.
    pub(crate) disabled_at: Option<Timestamp>,
    /// Since when it is gone.
    pub(crate) deleted_at: Option<Timestamp>,
    /// When it registered.
    pub(crate) created_at: Timestamp,
}

/// Something of a user, as lists show it.
#[derive(Debug, Clone)]
pub(crate) struct WithOwner<T> {
    /// What it is.
    pub(crate) value: T,
    /// The user name of its owner, or the e-mail address; a deleted one has neither.
    pub(crate) owner_name: Option<Untrusted>,
}

impl User {
    /// How it is called in a sentence: username, else e-mail, else its id.
    pub(crate) fn to_display(&self) -> String {
        match (&self.username, &self.email) {
            (Some(name), _) => name.to_display(),
            (None, Some(email)) => email.to_display(),
            (None, None) => format!("user {}", self.id),
        }
    }
}
