//! Paths of the default store, session files, custom presets and manual pages. An empty `HOME`
//! counts as not set.

use directories::BaseDirs;
use std::env;
use std::path::{Path, PathBuf};

/// Returns the base directories of the platform; `None` if `HOME` is not set. In this case, the
/// crate `directories` would query the name services of the system. Such a query can crash a
/// statically linked jeton: see the module `os_users`.
#[expect(clippy::disallowed_methods, reason = "`directories` reads the same variable")]
fn base_directories() -> Option<BaseDirs> {
    env::var_os("HOME").filter(|home| !home.is_empty()).and_then(|_| BaseDirs::new())
}

/// Returns the path of the store in the platform's data directory; `None` if `HOME` is not set.
pub(crate) fn default_store_path() -> Option<PathBuf> {
    base_directories().map(|dirs| dirs.data_dir().join("jeton").join("jeton.db"))
}

/// Returns the directory of session files in the configuration directory `config`, or by default in
/// `jeton` in the platform's configuration directory. Returns `None` if neither `config` nor `HOME`
/// is set.
pub(crate) fn session_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("sessions"))
}

/// Returns the directory of custom presets in the configuration directory `config`, or by default
/// in `jeton` in the platform's configuration directory. Returns `None` if neither `config` nor
/// `HOME` is set.
pub(crate) fn preset_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("presets"))
}

/// Returns `config`, or by default `jeton` in the platform's configuration directory. Returns
/// `None` if neither `config` nor `HOME` is set.
fn config_directory(config: Option<&Path>) -> Option<PathBuf> {
    match config {
        Some(directory) => Some(directory.to_owned()),
        None => Some(base_directories()?.config_dir().join("jeton")),
    }
}

/// Returns the directory for the manual pages of jeton, which `man` searches. If the running
/// program is in a directory `bin`, this is `share/man` beside `bin`. Otherwise, this is `man` in
/// the platform's data directory, or `None` if `HOME` is not set.
pub(crate) fn manual_directory() -> Option<PathBuf> {
    let program = env::current_exe().ok();
    let directory = program.as_deref().and_then(Path::parent);
    match directory.filter(|directory| directory.ends_with("bin")).and_then(Path::parent) {
        Some(prefix) => Some(prefix.join("share/man")),
        None => Some(base_directories()?.data_dir().join("man")),
    }
}
