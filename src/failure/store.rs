//! Errors of the store.

use super::{Failure, Kind};

use crate::model::{Jti, redact_for_error};
use crate::store::{Error, FileFault};
use serde_json::json;
use std::path::Path;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let failure = |kind, code| Self::new(kind, code, message.clone());
        let display_path = |path: &Path| redact_for_error(&path.to_string_lossy());
        match error {
            Error::NotFound(path) => Self::store_not_found(&display_path(&path)),
            Error::MissingWal(path) => Self::missing_wal(&display_path(&path)),
            Error::NewerSchema { .. } => {
                failure(Kind::StoreUnusable, "store_newer").with_hint("install a newer jeton")
            }
            Error::OlderSchema { .. } => failure(Kind::StoreUnusable, "store_older")
                .with_hint("migrate the store: jeton store migrate"),
            Error::NotAStore(path) => Self::new(
                Kind::StoreUnusable,
                "store_foreign",
                format!("`{}` is not a jeton store", display_path(&path)),
            ),
            Error::Damaged(_) | Error::SchemaMismatch(_) => {
                failure(Kind::StoreUnusable, "store_damaged")
            }
            Error::Unreadable(_) => failure(Kind::StoreUnusable, "store_unreadable"),
            Error::WalWithoutIndex => failure(Kind::StoreUnusable, "store_unreadable")
                .with_hint("copy the store and its `-wal` file to a writable directory"),
            Error::ReadOnly => failure(Kind::StoreUnusable, "store_read_only")
                .with_hint("make the store file and its directory writable"),
            Error::UnsafeFile(fault) => Self::insecure_file(message, fault),
            Error::UnsafeWal(path, fault) => Self::new(
                Kind::StoreUnusable,
                "insecure_permissions",
                format!("`{}` is {fault}", display_path(&path)),
            ),
            Error::InsecureDirectory(insecure, remedy) => {
                Self::insecure_store_directory(&insecure, &remedy)
            }
            Error::ExposedFile(_) => failure(Kind::StoreUnusable, "insecure_permissions"),
            Error::TargetExists(path) => Self::new(
                Kind::Conflict,
                "file_exists",
                format!("`{}` already exists", display_path(&path)),
            )
            .with_hint("use another file name, or remove the existing file"),
            Error::PreviousStoreExists { path, directory } => {
                Self::previous_store_exists(&path, &directory)
            }
            Error::InvalidBackup(path, reason) => Self::not_a_backup(&path, &reason),
            Error::ReservedName(path) => {
                Self::usage(format!("`{}` has a suffix reserved by SQLite", display_path(&path)))
                    .with_hint("use a name without the suffix `-wal`, `-shm` or `-journal`")
            }
            Error::UnwritableBackup(path, reason) => {
                Self::usage(format!("`{}` cannot be written: {reason}", display_path(&path)))
            }
            Error::Busy => {
                failure(Kind::Busy, "busy").with_hint("try again, or wait longer with `--wait`")
            }
            Error::OutcomeUnknown { jti, .. } => Self::outcome_unknown(message, jti),
            Error::DiskFull(_) => Self::disk_full(message),
            Error::AlreadyExists | Error::Failed(_) => failure(Kind::Internal, "internal"),
        }
    }
}

impl Failure {
    fn store_not_found(path: &str) -> Self {
        Self::new(Kind::NotFound, "store_not_found", format!("store `{path}` not found"))
            .with_hint("create a store: jeton init")
    }

    fn missing_wal(path: &str) -> Self {
        let message =
            format!("store `{path}` is empty: `-wal` file missing, or `init` interrupted");
        Self::new(Kind::NotFound, "store_not_found", message).with_hint(
            "copy the store again with `jeton store backup`, or create a new store: jeton init",
        )
    }

    fn outcome_unknown(message: String, jti: Option<Jti>) -> Self {
        let mut failure = Self::new(Kind::OutcomeUnknown, "outcome_unknown", message);
        failure.details.extend(jti.map(|jti| ("jti".to_owned(), json!(jti))));
        failure.with_hint("check the contents of the store before you retry")
    }

    fn insecure_file(message: String, fault: FileFault) -> Self {
        let failure = Self::new(Kind::StoreUnusable, "insecure_permissions", message);
        match fault {
            FileFault::OtherOwner => {
                failure.with_hint("run jeton as the owner of the file, or on your own copy")
            }
            FileFault::HardLink => failure.with_hint("remove the other hard links of the file"),
            FileFault::MountPoint => {
                failure.with_hint("mount the directory of the store, not the file")
            }
            FileFault::SymbolicLink | FileFault::NotRegularFile => failure,
        }
    }
}
