//! Recorded tokens: queries, and revocation by the command that issued the tokens. Queries show
//! tokens of other users only to admins.

use super::super::audit_context::{OUTCOME_REVOKED, OUTCOME_UNDELIVERED};
use super::super::resource_kind::ResourceKind;
use super::super::{AuditContext, Caller, Error};
use crate::model::{
    EventDetail, EventSubject, EventTarget, Page, PageRequest, RecordedToken, Role, TargetKind,
    Timestamp, TokenId, TokenSelector, UserId, WithOwner,
};
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

/// Returns the token with this id or `jti`.
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

/// The cause of a revocation by the issuing command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevocationCause {
    /// The tokens could not be delivered.
    Undelivered,
    /// The child command of `jeton run`, for which the tokens were issued, has exited or could not
    /// be started.
    RunEnded,
}

impl RevocationCause {
    fn audit_outcome(self) -> &'static str {
        match self {
            Self::Undelivered => OUTCOME_UNDELIVERED,
            Self::RunEnded => OUTCOME_REVOKED,
        }
    }
}

/// Revokes tokens that the running command issued. For a token of `jeton run`, also revokes the
/// successors of the token. `actor` is the user in the audit event.
pub(crate) fn revoke_issued(
    store: &mut Store,
    audit: &AuditContext,
    actor: Option<UserId>,
    ids: &[TokenId],
    cause: RevocationCause,
) -> Result<(), Error> {
    store.write_shared(|tx| {
        let mut changed_count = 0;
        for id in ids {
            changed_count += usize::from(tx.revoke_token(*id, audit.now)?);
            changed_count += tx.revoke_tokens_of_run(*id, audit.now)?;
        }
        let subject = match ids {
            [id] => EventTarget::token(*id).into(),
            several => {
                let detail = EventDetail::objects(format!("{} tokens", several.len()));
                EventSubject::several(TargetKind::Token, detail)
            }
        };
        audit.record_outcome(tx, actor, subject, cause.audit_outcome(), changed_count)?;
        Ok(())
    })
}
