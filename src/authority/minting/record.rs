//! Store rows of recorded test tokens, and checks that their `jti`s were never revoked.

use super::super::Error;
use crate::model::{AppName, Grant, Jti, KeyRowId, Timestamp, TokenKind, TokenOrigin, UserId};
use crate::store::{NewToken, Reader};
use serde_json::{Map, Value};

/// Check that no token with a given `jti`, signed by one key, was revoked.
///
/// A prune removes the rows of expired tokens. After a prune, the store no longer knows which of
/// these tokens were revoked. If a new row with the `jti` and the claims of such a token were
/// added, the revoked token would pass as not revoked.
pub(super) struct RevocationCheck<'r> {
    tx: &'r Reader<'r>,
    key: KeyRowId,
    /// Latest expiry of all pruned test tokens of the key; `None` without such tokens.
    pruned_until: Option<Timestamp>,
}

impl<'r> RevocationCheck<'r> {
    pub(super) fn new(tx: &'r Reader<'r>, key: KeyRowId) -> Result<Self, Error> {
        Ok(Self { tx, key, pruned_until: tx.latest_pruned_expiry(key)? })
    }

    /// Refuses a `jti` on the blocklist, the list of revoked unrecorded tokens. Also refuses the
    /// `jti` if `expires_at` is given and a token with this expiry may have been revoked and
    /// pruned.
    pub(super) fn ensure_never_revoked(
        &self,
        jti: Jti,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        ensure_not_blocklisted(self.tx, self.key, jti)?;
        if expires_at.is_some_and(|expiry| self.pruned_until.is_some_and(|until| expiry <= until)) {
            let reason =
                "a token with this `jti` and `exp` may have been revoked, and its record pruned";
            return Err(Error::Usage(reason.to_owned()));
        }
        Ok(())
    }
}

/// Refuses a `jti` on the blocklist.
fn ensure_not_blocklisted(tx: &Reader<'_>, key: KeyRowId, jti: Jti) -> Result<(), Error> {
    if tx.is_blocklisted(key, &jti.to_string())? {
        return Err(Error::Usage("a token with this `jti` has been revoked".to_owned()));
    }
    Ok(())
}

/// Returns the error for a `jti` that is already recorded.
pub(super) fn jti_taken_error() -> Error {
    Error::Usage("a token with this `jti` is already recorded".to_owned())
}

/// Owner and signing key of recorded tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowOwnerAndKey {
    /// Owner of the tokens.
    pub(super) user: UserId,
    pub(super) key: KeyRowId,
}

/// Returns the row for a token with these claims. `jti`, `exp`, `iat` and the app (`sub`) come from
/// the claims; without an `iat` in whole seconds the token counts as issued at `default_issued_at`.
pub(super) fn build_token_row(
    claims: &Map<String, Value>,
    owner: RowOwnerAndKey,
    default_issued_at: Timestamp,
) -> Result<NewToken, Error> {
    let (jti, expires_at) = parse_jti_and_expiry(claims)?;
    let issued_at = claims.get("iat").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner_id: owner.user,
        app: AppName::new_unchecked(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: Grant::shared_claims(claims),
    };
    let issued_at = issued_at.unwrap_or(default_issued_at);
    let origin = TokenOrigin::default();
    Ok(NewToken { jti, grant, key: owner.key, issued_at, expires_at: Some(expires_at), origin })
}

/// Returns `jti` and `exp` of a token to record. A recorded token requires both claims.
pub(super) fn parse_jti_and_expiry(claims: &Map<String, Value>) -> Result<(Jti, Timestamp), Error> {
    let refuse = |reason: &str| Error::Usage(format!("a recorded token requires {reason}"));
    let jti = claims.get("jti").and_then(Value::as_str).and_then(Jti::parse);
    let jti = jti.ok_or_else(|| refuse("a lower-case UUID with hyphens as `jti`"))?;
    let expires_at = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    Ok((jti, expires_at.ok_or_else(|| refuse("`exp` in whole seconds"))?))
}
