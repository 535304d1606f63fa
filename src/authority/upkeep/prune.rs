//! Taking out what is over, in pieces, while others go on.

use super::super::{Act, Caller, Error};
use super::{may_administer, may_change};
use crate::model::{Lifetime, Timestamp};
use crate::store::{self, Reader, Store, Writer};

/// Rows that one transaction removes: some ten milliseconds for others to wait.
const BATCH: usize = 5_000;

/// Grants that are looked for at a time; to find the next ones all tokens are read again.
const GRANTS: usize = 100_000;

/// How many rows went.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// Recorded tokens that had expired.
    pub(crate) tokens: usize,
    /// Sessions whose tokens had all expired.
    pub(crate) sessions: usize,
    /// Revocations of unrecorded tokens that had expired.
    pub(crate) blocks: usize,
    /// What tokens share, where no token was left.
    pub(crate) grants: usize,
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
    let past = act.now.unix() - keep.map_or(0, Lifetime::seconds);
    let Some(by) = Timestamp::from_unix(past) else { return Ok(Pruned::default()) };
    let user = Some(caller.user.id);
    let event = store.write(|tx| act.note(tx, user, Some("store".to_owned()), "done", 0))?;
    let last = store.read(|tx| tx.last_token())?;
    let count = |id| usize::try_from(id).unwrap_or(usize::MAX);
    let mut pruning = Pruning { store, event };
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
        |tx, after| tx.ended_blocks(after, by, BATCH),
        |tx, blocks| tx.remove_blocks(blocks),
    )?;
    Ok(Pruned { tokens, sessions, blocks, grants: pruning.grants()? })
}

struct Pruning<'s> {
    store: &'s mut Store,
    /// The row of the audit that counts what went.
    event: i64,
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
            all += self.store.write(|tx| {
                let removed = remove(tx, &found)?;
                tx.count_on(self.event, removed)?;
                Ok::<_, store::Error>(removed)
            })?;
            Store::let_others_in();
        }
    }

    fn grants(&mut self) -> Result<usize, Error> {
        let (mut after, mut all) = (0, 0);
        loop {
            let (idle, seen) = self.store.read(|tx| tx.idle_grants(after, GRANTS))?;
            let Some(last) = idle.last() else { return Ok(all) };
            after = *last;
            for ids in idle.chunks(BATCH) {
                let event = self.event;
                all += self.store.remove_grants(ids, seen, |tx, n| tx.count_on(event, n))?;
                Store::let_others_in();
            }
        }
    }
}
