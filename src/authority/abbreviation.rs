//! Lookup of keys and sessions by abbreviated ids.

use super::Error;
use super::ambiguous_id::AmbiguousId;
use crate::model::{Key, Session, SidPrefix, Untrusted, UserId};
use crate::store::Reader;

/// Returns the key with the id `kid`, or else the only key whose id starts with `kid`. Several such
/// keys are an error. See [`Reader::find_keys`] for very short texts and for an ellipsis at the end.
pub(super) fn find_key(tx: &Reader<'_>, kid: &str) -> Result<Option<Key>, Error> {
    single_match("key", kid, tx.find_keys(kid)?, |key| key.spec.kid.clone())
}

/// Returns the only session whose id starts with `prefix`, among the sessions of `user`, or of all
/// users if `user` is `None`. Several such sessions are an error.
pub(super) fn find_session(
    tx: &Reader<'_>,
    prefix: &SidPrefix,
    user: Option<UserId>,
) -> Result<Option<Session>, Error> {
    let sessions = tx.find_sessions(prefix, user, AmbiguousId::MAX_LOADED)?;
    let id_of = |session: &Session| Untrusted::new(session.sid.to_string());
    single_match("session", prefix.as_str(), sessions, id_of)
}

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
