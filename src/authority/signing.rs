//! Signing with a key of the store, which another process may replace at any time.

use super::Error;
use crate::crypto::MAX_TOKEN_BYTES;
use crate::model::{Key, Settings};
use crate::store::{Reader, Store};

/// Maximum number of attempts to sign while other processes change the signing key or the settings.
const MAX_ATTEMPTS: usize = 5;

/// Runs three steps: `read` loads the signing key and other inputs, `sign` computes a result from
/// the inputs, usually a signed token, and `write` records the result in a write transaction.
/// Signing is slow and therefore precedes that transaction. `write` returns `None` if the key, or
/// another input that `write` compares, is no longer current. Then all three steps are repeated.
/// After [`MAX_ATTEMPTS`] attempts, the result is [`Error::KeyContention`]. Returns the outputs of
/// the three steps.
pub(super) fn with_signing_key<I, S, W, E: From<Error>>(
    store: &mut Store,
    mut read: impl FnMut(&mut Store) -> Result<I, E>,
    mut sign: impl FnMut(&I) -> Result<S, E>,
    mut write: impl FnMut(&mut Store, &I, &S) -> Result<Option<W>, E>,
) -> Result<(I, S, W), E> {
    for _ in 0..MAX_ATTEMPTS {
        let inputs = read(store)?;
        let signed = sign(&inputs)?;
        if let Some(written) = write(store, &inputs, &signed)? {
            return Ok((inputs, signed, written));
        }
    }
    Err(Error::KeyContention.into())
}

/// Returns the settings and the active app key.
pub(super) fn load_settings_and_key(tx: &Reader<'_>) -> Result<(Settings, Key), Error> {
    Ok((tx.load_settings()?, tx.active_app_key()?))
}

/// Refuses a token that is longer than [`MAX_TOKEN_BYTES`], because verification would reject the
/// token. `length` is the size of the token in bytes.
pub(super) fn ensure_verifiable_length(length: usize) -> Result<(), Error> {
    if length <= MAX_TOKEN_BYTES { Ok(()) } else { Err(Error::TokenTooLarge { length }) }
}
