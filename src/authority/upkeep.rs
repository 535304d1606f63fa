//! The store itself: what is in it, and what is wrong with it.

use super::Error;
use crate::model::Timestamp;
use crate::store::{self, Census, Findings, Store};
use std::path::Path;
use std::time::Duration;

/// How much of everything is there.
pub(crate) fn census(store: &mut Store, now: Timestamp) -> Result<Census, Error> {
    Ok(store.census(now)?)
}

/// What is wrong with the store at that path, which may be in any state.
pub(crate) fn check(path: &Path, now: Timestamp, wait: Duration) -> Result<Findings, Error> {
    Ok(store::check(path, now, wait)?)
}
