//! User-visible errors: kind, code, message, hint, exit code. Only this module defines exit codes.

mod directory;
mod restore;
mod store;
mod terminal;
mod token;
pub(crate) use token::exit_code;

use crate::authority::{self, RejectReason, error::ResourceKind};
use crate::crypto::{self, ImportError};
use crate::model::{InvalidLine, InvalidValue, redact_for_error};
use crate::session_file;
use serde_json::{Map, Value, json};

macro_rules! kinds {
    ($($variant:ident $exit:literal $codes:literal $when:literal),+ $(,)?) => {
        /// Kind of a failure, with one exit code per kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $(#[doc = $when] $variant),+
        }

        impl Kind {
            /// All kinds: exit code, name, codes, meaning.
            pub(crate) const TABLE: &'static [(u8, &'static str, &'static str, &'static str)] =
                &[$(($exit, stringify!($variant), $codes, $when)),+];

            /// Returns whether any kind has this code.
            pub(crate) fn has_code(word: &str) -> bool {
                Self::TABLE.iter().any(|(_, _, codes, _)| codes.split(", ").any(|code| code == word))
            }

            pub(crate) const fn exit_code(self) -> u8 {
                match self { $(Self::$variant => $exit),+ }
            }

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }
    };
}

kinds! {
    Internal 1 "internal" "a bug, an unexpected I/O error, or a secret that could not be delivered or revoked",
    Usage 2 "usage, invalid_input" "invalid flags or values, no terminal to prompt on, or confirmation declined",
    NotFound 3 "store_not_found, user_not_found, token_not_found, session_not_found, key_not_found, preset_not_found"
        "store, user, token, session, key or preset not found",
    TokenMissing 4 "authorization_header" "not logged in, and `JETON_TOKEN` is not set",
    Conflict 5 "user_exists, store_exists, file_exists, last_admin, last_key, key_exists, key_revoked"
        "already exists, or must not be removed",
    LoginInvalid 6 "login_invalid" "wrong name or password, or user disabled",
    Forbidden 7 "forbidden" "not permitted by role or ownership",
    QuotaExceeded 8 "quota_exceeded" "token quota exceeded",
    CheckFailed 9 "check_failed" "valid, but a requested check failed, such as `--permission` or `--require-role`",
    TokenInvalid 10 "invalid_token" "invalid token; `details.reason` gives the reason",
    TokenExpired 11 "token_expired" "token expired",
    TokenRevoked 12 "token_revoked" "token, session or signing key revoked",
    BadData 65 "bad_data" "invalid content of a file or variable; nothing was applied",
    OutcomeUnknown 74 "outcome_unknown"
        "disk failure during a commit that may have been applied; the message names the object to check",
    Busy 75 "busy" "timed out waiting for a lock; safe to retry",
    StoreUnusable 78 "store_newer, store_older, store_foreign, store_damaged, store_unreadable, store_read_only, session_unusable, insecure_permissions"
        "unusable store, session file or directory",
    NotExecutable 126 "not_executable" "command of `run` not executable",
    CommandNotFound 127 "command_not_found" "command of `run` not found",
    Interrupted 130 "interrupted" "Ctrl-C at a prompt; SIGTERM and SIGHUP at a prompt exit 143",
}

