//! Keys: the first of a store, the one that signs test tokens, and what verifiers are given.

mod adding;
mod life;
mod site;

pub(crate) use adding::{Added, Adding, add, draft, may_add};
pub(crate) use life::{Listed, Rotation, activate, list, retire, revocable, revoke, rotate};
pub(crate) use site::{Site, site};

use super::{Act, Caller, Error, Thing};
use crate::crypto;
use crate::model::{Algorithm, Key, KeyState, NewKey, Purpose, Role, RsaBits, Timestamp};
use crate::store::{self, Beginning, Reader, Store, Writer};
use secrecy::SecretString;
use serde_json::{Value, json};

/// What a new store begins with: an identity and an app key, which signs.
pub(crate) fn beginning(key: NewKey, now: Timestamp) -> Beginning {
    Beginning { id: crypto::store_id(), key, now }
}

/// Refuses an algorithm that the key for app tokens does not sign with.
pub(crate) fn signs_with(store: &mut Store, wanted: Algorithm) -> Result<(), Error> {
    let signs = store.read(|tx| tx.active_app_key())?.spec.algorithm;
    if signs == wanted { Ok(()) } else { Err(Error::KeySigns { signs, wanted }) }
}

/// What verifiers are given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// A JWK Set (RFC 7517, section 5).
    pub(crate) keys: Value,
    /// How many symmetric keys were left out of it.
    pub(crate) left_out: usize,
}

/// The public keys of one purpose that verify or will, the oldest first.
pub(crate) fn jwks(
    store: &mut Store,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Published, Error> {
    let mut keys = store.read(|tx| tx.keys())?;
    keys.retain(|key| key.spec.purpose == purpose && key.is_published(now));
    let all = keys.len();
    let public: Vec<Value> =
        keys.into_iter().filter_map(|key| key.spec.public).map(Value::from).collect();
    let left_out = all - public.len();
    Ok(Published { keys: json!({ "keys": public }), left_out })
}

/// The public part of one key as PEM; without an id, of the one that signs for that purpose.
pub(crate) fn public_pem(
    store: &mut Store,
    kid: Option<&str>,
    purpose: Purpose,
) -> Result<String, Error> {
    let key = store.read(|tx| match kid {
        Some(kid) => life::existing(tx, kid),
        None => signing(tx, purpose),
    })?;
    crypto::public_pem(&key.spec)?
        .ok_or_else(|| Error::Usage("a symmetric key has no public part".to_owned()))
}

/// The one key that signs for that purpose.
fn signing(tx: &Reader<'_>, purpose: Purpose) -> Result<Key, Error> {
    let mut keys = tx.keys_in(purpose, KeyState::Active)?;
    match (keys.pop(), keys.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            Err(Error::Usage("keys for several algorithms sign: name one by its id".to_owned()))
        }
        (None, _) => {
            Err(Error::NotFound { thing: Thing::Key, shown: Some(purpose.name().to_owned()) })
        }
    }
}

/// The key whose private part the caller may have.
pub(crate) fn exportable(store: &mut Store, caller: &Caller, kid: &str) -> Result<Key, Error> {
    caller.needs(Role::Admin, life::ADMINS_ONLY)?;
    let key = store.read(|tx| life::existing(tx, kid))?;
    crypto::test_key(&key.spec)?;
    Ok(key)
}

/// The private part of a key: PEM of PKCS#8, or a JWK of a symmetric one. It is written down that
/// it was given out.
pub(crate) fn private_text(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    key: &Key,
) -> Result<SecretString, Error> {
    caller.change(store, Role::Admin, life::ADMINS_ONLY, |tx| {
        Ok(life::done(tx, act, caller, &key.spec.kid)?)
    })?;
    Ok(crypto::private_text(&key.spec))
}

/// A key that signs test tokens: one of the store, or one that was made for them and is added
/// together with what is written of them.
#[derive(Debug)]
pub(super) struct TestKey {
    /// The key.
    pub(super) spec: NewKey,
    /// Its row, if it is in the store.
    pub(super) id: Option<i64>,
}

impl TestKey {
    fn stored(key: Key) -> Self {
        Self { spec: key.spec, id: Some(key.id) }
    }

    /// Its row, which is made now if it is not there; [`store::Error::Taken`] if another process
    /// made a key of that algorithm meanwhile.
    pub(super) fn row(&self, tx: &Writer<'_>, now: Timestamp) -> Result<i64, store::Error> {
        self.id.map_or_else(|| tx.add_key(&self.spec, KeyState::Active, now), Ok)
    }
}

/// Returns the test key of that id, if tokens may be signed with it: it must verify what it signs.
pub(super) fn may_sign(tx: &Reader<'_>, kid: &str, now: Timestamp) -> Result<TestKey, Error> {
    let key = life::existing(tx, kid)?;
    if key.spec.purpose != Purpose::Test {
        return Err(Error::Forbidden("an app key signs no test tokens"));
    }
    if key.state == KeyState::Revoked {
        return Err(Error::KeyRevoked);
    }
    if !key.verifies(now) {
        let kid = key.spec.kid.shown();
        return Err(Error::Usage(format!("key `{kid}` is retired and does not verify any more")));
    }
    Ok(TestKey::stored(key))
}

/// The key that signs test tokens with that algorithm, made if there is none.
pub(super) fn test_key(store: &mut Store, algorithm: Algorithm) -> Result<TestKey, Error> {
    if let Some(key) = store.read(|tx| tx.find_test_key(algorithm))? {
        return Ok(TestKey::stored(key));
    }
    let spec = crypto::generate(algorithm, Purpose::Test, RsaBits::default())?;
    Ok(TestKey { spec, id: None })
}

#[cfg(test)]
mod tests;
