//! The error for an abbreviated id that selects several objects.

use crate::model::Untrusted;

/// Maximum number of ids in the message of the error.
const MAX_NAMED: usize = 10;

/// An abbreviated id that is the start of several ids.
#[derive(Debug, thiserror::Error)]
#[error("{noun} id `{prefix}` is ambiguous: {}", format_ids(.ids))]
pub(crate) struct AmbiguousId {
    /// The kind of the objects, such as `key`.
    noun: &'static str,
    /// The abbreviated id: not a secret, because existing ids begin with this text.
    prefix: String,
    /// Ids that begin with the abbreviated id: all such ids, or at least [`Self::MAX_LOADED`].
    ids: Vec<Untrusted>,
}

impl AmbiguousId {
    /// Maximum number of objects to load for the error: one more than the maximum number of ids in
    /// the message, to detect that the message omits ids.
    pub(super) const MAX_LOADED: usize = MAX_NAMED + 1;

    pub(super) fn new(noun: &'static str, prefix: &str, ids: Vec<Untrusted>) -> Self {
        Self { noun, prefix: prefix.to_owned(), ids }
    }

    /// Returns the ids that the message names.
    pub(crate) fn named_ids(&self) -> impl Iterator<Item = &Untrusted> {
        self.ids.iter().take(MAX_NAMED)
    }
}

fn format_ids(ids: &[Untrusted]) -> String {
    let named = ids.iter().take(MAX_NAMED).map(|id| format!("`{}`", id.to_display()));
    let more = if ids.len() > MAX_NAMED { ", …" } else { "" };
    named.collect::<Vec<_>>().join(", ") + more
}
