//! Taking out what is over, in pieces, while others go on.

use super::super::act::DONE;
use super::super::principal::BearerCredential;
use super::super::{Act, Caller, Error};
use super::{ADMINS_ONLY, may_administer, may_change};
use crate::crypto::HashClass;
use crate::model::{Lifetime, Role, Timestamp};
use crate::store::{self, Reader, Store, Writer};

/// Rows that one transaction removes: some ten milliseconds for others to wait.
const BATCH: usize = 5_000;

/// How many rows went.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// Recorded tokens that had expired.
    pub(crate) tokens: usize,
    /// Sessions whose tokens had all expired.
    pub(crate) sessions: usize,
    /// Revocation entries of unrecorded tokens whose keys are revoked.
    pub(crate) blocks: usize,
    /// What tokens share, where no token was left.
    pub(crate) grants: usize,
}

/// Returns the time of the newest change in the store, if the prune would remove rows that expired
/// more than a day after it: the clock may be ahead. The login or refresh that the caller's access
/// token comes from, and what followed it, had the same clock and do not count.
pub(crate) fn prune_gap(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    keep: Option<Lifetime>,
) -> Result<Option<Timestamp>, Error> {
    may_administer(caller)?;
    let Some(by) = expired_by(act.now, keep) else { return Ok(None) };
    let newest = store.read(|tx| {
        let issued = match caller.credential {
            BearerCredential::Access(jti) => tx.find_access(jti)?,
            BearerCredential::AppToken(_) => None,
        };
        tx.newest_event(issued.map_or(act.now, |found| found.pair.issued_at))
    })?;
    Ok(newest.filter(|newest| newest.plus(Lifetime::days(1)).is_some_and(|day| day < by)))
}

/// Returns the time by which what is removed has expired; `None` before 1970.
fn expired_by(now: Timestamp, keep: Option<Lifetime>) -> Option<Timestamp> {
    Timestamp::from_unix(now.unix() - keep.map_or(0, Lifetime::seconds))
}

/// Removes what has been over for as long as `keep` says, for an admin: rows whose tokens are
/// expired, so that they are refused with or without them. `seen` hears how many token rows of how
/// many were looked at.
pub(crate) fn prune(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    keep: Option<Lifetime>,
    seen: &mut dyn FnMut(usize, usize),
) -> Result<Pruned, Error> {
    may_administer(caller)?;
    may_change(store)?;
    let Some(by) = expired_by(act.now, keep) else { return Ok(Pruned::default()) };
    let last = store.read(|tx| tx.last_token())?;
    let count = |id| usize::try_from(id).unwrap_or(usize::MAX);
    let mut pruning = Pruning { store, act, caller, event: None };
    let tokens = pruning.pieces(
        0,
        |tx, after| {
            seen(count(*after), count(last));
            tx.ended_tokens(*after, by, BATCH)
        },
        |tx, ids| tx.remove_tokens(ids, by),
    )?;
    let sessions = pruning.pieces(
        0,
        |tx, after| tx.ended_sessions(*after, by, BATCH),
        |tx, ids| tx.remove_sessions(ids),
    )?;
    let blocks = pruning.pieces(
        (0, String::new()),
        |tx, after| tx.useless_blocks(after, BATCH),
        |tx, blocks| tx.remove_blocks(blocks),
    )?;
    let grants = pruning.pieces(
        0,
        |tx, after| tx.idle_grants(*after, BATCH),
        |tx, ids| tx.remove_grants(ids),
    )?;
    recompute_costliest_hash(store, caller)?;
    store.erase_deleted();
    Ok(Pruned { tokens, sessions, blocks, grants })
}

/// Stores the class of the costliest password hash that is left, where another one is stored.
fn recompute_costliest_hash(store: &mut Store, caller: &Caller) -> Result<(), Error> {
    let is_stored = |tx: &Reader<'_>| {
        let class = costliest_hash_left(tx)?;
        Ok::<_, store::Error>((tx.costliest_hash()? == class, class))
    };
    if store.read(is_stored)?.0 {
        return Ok(());
    }
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let (_, class) = is_stored(tx)?;
        Ok(tx.set_costliest_hash(class.as_deref())?)
    })
}

/// Returns the class to store, from the hashes of all users. Hashes beyond the limits are not
/// computed at a login, so they have no part in it.
fn costliest_hash_left(tx: &Reader<'_>) -> Result<Option<String>, store::Error> {
    let mut costliest = HashClass::default();
    tx.each_hash_class(|text| {
        if let Ok(class) = HashClass::costliest(Some(text)) {
            costliest = costliest.clone().costlier(class);
        }
    })?;
    Ok(costliest.stored())
}

struct Pruning<'p> {
    store: &'p mut Store,
    act: &'p Act,
    caller: &'p Caller,
    /// The row of the audit that counts what went, once something did.
    event: Option<i64>,
}

impl Pruning<'_> {
    /// Finds rows after the last ones and removes them, until there are none; how many.
    fn pieces<T: Clone>(
        &mut self,
        before_first: T,
        mut find: impl FnMut(&Reader<'_>, &T) -> Result<Vec<T>, store::Error>,
        remove: impl Fn(&Writer<'_>, &[T]) -> Result<usize, store::Error>,
    ) -> Result<usize, Error> {
        let (mut after, mut all) = (before_first, 0);
        loop {
            let found = self.store.read(|tx| find(tx, &after))?;
            let Some(last) = found.last() else { return Ok(all) };
            after = last.clone();
            let (removed, event) =
                self.caller.change(self.store, Role::Admin, ADMINS_ONLY, |tx| {
                    let removed = remove(tx, &found)?;
                    let event = match self.event {
                        Some(event) => tx.count_on(event, removed).map(|()| Some(event))?,
                        None if removed == 0 => None,
                        None => {
                            let target = Some("store".to_owned());
                            let by = Some(self.caller.user.id);
                            Some(self.act.note(tx, by, target, DONE, removed)?)
                        }
                    };
                    Ok((removed, event))
                })?;
            (all, self.event) = (all + removed, event);
            Store::let_others_in();
        }
    }
}
