//! Errors about the store, and about backups, copies and restores of the store.

use super::directory::quote_shell_path;
use super::{Code, Failure, Location};
use crate::model::{Jti, redact_for_error};
use crate::store::{Error, FileFault};
use serde_json::json;
use std::path::Path;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        let display_path = |path: &Path| redact_for_error(&path.to_string_lossy());
        match error {
            Error::NotFound(path) => Self::store_not_found(&display_path(&path)),
            Error::MissingWal(path) => Self::missing_wal(&display_path(&path)),
            Error::NewerSchema { .. } => {
                failure(Code::StoreNewer).with_hint("install a newer jeton")
            }
            Error::OlderSchema { .. } => {
                failure(Code::StoreOlder).with_hint("migrate the store: jeton store migrate")
            }
            Error::NotAStore(path) => Self::new(
                Code::StoreForeign,
                format!("`{}` is not a jeton store", display_path(&path)),
            ),
            Error::Damaged(_) | Error::SchemaMismatch(_) => failure(Code::StoreDamaged),
            Error::Unreadable(_) => failure(Code::StoreUnreadable).with_location(Location::Store),
            Error::WalWithoutIndex => failure(Code::StoreUnreadable)
                .with_hint("copy the store and its `-wal` file to a writable directory"),
            #[cfg(feature = "postgres")]
            Error::Server(error) => error.into(),
            Error::ReadOnly => failure(Code::StoreReadOnly)
                .with_hint("make the store file and its directory writable")
                .with_location(Location::Store),
            Error::UnsafeFile(fault) => Self::insecure_file(message, fault),
            Error::UnsafeSidecarFile(path, fault) => {
                Self::new(Code::InsecurePermissions, format!("`{}` {fault}", display_path(&path)))
            }
            Error::InsecureDirectory(insecure, remedy) => {
                Self::insecure_store_directory(&insecure, &remedy)
            }
            Error::ExposedFile(_) => failure(Code::InsecurePermissions),
            Error::CopyTarget { address, error } => Self::in_copy_target(&address, *error),
            Error::TargetExists(path) => {
                Self::new(Code::FileExists, format!("`{}` already exists", display_path(&path)))
                    .with_hint("use another file name, or remove the existing file")
            }
            Error::PreviousStoreExists { previous, existing, directory } => {
                Self::previous_store_exists(&previous, &existing, &directory)
            }
            Error::InvalidBackup(path, reason) => Self::invalid_backup(&path, &reason),
            Error::ReservedName(path) => {
                Self::usage(format!("`{}` has a suffix reserved by SQLite", display_path(&path)))
                    .with_hint("use a name without the suffix `-wal`, `-shm` or `-journal`")
            }
            Error::UnwritableBackup(path, reason) => {
                Self::usage(format!("`{}` cannot be written: {reason}", display_path(&path)))
            }
            Error::Interrupted(interrupted) => interrupted.into(),
            Error::Busy => failure(Code::Busy).with_hint("try again, or wait longer with `--wait`"),
            Error::OutcomeUnknown { jti, .. } => Self::outcome_unknown(message, jti),
            Error::DiskFull(_) => Self::disk_full(message),
            Error::AlreadyExists | Error::Failed(_) => failure(Code::Internal),
        }
    }
}

impl Failure {
    /// Returns the error for a missing store. `address` is the path or server address of the store.
    pub(super) fn store_not_found(address: &str) -> Self {
        Self::new(Code::StoreNotFound, format!("store `{address}` not found"))
            .with_hint("create a store: jeton init")
    }

    /// Returns the error for `error` at the target of a copy. The message starts with the address
    /// of the target. The location is removed, because the module `app` would otherwise add the
    /// address of the source to the message.
    fn in_copy_target(address: &str, error: Error) -> Self {
        let failure = Self::from(error);
        let message = format!("`{address}`: {}", failure.message);
        // Only a target on a server can be read-only, because a target file is new and writable.
        let is_read_only = failure.code == Code::StoreReadOnly;
        let primary_hint = is_read_only
            .then(|| "use the address of a primary server that permits changes".to_owned());
        Self { message, hint: primary_hint.or(failure.hint), location: None, ..failure }
    }

