//! Copies of the whole store: of one moment, whatever others write meanwhile, and at their place
//! only when they are complete.

use super::connect::{Intent, configure_writing, connect, truncate_log, use_wal};
use super::file;
use super::remedy::Role;
use super::schema::{MIGRATIONS, bring_up};
use super::{Error, Event, Store};
use crate::directory::Writers;
use crate::files;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// What a copy is called until it is complete: always the same, so that what killed processes leave
/// never grows in number.
const HIDDEN: &str = ".jeton-backup";

/// Bytes of a page.
const PAGE: u64 = 4_096;

/// Instructions of SQLite between two looks at how far a copy is.
const STEP: i32 = 100_000;

/// A copy that stands beside its place. It is removed unless it is kept.
pub(crate) struct Draft {
    file: NamedTempFile,
    target: PathBuf,
    /// The users who can write the directory.
    pub(crate) writers: Writers,
    _lock: File,
}

impl Draft {
    /// Puts it in its place, where nothing may stand; its size.
    pub(crate) fn keep(self) -> Result<u64, Error> {
        let file = self.file.persist_noclobber(&self.target).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                return Error::Occupied(self.target.clone());
            }
            failed(&error.error)
        })?;
        self.target.parent().map_or(Ok(()), files::sync).map_err(|error| failed(&error))?;
        file.metadata().map(|metadata| metadata.len()).map_err(|error| failed(&error))
    }
}

impl Store {
    /// Copies the store as it is at this moment. `seen` hears how many pages of how many are there.
    pub(crate) fn copy(
        &self,
        target: &Path,
        seen: impl FnMut(usize, usize) + Send + 'static,
    ) -> Result<Draft, Error> {
        draft(&self.path, target, self.wait, seen)
    }

    /// Brings the store at `path` to the schema of this program. A store of an older one is copied
    /// first: to `target`, or beside itself under its version. Where to; `None` if there was
    /// nothing to do.
    pub(crate) fn migrate(
        path: &Path,
        target: Option<&Path>,
        event: &Event<'_>,
        wait: Duration,
    ) -> Result<Option<PathBuf>, Error> {
        let Some(located) = file::locate(path)? else {
            return Err(Error::NotThere(path.to_owned()));
        };
        let path = &located.path;
        let connection = connect(path, Intent::Use, wait)?;
        configure_writing(&connection)?;
        let copy = |version| copy_before(path, target, version, wait);
        let copied = bring_up(MIGRATIONS, &connection, path, event, copy)
            .map_err(|error| located.explain(error))?;
        if copied.is_some() {
            // Older versions left deleted rows in free pages.
            connection.execute_batch("VACUUM")?;
            truncate_log(&connection, wait);
        }
        Ok(copied)
    }
}

/// Copies a store of that version through a connection of its own, because the one that holds
/// the write lock cannot be copied from; where to.
pub(super) fn copy_before(
    path: &Path,
    target: Option<&Path>,
    version: i64,
    wait: Duration,
) -> Result<PathBuf, Error> {
    let target = target.map_or_else(|| file::beside(path, &format!(".v{version}")), Path::to_owned);
    draft(path, &target, wait, |_, _| {})?.keep()?;
    Ok(target)
}

fn draft(
    source: &Path,
    target: &Path,
    wait: Duration,
    seen: impl FnMut(usize, usize) + Send + 'static,
) -> Result<Draft, Error> {
    let unwritable = |error: io::Error| {
        if files::is_full(&error) {
            return Error::Full(COPY);
        }
        Error::Unwritable(target.to_owned(), error.to_string())
    };
    file::no_log(target)?;
    // A log of another file that was called so would be taken for the copy's.
    let own =
        [target.to_owned()].into_iter().chain(file::logs(target)).chain([file::journal(target)]);
    if let Some(there) = own.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::Occupied(there));
    }
    let name = target.file_name();
    let name = name.ok_or_else(|| unwritable(io::ErrorKind::InvalidFilename.into()))?;
    let directory = file::directory(target).map_err(unwritable)?;
    let writers = file::judge_directory(target, &directory, Role::Copy)?;
    let lock = File::open(&directory).map_err(unwritable)?;
    if !files::lock(&lock, wait).map_err(unwritable)? {
        return Err(Error::Busy);
    }
    let file = files::beside(&directory, OsStr::new(HIDDEN), 0o600).map_err(unwritable)?;
    fill(source, file.path(), wait, seen)
        .map_err(|error| if matches!(error, Error::Full(_)) { Error::Full(COPY) } else { error })?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    Ok(Draft { file, target: directory.join(name), writers, _lock: lock })
}

/// Writes the rows of the store at `source`, as they are at one moment, into the empty file at
/// `target`: without free pages and what they still hold of deleted rows, and with a write-ahead log
/// from its first use. `seen` hears about how many pages of how many are there.
pub(super) fn fill(
    source: &Path,
    target: &Path,
    wait: Duration,
    mut seen: impl FnMut(usize, usize) + Send + 'static,
) -> Result<(), Error> {
    let pages = |path: &Path| {
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        usize::try_from(bytes / PAGE).unwrap_or(usize::MAX)
    };
    // What a killed process left would be rolled back into the copy.
    for stale in file::logs(target).iter().chain([&file::journal(target)]) {
        files::remove(stale).map_err(|error| failed(&error))?;
    }
    let (total, path) = (pages(source), target.to_owned());
    let mut source = connect(source, Intent::LookBeside, wait)?;
    let look = move || {
        seen(pages(&path).min(total), total);
        false
    };
    source.progress_handler(STEP, Some(look))?;
    let path = ToSqlOutput::Borrowed(ValueRef::Text(target.as_os_str().as_bytes()));
    source.execute("VACUUM INTO ?1", [path])?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let target = Connection::open_with_flags(target, flags)?;
    // Nobody needs a half-written copy: there is nothing to roll back to, and it is synced as a
    // whole. Held alone, it gets no files beside it.
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    target.pragma_update(None, "journal_mode", "OFF")?;
    use_wal(&target, wait)
}

const COPY: &str = "the copy";

fn failed(error: &io::Error) -> Error {
    if files::is_full(error) {
        return Error::Full(COPY);
    }
    Error::Failed(format!("the copy cannot be written: {error}"))
}
