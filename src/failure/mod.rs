//! Every way to fail, as users meet it: kind, code word, sentence, hint, exit code. The only place
//! that knows exit codes.

mod directory;
mod restore;
mod store;
mod terminal;
mod token;

pub(crate) use token::exit_code;

use crate::authority::{self, Reason, Rejected, Thing};
use crate::model::{BadLine, Invalid, repeatable};
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
    Internal 1 "internal" "a bug, an unexpected I/O error, a secret that could not be handed out or taken back",
    Usage 2 "usage, invalid_input" "bad flags or values, nobody to ask, or the answer was no",
    NotFound 3 "store_not_found, user_not_found, token_not_found, session_not_found, key_not_found, preset_not_found"
        "it is not there",
    TokenMissing 4 "authorization_header" "nobody is logged in and no `JETON_TOKEN` is set",
    Conflict 5 "user_exists, store_exists, file_exists, last_admin, last_key, key_exists, key_revoked"
        "it is there already, or must stay",
    LoginInvalid 6 "login_invalid" "wrong name or password, or the user is disabled",
    Forbidden 7 "forbidden" "role or ownership does not allow it",
    QuotaExceeded 8 "quota_exceeded" "one token more than allowed",
    CheckFailed 9 "check_failed" "what was checked is valid, but not as it was asked to be",
    TokenInvalid 10 "invalid_token" "the token is not acceptable; `details.reason` says why",
    TokenExpired 11 "token_expired" "the token's time is over",
    TokenRevoked 12 "token_revoked" "the token, its session or its key was revoked",
    BadData 65 "bad_data" "the content of a file or variable is wrong; nothing of it was applied",
    OutcomeUnknown 74 "outcome_unknown"
        "the disk failed during a commit, which may have been applied; the message names what to look for",
    Busy 75 "busy" "a lock was not had in time; safe to try again",
    StoreUnusable 78 "store_newer, store_older, store_foreign, store_damaged, store_unreadable, store_read_only, session_unusable, insecure_permissions"
        "the store, the session file or a directory cannot be used",
    NotExecutable 126 "not_executable" "the command of `run` cannot be executed",
    CommandNotFound 127 "command_not_found" "the command of `run` is not found",
    Interrupted 130 "interrupted" "Ctrl-C in a prompt; SIGTERM and SIGHUP there exit 143",
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
    pub(crate) fn url(place: &str, scheme: &str) -> Self {
        let message = format!("{place}: unsupported URL scheme `{}`", repeatable(scheme));
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
    pub(crate) fn bad_key(invalid: Invalid) -> Self {
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
    pub(crate) fn is_for(&self, reason: Reason) -> bool {
        self.details.get("reason").and_then(Value::as_str) == Some(reason.word())
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
    pub(crate) fn json(&self) -> Value {
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

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::new(Kind::Usage, "invalid_input", invalid.to_string())
    }
}

impl From<authority::Error> for Failure {
    fn from(error: authority::Error) -> Self {
        use authority::Error;
        let message = error.to_string();
        let say = |kind, code| Self::new(kind, code, message.clone());
        match error {
            Error::Store(error) => error.into(),
            Error::Backup { file, fault } => Self::backup(&file, fault),
            Error::Crypto(error) => error.into(),
            Error::Invalid(invalid) => invalid.into(),
            Error::Usage(_) | Error::Input(_) => say(Kind::Usage, "invalid_input"),
            Error::UserExists => say(Kind::Conflict, "user_exists"),
            Error::StoreExists => say(Kind::Conflict, "store_exists")
                .with_hint("log in with `jeton login`, or leave it as it is with `--exist-ok`"),
            Error::LastAdmin => say(Kind::Conflict, "last_admin"),
            Error::LastKey(hint) => say(Kind::Conflict, "last_key").with_hint(hint),
            Error::KeyExists(..) => say(Kind::Conflict, "key_exists")
                .with_hint("a key serves one purpose and one algorithm for ever; use another key"),
            Error::KeySigns { wanted, .. } => say(Kind::Conflict, "key_exists").with_hint(format!(
                "leave `--alg` out, and then change it: jeton keys rotate --alg {}",
                wanted.name()
            )),
            Error::Rejected(rejected) => rejected.into(),
            Error::BadLine(bad) => bad.into(),
            Error::RowExists { line, .. } => say(Kind::Conflict, "user_exists")
                .with_line(line)
                .with_hint("who is there by all of these names is left out with `--exist-ok`"),
            Error::NoAdmin => say(Kind::BadData, "bad_data")
                .with_hint("give a row the role `admin`, or make the first admin: jeton init"),
            Error::KeyRevoked => say(Kind::Conflict, "key_revoked"),
            Error::LoginInvalid | Error::WrongPassword => say(Kind::LoginInvalid, "login_invalid"),
            Error::Forbidden(_) => say(Kind::Forbidden, "forbidden"),
            Error::RenewalBound { token, .. } => say(Kind::Forbidden, "forbidden")
                .with_hint(format!("its owner renews it by its id: jeton token renew {token}")),
            Error::PermissionRefused(_) => say(Kind::Forbidden, "forbidden")
                .with_hint("see what you may give: jeton settings get token.permissions"),
            Error::NotFound { thing: Thing::User, .. } => say(Kind::NotFound, "user_not_found"),
            Error::NotFound { thing: Thing::Token, .. } => say(Kind::NotFound, "token_not_found"),
            Error::NotFound { thing: Thing::Session, .. } => {
                say(Kind::NotFound, "session_not_found")
            }
            Error::NotFound { thing: Thing::Key, .. } => say(Kind::NotFound, "key_not_found"),
            Error::Quota { limit, live } => token::quota(message, limit, &live),
            Error::Refused { kind, reasons, .. } => token::refused(message, kind, &reasons),
            Error::KeyChanges => say(Kind::Busy, "busy"),
        }
    }
}

impl From<BadLine> for Failure {
    fn from(bad: BadLine) -> Self {
        Self::new(Kind::BadData, "bad_data", bad.to_string()).with_line(bad.line)
    }
}

impl From<Rejected> for Failure {
    fn from(rejected: Rejected) -> Self {
        let failure = Self::new(Kind::BadData, "bad_data", rejected.to_string());
        match rejected {
            Rejected::Weak { .. } => failure.with_hint("take it all the same: `--allow-weak`"),
            Rejected::Unknown => failure.with_hint("for a secret say `--alg HS256`"),
            Rejected::Unread(form) => Self { hint: form.remedy().map(str::to_owned), ..failure },
            Rejected::Disguised(_) => {
                failure.with_hint("generate a shared secret: openssl rand -base64 32")
            }
            Rejected::Member { why, .. } => Self { hint: Self::from(*why).hint, ..failure },
            Rejected::Key(_) => failure,
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
        let say = |kind, code| Self::new(kind, code, message.clone());
        match error {
            Error::Io(_) => say(Kind::Internal, "internal"),
            Error::Full => Self::disk_full(message),
            Error::Unusable(_) => say(Kind::StoreUnusable, "session_unusable")
                .with_hint("keep sessions elsewhere: set `JETON_CONFIG_DIR`"),
            Error::Insecure(_) => say(Kind::StoreUnusable, "insecure_permissions"),
            Error::Directory(insecure) => Self::insecure(&insecure),
            Error::Damaged => say(Kind::TokenMissing, "authorization_header")
                .with_hint("log in again: jeton login"),
            Error::Busy => {
                say(Kind::Busy, "busy").with_hint("try again, or wait longer with `--wait`")
            }
            Error::NoDirectory => {
                say(Kind::Usage, "usage").with_hint("say where with `JETON_CONFIG_DIR`")
            }
        }
    }
}
