//! Default paths of the store, session files and presets.

use directories::BaseDirs;
use std::path::{Path, PathBuf};

/// Returns the path of the store in the platform's data directory; `None` without a home directory.
pub(crate) fn default_store_path() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.data_dir().join("jeton").join("jeton.db"))
}

/// Returns the directory of session files; `None` without a home directory.
pub(crate) fn session_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("sessions"))
}

/// Returns the directory of custom presets; `None` without a home directory.
pub(crate) fn preset_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("presets"))
}

/// Returns `explicit`, or by default `jeton` in the platform's configuration directory.
fn config_directory(explicit: Option<&Path>) -> Option<PathBuf> {
    match explicit {
        Some(explicit) => Some(explicit.to_owned()),
        None => Some(BaseDirs::new()?.config_dir().join("jeton")),
    }
}
