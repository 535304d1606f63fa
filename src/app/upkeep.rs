//! The store's file for commands that do not open it as the others do.

use super::App;
use crate::authority::{self, Findings};
use crate::failure::Failure;

impl App {
    /// What is wrong with the store, which is not opened as other commands do.
    pub(crate) fn check_store(&mut self) -> Result<Findings, Failure> {
        let (path, now) = (self.store_path()?, self.now()?);
        Ok(authority::check(&path, now, self.options.wait)?)
    }
}
