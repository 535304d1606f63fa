//! Tokens that the command which made them takes back.

use super::super::act::{UNDELIVERED, USED};
use super::super::{Act, Error};
use crate::model::{TokenId, UserId};
use crate::store::Store;

/// Why the command that made tokens takes them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Nobody received them.
    Undelivered,
    /// What they were made for has ended.
    Used,
}

impl Over {
    fn outcome(self) -> &'static str {
        match self {
            Self::Undelivered => UNDELIVERED,
            Self::Used => USED,
        }
    }
}

/// Revokes tokens that the same command made, and for those of `run` what they were renewed to.
pub(crate) fn take_back(
    store: &mut Store,
    act: &Act,
    by: Option<UserId>,
    ids: &[TokenId],
    why: Over,
) -> Result<(), Error> {
    store.write(|tx| {
        let mut changed = 0;
        for id in ids {
            changed += usize::from(tx.revoke_token(*id, act.now)?);
            changed += tx.revoke_run(*id, act.now)?;
        }
        let target = match ids {
            [one] => format!("token {one}"),
            several => format!("{} tokens", several.len()),
        };
        act.note(tx, by, Some(target), why.outcome(), changed)?;
        Ok(())
    })
}