    /// Returns the error for a store file without tables whose `-wal` file is missing or empty.
    fn missing_wal(path: &str) -> Self {
        let message = format!(
            "store `{path}` is empty: its `-wal` file is missing, or `jeton init` was interrupted"
        );
        Self::new(Code::StoreNotFound, message).with_hint(
            "copy the original store again with `store backup`, or create a new store: jeton init",
        )
    }

    /// Returns the error for a commit with unknown result. `jti` is the id of the first token in
    /// the commit, if the commit stores tokens.
    fn outcome_unknown(message: String, jti: Option<Jti>) -> Self {
        let mut failure = Self::new(Code::OutcomeUnknown, message);
        failure.details.extend(jti.map(|jti| ("jti".to_owned(), json!(jti))));
        failure.with_hint("check the contents of the store before you retry")
    }

    fn insecure_file(message: String, fault: FileFault) -> Self {
        let failure = Self::new(Code::InsecurePermissions, message).with_location(Location::Store);
        match fault {
            FileFault::OtherOwner => failure.with_hint(Self::OWNER_HINT),
            FileFault::HardLink => failure.with_hint("remove the other hard links of the file"),
            FileFault::MountPoint => {
                failure.with_hint("mount the directory of the store, not the file")
            }
            FileFault::SymbolicLink | FileFault::NotRegularFile => failure,
        }
    }

    /// Returns the error for a restore if the files of an earlier replaced store still exist. A
    /// restore renames the store that it replaces: `previous` is the new path of that store.
    /// `existing` is the file that was found: `previous`, or the WAL, WAL index or journal of
    /// `previous`. The hint moves all these files to `directory`, which does not exist yet.
    fn previous_store_exists(previous: &Path, existing: &Path, directory: &Path) -> Self {
        let message = format!("`{}` already exists", redact_for_error(&existing.to_string_lossy()));
        let (quoted_path, directory) = (quote_shell_path(previous), quote_shell_path(directory));
        Self::new(Code::FileExists, message).with_hint(format!(
            "move the file: mkdir -m 700 {directory} && mv {quoted_path}* {directory}"
        ))
    }

    /// Returns the error for a restore from a file that was not read, because the file is
    /// inaccessible or is the store itself.
    fn invalid_backup(file: &Path, reason: &str) -> Self {
        Self::usage(format!(
            "`{}` cannot be restored: {reason}",
            redact_for_error(&file.to_string_lossy())
        ))
    }

    /// Returns the error for a backup that must not be restored. `fault` is the error of the failed
    /// check, or the first fault from the check that prevents the restore.
    pub(super) fn unusable_backup(file: &Path, fault: Error) -> Self {
        if matches!(fault, Error::NotAStore(_)) {
            return Error::NotAStore(file.to_owned()).into();
        }
        let failure = Self::from(fault);
        let file_text = redact_for_error(&file.to_string_lossy());
        let message = format!("`{file_text}` cannot be restored: {}", failure.message);
        let check_hint =
            || format!("list all faults: jeton --store {} store check", quote_shell_path(file));
        let hint = failure.hint.or_else(|| Some(check_hint()));
        Self { message, hint, location: None, ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previous_store_failure_names_the_file_and_moves_all_files() {
        let failure = Failure::from(Error::PreviousStoreExists {
            previous: "/d/a.db.before-restore".into(),
            existing: "/d/a.db.before-restore-wal".into(),
            directory: "/d/before-restore".into(),
        });
        let command =
            "mkdir -m 700 /d/before-restore && mv /d/a.db.before-restore* /d/before-restore";
        assert_eq!(failure.hint.unwrap(), format!("move the file: {command}"));
        assert_eq!(failure.message, "`/d/a.db.before-restore-wal` already exists");
    }
}
