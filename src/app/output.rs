//! Files that commands write where the user wants them.

use super::App;
use crate::failure::{Failure, Kind};
use crate::files;
use crate::model::repeatable;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The mode of files that others may read.
pub(crate) const PUBLIC: u32 = 0o644;

/// The mode of files that only their owner may read.
pub(crate) const PRIVATE: u32 = 0o600;

impl App {
    /// Replaces files of a directory, in this order, each with that mode; it is made if it is not
    /// there. A file that has its content already is left alone.
    pub(crate) fn replace_files(
        &self,
        directory: &Path,
        files: &[(impl AsRef<str>, impl AsRef<[u8]>)],
        mode: u32,
    ) -> Result<(), Failure> {
        let unwritable = |error| unwritable(directory, &error);
        std::fs::create_dir_all(directory).map_err(unwritable)?;
        let lock = File::open(directory).map_err(unwritable)?;
        if !files::lock(&lock, self.options.wait).map_err(unwritable)? {
            return Err(Failure::new(Kind::Busy, "busy", "somebody else holds the directory"));
        }
        let replace = |(name, content): &(_, _)| replace(directory, name, content, mode);
        files.iter().try_for_each(replace).map_err(unwritable)
    }

    /// A file of a directory, if it can be read. Whatever else may stand there is not waited for.
    pub(crate) fn file_in(directory: &Path, name: &str) -> Option<Vec<u8>> {
        let path = directory.join(name);
        let is_file = std::fs::metadata(&path).is_ok_and(|found| found.is_file());
        is_file.then(|| std::fs::read(path).ok()).flatten()
    }

    /// Whether something else than a file with that content stands in a directory by that name.
    pub(crate) fn has_other(directory: &Path, name: &str, content: &[u8]) -> bool {
        directory.join(name).symlink_metadata().is_ok()
            && Self::file_in(directory, name).is_none_or(|found| found != content)
    }

    /// Removes files of a directory.
    pub(crate) fn remove_files(directory: &Path, names: &[String]) -> Result<(), Failure> {
        let remove = |name: &String| match std::fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        names.iter().try_for_each(remove).map_err(|error| unwritable(directory, &error))
    }
}

fn unwritable(directory: &Path, error: &io::Error) -> Failure {
    let shown = repeatable(&directory.to_string_lossy());
    Failure::usage(format!("`{shown}` cannot be written: {error}"))
}

fn replace(
    directory: &Path,
    name: impl AsRef<str>,
    content: impl AsRef<[u8]>,
    mode: u32,
) -> io::Result<()> {
    let (name, content) = (name.as_ref(), content.as_ref());
    let path = directory.join(name);
    let is_exposed = |found: &Metadata| found.permissions().mode() & 0o777 & !mode != 0;
    let is_right = std::fs::metadata(&path).is_ok_and(|found| !is_exposed(&found));
    if is_right && App::file_in(directory, name).is_some_and(|found| found == content) {
        return Ok(());
    }
    files::replace(directory, name, content, mode)
}
