//! A way out for a store or a copy in a directory where other users can replace files.

use crate::directory::{self, InsecureDirectory};
use crate::paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The file that was to stand in an insecure directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileRole {
    /// A store to be made.
    NewStore,
    /// A store that is there.
    Store,
    /// A copy of a store.
    Backup,
}

/// The step that ends the refusal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Take the right to write away from the others.
    RestrictDirectory(PathBuf),
    /// Name this path for the store; jeton makes its directory.
    UsePath(PathBuf),
    /// Move the files of the store to this directory.
    MoveStore {
        /// The store.
        store: PathBuf,
        /// The directory, which need not be there.
        directory: PathBuf,
    },
    /// Make this directory for the copy.
    CreateDirectory(PathBuf),
    /// No place is known to be secure.
    ChooseDirectory,
}

impl Remedy {
    /// The step for a `file` that is refused because of that directory.
    pub(super) fn new(file: &Path, insecure: &InsecureDirectory, role: FileRole) -> Self {
        let restrict = || Self::RestrictDirectory(insecure.path.clone());
        if role == FileRole::Store && insecure.can_be_restricted {
            return restrict();
        }
        // A directory of one's own is secure in `/tmp` or beside the files of a group, and not
        // where everybody can rename it.
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

/// The directory `ci` for a file `ci.db`, unless something else has that name.
fn dedicated_directory(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or(OsStr::new("jeton"));
    let directory = file.with_file_name(stem);
    let is_free = match directory.symlink_metadata() {
        Ok(found) => found.is_dir() && directory::check(&directory).is_ok(),
        Err(_) => true,
    };
    if is_free {
        return directory;
    }
    let mut name = stem.to_owned();
    name.push(format!("-{}", rustix::process::geteuid().as_raw()));
    file.with_file_name(name)
}
