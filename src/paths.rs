//! Where files live, when nobody says otherwise.

use directories::BaseDirs;
use std::path::{Path, PathBuf};

/// The store in the platform's data directory; `None` without a home.
pub(crate) fn default_store() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.data_dir().join("jeton").join("jeton.db"))
}

/// The directory of session files: below `config` where it is given (it is jeton's own then), else
/// in the platform's configuration directory; `None` without a home.
pub(crate) fn sessions(config: Option<&Path>) -> Option<PathBuf> {
    let config = match config {
        Some(config) => config.to_owned(),
        None => BaseDirs::new()?.config_dir().join("jeton"),
    };
    Some(config.join("sessions"))
}
