//! Keys: the first of a store, the one that signs test tokens, and what verifiers are given.

use super::{Act, Error};
use crate::crypto;
use crate::model::{Algorithm, Key, Purpose, Timestamp};
use crate::store::{self, Beginning, Store};
use serde_json::{Value, json};

/// What a new store begins with: an identity and an active app key.
pub(crate) fn beginning(algorithm: Algorithm, now: Timestamp) -> Result<Beginning, Error> {
    let key = crypto::generate(algorithm, Purpose::App)?;
    Ok(Beginning { id: crypto::store_id(), key, now })
}

/// The public keys of one purpose as a JWK Set (RFC 7517, section 5), and how many symmetric keys
/// were left out of it.
pub(crate) fn jwks(store: &mut Store, purpose: Purpose) -> Result<(Value, usize), Error> {
    let keys = store.read(|tx| tx.published_keys(purpose))?;
    let all = keys.len();
    let public: Vec<Value> =
        keys.into_iter().filter_map(|key| key.spec.public).map(Value::from).collect();
    let left_out = all - public.len();
    Ok((json!({ "keys": public }), left_out))
}

/// The key that signs test tokens with that algorithm, made on first need.
pub(super) fn test_key(store: &mut Store, act: &Act, algorithm: Algorithm) -> Result<Key, Error> {
    if let Some(key) = store.read(|tx| tx.find_test_key(algorithm))? {
        return Ok(key);
    }
    let new = crypto::generate(algorithm, Purpose::Test)?;
    let added = store.write(|tx| -> Result<(), store::Error> {
        tx.add_key(&new, act.now)?;
        act.done(tx, None, format!("key {}", new.kid.as_str()), 1)
    });
    match added {
        // Another process was faster; its key is as good.
        Ok(()) | Err(store::Error::Taken) => {}
        Err(error) => return Err(error.into()),
    }
    let key = store.read(|tx| tx.find_test_key(algorithm))?;
    key.ok_or(Error::KeyChanges)
}

#[cfg(test)]
mod tests;
