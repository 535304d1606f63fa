//! Lookup of keys and sessions by abbreviated ids.

use super::Error;
use super::ambiguous_id::AmbiguousId;
use crate::model::{Key, Session, SidPrefix, Untrusted, UserId};
use crate::store::Reader;

/// Returns the key with the id `kid`, or else the only key whose id starts with `kid`. Several such
/// keys are an error. [`Reader::find_keys`] ignores an ellipsis at the end of `kid`, and accepts no
/// abbreviation of less than 4 characters.
pub(super) fn find_key(tx: &Reader<'_>, kid: &str) -> Result<Option<Key>, Error> {
    single_match("key", kid, tx.find_keys(kid)?, |key| key.spec.kid.clone())
}

/// Returns the only session whose id starts with `prefix`. Searches the sessions of `user`, or all
/// sessions if `user` is `None`. Several such sessions are an error.
pub(super) fn find_session(
    tx: &Reader<'_>,
    prefix: &SidPrefix,
    user: Option<UserId>,
) -> Result<Option<Session>, Error> {
    let sessions = tx.find_sessions(prefix, user, AmbiguousId::MAX_LOADED)?;
    let id_of = |session: &Session| Untrusted::new(session.sid.to_string());
    single_match("session", prefix.as_str(), sessions, id_of)
}

/// Returns the only match, if any. The error for several matches calls the objects `noun`.
fn single_match<T>(
    noun: &'static str,
    prefix: &str,
    mut matches: Vec<T>,
    id_of: impl Fn(&T) -> Untrusted,
) -> Result<Option<T>, Error> {
    if matches.len() > 1 {
        let ids = matches.iter().map(id_of).collect();
        return Err(AmbiguousId::new(noun, prefix, ids).into());
    }
    Ok(matches.pop())
}
