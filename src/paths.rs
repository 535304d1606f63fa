//! Where files live, when nobody says otherwise.

use directories::BaseDirs;
use std::path::{Path, PathBuf};

/// The store in the platform's data directory; `None` without a home.
pub(crate) fn default_store_path() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.data_dir().join("jeton").join("jeton.db"))
}

/// The directory of session files; `None` without a home.
pub(crate) fn session_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("sessions"))
}

/// The directory of the user's own presets; `None` without a home.
pub(crate) fn preset_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("presets"))
}

/// What is given is jeton's own, else it is in the platform's configuration directory.
fn config_directory(explicit: Option<&Path>) -> Option<PathBuf> {
    match explicit {
        Some(explicit) => Some(explicit.to_owned()),
        None => Some(BaseDirs::new()?.config_dir().join("jeton")),
    }
}
