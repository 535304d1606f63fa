//! Tokens and sessions of the store.

use super::{
    AppName, InvalidValue, Jti, KeyRowId, SessionEndReason, SessionRowId, Sid, Timestamp, TokenId,
    TokenPairRowId, Untrusted, UserId,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Kind of a token. A token of one kind is never accepted as another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    /// App token: issued for an application and recorded.
    App,
    /// Short-lived access token of a session.
    Access,
    /// Refresh token: exchanged for the next token pair of a session.
    Refresh,
    /// Test token: signed by a test key of the store, or by an external key, which is not stored.
    Test,
}

impl TokenKind {
    /// Returns the name, which is the value of the claim `type` of app and session tokens.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Test => "test",
        }
    }

    /// Parses the kind of a recorded token: `app` or `test`.
    pub(crate) fn parse_recorded(name: &str) -> Result<Self, InvalidValue> {
        [Self::App, Self::Test]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| InvalidValue::new("kind", "expected `app` or `test`"))
    }

    /// Returns the value of the header parameter `typ`. The `typ` of a test token can also have
    /// another value.
    pub(crate) const fn typ(self) -> &'static str {
        match self {
            Self::App | Self::Test => "JWT",
            Self::Access => "session+jwt",
            Self::Refresh => "refresh+jwt",
        }
    }
}

/// Status of a recorded token. Depends only on the row of the token, not on its owner or key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenStatus {
    /// Neither renewed, revoked nor expired.
    Live,
    /// Renewed: a new token replaces this token, which remains valid until its grace period ends
    /// or it expires.
    Superseded,
    /// Expired.
    Expired,
    /// Revoked, or renewed and the grace period has ended.
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

/// Properties that several recorded tokens can have in common: for example, an app token and its
/// successors, or test tokens with the same [shared claims](Grant::shared_claims).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grant {
    /// Kind of the tokens: app or test.
    pub(crate) kind: TokenKind,
    /// Owner of the tokens.
    pub(crate) owner_id: UserId,
    /// Application of app tokens, or subject of test tokens; empty for test tokens without `sub`.
    pub(crate) app: AppName,
    /// Permissions that app tokens grant; empty for test tokens.
    pub(crate) permissions: Vec<Untrusted>,
    /// Audience of app tokens, which may be empty; always empty for test tokens.
    pub(crate) audience: Vec<Untrusted>,
    /// Additional claims of app tokens, or all [shared claims](Grant::shared_claims) of test
    /// tokens.
    pub(crate) claims: Map<String, Value>,
}

impl Grant {
    /// Returns the claims of a test token without `jti`, `iat`, `nbf` and `exp`, which differ
    /// between the tokens of a grant.
    pub(crate) fn shared_claims(claims: &Map<String, Value>) -> Map<String, Value> {
        let mut shared = claims.clone();
        shared.retain(|name, _| is_shared_claim(name));
        shared
    }

    /// Returns whether `self.claims` are the shared claims of a test token that has the claims
    /// `claims`.
    pub(crate) fn has_shared_claims_of(&self, claims: &Map<String, Value>) -> bool {
        let shared = || claims.iter().filter(|(name, _)| is_shared_claim(name));
        shared().count() == self.claims.len()
            && shared().all(|(name, value)| self.claims.get(name) == Some(value))
    }
}

/// Returns whether the test tokens of a grant share the claim `name`.
fn is_shared_claim(name: &str) -> bool {
    !["jti", "iat", "nbf", "exp"].contains(&name)
}

/// Origin of an app token. The origin limits the renewal of the token by the bearer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokenOrigin {
    /// Issue time of the token with which a chain of renewals by the bearer started. For a token
    /// that was not renewed by the bearer, this is `None` before the token is stored, and the issue
    /// time of the token itself after the token was read from the store.
    pub(crate) first_issued_at: Option<Timestamp>,
    /// `jti` of the token that `jeton run` issued: this token, or the token with which its chain of
    /// renewals by the owner or an admin started. When `jeton run` exits, the issued token and all
    /// its successors are revoked. `None` for tokens that are not from `jeton run`.
    pub(crate) first_run_jti: Option<Jti>,
}

