//! Revocation of tokens by the command that issued them.

use super::super::audit_context::{OUTCOME_REVOKED, OUTCOME_UNDELIVERED};
use super::super::{AuditContext, Error};
use crate::model::{EventDetail, EventSubject, EventTarget, TargetKind, TokenId, UserId};
use crate::store::Store;

/// The cause of a revocation by the issuing command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevocationCause {
    /// The tokens could not be delivered.
    Undelivered,
    /// The command that the tokens were issued for has exited.
    ChildExited,
}

impl RevocationCause {
    fn audit_outcome(self) -> &'static str {
        match self {
            Self::Undelivered => OUTCOME_UNDELIVERED,
            Self::ChildExited => OUTCOME_REVOKED,
        }
    }
}

/// Revokes tokens that the same command issued. For a token of `jeton run`, also revokes its
/// renewals.
pub(crate) fn revoke_issued(
    store: &mut Store,
    audit: &AuditContext,
    actor: Option<UserId>,
    ids: &[TokenId],
    cause: RevocationCause,
) -> Result<(), Error> {
    store.write(|tx| {
        let mut changed_count = 0;
        for id in ids {
            changed_count += usize::from(tx.revoke_token(*id, audit.now)?);
            changed_count += tx.revoke_renewals_in_run(*id, audit.now)?;
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
