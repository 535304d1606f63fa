//! What a token is held against.

use crate::model::{Lifetime, Permission, Timestamp, TokenKind};

/// Which tokens are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those of one kind.
    Only(TokenKind),
    /// Those of any kind.
    Any,
}

impl Wanted {
    pub(super) fn accepts(self, kind: TokenKind) -> bool {
        match self {
            Self::Only(wanted) => wanted == kind,
            Self::Any => true,
        }
    }
}

/// What a token is held against.
#[derive(Debug, Clone)]
pub(crate) struct Checks {
    /// The kinds that are acceptable.
    pub(crate) wanted: Wanted,
    /// The time of this run: for keys, sessions and recorded ends.
    pub(crate) now: Timestamp,
    /// The time that time claims are judged by; `--at` moves it.
    pub(crate) at: Timestamp,
    /// Seconds forgiven on time claims.
    pub(crate) leeway: i64,
    /// The issuer, where it is compared.
    pub(crate) issuer: Option<String>,
    /// The audience, where it is compared.
    pub(crate) audience: Option<String>,
    /// Permissions that must be there.
    pub(crate) permissions: Vec<Permission>,
    /// Claims that must have a value.
    pub(crate) required: Vec<(String, String)>,
    /// How long it must still live.
    pub(crate) min_ttl: Option<Lifetime>,
}

impl Checks {
    /// Nothing but what is always checked.
    pub(crate) fn only(wanted: Wanted, now: Timestamp) -> Self {
        Self {
            wanted,
            now,
            at: now,
            leeway: 0,
            issuer: None,
            audience: None,
            permissions: Vec::new(),
            required: Vec::new(),
            min_ttl: None,
        }
    }
}
