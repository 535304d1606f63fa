//! Recorded tokens as they are looked at: one's own, or anybody's for an admin.

use crate::authority::{Caller, Error, Target, Thing};
use crate::model::{Owned, Page, Paged, RecordedToken, Role, Timestamp};
use crate::store::{Store, TokenFilter};

const ADMINS_SEE: &str = "only admins see the tokens of others";

/// A part of the tokens that are meant.
pub(crate) fn list(
    store: &mut Store,
    now: Timestamp,
    caller: &Caller,
    filter: &TokenFilter,
    page: Page,
) -> Result<Paged<Owned<RecordedToken>>, Error> {
    if filter.owner != Some(caller.user.id) {
        caller.needs(Role::Admin, ADMINS_SEE)?;
    }
    Ok(store.read(|tx| {
        tx.tokens(filter, page, now)?.try_map(|token| tx.owned(token.grant.owner, token))
    })?)
}

/// One token, by its id or its `jti`.
pub(crate) fn show(
    store: &mut Store,
    caller: &Caller,
    which: &Target,
) -> Result<Owned<RecordedToken>, Error> {
    store.read(|tx| {
        let (found, shown) = match which {
            Target::Id(id) => (tx.find_token(*id)?, id.to_string()),
            Target::Jti(jti) => (tx.find_token_by_jti(*jti)?, jti.to_string()),
            Target::Value(_) => return Err(Error::Usage("an id or a `jti` is needed".to_owned())),
        };
        // Only admins are told which ids of others exist.
        if found.as_ref().is_none_or(|token| token.grant.owner != caller.user.id) {
            caller.needs(Role::Admin, ADMINS_SEE)?;
        }
        let token = found.ok_or(Error::NotFound { thing: Thing::Token, shown: Some(shown) })?;
        Ok(tx.owned(token.grant.owner, token)?)
    })
}
