//! Requirements for new passwords.

use super::super::Error;
use crate::model::Password;
use crate::store::{Reader, Store};

/// Requirements for new passwords. The default accepts every password.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PasswordRules {
    min_length: usize,
}

impl PasswordRules {
    /// Returns the rules of a store.
    pub(crate) fn load(store: &mut Store) -> Result<Self, Error> {
        store.read(Self::load_in_transaction)
    }

    /// Returns the rules of a store, read in an open transaction.
    pub(super) fn load_in_transaction(tx: &Reader<'_>) -> Result<Self, Error> {
        Ok(Self { min_length: tx.load_settings()?.password_min_length })
    }

    /// Refuses a password that is too short.
    pub(crate) fn check(self, password: &Password) -> Result<(), Error> {
        let min_length = self.min_length;
        if password.char_count() < min_length {
            return Err(Error::Usage(format!("password shorter than {min_length} characters")));
        }
        Ok(())
    }
}
