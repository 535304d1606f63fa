//! Queries of recorded tokens. Only admins see the tokens of other users.

use crate::authority::error::ResourceKind;
use crate::authority::{Caller, Error};
use crate::model::{Page, PageRequest, RecordedToken, Role, Timestamp, TokenSelector, WithOwner};
use crate::store::{Store, TokenFilter};

const ADMINS_ONLY: &str = "only admins can see tokens of other users";

/// Returns a page of the tokens that match the filter.
pub(crate) fn list(
    store: &mut Store,
    now: Timestamp,
    caller: &Caller,
    filter: &TokenFilter,
    page: PageRequest,
) -> Result<Page<WithOwner<RecordedToken>>, Error> {
    if filter.owner != Some(caller.user.id) {
        caller.require_role(Role::Admin, ADMINS_ONLY)?;
    }
    Ok(store.read(|tx| {
        tx.tokens(filter, page, now)?.try_map(|token| tx.with_owner(token.grant.owner_id, token))
    })?)
}

/// Returns a token by id or `jti`.
pub(crate) fn load(
    store: &mut Store,
    caller: &Caller,
    selector: &TokenSelector,
) -> Result<WithOwner<RecordedToken>, Error> {
    store.read(|tx| {
        let (row, selector_text) = match selector {
            TokenSelector::Id(id) => (tx.find_token(*id)?, id.to_string()),
            TokenSelector::Jti(jti) => (tx.find_token_by_jti(*jti)?, jti.to_string()),
            TokenSelector::Value(_) => {
                return Err(Error::Usage("token id or `jti` required".to_owned()));
            }
        };
        // Only admins can find out which tokens of other users exist.
        if row.as_ref().is_none_or(|token| token.grant.owner_id != caller.user.id) {
            caller.require_role(Role::Admin, ADMINS_ONLY)?;
        }
        let token = row
            .ok_or(Error::NotFound { resource: ResourceKind::Token, name: Some(selector_text) })?;
        Ok(tx.with_owner(token.grant.owner_id, token)?)
    })
}
