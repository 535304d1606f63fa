//! Token pairs of sessions: expiry, claims and signing.

use super::super::Error;
use crate::crypto;
use crate::model::{Jti, Key, Lifetime, Settings, Sid, Timestamp, TokenKind, User};
use crate::store::{NewPair, PairWithSession};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

/// A signed pair of an access token and a refresh token, with its session.
#[derive(Debug, Clone)]
pub(crate) struct TokenPair {
    /// The id of the session.
    pub(crate) sid: Sid,
    /// The owner of the session.
    pub(crate) user: User,
    /// The access token.
    pub(crate) access: SecretString,
    /// The refresh token.
    pub(crate) refresh: SecretString,
    /// Expiry time of the access token.
    pub(crate) access_expires_at: Timestamp,
    /// Expiry time of the refresh token.
    pub(crate) refresh_expires_at: Timestamp,
}

/// The `jti` values of a new token pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NewPairIds {
    /// The `jti` of the access token.
    pub(crate) access: Jti,
    /// The `jti` of the refresh token.
    pub(crate) refresh: Jti,
}

impl NewPairIds {
    /// Generates new ids.
    pub(crate) fn generate() -> Self {
        Self { access: crypto::generate_jti(), refresh: crypto::generate_jti() }
    }
}

/// The origin of a pair, which determines the claim `fresh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The pair is the first pair of the session: the user has just given the password.
    Fresh,
    /// The pair replaces another pair of the session.
    Refreshed,
}

/// Returns the ids and times of the stored pair, with `key` as the signing key. The tokens of the
/// pair are signed again, but no further pair is stored.
pub(super) fn reissue_pair(pair_with_session: &PairWithSession, key: &Key) -> NewPair {
    NewPair {
        access_jti: pair_with_session.pair.access_jti,
        refresh_jti: pair_with_session.pair.refresh_jti,
        issued_at: pair_with_session.pair.issued_at,
        access_expires_at: pair_with_session.pair.access_expires_at,
        refresh_expires_at: pair_with_session.pair.refresh_expires_at,
        key: key.id,
    }
}

/// Returns a pair that is issued at `now`. Neither token expires later than the session.
pub(super) fn new_pair(
    settings: &Settings,
    key: &Key,
    pair_ids: NewPairIds,
    now: Timestamp,
    session_expiry: Timestamp,
) -> Result<NewPair, Error> {
    Ok(NewPair {
        access_jti: pair_ids.access,
        refresh_jti: pair_ids.refresh,
        issued_at: now,
        access_expires_at: expiry_after(now, settings.access_ttl)?.min(session_expiry),
        refresh_expires_at: expiry_after(now, settings.refresh_ttl)?.min(session_expiry),
        key: key.id,
    })
}

/// Returns the time `lifetime` after `start`. Refuses a time past the year 9999.
pub(in crate::authority) fn expiry_after(
    start: Timestamp,
    lifetime: Lifetime,
) -> Result<Timestamp, Error> {
    start
        .checked_add(lifetime)
        .ok_or_else(|| Error::Usage("expiry time is past the year 9999".to_owned()))
}

/// Signs the access token and the refresh token of a pair.
pub(super) fn sign_pair(
    key: &Key,
    settings: &Settings,
    user: &User,
    sid: Sid,
    freshness: Freshness,
    pair: &NewPair,
) -> Result<TokenPair, Error> {
    let sign = |kind: TokenKind, jti: Jti, expires_at: Timestamp| {
        let claims = json!({
            "fresh": freshness == Freshness::Fresh,
            "iat": pair.issued_at.unix(),
            "jti": jti,
            "type": kind.name(),
            "sub": user.uid,
            "nbf": pair.issued_at.unix(),
            "exp": expires_at.unix(),
            "sid": sid,
            "id": user.id,
            "role": user.role,
            "iss": settings.issuer,
            // A service that shares the signing key recognizes session tokens by this claim.
            "bloqueado": true,
        });
        let claims: Map<String, Value> = claims.as_object().cloned().unwrap_or_default();
        crypto::sign(&key.spec, kind.typ(), &claims)
    };
    Ok(TokenPair {
        sid,
        user: user.clone(),
        access: sign(TokenKind::Access, pair.access_jti, pair.access_expires_at)?,
        refresh: sign(TokenKind::Refresh, pair.refresh_jti, pair.refresh_expires_at)?,
        access_expires_at: pair.access_expires_at,
        refresh_expires_at: pair.refresh_expires_at,
    })
}
