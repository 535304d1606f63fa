//! Signing with the active key, which another process may replace at any time.

use super::Error;
use crate::crypto::MAX_TOKEN_BYTES;
use crate::model::{Key, Settings};
use crate::store::{Reader, Store};

/// Maximum number of attempts while other processes change the signing key.
const MAX_ATTEMPTS: usize = 5;

/// Reads the signing key, signs with the key, and writes the result if the key may still sign.
/// Signing is slow and therefore precedes the write transaction. `write` returns `None` if the key,
/// or a setting that the signed token contains, has changed since `read`: all three steps are
/// repeated. Returns the outputs of the last attempt.
pub(super) fn with_signing_key<K, S, W, E: From<Error>>(
    store: &mut Store,
    mut read: impl FnMut(&mut Store) -> Result<K, E>,
    mut sign: impl FnMut(&K) -> Result<S, E>,
    mut write: impl FnMut(&mut Store, &K, &S) -> Result<Option<W>, E>,
) -> Result<(K, S, W), E> {
    for _ in 0..MAX_ATTEMPTS {
        let key = read(store)?;
        let signed = sign(&key)?;
        if let Some(written) = write(store, &key, &signed)? {
            return Ok((key, signed, written));
        }
    }
    Err(Error::KeyContention.into())
}

/// Returns the settings and the active app key.
pub(super) fn load_settings_and_key(tx: &Reader<'_>) -> Result<(Settings, Key), Error> {
    Ok((tx.load_settings()?, tx.active_app_key()?))
}

/// Refuses a token that is larger than the verifier accepts. `length` is the number of bytes of the
/// token.
pub(super) fn ensure_verifiable_length(length: usize) -> Result<(), Error> {
    if length <= MAX_TOKEN_BYTES { Ok(()) } else { Err(Error::TokenTooLarge { length }) }
}
