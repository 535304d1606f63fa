//! Kinds of objects in errors.

/// The kind of an object that was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    /// An account.
    User,
    /// A recorded token.
    Token,
    /// A session.
    Session,
    /// A key.
    Key,
}

impl ResourceKind {
    /// Returns the name for messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Session => "session",
            Self::Key => "key",
        }
    }
}
