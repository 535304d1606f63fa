//! Where files live, when nobody says otherwise.

use directories::BaseDirs;
use std::path::{Path, PathBuf};

/// The store in the platform's data directory; `None` without a home.
pub(crate) fn default_store() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.data_dir().join("jeton").join("jeton.db"))
}

/// The directory of session files; `None` without a home.
pub(crate) fn sessions(config: Option<&Path>) -> Option<PathBuf> {
    Some(configuration(config)?.join("sessions"))
}

/// The directory of the user's own presets; `None` without a home.
pub(crate) fn presets(config: Option<&Path>) -> Option<PathBuf> {
    Some(configuration(config)?.join("presets"))
}

/// What is given is jeton's own, else it is in the platform's configuration directory.
fn configuration(given: Option<&Path>) -> Option<PathBuf> {
    match given {
        Some(given) => Some(given.to_owned()),
        None => Some(BaseDirs::new()?.config_dir().join("jeton")),
    }
}
