//! The errors of the authority module.

use super::ambiguous_id::AmbiguousId;
use super::rejection::{Rejection, order_session_reasons, session_rejection_message};
use super::resource_kind::ResourceKind;
use crate::crypto::{self, KeyError, MAX_TOKEN_BYTES};
use crate::model::{
    Algorithm, InvalidLine, InvalidLines, InvalidValue, Purpose, RecordedToken, Role, RowError,
    Timestamp, TokenId, TokenKind, Untrusted, User, redact_for_error,
};
use crate::parallel::ThreadError;
use crate::store::{self, Retryable};
use std::path::PathBuf;

/// An operation that failed or was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A failure of the store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A backup with a fault that prevents the restore.
    #[error("backup cannot be restored: {fault}")]
    Backup {
        /// The path of the backup.
        file: PathBuf,
        /// The first such fault.
        fault: store::Error,
    },
    /// A failure to create or use a key or a password hash.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
    /// A failure to start a thread for parallel work.
    #[error(transparent)]
    Thread(#[from] ThreadError),
    /// A malformed value.
    #[error(transparent)]
    InvalidValue(#[from] InvalidValue),
    /// An invalid request; the text describes the problem.
    #[error("{0}")]
    Usage(String),
    /// The username or the e-mail address of a new or renamed user belongs to another user.
    #[error("user with this username or e-mail address already exists")]
    UserExists,
    /// A first admin for a store that already has users.
    #[error("store already initialized")]
    StoreExists,
    /// Deletion, disabling or demotion of the last active admin. The text is the escaped name of
    /// the admin.
    #[error("`{0}` is the last active admin")]
    LastAdmin(String),
    /// Retirement or revocation of the active app key. The text is a hint.
    #[error("active app key requires a replacement")]
    ActiveAppKey(&'static str),
    /// A new key that the store already has for another purpose or algorithm. The fields describe
    /// the key in the store.
    #[error("key already exists for {} tokens with {}", .0.name(), .1.name())]
    KeyExists(Purpose, Algorithm),
    /// A new key that the store already has under this other key id.
    #[error("key already exists with the key id `{}`", .0.to_display())]
    KeyHasOtherKid(Untrusted),
    /// A key id that another key has.
    #[error(
        "key id `{}` already used by another key ({}, for {} tokens)",
        .kid.to_display(), .algorithm.name(), .purpose.name()
    )]
    KidExists {
        /// The key id.
        kid: Untrusted,
        /// The purpose of the other key.
        purpose: Purpose,
        /// The algorithm of the other key.
        algorithm: Algorithm,
    },
    /// No key of the store has the key id that a preset prescribes.
    #[error("key `{}` of the preset not found", .kid.to_display())]
    PresetKeyNotFound {
        /// The key id.
        kid: Untrusted,
        /// The algorithm of the preset, or ES256 if the preset has no algorithm.
        algorithm: Algorithm,
    },
    /// The active app key has another algorithm than the caller requested.
    #[error("the signing key has another algorithm: found `{}`, expected `{}`", .active.name(), .requested.name())]
    AlgorithmMismatch {
        /// The algorithm of the active app key.
        active: Algorithm,
        /// The requested algorithm.
        requested: Algorithm,
    },
    /// A key that cannot be imported.
    #[error(transparent)]
    KeyRejected(#[from] KeyError),
    /// A row of an import file names an existing user.
    #[error("line {line}: user already exists: {}", .taken_names.join(", "))]
    ImportedUserExists {
        /// The number of the first line of the row.
        line: u64,
        /// The names in the row that existing users have.
        taken_names: Vec<String>,
        /// Set if the import skips existing accounts. The error then means that no single account
        /// has all names (username, e-mail address and uid) of the row.
        skips_existing: bool,
    },
    /// An import of a file without an active admin into a store without an active admin.
    #[error("no active admin in the file or in the store")]
    NoAdmin,
    /// An import after which the store would have no active admin.
    #[error("no active admin would remain after the change")]
    NoAdminLeft,
    /// An invalid line of an input file.
    #[error(transparent)]
    InvalidLine(#[from] InvalidLine),
    /// Several invalid lines of an input file.
    #[error(transparent)]
    InvalidLines(InvalidLines),
    /// Invalid lines of an import file, some with columns or members that accounts do not have.
    #[error(transparent)]
    UnknownFields(Box<Error>),
    /// A failure to read an input file.
    #[error("{0}")]
    Input(std::io::Error),
    /// A revoked key, which cannot be used again.
    #[error("key revoked")]
    KeyRevoked,
    /// A login with an unknown name or a wrong password, or of a user who has no password, is
    /// disabled, or gets a new password during the login. The message does not show the cause.
    #[error("wrong name or password")]
    LoginInvalid,
    /// A wrong current password, or a password that was changed after its verification.
    #[error("wrong password")]
    WrongPassword,
    /// An operation that is not allowed; the text gives the reason.
    #[error("{0}")]
    Forbidden(&'static str),
    /// An operation that requires a higher role.
    #[error("{refusal}: {}", describe_role(.user.as_ref()))]
    InsufficientRole {
        /// The rule, such as `only admins can change settings`.
        refusal: &'static str,
        /// The lowest role that may perform the operation.
        required: Role,
        /// The user whose role is too low; `None` if no user is logged in.
        user: Option<UserWithRole>,
    },
    /// A renewal by the bearer of the token, at or after the time `bound`, or with a requested
    /// expiry after `bound`.
    #[error("renewal limit exceeded: first issued at {first_issued_at}, renewable until {bound}")]
    RenewalBoundExceeded {
        /// The id of the token to renew.
        token: TokenId,
        /// The issue time of the first token in the chain of renewals by the bearer.
        first_issued_at: Timestamp,
        /// `first_issued_at` plus the setting `token.max_ttl`.
        bound: Timestamp,
    },
    /// A permission that users with the role `user` may not grant.
    #[error("permission `{permission}` not allowed: {}", describe_role(Some(.user)))]
    PermissionRefused {
        /// The permission, escaped.
        permission: String,
        /// The user whose role is too low.
        user: UserWithRole,
    },
    /// An abbreviated id that is the start of several ids.
    #[error(transparent)]
    AmbiguousId(#[from] AmbiguousId),
    /// A missing object.
    #[error("{} {} not found", .resource.noun(), format_name(name.as_deref()))]
    NotFound {
        /// The kind of the object.
        resource: ResourceKind,
        /// The name of the object; `None` if the name may be a secret.
        name: Option<String>,
    },
    /// A new token that would exceed the token quota of its owner.
    #[error("token quota exceeded: {} of {limit} tokens in use", .counted_tokens.len())]
    QuotaExceeded {
        /// The maximum number of live tokens.
        limit: u32,
        /// The tokens that count towards the quota.
        counted_tokens: Vec<RecordedToken>,
        /// The name of the owner.
        owner: String,
    },
    /// A rejected token.
    #[error("{}", rejection_message(.reasons))]
    TokenRejected {
        /// The kind of the token, if known.
        kind: Option<TokenKind>,
        /// All reasons, in the order of the checks; never empty.
        reasons: Vec<Rejection>,
    },
    /// A rejected token of the session in the session file.
    #[error("{}", session_rejection_message(.reasons))]
    SessionRejected {
        /// All reasons; a disabled or deleted account comes first; never empty.
        reasons: Vec<Rejection>,
    },
    /// A token of more than [`MAX_TOKEN_BYTES`] bytes, which verification would reject.
    #[error("token too large: found {length} bytes, expected at most {MAX_TOKEN_BYTES}")]
    TokenTooLarge {
        /// The size of the token in bytes.
        length: usize,
    },
    /// Every attempt to sign or rotate failed, because another process changed the keys or the
    /// settings.
    #[error("signing keys or settings changed during the command")]
    KeyContention,
}

fn format_name(name: Option<&str>) -> String {
    name.map_or_else(|| "with this id".to_owned(), |name| format!("`{}`", redact_for_error(name)))
}

/// Name and role of a user whose role is too low, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserWithRole {
    /// Username, e-mail address or id, escaped.
    pub(crate) name: String,
    /// Role.
    pub(crate) role: Role,
    /// Set if the user is logged in and performs the operation. Not set for a token owner if
    /// another user or the bearer of the token performs the operation.
    pub(crate) is_logged_in: bool,
}

impl UserWithRole {
    pub(super) fn new(user: &User, is_logged_in: bool) -> Self {
        Self { name: user.to_display(), role: user.role, is_logged_in }
    }
}

fn describe_role(user: Option<&UserWithRole>) -> String {
    match user {
        Some(UserWithRole { name, role, is_logged_in: true }) => {
            format!("logged in as `{name}` with role `{}`", role.name())
        }
        Some(UserWithRole { name, role, is_logged_in: false }) => {
            format!("token owner `{name}` has role `{}`", role.name())
        }
        None => "not logged in".to_owned(),
    }
}

fn rejection_message(reasons: &[Rejection]) -> String {
    reasons.first().map_or_else(|| "token rejected".to_owned(), Rejection::message)
}

impl Error {
    /// Returns the rejection of a token for one reason.
    pub(super) fn from_reason(rejection: impl Into<Rejection>) -> Self {
        Self::TokenRejected { kind: None, reasons: vec![rejection.into()] }
    }

    /// Returns the refusal of a principal whose role is below `required`; `user` is `None` without
    /// a login.
    pub(super) fn insufficient_role(
        refusal: &'static str,
        required: Role,
        user: Option<&User>,
    ) -> Self {
        let user = user.map(|user| UserWithRole::new(user, true));
        Self::InsufficientRole { refusal, required, user }
    }

    /// Turns the rejection of a token into the rejection of the session in the session file.
    /// Returns all other errors unchanged.
    pub(crate) fn into_session_rejection(self) -> Self {
        if let Self::TokenRejected { mut reasons, .. } = self {
            order_session_reasons(&mut reasons);
            Self::SessionRejected { reasons }
        } else {
            self
        }
    }
}

impl From<InvalidLines> for Error {
    fn from(lines: InvalidLines) -> Self {
        match lines.lines.as_slice() {
            [line] => Self::InvalidLine(line.clone()),
            _ => Self::InvalidLines(lines),
        }
    }
}

impl From<RowError> for Error {
    fn from(error: RowError) -> Self {
        match error {
            RowError::InvalidLine(line) => line.into(),
            RowError::Input(error) => Self::Input(error),
        }
    }
}

impl Retryable for Error {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}