/// Token with a row in the store: an app token or a recorded test token.
#[derive(Debug, Clone)]
pub(crate) struct RecordedToken {
    /// Row id.
    pub(crate) id: TokenId,
    /// `jti` claim.
    pub(crate) jti: Jti,
    /// Properties that the token has in common with other tokens.
    pub(crate) grant: Arc<Grant>,
    /// Row id of the signing key.
    pub(crate) key_row_id: KeyRowId,
    /// Issue time: the `iat` claim. For a test token without `iat` in whole seconds, the time for
    /// which the token was minted.
    pub(crate) issued_at: Timestamp,
    /// Expiry time; `None`: no expiry.
    pub(crate) expires_at: Option<Timestamp>,
    /// Revocation time; `None`: not revoked.
    pub(crate) revoked_at: Option<Timestamp>,
    /// End of the grace period after a renewal; `None`: not renewed.
    pub(crate) grace_until: Option<Timestamp>,
}

impl RecordedToken {
    /// Returns the status at the time `now`.
    pub(crate) fn status(&self, now: Timestamp) -> TokenStatus {
        if self.revoked_at.is_some() || self.grace_until.is_some_and(|end| end <= now) {
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

/// Session of one login: a chain of token pairs. The login issues the first pair, and each refresh
/// token is exchanged for the next pair.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Row id.
    pub(crate) id: SessionRowId,
    /// Session id.
    pub(crate) sid: Sid,
    /// Row id of the user who logged in.
    pub(crate) user_id: UserId,
    /// Absolute expiry time, independent of refreshes.
    pub(crate) expires_at: Timestamp,
    /// Time of the end before the expiry, for example by a logout.
    pub(crate) ended_at: Option<Timestamp>,
    /// Reason for the end before the expiry.
    pub(crate) end_reason: Option<SessionEndReason>,
}

/// Session that can be refreshed, with its times for a list.
#[derive(Debug, Clone)]
pub(crate) struct ActiveSession {
    /// Session.
    pub(crate) session: Session,
    /// Login time.
    pub(crate) created_at: Timestamp,
    /// Time of the last refresh; without a refresh, the login time.
    pub(crate) refreshed_at: Timestamp,
    /// Time until which the session can be refreshed.
    pub(crate) refreshable_until: Timestamp,
}

/// Pair of an access token and a refresh token that were issued together.
#[derive(Debug, Clone)]
pub(crate) struct RecordedTokenPair {
    /// Row id.
    pub(crate) id: TokenPairRowId,
    /// `jti` of the access token.
    pub(crate) access_jti: Jti,
    /// `jti` of the refresh token.
    pub(crate) refresh_jti: Jti,
    /// Issue time of both tokens.
    pub(crate) issued_at: Timestamp,
    /// Expiry time of the access token.
    pub(crate) access_expires_at: Timestamp,
    /// Expiry time of the refresh token.
    pub(crate) refresh_expires_at: Timestamp,
    /// Revocation time of the access token; `None`: not revoked.
    pub(crate) access_revoked_at: Option<Timestamp>,
    /// Time at which the refresh token was used; `None`: not used.
    pub(crate) refresh_used_at: Option<Timestamp>,
}

/// Token as given on the command line.
#[derive(Debug, Clone)]
pub(crate) enum TokenSelector {
    /// Row id.
    Id(TokenId),
    /// `jti` claim.
    Jti(Jti),
    /// Token in compact serialization. The bearer may revoke the token, and renew an app token,
    /// without authentication as a user.
    Value(String),
}

impl TokenSelector {
    /// Parses an id, a `jti` or a token.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            let id = text.parse().map_err(|_| InvalidValue::new("token", "id too large"))?;
            return Ok(Self::Id(TokenId(id)));
        }
        if let Some(jti) = Jti::parse_typed(text) {
            return Ok(Self::Jti(jti));
        }
        if text.contains('.') {
            return Ok(Self::Value(text.to_owned()));
        }
        Err(InvalidValue::new("token", "expected an id, a `jti` or a token"))
    }

    /// Returns whether the revocation or renewal of the token requires a caller: a user who is
    /// authenticated by a session or an access token. Only a token in compact serialization
    /// requires no caller.
    pub(crate) fn requires_login(&self) -> bool {
        !matches!(self, Self::Value(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selector_parses_only_ids_jtis_and_tokens() {
        let text = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
        assert!(matches!(TokenSelector::parse("7"), Ok(TokenSelector::Id(TokenId(7)))));
        assert!(matches!(TokenSelector::parse(text), Ok(TokenSelector::Jti(_))));
        assert!(matches!(TokenSelector::parse("a.b.c"), Ok(TokenSelector::Value(_))));
        for text in ["", "nonsense", "-1", "99999999999999999999"] {
            assert!(TokenSelector::parse(text).is_err(), "{text}");
        }
        assert!(!TokenSelector::Value("a.b.c".to_owned()).requires_login());
    }
}
