//! Quota of app tokens, and the states of owner and key that a new app token requires.

use super::super::Error;
use super::super::accounts::user_not_found;
use crate::model::{Key, QuotaUsage, Settings, Timestamp, TokenId, User, UserRef};
use crate::store::{IssuanceState, SharedWriter};

/// Returns the state that decides whether a new token may be recorded: the quota usage of the
/// owner, and whether the key is still active. If the owner has a quota, no other transaction can
/// issue an app token to the owner until the commit: on a server, the row of the owner is locked
/// first; a file has only one writer at a time. The tokens of an owner without a quota are not
/// counted. Refuses a disabled or deleted owner.
pub(super) fn load_issuance_state(
    tx: &SharedWriter<'_>,
    owner: &User,
    key: &Key,
    settings: &Settings,
    now: Timestamp,
) -> Result<IssuanceState, Error> {
    if owner.quota.unwrap_or(settings.quota).limit().is_some() {
        tx.lock_user(owner.id);
    }
    let state = tx.issuance_state(owner.id, key.id, settings.quota, now)?;
    let state = state.ok_or_else(|| user_not_found(&UserRef::Id(owner.id)))?;
    if state.is_disabled {
        return Err(Error::Forbidden("token owner disabled"));
    }
    Ok(state)
}

/// Returns the quota usage including the new token; `None` without a quota. Refuses a token over
/// the quota. `replaced_id` is the live token that the new token replaces, if any; the replaced
/// token is not counted.
pub(super) fn check_quota(
    tx: &SharedWriter<'_>,
    owner: &User,
    state: IssuanceState,
    replaced_id: Option<TokenId>,
    now: Timestamp,
) -> Result<Option<QuotaUsage>, Error> {
    let Some(QuotaUsage { used, limit }) = state.quota_usage else { return Ok(None) };
    let used = used - i64::from(replaced_id.is_some());
    if used >= i64::from(limit) {
        return Err(Error::QuotaExceeded {
            limit,
            counted_tokens: tx.tokens_in_quota(owner.id, now)?,
            owner: owner.to_display(),
        });
    }
    Ok(Some(QuotaUsage { used: used + 1, limit }))
}
