//! Tokens and revocation entries that were loaded before a caller looks them up.

use crate::model::{Jti, KeyRowId, RecordedToken};
use std::collections::{HashMap, HashSet};

/// Tokens and revocation entries for the `jti`s that were passed to
/// [`crate::store::Reader::prefetch_tokens`].
#[derive(Default)]
pub(in crate::store) struct PrefetchedTokens {
    /// The token with each `jti`, or `None` if no token is recorded.
    pub(super) tokens: HashMap<Jti, Option<RecordedToken>>,
    /// Revocation entries of the `jti`s without a recorded token.
    pub(super) blocklist: HashSet<(KeyRowId, Jti)>,
}

impl PrefetchedTokens {
    /// Returns the token with this `jti`, or `Some(None)` if no such token is recorded. Returns
    /// `None` if the `jti` was not prefetched.
    pub(super) fn find(&self, jti: Jti) -> Option<&Option<RecordedToken>> {
        self.tokens.get(&jti)
    }

    /// Returns whether an unrecorded token was revoked. Returns `None` if the `jti` was not
    /// prefetched, or if the token with this `jti` is recorded.
    pub(super) fn is_blocklisted(&self, key: KeyRowId, jti: &str) -> Option<bool> {
        // The `jti` of an unrecorded token can be any text; only the canonical text of a UUID can
        // be prefetched.
        let id = Jti::parse(jti).filter(|id| id.to_string() == jti)?;
        let is_unrecorded = self.tokens.get(&id)?.is_none();
        is_unrecorded.then(|| self.blocklist.contains(&(key, id)))
    }
}
