//! Passwords of an import: generation for new accounts without a password, and hashing.

use super::super::Error;
use super::administration::IfExists;
use super::import_existing::find_existing;
use super::import_observer::{ImportObserver, ImportStep};
use super::import_row::GeneratedPassword;
use super::import_rows::ImportRows;
use crate::crypto;
use crate::model::{Password, Row};
use crate::signals::Interrupted;
use crate::store::Store;
use secrecy::ExposeSecret;

/// Maximum number of passwords that are passed to the hashing threads at a time.
const MAX_BATCH_PASSWORDS: usize = 256;

impl ImportRows {
    /// Generates a password for each new account that has neither a password nor a password hash.
    /// Without a store, all accounts are new. `check_interrupted` is called before each row, and
    /// its error ends the generation.
    pub(crate) fn generate_passwords(
        &mut self,
        mut store: Option<&mut Store>,
        if_exists: IfExists,
        check_interrupted: impl Fn() -> Result<(), Interrupted>,
    ) -> Result<(), Error> {
        let min_length = match &mut store {
            Some(store) => store.read(|tx| self.min_password_length(tx))?,
            None => self.min_password_length.unwrap_or(0),
        };
        let mut generated = Vec::new();
        self.for_each_row(|number, mut row| {
            check_interrupted()?;
            let import_row = self.parse_row(row.clone())?;
            let existing = match &mut store {
                Some(store) => store.read(|tx| find_existing(tx, &import_row, if_exists))?,
                None => None,
            };
            if existing.is_some() || import_row.has_password() {
                return Ok(());
            }
            let password = crypto::generate_password(min_length)?;
            row.fields.insert("password".to_owned(), password.expose_secret().into());
            self.rows.replace(number, &row)?;
            let login = import_row.user_refs().into_iter().next();
            generated.extend(login.map(|login| GeneratedPassword { login, password }));
            Ok(())
        })?;
        self.unhashed_count += generated.len();
        self.generated_passwords = generated;
        Ok(())
    }

    /// Returns the generated passwords, in the order of the rows.
    pub(crate) fn generated_passwords(&self) -> &[GeneratedPassword] {
        &self.generated_passwords
    }

    /// Replaces each password in a row of a new account by its hash. The rows of existing accounts
    /// are unchanged.
    pub(super) fn hash_passwords(
        &self,
        store: &mut Store,
        if_exists: IfExists,
        observer: &ImportObserver<'_>,
    ) -> Result<(), Error> {
        let on_hashed = || Ok::<_, Error>(observer(ImportStep::PasswordHashed)?);
        // Rows with passwords that are not hashed yet, with their numbers in the scratch database.
        let mut pending: Vec<(i64, Row, Password)> = Vec::new();
        let hash_pending = |pending: &mut Vec<(i64, Row, Password)>| {
            let passwords: Vec<&Password> = pending.iter().map(|(.., password)| password).collect();
            let hashes = crypto::hash_passwords(&passwords, &on_hashed)?;
            for ((number, mut row, _), hash) in pending.drain(..).zip(hashes) {
                row.fields.remove("password");
                row.fields.insert("password_hash".to_owned(), hash.expose().into());
                self.rows.replace(number, &row)?;
            }
            Ok::<_, Error>(())
        };
        self.for_each_row(|number, row| {
            observer(ImportStep::RowRead)?;
            let import_row = self.parse_row(row.clone())?;
            // With `Refuse`, all accounts are new: `check_rows` has refused existing accounts.
            if let Some(password) = &import_row.password
                && (if_exists == IfExists::Refuse
                    || store.read(|tx| find_existing(tx, &import_row, if_exists))?.is_none())
            {
                pending.push((number, row, password.clone()));
            }
            if pending.len() < MAX_BATCH_PASSWORDS { Ok(()) } else { hash_pending(&mut pending) }
        })?;
        hash_pending(&mut pending)
    }
}
