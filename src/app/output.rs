//! Files that commands write where the user wants them.

use super::App;
use crate::failure::{Failure, Kind};
use crate::model::repeatable;
use crate::{directory, files};
use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// The mode of files that others may read.
pub(crate) const PUBLIC: u32 = 0o644;

/// The mode of files that only their owner may read.
pub(crate) const PRIVATE: u32 = 0o600;

/// A directory for files of ours: as long as it is held no other process of ours writes there.
pub(crate) struct Folder<'p> {
    path: &'p Path,
    _lock: File,
}

impl App {
    /// Holds a directory that no other user can write. If it is not there it is created, for files
    /// of that mode: whatever the umask, no other user can write it.
    pub(crate) fn folder<'p>(&self, path: &'p Path, mode: u32) -> Result<Folder<'p>, Failure> {
        let unwritable = |error| unwritable(path, &error);
        let mode = if mode == PRIVATE { 0o700 } else { 0o755 };
        DirBuilder::new().recursive(true).mode(mode).create(path).map_err(unwritable)?;
        match directory::check(path) {
            Ok(writers) => self.warn_of_group(writers, path),
            Err(directory::Error::Io(error)) => return Err(unwritable(error)),
            Err(directory::Error::Insecure(insecure)) => return Err(Failure::insecure(&insecure)),
        }
        let lock = File::open(path).map_err(unwritable)?;
        if !files::lock(&lock, self.options.wait).map_err(unwritable)? {
            return Err(Failure::new(Kind::Busy, "busy", "somebody else holds the directory"));
        }
        files::tidy_user_directory(path).map_err(unwritable)?;
        Ok(Folder { path, _lock: lock })
    }
}

impl Folder<'_> {
    /// Replaces files, in this order, each with that mode. One that has its content already is
    /// left alone.
    pub(crate) fn replace(
        &self,
        files: &[(impl AsRef<str>, impl AsRef<[u8]>)],
        mode: u32,
    ) -> Result<(), Failure> {
        let mut files = files.iter().map(|(name, content)| (name.as_ref(), content.as_ref()));
        files
            .try_for_each(|(name, content)| self.replace_one(name, content, mode))
            .map_err(|error| unwritable(self.path, &error))
    }

    fn replace_one(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        let is_exposed = |found: &Metadata| found.permissions().mode() & 0o777 & !mode != 0;
        let is_right = std::fs::metadata(self.path.join(name)).is_ok_and(|it| !is_exposed(&it));
        if is_right && self.content(name).is_some_and(|found| found == content) {
            return Ok(());
        }
        files::replace_in_user_directory(self.path, name, content, mode)
    }

    /// A file, if it can be read and is not much larger than those that are written here. Whatever
    /// else may stand there is not waited for.
    pub(crate) fn content(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path.join(name);
        let is_file = std::fs::metadata(&path).is_ok_and(|found| found.is_file());
        let file = is_file.then(|| File::open(path).ok()).flatten()?;
        files::read_document(file).ok().map(|bytes| bytes.to_vec())
    }

    /// Whether something else than a file with that content stands there by that name.
    pub(crate) fn has_other(&self, name: &str, content: &[u8]) -> bool {
        self.path.join(name).symlink_metadata().is_ok()
            && self.content(name).is_none_or(|found| found != content)
    }

    /// Returns the refusal to replace a file.
    pub(crate) fn occupied(&self, name: &str, why: &str) -> Failure {
        let shown = repeatable(&self.path.join(name).to_string_lossy());
        Failure::new(Kind::Conflict, "file_exists", format!("`{shown}` {why}"))
    }

    /// Removes files, where they are there.
    pub(crate) fn remove(&self, names: &[String]) -> Result<(), Failure> {
        let remove = |name: &String| files::remove(&self.path.join(name));
        names.iter().try_for_each(remove).map_err(|error| unwritable(self.path, &error))
    }
}

/// A place that was ill chosen is whose who chose it; what else may go wrong is nobody's.
fn unwritable(directory: &Path, error: &io::Error) -> Failure {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied, ReadOnlyFilesystem,
    };
    let shown = repeatable(&directory.to_string_lossy());
    if files::is_full(error) {
        return Failure::disk_full(format!("disk full: `{shown}` cannot be written"));
    }
    let message = format!("`{shown}` cannot be written: {error}");
    let is_ill_chosen = matches!(
        error.kind(),
        AlreadyExists
            | InvalidFilename
            | InvalidInput
            | IsADirectory
            | NotADirectory
            | NotFound
            | PermissionDenied
            | ReadOnlyFilesystem
    );
    if is_ill_chosen {
        return Failure::usage(message);
    }
    Failure::new(Kind::Internal, "internal", message)
}
