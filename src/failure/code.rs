//! Error codes and their kinds. Only this module defines the exit codes of failures, except the
//! exit codes for signals during or after a prompt.

/// Defines the enums `Kind` and `Code` from a list of kinds. Each kind has a name, an exit code, a
/// description, and a list of its codes. Each code has a name and a word.
macro_rules! kinds {
    ($($kind:ident $exit:literal $meaning:literal { $($code:ident $word:literal)+ })+) => {
        /// Kind of a failure, with one exit code per kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $(#[doc = $meaning] $kind),+
        }

        /// Code of a failure, for evaluation by programs. Each code belongs to one kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[doc = concat!("`", $word, "`")] $code),+),+
        }

        impl Kind {
            /// All kinds, in ascending order of their exit codes.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind),+];

            pub(crate) const fn exit_code(self) -> u8 {
                match self { $(Self::$kind => $exit),+ }
            }

            /// Returns the name of the kind, such as `NotFound`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind)),+ }
            }

            /// Returns the description for the table of exit codes.
            pub(crate) const fn meaning(self) -> &'static str {
                match self { $(Self::$kind => $meaning),+ }
            }

            /// Returns the codes of this kind.
            pub(crate) const fn codes(self) -> &'static [Code] {
                match self { $(Self::$kind => &[$(Code::$code),+]),+ }
            }
        }

        impl Code {
            pub(crate) const fn kind(self) -> Kind {
                match self { $($(Self::$code)|+ => Kind::$kind),+ }
            }

            /// Returns the code as a word, such as `user_exists`.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $($(Self::$code => $word),+),+ }
            }
        }
    };
}

kinds! {
    Internal 1 "a bug, an unexpected I/O error, or a secret that was not delivered or not revoked" {
        Internal "internal"
    }
    Usage 2 "invalid flags or values, prompt not possible, or confirmation declined" {
        Usage "usage"
        InvalidInput "invalid_input"
    }
    NotFound 3 "store, user, token, session, key or preset not found" {
        StoreNotFound "store_not_found"
        UserNotFound "user_not_found"
        TokenNotFound "token_not_found"
        SessionNotFound "session_not_found"
        KeyNotFound "key_not_found"
        PresetNotFound "preset_not_found"
    }
    TokenMissing 4 "not logged in, and no token given (`JETON_TOKEN`, `--token-file`)" {
        NotLoggedIn "authorization_header"
    }
    Conflict 5 "already exists, is the last active admin or the active app key, or is a revoked key" {
        UserExists "user_exists"
        StoreExists "store_exists"
        FileExists "file_exists"
        LastAdmin "last_admin"
        LastKey "last_key"
        KeyExists "key_exists"
        KeyRevoked "key_revoked"
    }
    LoginInvalid 6 "wrong login name or password, or user disabled" {
        LoginInvalid "login_invalid"
    }
    Forbidden 7 "not permitted, for example by role, ownership or rights in the database" {
        Forbidden "forbidden"
    }
    QuotaExceeded 8 "token quota exceeded" {
        QuotaExceeded "quota_exceeded"
    }
    CheckFailed 9 "requested check failed, such as `--permission` or `--require-role`" {
        CheckFailed "check_failed"
    }
    TokenInvalid 10 "invalid token; `details.reason` gives the reason" {
        InvalidToken "invalid_token"
    }
    TokenExpired 11 "token expired" {
        TokenExpired "token_expired"
    }
    TokenRevoked 12 "token, session or signing key revoked" {
        TokenRevoked "token_revoked"
    }
    BadData 65 "invalid content of a file, a variable or standard input; nothing was applied" {
        BadData "bad_data"
    }
    OutcomeUnknown 74
        "disk failure or lost connection during a commit: the change may be stored; the message names the object to check" {
        OutcomeUnknown "outcome_unknown"
    }
    Busy 75 "timed out (lock or statement), server unavailable, or keys changed during the command; safe to retry" {
        Busy "busy"
    }
    StoreUnusable 78 "unusable store, session file or directory, or login or TLS connection rejected by the server" {
        StoreNewer "store_newer"
        StoreOlder "store_older"
        StoreForeign "store_foreign"
        StoreDamaged "store_damaged"
        StoreUnreadable "store_unreadable"
        StoreReadOnly "store_read_only"
        SessionUnusable "session_unusable"
        InsecurePermissions "insecure_permissions"
    }
    NotExecutable 126 "command of `run` not executable" {
        NotExecutable "not_executable"
    }
    CommandNotFound 127 "command of `run` not found" {
        CommandNotFound "command_not_found"
    }
    Interrupted 130 "interrupted by Ctrl-C (SIGTERM or SIGHUP during or after a prompt: exit code 143)" {
        Interrupted "interrupted"
    }
}

impl Code {
    /// Returns the code with this word, such as `user_exists`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let codes = Kind::ALL.iter().flat_map(|kind| kind.codes());
        codes.copied().find(|code| code.as_str() == word)
    }
}
