//! Remedies for a store or backup in a directory where other users can replace files.

use crate::directory::{self, InsecureDirectory};
use crate::paths;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Role of the file in an insecure directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileRole {
    /// A store to be created: the file is missing or empty.
    NewStore,
    /// An existing store.
    Store,
    /// A backup of a store.
    Backup,
}

/// A step after which jeton no longer refuses the file because of its directory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DirectoryRemedy {
    /// Remove the write permission of other users from this directory.
    RestrictDirectory(PathBuf),
    /// Use this path for the store; jeton creates the directory.
    UsePath(PathBuf),
    /// Move the files of the store to this directory.
    MoveStore {
        /// Current path of the store.
        store: PathBuf,
        /// Target directory, which may not exist yet.
        directory: PathBuf,
    },
    /// Create this directory for the backup.
    CreateDirectory(PathBuf),
    /// Use another directory; no secure directory is known.
    ChooseDirectory,
}

impl DirectoryRemedy {
    /// Selects the remedy for a `file` in the insecure directory.
    pub(super) fn new(file: &Path, insecure: &InsecureDirectory, role: FileRole) -> Self {
        let restrict = || Self::RestrictDirectory(insecure.path.clone());
        if role == FileRole::Store && insecure.can_be_restricted {
            return restrict();
        }
        // Without `files_directory`, the insecure directory itself holds the file. A subdirectory
        // is secure in `/tmp` and in a directory to which only a group can write. In a directory
        // where all users can rename the subdirectory, a subdirectory is not secure.
        if insecure.files_directory.is_none() && insecure.can_hold_secure_directory() {
            let directory = dedicated_directory(file);
            return match role {
                FileRole::NewStore => Self::UsePath(directory.join("jeton.db")),
                FileRole::Store => Self::MoveStore { store: file.to_owned(), directory },
                FileRole::Backup => Self::CreateDirectory(directory),
            };
        }
        if insecure.can_be_restricted {
            return restrict();
        }
        match paths::default_store_path() {
            Some(store) if role == FileRole::NewStore && store != file => Self::UsePath(store),
            _ => Self::ChooseDirectory,
        }
    }
}

/// Returns the path of a directory for this file only. For the file `ci.db`, this is the directory
/// `ci`, or `ci-UID` if `ci` exists but is not a secure directory. `UID` is the id of the OS user.
/// For a file `ci` without an extension, `dir-ci` replaces `ci`: the name of the directory never
/// starts with the name of the file, so that `ci*` matches only the files of the store.
fn dedicated_directory(file: &Path) -> PathBuf {
    let mut name = OsString::from(if file.extension().is_none() { "dir-" } else { "" });
    name.push(file.file_stem().unwrap_or(OsStr::new("jeton")));
    let directory = file.with_file_name(&name);
    let is_usable = match directory.symlink_metadata() {
        Ok(metadata) => metadata.is_dir() && directory::check_permissions(&directory).is_ok(),
        Err(_) => true,
    };
    if is_usable {
        return directory;
    }
    name.push(format!("-{}", rustix::process::geteuid().as_raw()));
    file.with_file_name(name)
}
