//! Pruning: the removal of expired tokens and sessions, obsolete revocation entries and unused
//! grants. A prune consists of short transactions, so that other processes can write in between.

use super::super::principal::BearerCredential;
use super::super::{AuditContext, Caller, Error};
use super::{authorize, ensure_writable, write_as_maintainer};
use crate::crypto::HashClass;
use crate::model::{
    AuditEventId, EventTarget, GrantRowId, KeyRowId, Lifetime, SessionRowId, Timestamp, TokenId,
};
use crate::signals::Interrupted;
use crate::store::{self, Reader, Store, Writer};

/// Maximum number of tokens that one transaction removes. In a store file, the transaction blocks
/// other writers for about 30 milliseconds.
const TOKEN_BATCH_SIZE: usize = 20_000;

/// Maximum number of revocation entries, or of grants, that one transaction removes. A transaction
/// that removes sessions ends after about this number of token pairs. In a store file, the
/// transaction blocks other writers for about ten milliseconds.
const DEFAULT_BATCH_SIZE: usize = 5_000;

/// The numbers of removed rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PruneCounts {
    /// Recorded tokens that had expired.
    pub(crate) tokens: usize,
    /// Sessions whose tokens had all expired.
    pub(crate) sessions: usize,
    /// Revocation entries, that is, `jti`s of revoked unrecorded tokens on the blocklist. Only
    /// entries of revoked keys are removed.
    pub(crate) revocation_entries: usize,
    /// Grants (properties that several tokens share) without remaining tokens.
    pub(crate) grants: usize,
}

/// Detects that the clock may be ahead: returns the time of the newest audit event, if the prune
/// could remove rows that expired more than a day after this event. Events since the login or
/// refresh that issued the caller's access token are ignored, because their times come from the
/// same clock. `keep` has the meaning of the parameter of [`prune`].
pub(crate) fn last_event_time_if_clock_may_be_ahead(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    keep: Option<Lifetime>,
) -> Result<Option<Timestamp>, Error> {
    authorize(caller)?;
    let Some(cutoff) = compute_expiry_cutoff(audit.now, keep) else { return Ok(None) };
    let event_time = store.read(|tx| {
        let pair_with_session = match caller.map(|caller| caller.credential) {
            Some(BearerCredential::Access(jti)) => tx.find_pair_by_access(jti)?,
            Some(BearerCredential::AppToken(_)) | None => None,
        };
        tx.newest_event_time_before(
            pair_with_session
                .map_or(audit.now, |pair_with_session| pair_with_session.pair.issued_at),
        )
    })?;
    Ok(event_time.filter(|time| {
        time.checked_add(Lifetime::from_days(1)).is_some_and(|day_later| day_later < cutoff)
    }))
}

/// Returns the latest expiry time of the rows to remove, or `None` for a time before 1970.
fn compute_expiry_cutoff(now: Timestamp, keep: Option<Lifetime>) -> Option<Timestamp> {
    Timestamp::from_unix(now.unix() - keep.map_or(0, Lifetime::seconds))
}

/// Type of the callback `on_progress` of [`prune`].
pub(crate) type PruneObserver<'o> =
    dyn FnMut(PruneCounts, usize, usize) -> Result<(), Interrupted> + 'o;

/// Removes tokens and sessions that expired at least `keep` ago (by default: that have expired). A
/// token that replaced another token (its predecessor) stays until the predecessor is removed. Also
/// removes revocation entries of revoked keys, and unused grants. Finally updates the costliest
/// hash class of the store. Refuses a caller who is not an admin; `caller` is `None` without a
/// login (see [`authorize`]). Expired tokens are refused with or without their rows. After each
/// transaction that removes rows, `on_progress` gets the numbers of rows removed so far, and the
/// progress: the id of the last checked token and the id of the newest token. An error of
/// `on_progress` ends the prune. The audit event counts the removed rows, also if the prune ends
/// early; if no row is removed, no event is recorded.
pub(crate) fn prune(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    keep: Option<Lifetime>,
    on_progress: &mut PruneObserver<'_>,
) -> Result<PruneCounts, Error> {
    authorize(caller)?;
    ensure_writable(store)?;
    let Some(cutoff) = compute_expiry_cutoff(audit.now, keep) else {
        return Ok(PruneCounts::default());
    };
    let newest_id = store.read(|tx| tx.last_token_id())?;
    let mut job = PruneJob::new(store, audit, caller, newest_id, on_progress);
    let result = job.remove_expired_rows(cutoff);
    let counts = job.counts;
    if result.is_ok() {
        update_costliest_hash_class(store, caller)?;
    }
    store.erase_deleted_rows_from_wal();
    result.map(|()| counts)
}

