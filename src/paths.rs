//! Default paths of the store, session files and presets.

use directories::BaseDirs;
use std::env;
use std::path::{Path, PathBuf};

/// Returns the directories of the platform; `None` if `HOME` is not set. Without `HOME`, the crate
/// `directories` would query the name services of the system, which can crash jeton: see
/// `os_users`.
#[expect(clippy::disallowed_methods, reason = "`directories` reads the same variable")]
fn base_directories() -> Option<BaseDirs> {
    env::var_os("HOME").filter(|home| !home.is_empty()).and_then(|_| BaseDirs::new())
}

/// Returns the path of the store in the platform's data directory; `None` without a home directory.
pub(crate) fn default_store_path() -> Option<PathBuf> {
    base_directories().map(|dirs| dirs.data_dir().join("jeton").join("jeton.db"))
}

/// Returns the directory of session files in the configuration directory `config`, or in the default
/// configuration directory. Returns `None` if neither `config` nor a home directory is given.
pub(crate) fn session_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("sessions"))
}

/// Returns the directory of custom presets in the configuration directory `config`, or in the default
/// configuration directory. Returns `None` if neither `config` nor a home directory is given.
pub(crate) fn preset_directory(config: Option<&Path>) -> Option<PathBuf> {
    Some(config_directory(config)?.join("presets"))
}

/// Returns `explicit`, or by default `jeton` in the platform's configuration directory.
fn config_directory(explicit: Option<&Path>) -> Option<PathBuf> {
    match explicit {
        Some(explicit) => Some(explicit.to_owned()),
        None => Some(base_directories()?.config_dir().join("jeton")),
    }
}

/// Returns the directory of manual pages that `man` searches. For a program in a directory `bin`,
/// this is `share/man` beside `bin`. For any other program, this is `man` in the platform's data
/// directory, or `None` without a home directory.
pub(crate) fn manual_directory() -> Option<PathBuf> {
    let program = env::current_exe().ok();
    let directory = program.as_deref().and_then(Path::parent);
    match directory.filter(|directory| directory.ends_with("bin")).and_then(Path::parent) {
        Some(prefix) => Some(prefix.join("share/man")),
        None => Some(base_directories()?.data_dir().join("man")),
    }
}
