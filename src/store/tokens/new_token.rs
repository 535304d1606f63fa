//! Tokens before their insertion.

use crate::model::{Grant, Jti, KeyRowId, Timestamp, TokenOrigin, Untrusted};

/// A token before its insertion.
#[derive(Debug, Clone)]
pub(crate) struct NewToken {
    /// `jti` of the token.
    pub(crate) jti: Jti,
    /// Grant, which several tokens can share.
    pub(crate) grant: Grant,
    /// Row of the key that signed the token.
    pub(crate) key: KeyRowId,
    /// Issue time.
    pub(crate) issued_at: Timestamp,
    /// Expiry time; `None` for no expiry.
    pub(crate) expires_at: Option<Timestamp>,
    /// Issue time of the first token in the chain of renewals by the bearer, and `jti` of the token
    /// that a `run` command issued, if any. Both limit later renewals by the bearer.
    pub(crate) origin: TokenOrigin,
}

/// Tokens before their insertion that differ only in `jti`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenGroup<'g> {
    /// Grant, key, times and origin of all tokens. The `jti` of this value is not used.
    pub(crate) common_row: &'g NewToken,
    /// `jti` of each token.
    pub(crate) jtis: &'g [Jti],
}

/// The columns of a grant that contain JSON, as texts.
pub(super) struct GrantTexts {
    pub(super) permissions: String,
    pub(super) audience: String,
    pub(super) claims: String,
}

impl GrantTexts {
    pub(super) fn new(grant: &Grant) -> Self {
        Self {
            permissions: to_json_array(&grant.permissions),
            audience: to_json_array(&grant.audience),
            claims: serde_json::Value::from(grant.claims.clone()).to_string(),
        }
    }
}

fn to_json_array(texts: &[Untrusted]) -> String {
    serde_json::Value::from(texts.iter().map(Untrusted::as_str).collect::<Vec<_>>()).to_string()
}
