//! Tokens and sessions as the store keeps them.

use super::{AppName, InvalidValue, Jti, Sid, Timestamp, TokenId, Untrusted, UserId};
use serde::Serialize;
use serde_json::{Map, Value};

/// What a token is for. Kinds never stand in for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    /// For an application, recorded.
    App,
    /// A session's short credential.
    Access,
    /// What a session gets its next pair for.
    Refresh,
    /// Minted with a test key.
    Test,
}

impl TokenKind {
    /// The `type` claim.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Test => "test",
        }
    }

    /// The kind of a token that has a row, by its name.
    pub(crate) fn parse_recorded(name: &str) -> Result<Self, InvalidValue> {
        [Self::App, Self::Test]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| InvalidValue::new("kind", "`app` or `test`"))
    }

    /// The header's `typ`; the one of a test token is nobody's promise.
    pub(crate) const fn typ(self) -> &'static str {
        match self {
            Self::App | Self::Test => "JWT",
            Self::Access => "session+jwt",
            Self::Refresh => "refresh+jwt",
        }
    }
}

/// Where a recorded token is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenStatus {
    /// Works.
    Live,
    /// Works until its grace ends; a successor exists.
    Superseded,
    /// Its time is over.
    Expired,
    /// Taken back.
    Revoked,
}

impl TokenStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// What several tokens of one application share; of a test token, what it says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grant {
    /// What they are: app tokens or test tokens.
    pub(crate) kind: TokenKind,
    /// Whose tokens they are.
    pub(crate) owner_id: UserId,
    /// The application; of a test token, its subject.
    pub(crate) app: AppName,
    /// What they may do.
    pub(crate) permissions: Vec<Untrusted>,
    /// For whom they are; empty when not said.
    pub(crate) audience: Vec<Untrusted>,
    /// Further claims.
    pub(crate) claims: Map<String, Value>,
}

impl Grant {
    /// Of what a test token says: all but its identity and its times.
    pub(crate) fn shared_claims(claims: &Map<String, Value>) -> Map<String, Value> {
        let mut shared = claims.clone();
        shared.retain(|name, _| !["jti", "iat", "nbf", "exp"].contains(&name.as_str()));
        shared
    }
}

/// Where an app token comes from, for the bounds of its renewal.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokenOrigin {
    /// The first issue in a chain of renewals by the bearer; `None`: the token's own issue.
    pub(crate) first_issued_at: Option<Timestamp>,
    /// The token that `run` issued, whose command this one is revoked with.
    pub(crate) run_token: Option<Jti>,
}

/// A token that has a row: an app token, or a test token that was to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct RecordedToken {
    /// Its row.
    pub(crate) id: TokenId,
    /// Its identity.
    pub(crate) jti: Jti,
    /// What it shares with others.
    pub(crate) grant: Grant,
    /// The key that signed it.
    pub(crate) key_row_id: i64,
    /// When it was issued, as it says itself.
    pub(crate) issued_at: Timestamp,
    /// Its end; `None` never.
    pub(crate) expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub(crate) revoked_at: Option<Timestamp>,
    /// Until when it works beside its successor.
    pub(crate) grace_until: Option<Timestamp>,
}

impl RecordedToken {
    pub(crate) fn status(&self, now: Timestamp) -> TokenStatus {
        if self.revoked_at.is_some() || self.grace_until.is_some_and(|expiry| expiry <= now) {
            TokenStatus::Revoked
        } else if self.expires_at.is_some_and(|expiry| expiry <= now) {
            TokenStatus::Expired
        } else if self.grace_until.is_some() {
            TokenStatus::Superseded
        } else {
            TokenStatus::Live
        }
    }
}

/// One login: a family of pairs, each made from the refresh token of the one before.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Its row.
    pub(crate) id: i64,
    /// Its identity.
    pub(crate) sid: Sid,
    /// Whose it is.
    pub(crate) user_id: UserId,
    /// Its absolute end.
    pub(crate) expires_at: Timestamp,
    /// When it was ended before that.
    pub(crate) ended_at: Option<Timestamp>,
}

/// A session that can still be used, as lists show it.
#[derive(Debug, Clone)]
pub(crate) struct ActiveSession {
    /// The session.
    pub(crate) session: Session,
    /// When somebody logged in.
    pub(crate) created_at: Timestamp,
    /// When it was last refreshed.
    pub(crate) refreshed_at: Timestamp,
    /// Until when it can be refreshed.
    pub(crate) refreshable_until: Timestamp,
}

/// An access and a refresh token that were issued together.
#[derive(Debug, Clone)]
pub(crate) struct RecordedPair {
    /// Its row.
    pub(crate) id: i64,
    /// The access token.
    pub(crate) access_jti: Jti,
    /// The refresh token.
    pub(crate) refresh_jti: Jti,
    /// When both were made.
    pub(crate) issued_at: Timestamp,
    /// The access token's end.
    pub(crate) access_expires_at: Timestamp,
    /// The refresh token's end.
    pub(crate) refresh_expires_at: Timestamp,
    /// When the access token was taken back.
    pub(crate) access_revoked_at: Option<Timestamp>,
    /// When the refresh token was used.
    pub(crate) refresh_used_at: Option<Timestamp>,
}
