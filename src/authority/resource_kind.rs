//! The kinds of objects that an error can report as not found.

/// The kind of an object that was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    /// A user account.
    User,
    /// A token.
    Token,
    /// A session.
    Session,
    /// A key.
    Key,
}

impl ResourceKind {
    /// Returns the noun for this kind in error messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Session => "session",
            Self::Key => "key",
        }
    }
}