/// Sets the costliest hash class of the store to the class (algorithm, version and cost parameters)
/// of the costliest password hash that a user has now. Every failed login takes as long as the
/// check of a hash of the costliest class. Without the update, failed logins would remain slow
/// after the user with the costliest hash was deleted or changed the password.
fn update_costliest_hash_class(store: &mut Store, caller: Option<&Caller>) -> Result<(), Error> {
    let is_current = store.read(|tx| {
        Ok::<_, store::Error>(tx.costliest_hash_class()? == find_costliest_hash_class(tx)?)
    })?;
    if is_current {
        return Ok(());
    }
    write_as_maintainer(store, caller, |tx| {
        let class = find_costliest_hash_class(tx)?;
        Ok(tx.set_costliest_hash_class(class.as_deref())?)
    })
}

/// Returns the class of the costliest password hash of all users, or `None` if no hash is costlier
/// than the hashes that this program creates. A hash above the cost limits for imported hashes is
/// ignored, because a login never compares a password with such a hash.
fn find_costliest_hash_class(tx: &Reader<'_>) -> Result<Option<String>, store::Error> {
    let mut costliest = HashClass::default();
    tx.for_each_hash_class(|text| {
        if let Ok(class) = HashClass::from_stored(Some(text)) {
            costliest = costliest.clone().choose_costlier(class);
        }
    })?;
    Ok(costliest.to_stored())
}

struct PruneJob<'p> {
    store: &'p mut Store,
    audit: &'p AuditContext,
    caller: Option<&'p Caller>,
    on_progress: &'p mut PruneObserver<'p>,
    counts: PruneCounts,
    /// The id of the last token that was checked.
    checked_id: TokenId,
    /// The id of the newest token at the start of the prune.
    newest_id: TokenId,
    /// The id of the audit event that counts the removed rows; `None` until a row is removed.
    event_id: Option<AuditEventId>,
}

impl<'p> PruneJob<'p> {
    fn new(
        store: &'p mut Store,
        audit: &'p AuditContext,
        caller: Option<&'p Caller>,
        newest_id: TokenId,
        on_progress: &'p mut PruneObserver<'p>,
    ) -> Self {
        let counts = PruneCounts::default();
        let checked_id = TokenId(0);
        Self { store, audit, caller, on_progress, counts, checked_id, newest_id, event_id: None }
    }

    fn remove_expired_rows(&mut self, cutoff: Timestamp) -> Result<(), Error> {
        self.remove_in_batches(
            TokenId(0),
            |tx, after| tx.expired_tokens(*after, cutoff, TOKEN_BATCH_SIZE),
            |tx, ids| tx.remove_tokens(ids, cutoff),
            |job, id, count| {
                job.checked_id = *id;
                job.counts.tokens += count;
            },
        )?;
        self.checked_id = self.newest_id;
        self.remove_in_batches(
            SessionRowId(0),
            |tx, after| tx.expired_sessions(*after, cutoff, DEFAULT_BATCH_SIZE),
            |tx, ids| tx.remove_sessions(ids),
            |job, _, count| job.counts.sessions += count,
        )?;
        self.remove_in_batches(
            (KeyRowId(0), String::new()),
            |tx, after| tx.obsolete_blocklist_entries(after, DEFAULT_BATCH_SIZE),
            |tx, entries| tx.remove_blocklist_entries(entries),
            |job, _, count| job.counts.revocation_entries += count,
        )?;
        self.remove_in_batches(
            GrantRowId(0),
            |tx, after| tx.unused_grants(*after, DEFAULT_BATCH_SIZE),
            |tx, ids| tx.remove_grants(ids),
            |job, _, count| job.counts.grants += count,
        )
    }

    /// Finds and removes rows in batches until `find` returns no rows. `find` returns the ids (`T`)
    /// of the next rows after a given id; the search starts after the id `start`. After each batch,
    /// `update_counts` gets the id of the last row of the batch and the number of removed rows.
    fn remove_in_batches<T: Clone>(
        &mut self,
        start: T,
        find: impl Fn(&Reader<'_>, &T) -> Result<Vec<T>, store::Error>,
        remove: impl Fn(&Writer<'_>, &[T]) -> Result<usize, store::Error>,
        update_counts: impl Fn(&mut Self, &T, usize),
    ) -> Result<(), Error> {
        let mut after = start;
        loop {
            let batch = self.store.read(|tx| find(tx, &after))?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = last.clone();
            let user = self.caller.map(|caller| caller.user.id);
            let (removed_count, event_id) = write_as_maintainer(self.store, self.caller, |tx| {
                let (removed_count, target) = (remove(tx, &batch)?, EventTarget::store());
                let event_id = self.audit.record_or_add_to_count(
                    tx,
                    self.event_id,
                    user,
                    target,
                    removed_count,
                )?;
                Ok((removed_count, event_id))
            })?;
            self.event_id = event_id;
            update_counts(self, last, removed_count);
            let to_usize = |id: TokenId| usize::try_from(id.0).unwrap_or(usize::MAX);
            (self.on_progress)(self.counts, to_usize(self.checked_id), to_usize(self.newest_id))?;
            Store::pause_between_writes();
        }
    }
}