/// Error of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Kind, which determines the exit code.
    pub(crate) kind: Kind,
    /// Code for programs.
    pub(crate) code: &'static str,
    /// Message: lower case, no period.
    pub(crate) message: String,
    /// Instruction that tells the user how to resolve the error.
    pub(crate) hint: Option<String>,
    /// Additional members for programs.
    pub(crate) details: Map<String, Value>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: None, details: Map::new() }
    }

    /// Returns a usage error, such as conflicting options.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "usage", message)
    }

    /// Returns the error for a URL given as a path, in a flag or a variable. The URL may contain a
    /// password and is not repeated.
    pub(crate) fn unsupported_url(argument: &str, scheme: &str) -> Self {
        let message = format!("{argument}: unsupported URL scheme `{}`", redact_for_error(scheme));
        Self::new(Kind::Usage, "invalid_input", message)
            .with_hint("use a path, prefixed with `./` if it looks like a URL")
    }

    /// Returns the error for a missing login.
    pub(crate) fn not_logged_in() -> Self {
        Self::new(Kind::TokenMissing, "authorization_header", "not logged in")
            .with_hint("log in: jeton login")
    }

    /// Returns the error for a full disk.
    pub(crate) fn disk_full(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, "internal", message).with_hint("free disk space and retry")
    }

    /// Returns the error for invalid content of a key from any source.
    #[expect(clippy::needless_pass_by_value, reason = "`map_err` passes the error by value")]
    pub(crate) fn bad_key(invalid: InvalidValue) -> Self {
        Self::new(Kind::BadData, "bad_data", invalid.to_string())
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the line number in a file.
    fn with_line(mut self, line: u64) -> Self {
        self.details.insert("line".to_owned(), json!(line));
        self
    }

    /// Returns whether the token was rejected with this reason as the first reason.
    pub(crate) fn has_reason(&self, reason: RejectReason) -> bool {
        self.details.get("reason").and_then(Value::as_str) == Some(reason.code())
    }

    /// Returns whether the audit log records this failure: a refusal of a valid request, not a
    /// usage error, an internal error or an interruption.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Usage
                | Kind::Internal
                | Kind::OutcomeUnknown
                | Kind::Busy
                | Kind::NotExecutable
                | Kind::CommandNotFound
                | Kind::Interrupted
        )
    }

    /// Returns the JSON document for programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({"error": {
            "kind": self.kind.name(),
            "code": self.code,
            "exit_code": self.kind.exit_code(),
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }})
    }
}

impl From<InvalidValue> for Failure {
    fn from(invalid: InvalidValue) -> Self {
        Self::new(Kind::Usage, "invalid_input", invalid.to_string())
    }
}

impl From<authority::Error> for Failure {
    fn from(error: authority::Error) -> Self {
        use authority::Error;
        let message = error.to_string();
        let failure = |kind, code| Self::new(kind, code, message.clone());
        match error {
            Error::Store(error) => error.into(),
            Error::Backup { file, fault } => Self::unusable_backup(&file, fault),
            Error::Crypto(error) => error.into(),
            Error::InvalidValue(invalid) => invalid.into(),
            Error::Usage(_) | Error::Input(_) => failure(Kind::Usage, "invalid_input"),
            Error::UserExists => failure(Kind::Conflict, "user_exists"),
            Error::StoreExists => failure(Kind::Conflict, "store_exists").with_hint(
                "log in with `jeton login`, or use `--exist-ok` to keep the store unchanged",
            ),
            Error::LastAdmin => failure(Kind::Conflict, "last_admin"),
            Error::ActiveAppKey(hint) => failure(Kind::Conflict, "last_key").with_hint(hint),
            Error::KeyExists(..) => failure(Kind::Conflict, "key_exists")
                .with_hint("use another key: purpose and algorithm of a key cannot change"),
            Error::AlgorithmMismatch { requested, .. } => failure(Kind::Conflict, "key_exists")
                .with_hint(format!(
                    "omit `--alg`, then change the algorithm: jeton keys rotate --alg {}",
                    requested.name()
                )),
            Error::KeyRejected(import_error) => import_error.into(),
            Error::InvalidLine(bad_line) => bad_line.into(),
            Error::ImportedUserExists { line, .. } => failure(Kind::Conflict, "user_exists")
                .with_line(line)
                .with_hint("use `--exist-ok` to skip users that already exist"),
            Error::NoAdmin => failure(Kind::BadData, "bad_data")
                .with_hint("give a row the role `admin`, or create an admin: jeton init"),
            Error::KeyRevoked => failure(Kind::Conflict, "key_revoked"),
            Error::LoginInvalid | Error::WrongPassword => {
                failure(Kind::LoginInvalid, "login_invalid")
            }
            Error::Forbidden(_) => failure(Kind::Forbidden, "forbidden"),
            Error::RenewalBound { token, .. } => failure(Kind::Forbidden, "forbidden").with_hint(
                format!("renew the token by id as its owner: jeton token renew {token}"),
            ),
            Error::PermissionRefused(_) => failure(Kind::Forbidden, "forbidden").with_hint(
                "list the permissions you can grant: jeton settings get token.permissions",
            ),
            Error::NotFound { resource: ResourceKind::User, .. } => {
                failure(Kind::NotFound, "user_not_found")
            }
            Error::NotFound { resource: ResourceKind::Token, .. } => {
                failure(Kind::NotFound, "token_not_found")
            }
            Error::NotFound { resource: ResourceKind::Session, .. } => {
                failure(Kind::NotFound, "session_not_found")
            }
            Error::NotFound { resource: ResourceKind::Key, .. } => {
                failure(Kind::NotFound, "key_not_found")
            }
            Error::QuotaExceeded { limit, live_tokens } => {
                token::quota_exceeded(message, limit, &live_tokens)
            }
            Error::TokenRejected { kind, reasons, .. } => {
                token::token_rejected(message, kind, &reasons)
            }
            Error::KeyContention => failure(Kind::Busy, "busy"),
        }
    }
}

