//! Reasons for which a session ends before its expiry.

use super::InvalidValue;

/// Reason for which a session ended before its expiry. The store contains the
/// [name](SessionEndReason::name) of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionEndReason {
    /// The user logged out.
    Logout,
    /// A later login replaced the session.
    Replaced,
    /// A refresh token was used a second time, not as a retry of the first use.
    Reuse,
    /// The session or its refresh token was revoked.
    Revoked,
    /// The password was changed.
    Password,
    /// The user was disabled.
    Disabled,
    /// The user was deleted.
    Deleted,
    /// The key that signed the current tokens of the session was revoked.
    Key,
}

impl SessionEndReason {
    const ALL: [Self; 8] = [
        Self::Logout,
        Self::Replaced,
        Self::Reuse,
        Self::Revoked,
        Self::Password,
        Self::Disabled,
        Self::Deleted,
        Self::Key,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Replaced => "replaced",
            Self::Reuse => "reuse",
            Self::Revoked => "revoked",
            Self::Password => "password",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Key => "key",
        }
    }

    /// Returns the description for users.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Replaced => "replaced by a later login",
            Self::Reuse => "used refresh token presented again",
            Self::Revoked => "revoked",
            Self::Password => "password changed",
            Self::Disabled => "user disabled",
            Self::Deleted => "user deleted",
            Self::Key => "signing key revoked",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let mut reasons = Self::ALL.into_iter();
        reasons
            .find(|reason| reason.name() == text)
            .ok_or_else(|| InvalidValue::new("session end reason", "unknown"))
    }
}
