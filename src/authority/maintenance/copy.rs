//! Copy of a store to a new store.

use super::super::audit_context::{OUTCOME_DONE, OUTCOME_UNDELIVERED};
use super::super::{AuditContext, Caller, Error};
use super::{authorize, ensure_writable, write_as_maintainer};
use crate::directory::Writers;
use crate::model::EventTarget;
use crate::store::{ResolvedAddress, RowObserver, Store, TableDigest};

/// Copies the store to `target`. Refuses a caller who is not an admin; `caller` is `None` without a
/// login (see [`authorize`]). Returns the digests of all tables, and the users who can write the
/// directory of the new store file (for a copy to a server: [`Writers::User`]). Both stores get an
/// audit event. The event in the source is committed before the copy becomes visible. An error of
/// `observer` ends the copy, and leaves nothing at the target.
pub(crate) fn copy(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    target: ResolvedAddress,
    observer: &RowObserver<'_>,
) -> Result<(Vec<TableDigest>, Writers), Error> {
    authorize(caller)?;
    ensure_writable(store)?;
    let caller_id = caller.map(|caller| caller.user.id);
    let event = audit.build_event(caller_id, EventTarget::store(), OUTCOME_DONE, 1);
    let mut pending_copy = store.copy(target, &event, observer)?;
    let digests = std::mem::take(&mut pending_copy.digests);
    let event_id = write_as_maintainer(store, caller, |tx| Ok(tx.add_event_with_id(&event)?))?;
    match pending_copy.persist(store) {
        Ok(writers) => Ok((digests, writers)),
        Err(error) => {
            // The command reports `error`. A failure to correct the audit event is ignored.
            let _ = store.write(|tx| tx.set_outcome_and_reset_count(event_id, OUTCOME_UNDELIVERED));
            Err(error.into())
        }
    }
}
