//! Every way to fail, as users meet it: kind, code word, sentence, hint, exit code. The only place
//! that knows exit codes.

mod directory;
mod restore;
mod store;
mod terminal;
mod token;

pub(crate) use token::exit_code;

use crate::authority::{self, ImportError, RejectReason, ResourceKind};
use crate::model::{InvalidLine, InvalidValue, redact_for_error};
use crate::{credentials, crypto};
use serde_json::{Map, Value, json};

macro_rules! kinds {
    ($($variant:ident $exit:literal $codes:literal $when:literal),+ $(,)?) => {
        /// What sort of failure it is; each has its exit code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $(#[doc = $when] $variant),+
        }

        impl Kind {
            /// All of them: exit code, name, code words, meaning.
            pub(crate) const TABLE: &'static [(u8, &'static str, &'static str, &'static str)] =
                &[$(($exit, stringify!($variant), $codes, $when)),+];

            /// Whether some failure has that code word.
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
        "disk failure during a commit that may have been applied; the message says what to check",
    Busy 75 "busy" "timed out waiting for a lock; safe to retry",
    StoreUnusable 78 "store_newer, store_older, store_foreign, store_damaged, store_unreadable, store_read_only, session_unusable, insecure_permissions"
        "unusable store, session file or directory",
    NotExecutable 126 "not_executable" "command of `run` not executable",
    CommandNotFound 127 "command_not_found" "command of `run` not found",
    Interrupted 130 "interrupted" "Ctrl-C at a prompt; SIGTERM and SIGHUP at a prompt exit 143",
}

/// Why a command ends without having done it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What sort it is.
    pub(crate) kind: Kind,
    /// The word for programs.
    pub(crate) code: &'static str,
    /// The sentence for people: lower case, no period.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// More for programs.
    pub(crate) details: Map<String, Value>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: None, details: Map::new() }
    }

    /// Flags or values that make no sense together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "usage", message)
    }

    /// A URL in the place of a path: of a flag or a variable. The URL may hold a password and is not
    /// repeated.
    pub(crate) fn unsupported_url(argument: &str, scheme: &str) -> Self {
        let message = format!("{argument}: unsupported URL scheme `{}`", redact_for_error(scheme));
        Self::new(Kind::Usage, "invalid_input", message)
            .with_hint("use a path; one that looks like a URL begins with `./`")
    }

    /// Nobody is logged in.
    pub(crate) fn not_logged_in() -> Self {
        Self::new(Kind::TokenMissing, "authorization_header", "nobody is logged in")
            .with_hint("log in: jeton login")
    }

    /// The disk has no room.
    pub(crate) fn disk_full(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, "internal", message)
            .with_hint("free some space, then repeat the command")
    }

    /// Refuses the content of a key, wherever it was read from.
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
    pub(crate) fn bad_key(invalid: InvalidValue) -> Self {
        Self::new(Kind::BadData, "bad_data", invalid.to_string())
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the line of a file that it is about.
    fn with_line(mut self, line: u64) -> Self {
        self.details.insert("line".to_owned(), json!(line));
        self
    }

    /// Whether a token was refused first of all for that reason.
    pub(crate) fn has_reason(&self, reason: RejectReason) -> bool {
        self.details.get("reason").and_then(Value::as_str) == Some(reason.code())
    }

    /// Whether something was refused that was asked for in earnest: neither misspelt nor
    /// interrupted, and no fault of ours.
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

    /// The one line for programs.
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
            Error::StoreExists => failure(Kind::Conflict, "store_exists")
                .with_hint("log in with `jeton login`, or leave it as it is with `--exist-ok`"),
            Error::LastAdmin => failure(Kind::Conflict, "last_admin"),
            Error::LastKey(hint) => failure(Kind::Conflict, "last_key").with_hint(hint),
            Error::KeyExists(..) => failure(Kind::Conflict, "key_exists")
                .with_hint("a key serves one purpose and one algorithm for ever; use another key"),
            Error::AlgorithmMismatch { requested: wanted, .. } => {
                failure(Kind::Conflict, "key_exists").with_hint(format!(
                    "leave `--alg` out, and then change it: jeton keys rotate --alg {}",
                    wanted.name()
                ))
            }
            Error::KeyRejected(rejected) => rejected.into(),
            Error::InvalidLine(bad_line) => bad_line.into(),
            Error::RowExists { line, .. } => failure(Kind::Conflict, "user_exists")
                .with_line(line)
                .with_hint("who is there by all of these names is left out with `--exist-ok`"),
            Error::NoAdmin => failure(Kind::BadData, "bad_data")
                .with_hint("give a row the role `admin`, or make the first admin: jeton init"),
            Error::KeyRevoked => failure(Kind::Conflict, "key_revoked"),
            Error::LoginInvalid | Error::WrongPassword => {
                failure(Kind::LoginInvalid, "login_invalid")
            }
            Error::Forbidden(_) => failure(Kind::Forbidden, "forbidden"),
            Error::RenewalBound { token, .. } => failure(Kind::Forbidden, "forbidden")
                .with_hint(format!("its owner renews it by its id: jeton token renew {token}")),
            Error::PermissionRefused(_) => failure(Kind::Forbidden, "forbidden")
                .with_hint("see what you may give: jeton settings get token.permissions"),
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
            Error::QuotaExceeded { limit, live_tokens: live } => {
                token::quota_exceeded(message, limit, &live)
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
    fn from(rejected: ImportError) -> Self {
        let failure = Self::new(Kind::BadData, "bad_data", rejected.to_string());
        match rejected {
            ImportError::Weak { .. } => failure.with_hint("take it all the same: `--allow-weak`"),
            ImportError::UnknownFormat => failure.with_hint("for a secret say `--alg HS256`"),
            ImportError::UnsupportedFormat(form) => {
                Self { hint: form.hint().map(str::to_owned), ..failure }
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

impl From<credentials::Error> for Failure {
    fn from(error: credentials::Error) -> Self {
        use credentials::Error;
        let message = error.to_string();
        let failure = |kind, code| Self::new(kind, code, message.clone());
        match error {
            Error::Io(_) => failure(Kind::Internal, "internal"),
            Error::DiskFull => Self::disk_full(message),
            Error::Unusable(_) => failure(Kind::StoreUnusable, "session_unusable")
                .with_hint("keep sessions elsewhere: set `JETON_CONFIG_DIR`"),
            Error::InsecureFile(_) => failure(Kind::StoreUnusable, "insecure_permissions"),
            Error::InsecureDirectory(insecure) => Self::insecure_directory(&insecure),
            Error::Damaged => failure(Kind::TokenMissing, "authorization_header")
                .with_hint("log in again: jeton login"),
            Error::Busy => {
                failure(Kind::Busy, "busy").with_hint("try again, or wait longer with `--wait`")
            }
            Error::NoDirectory => {
                failure(Kind::Usage, "usage").with_hint("say where with `JETON_CONFIG_DIR`")
            }
        }
    }
}
