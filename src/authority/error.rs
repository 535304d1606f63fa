//! Every refusal of the rules.

use super::RejectReason;
use crate::crypto::{self, ImportError};
use crate::model::{
    Algorithm, InvalidLine, InvalidValue, Purpose, RecordedToken, RowError, Timestamp, TokenId,
    TokenKind, redact_for_error,
};
use crate::store::{self, Retryable};
use std::path::PathBuf;

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    /// An account.
    User,
    /// A recorded token.
    Token,
    /// A session.
    Session,
    /// A key.
    Key,
}

impl ResourceKind {
    fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Session => "session",
            Self::Key => "key",
        }
    }
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A store that was to be restored has this fault.
    #[error("the backup cannot be restored: {fault}")]
    Backup {
        /// Its path.
        file: PathBuf,
        /// The first fault.
        fault: store::Error,
    },
    /// A key or a hash could not be made or used.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
    /// A value is not what it should be.
    #[error(transparent)]
    InvalidValue(#[from] InvalidValue),
    /// The request itself makes no sense.
    #[error("{0}")]
    Usage(String),
    /// One of the names is taken.
    #[error("a user of that name or e-mail exists")]
    UserExists,
    /// The store was set up before.
    #[error("the store has its first user already")]
    StoreExists,
    /// Nobody would be left to administer the store.
    #[error("the last admin must stay")]
    LastAdmin,
    /// Nothing could be signed any more; the hint says what to do.
    #[error("the app key that signs must stay")]
    LastKey(&'static str),
    /// The same key never serves two purposes, and one algorithm only.
    #[error("the store has this key, for {} tokens with {}", .0.name(), .1.name())]
    KeyExists(Purpose, Algorithm),
    /// App tokens are signed with another algorithm than the one that was wanted.
    #[error("the store has a key that signs already, with {}", .active.name())]
    AlgorithmMismatch {
        /// What signs.
        active: Algorithm,
        /// What was wanted.
        requested: Algorithm,
    },
    /// What was brought along is not taken in.
    #[error(transparent)]
    KeyRejected(#[from] ImportError),
    /// Of a row of a file somebody is there already.
    #[error("line {line}: a user of that name, e-mail or uid exists: {}", .taken_names.join(", "))]
    RowExists { line: u64, taken_names: Vec<String> },
    /// The first users of a store would have no admin among them.
    #[error("no row is an admin, and the store has none yet")]
    NoAdmin,
    /// A line of a file is wrong.
    #[error(transparent)]
    InvalidLine(#[from] InvalidLine),
    /// A file of rows cannot be read.
    #[error("{0}")]
    Input(std::io::Error),
    /// A revoked key stays revoked.
    #[error("the key is revoked")]
    KeyRevoked,
    /// Unknown name, wrong password or disabled user: nobody is told which.
    #[error("wrong name or password")]
    LoginInvalid,
    /// The current password was wrong.
    #[error("wrong password")]
    WrongPassword,
    /// The caller's role or ownership does not allow it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The bearer of a token cannot renew it for that long, or not any more.
    #[error(
        "the token was first issued at {first_issued_at}: its bearer can renew it until {bound}"
    )]
    RenewalBound {
        /// The token.
        token: TokenId,
        /// When the first token of the chain was issued.
        first_issued_at: Timestamp,
        /// That time and `token.max_ttl`.
        bound: Timestamp,
    },
    /// A user without a role may not give that permission.
    #[error("permission `{0}` is not among those that you may give")]
    PermissionRefused(String),
    /// It is not there.
    #[error("there is no {} {}", .resource.noun(), format_name(name.as_deref()))]
    NotFound {
        /// What was looked for.
        resource: ResourceKind,
        /// Its name; `None` if the name must not be repeated.
        name: Option<String>,
    },
    /// As many live tokens as allowed.
    #[error("{} of {limit} tokens are in use", .live_tokens.len())]
    QuotaExceeded {
        /// How many are allowed.
        limit: u32,
        /// The live ones.
        live_tokens: Vec<RecordedToken>,
    },
    /// A token is refused.
    #[error("{}", rejection_message(.reasons, .detail.as_deref()))]
    TokenRejected {
        /// What it is, where that is known.
        kind: Option<TokenKind>,
        /// All that is wrong with it, in the fixed order; never empty.
        reasons: Vec<RejectReason>,
        /// What exactly is wrong, of the first reason.
        detail: Option<String>,
    },
    /// The signing key changed again and again while signing.
    #[error("the signing key keeps changing")]
    KeyContention,
}

fn format_name(name: Option<&str>) -> String {
    name.map_or_else(|| "with this id".to_owned(), |name| format!("`{}`", redact_for_error(name)))
}

fn rejection_message(reasons: &[RejectReason], detail: Option<&str>) -> String {
    let message = reasons.first().map_or("the token is refused", |reason| reason.message());
    detail.map_or_else(|| message.to_owned(), |detail| format!("{message}: {detail}"))
}

impl Error {
    /// A refusal for one reason.
    pub(super) fn from_reason(reason: RejectReason) -> Self {
        Self::TokenRejected { kind: None, reasons: vec![reason], detail: None }
    }
}

impl From<RowError> for Error {
    fn from(error: RowError) -> Self {
        match error {
            RowError::InvalidLine(bad) => bad.into(),
            RowError::Input(error) => Self::Input(error),
        }
    }
}

impl Retryable for Error {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(store::Error::Busy))
    }
}
