//! Output files in a directory of the user's choice.

use super::run_console::RunConsole;
use crate::failure::{Code, Failure};
use crate::model::redact_for_error;
use crate::{directory, files, paths, store};
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Mode of files that all users may read.
pub(crate) const PUBLIC_MODE: u32 = 0o644;

/// Mode of files that only the owner may read.
pub(crate) const PRIVATE_MODE: u32 = 0o600;

/// Returns the directory in which `man` finds manual pages.
pub(crate) fn manual_directory() -> Result<PathBuf, Failure> {
    paths::manual_directory().ok_or_else(|| {
        Failure::usage("default directory of the manual pages unknown: `HOME` is not set")
            .with_hint("use `--dir DIR`")
    })
}

/// Locked output directory: until the value is dropped, no other jeton process can open an
/// [`OutputDir`] of this directory.
pub(crate) struct OutputDir<'p> {
    path: &'p Path,
    _lock: File,
}

impl<'p> OutputDir<'p> {
    /// Locks a directory for files with the mode `mode`. Refuses a directory that other users can
    /// write. A missing directory is created with the mode 0700 if `mode` is [`PRIVATE_MODE`], or
    /// else 0755, less the umask.
    pub(crate) fn open(console: &RunConsole, path: &'p Path, mode: u32) -> Result<Self, Failure> {
        let to_failure = |error| directory_error(path, &error);
        let directory_mode = if mode == PRIVATE_MODE { 0o700 } else { 0o755 };
        DirBuilder::new().recursive(true).mode(directory_mode).create(path).map_err(to_failure)?;
        check_directory(console, path)?;
        let lock = File::open(path).map_err(to_failure)?;
        if !files::lock(&lock, console.options.wait).map_err(to_failure)? {
            return Err(Failure::new(Code::Busy, "output directory locked by another process"));
        }
        files::remove_stale_temp_in_user_directory(path).map_err(to_failure)?;
        Ok(Self { path, _lock: lock })
    }

    /// Creates or replaces files, given as pairs of name and content, in the given order. The new
    /// files have the mode `mode`, less the umask, and are durable when the function returns. A
    /// file that already has the content and no permissions beyond `mode` is left unchanged.
    pub(crate) fn replace(
        &self,
        files: &[(impl AsRef<str>, impl AsRef<[u8]>)],
        mode: u32,
    ) -> Result<(), Failure> {
        let mut files = files.iter().map(|(name, content)| (name.as_ref(), content.as_ref()));
        files.try_for_each(|(name, content)| {
            self.replace_file(name, content, mode).map_err(|error| self.entry_error(name, &error))
        })?;
        files::sync_directory(self.path).map_err(|error| directory_error(self.path, &error))
    }

    fn replace_file(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        let is_exposed = |metadata: &Metadata| metadata.permissions().mode() & 0o777 & !mode != 0;
        let has_safe_mode =
            std::fs::metadata(self.path.join(name)).is_ok_and(|metadata| !is_exposed(&metadata));
        if has_safe_mode && self.read_file(name).is_some_and(|current| current == content) {
            return Ok(());
        }
        files::replace_in_user_directory(self.path, name, content, mode)
    }

    /// Reads a file; `None` if the file is not readable or exceeds the limit of
    /// [`files::read_document`]. FIFOs and devices are not opened, since opening can block.
    pub(crate) fn read_file(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path.join(name);
        let is_file = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
        let file = is_file.then(|| File::open(path).ok()).flatten()?;
        files::read_document(file).ok().map(|bytes| bytes.to_vec())
    }

    /// Returns whether the name exists and is anything other than a file with this content.
    pub(crate) fn has_conflicting_file(&self, name: &str, content: &[u8]) -> bool {
        self.path.join(name).symlink_metadata().is_ok()
            && self.read_file(name).is_none_or(|current| current != content)
    }

    /// Returns the error for a file that must not be replaced. In the message, `reason` follows the
    /// path of the file: `already exists`.
    pub(crate) fn conflict_error(&self, name: &str, reason: &str) -> Failure {
        let display_path = redact_for_error(&self.path.join(name).to_string_lossy());
        Failure::new(Code::FileExists, format!("`{display_path}` {reason}"))
    }

    /// Removes files. Missing files are no error.
    pub(crate) fn remove(&self, names: &[String]) -> Result<(), Failure> {
        names.iter().try_for_each(|name| {
            files::remove_if_exists(&self.path.join(name))
                .map_err(|error| self.entry_error(name, &error))
        })
    }

    /// Returns the failure for a file that cannot be replaced or removed. If a directory has the
    /// name of the file, the failure names the file. In all other cases, the failure names the
    /// output directory, because replacing or removing a file changes an entry of this directory.
    fn entry_error(&self, name: &str, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::IsADirectory {
            return file_error(&self.path.join(name), error);
        }
        directory_error(self.path, error)
    }
}

/// A new file with secrets. Dropping the value removes the file, unless [`NewSecretFile::keep`] is
/// called.
pub(crate) struct NewSecretFile {
    path: PathBuf,
    is_kept: bool,
}

impl NewSecretFile {
    /// Creates a file that only the owner can read. Refuses an existing file, and a directory that
    /// other users can write. The file is durable when the function returns.
    pub(crate) fn create(
        console: &RunConsole,
        path: &Path,
        content: &[u8],
    ) -> Result<Self, Failure> {
        let directory = parent_directory(path);
        check_directory(console, directory)?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(PRIVATE_MODE).open(path);
        let mut file = file.map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                return store::Error::TargetExists(path.to_owned()).into();
            }
            file_error(path, &error)
        })?;
        let new_file = Self { path: path.to_owned(), is_kept: false };
        let write_result = file.write_all(content).and_then(|()| file.sync_all());
        write_result.map_err(|error| file_error(path, &error))?;
        files::sync_directory(directory).map_err(|error| directory_error(directory, &error))?;
        Ok(new_file)
    }

    /// Drops the value without removing the file.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewSecretFile {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = files::remove_if_exists(&self.path);
        }
    }
}

/// Returns the directory of a file.
pub(crate) fn parent_directory(file: &Path) -> &Path {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Refuses a directory that other users can write. Warns of a directory that the user's private
/// group can write.
fn check_directory(console: &RunConsole, path: &Path) -> Result<(), Failure> {
    match directory::check_permissions(path) {
        Ok(writers) => {
            console.warn_of_group_writers(writers, path);
            Ok(())
        }
        Err(directory::Error::Io(error)) => Err(directory_error(path, &error)),
        Err(directory::Error::Insecure(insecure)) => Err(Failure::insecure_directory(&insecure)),
    }
}

fn directory_error(path: &Path, error: &io::Error) -> Failure {
    write_error(&format!("directory `{}`", redact_for_error(&path.to_string_lossy())), error)
}

fn file_error(path: &Path, error: &io::Error) -> Failure {
    write_error(&format!("`{}`", redact_for_error(&path.to_string_lossy())), error)
}

/// Returns the failure for a failed write: disk full, a usage error if the path that the user
/// chose is the cause, or else an internal error. `target` is the directory or file, as the message
/// shows it.
fn write_error(target: &str, error: &io::Error) -> Failure {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied, ReadOnlyFilesystem,
    };
    if files::is_disk_full(error) {
        return Failure::disk_full(format!("disk full: {target} cannot be written"));
    }
    let message = format!("{target} cannot be written: {error}");
    let is_user_error = matches!(
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
    if is_user_error {
        return Failure::usage(message);
    }
    Failure::new(Code::Internal, message)
}
