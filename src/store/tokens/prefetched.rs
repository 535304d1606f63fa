//! Rows of tokens that were loaded before a caller looks up the tokens.

use crate::model::{Jti, KeyRowId, RecordedToken};
use std::collections::{HashMap, HashSet};

/// Rows for the `jti`s of [`crate::store::Reader::prefetch_tokens`].
#[derive(Default)]
pub(in crate::store) struct PrefetchedTokens {
    /// The token with each `jti`, or `None` if no token is recorded.
    pub(super) tokens: HashMap<Jti, Option<RecordedToken>>,
    /// Revocation entries of the `jti`s without a recorded token.
    pub(super) blocklist: HashSet<(KeyRowId, Jti)>,
}

impl PrefetchedTokens {
    /// Returns the token with this `jti`, or an inner `None` if no token is recorded. Returns an
    /// outer `None` if the `jti` was not prefetched.
    pub(super) fn find(&self, jti: Jti) -> Option<&Option<RecordedToken>> {
        self.tokens.get(&jti)
    }

    /// Returns whether an unrecorded token was revoked. Returns `None` if the `jti` was not
    /// prefetched, or if the token with this `jti` is recorded.
    pub(super) fn is_blocklisted(&self, key: KeyRowId, jti: &str) -> Option<bool> {
        let id = Jti::parse(jti).filter(|id| id.to_string() == jti)?;
        let is_unrecorded = self.tokens.get(&id)?.is_none();
        is_unrecorded.then(|| self.blocklist.contains(&(key, id)))
    }
}