impl From<InvalidLine> for Failure {
    fn from(bad_line: InvalidLine) -> Self {
        Self::new(Kind::BadData, "bad_data", bad_line.to_string()).with_line(bad_line.line)
    }
}

impl From<ImportError> for Failure {
    fn from(import_error: ImportError) -> Self {
        let failure = Self::new(Kind::BadData, "bad_data", import_error.to_string());
        match import_error {
            ImportError::WeakSecret { .. } => {
                failure.with_hint("use `--allow-weak` to accept the secret")
            }
            ImportError::UnknownFormat => {
                failure.with_hint("use `--alg HS256` for a shared secret")
            }
            ImportError::UnsupportedFormat(format) => {
                Self { hint: format.hint().map(str::to_owned), ..failure }
            }
            ImportError::KeyAsSecret(_) => {
                failure.with_hint("generate a shared secret: openssl rand -base64 32")
            }
            ImportError::SetMember { error, .. } => {
                Self { hint: Self::from(*error).hint, ..failure }
            }
            ImportError::Invalid(_) => failure,
        }
    }
}

impl From<crypto::Error> for Failure {
    fn from(error: crypto::Error) -> Self {
        use crypto::Error;
        match error {
            Error::DamagedKey(_) | Error::DamagedHash(_) | Error::DamagedHashClass(_) => {
                crate::store::Error::Damaged(error.to_string()).into()
            }
            Error::Key(_) | Error::Hash(_) | Error::Random => {
                Self::new(Kind::Internal, "internal", error.to_string())
            }
        }
    }
}

impl From<session_file::Error> for Failure {
    fn from(error: session_file::Error) -> Self {
        use session_file::Error;
        let message = error.to_string();
        let failure = |kind, code| Self::new(kind, code, message.clone());
        match error {
            Error::Io(_) => failure(Kind::Internal, "internal"),
            Error::DiskFull => Self::disk_full(message),
            Error::Unusable(_) => failure(Kind::StoreUnusable, "session_unusable")
                .with_hint("set `JETON_CONFIG_DIR` to another directory"),
            Error::InsecureFile(_) => failure(Kind::StoreUnusable, "insecure_permissions"),
            Error::InsecureDirectory(insecure) => Self::insecure_directory(&insecure),
            Error::Damaged => failure(Kind::TokenMissing, "authorization_header")
                .with_hint("log in again: jeton login"),
            Error::Busy => {
                failure(Kind::Busy, "busy").with_hint("try again, or wait longer with `--wait`")
            }
            Error::NoDirectory => failure(Kind::Usage, "usage").with_hint("set `JETON_CONFIG_DIR`"),
        }
    }
}
