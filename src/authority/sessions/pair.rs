//! The two tokens of a session: when they end, what they say.

use super::super::Error;
use super::{Next, Tokens};
use crate::crypto;
use crate::model::{Jti, Key, Lifetime, Policy, Sid, Timestamp, TokenKind, User};
use crate::store::{NewPair, PairOfSession};
use serde_json::{Map, Value, json};

/// The pair of a row, to be signed once more with the key that signs now.
pub(super) fn again(found: &PairOfSession, key: &Key) -> NewPair {
    NewPair {
        access: found.pair.access,
        refresh: found.pair.refresh,
        issued_at: found.pair.issued_at,
        access_expires_at: found.pair.access_expires_at,
        refresh_expires_at: found.pair.refresh_expires_at,
        key: key.id,
    }
}

/// A pair that begins now; nothing of it outlives its session.
pub(super) fn new_pair(
    policy: &Policy,
    key: &Key,
    next: Next,
    now: Timestamp,
    session_end: Timestamp,
) -> Result<NewPair, Error> {
    Ok(NewPair {
        access: next.access,
        refresh: next.refresh,
        issued_at: now,
        access_expires_at: end_after(now, policy.access_ttl)?.min(session_end),
        refresh_expires_at: end_after(now, policy.refresh_ttl)?.min(session_end),
        key: key.id,
    })
}

/// The end of something that begins now.
pub(in crate::authority) fn end_after(
    now: Timestamp,
    lifetime: Lifetime,
) -> Result<Timestamp, Error> {
    now.plus(lifetime).ok_or_else(|| Error::Usage("the end is past the year 9999".to_owned()))
}

/// Both tokens, signed.
pub(super) fn signed(
    key: &Key,
    policy: &Policy,
    user: &User,
    sid: Sid,
    fresh: bool,
    pair: &NewPair,
) -> Result<Tokens, Error> {
    let sign = |kind: TokenKind, jti: Jti, end: Timestamp| {
        let claims = json!({
            "fresh": fresh,
            "iat": pair.issued_at.unix(),
            "jti": jti,
            "type": kind.name(),
            "sub": user.uid,
            "nbf": pair.issued_at.unix(),
            "exp": end.unix(),
            "sid": sid,
            "id": user.id,
            "role": user.role,
            "iss": policy.issuer,
            // What the first of the five services called a token that is not an application's.
            "bloqueado": true,
        });
        let claims: Map<String, Value> = claims.as_object().cloned().unwrap_or_default();
        crypto::sign(&key.spec, kind.typ(), &claims)
    };
    Ok(Tokens {
        sid,
        user: user.clone(),
        access: sign(TokenKind::Access, pair.access, pair.access_expires_at)?,
        refresh: sign(TokenKind::Refresh, pair.refresh, pair.refresh_expires_at)?,
        access_expires_at: pair.access_expires_at,
        refresh_expires_at: pair.refresh_expires_at,
    })
}
