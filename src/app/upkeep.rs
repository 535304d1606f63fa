//! The store's file for commands that do not open it as the others do.

use super::App;
use crate::authority::{self, Findings};
use crate::failure::Failure;
use std::path::{Path, PathBuf};

impl App {
    /// What is wrong with the store, which is not opened as other commands do.
    pub(crate) fn check_store(&mut self) -> Result<Findings, Failure> {
        let (path, now) = (self.store_path()?, self.now()?);
        Ok(authority::check(&path, now, self.options.wait)?)
    }

    /// Brings an older store up to the present schema, after a copy of it was made; where that is.
    pub(crate) fn migrate_store(
        &mut self,
        copy: Option<&Path>,
    ) -> Result<Option<PathBuf>, Failure> {
        let (path, act) = (self.store_path()?, self.act()?);
        Ok(authority::migrate(&path, &act, copy, self.options.wait)?)
    }
}
