//! Recorded tokens as they are looked at: one's own, or anybody's for an admin.

use crate::authority::{Caller, Error, Thing};
use crate::model::{Owned, Page, Paged, RecordedToken, Role, Timestamp, TokenId};
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

/// One token.
pub(crate) fn show(
    store: &mut Store,
    caller: &Caller,
    id: TokenId,
) -> Result<Owned<RecordedToken>, Error> {
    store.read(|tx| {
        let token = tx
            .find_token(id)?
            .ok_or_else(|| Error::NotFound { thing: Thing::Token, shown: id.to_string() })?;
        if token.grant.owner != caller.user.id {
            caller.needs(Role::Admin, ADMINS_SEE)?;
        }
        Ok(tx.owned(token.grant.owner, token)?)
    })
}
