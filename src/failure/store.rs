//! What the store refuses or cannot do.

use super::{Failure, Kind};

use crate::model::{Jti, repeatable};
use crate::store::{Error, Fault};
use serde_json::json;
use std::path::Path;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let say = |kind, code| Self::new(kind, code, message.clone());
        let at = |path: &Path| repeatable(&path.to_string_lossy());
        match error {
            Error::NotThere(path) => Self::new(
                Kind::NotFound,
                "store_not_found",
                format!("there is no store at `{}`", at(&path)),
            )
            .with_hint("make one: jeton init"),
            Error::NoLog(path) => Self::without_log(&at(&path)),
            Error::Newer { .. } => {
                say(Kind::StoreUnusable, "store_newer").with_hint("install a newer jeton")
            }
            Error::Older { .. } => say(Kind::StoreUnusable, "store_older")
                .with_hint("bring it up to date: jeton store migrate"),
            Error::Foreign(path) => Self::new(
                Kind::StoreUnusable,
                "store_foreign",
                format!("`{}` is not a jeton store", at(&path)),
            ),
            Error::Damaged(_) | Error::Schema(_) => say(Kind::StoreUnusable, "store_damaged"),
            Error::Unreadable(_) => say(Kind::StoreUnusable, "store_unreadable"),
            Error::LogAlone => say(Kind::StoreUnusable, "store_unreadable")
                .with_hint("copy the file with its `-wal` to where it can be written"),
            Error::ReadOnly => say(Kind::StoreUnusable, "store_read_only")
                .with_hint("use it where its file and its directory can be written"),
            Error::File(fault) => Self::file(message, fault),
            Error::Log(path, fault) => Self::new(
                Kind::StoreUnusable,
                "insecure_permissions",
                format!("`{}` is {fault}", at(&path)),
            ),
            Error::Directory(insecure, remedy) => Self::insecure_store(&insecure, &remedy),
            Error::Exposed(_) => say(Kind::StoreUnusable, "insecure_permissions"),
            Error::Occupied(path) => Self::new(
                Kind::Conflict,
                "file_exists",
                format!("there is something at `{}`", at(&path)),
            )
            .with_hint("name another file, or remove that one"),
            Error::Kept { kept, directory } => Self::kept(&kept, &directory),
            Error::NoBackup(path, why) => Self::no_backup(&path, &why),
            Error::LogName(path) => {
                Self::usage(format!("`{}` is what SQLite calls a log", at(&path)))
                    .with_hint("choose a name without `-wal`, `-shm` or `-journal` at its end")
            }
            Error::Unwritable(path, why) => {
                Self::usage(format!("`{}` cannot be written: {why}", at(&path)))
            }
            Error::Busy => {
                say(Kind::Busy, "busy").with_hint("try again, or wait longer with `--wait`")
            }
            Error::OutcomeUnknown { jti, .. } => Self::outcome_unknown(message, jti),
            Error::Full(_) => Self::disk_full(message),
            Error::Taken | Error::Failed(_) => say(Kind::Internal, "internal"),
        }
    }
}

impl Failure {
    fn without_log(path: &str) -> Self {
        let message =
            format!("`{path}` is empty: its `-wal` is missing, or `init` was interrupted");
        Self::new(Kind::NotFound, "store_not_found", message)
            .with_hint("copy a store with `jeton store backup`, or make a new one: jeton init")
    }

    fn outcome_unknown(message: String, jti: Option<Jti>) -> Self {
        let mut failure = Self::new(Kind::OutcomeUnknown, "outcome_unknown", message);
        failure.details.extend(jti.map(|jti| ("jti".to_owned(), json!(jti))));
        failure.with_hint("see what the store has before you try again")
    }

    fn file(message: String, fault: Fault) -> Self {
        let failure = Self::new(Kind::StoreUnusable, "insecure_permissions", message);
        match fault {
            Fault::Foreign => {
                failure.with_hint("run jeton as its owner, or on a copy that is yours")
            }
            Fault::HardLink => failure.with_hint("remove the other names of the file"),
            Fault::MountPoint => {
                failure.with_hint("mount the directory of the store, not the file")
            }
            Fault::Link | Fault::Irregular => failure,
        }
    }
}
