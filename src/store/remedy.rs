//! A way out for a store or a copy in a directory where other users can replace files.

use crate::directory::{self, Insecure};
use crate::paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The file that was to stand in an insecure directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A store to be made.
    NewStore,
    /// A store that is there.
    Store,
    /// A copy of a store.
    Copy,
}

/// The step that ends the refusal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Take the right to write away from the others.
    Restrict(PathBuf),
    /// Name this path for the store; jeton makes its directory.
    Use(PathBuf),
    /// Move the files of the store to this directory.
    Move {
        /// The store.
        store: PathBuf,
        /// The directory, which need not be there.
        directory: PathBuf,
    },
    /// Make this directory for the copy.
    Make(PathBuf),
    /// No place is known to be secure.
    Choose,
}

impl Remedy {
    /// The step for a `file` that is refused because of that directory.
    pub(super) fn new(file: &Path, insecure: &Insecure, role: Role) -> Self {
        let restrict = || Self::Restrict(insecure.path.clone());
        if role == Role::Store && insecure.can_be_restricted {
            return restrict();
        }
        // A directory of one's own is secure in `/tmp` or beside the files of a group, and not
        // where everybody can rename it.
        if insecure.below.is_none() && insecure.holds_secure_directories() {
            let directory = own_directory(file);
            return match role {
                Role::NewStore => Self::Use(directory.join("jeton.db")),
                Role::Store => Self::Move { store: file.to_owned(), directory },
                Role::Copy => Self::Make(directory),
            };
        }
        if insecure.can_be_restricted {
            return restrict();
        }
        match paths::default_store() {
            Some(store) if role == Role::NewStore && store != file => Self::Use(store),
            _ => Self::Choose,
        }
    }
}

/// The directory `ci` for a file `ci.db`, unless something else has that name.
fn own_directory(file: &Path) -> PathBuf {
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
