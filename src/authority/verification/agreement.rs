//! Agreement of a token with its record. The record is authoritative: any holder of the app key,
//! which may be a secret that services share, can sign any claims.

use super::super::claims::{bad_claim, build_audience_claim};
use super::super::rejection::{RejectReason, Rejection};
use super::report::TokenRecord;
use crate::model::{RecordedToken, TokenKind, User};
use crate::store::PairWithSession;
use serde_json::{Map, Value, json};

/// Claims of an app token that are not compared with the record: `iss`, `owner` and `target` are
/// the values of settings at the time of issue, `type` is the token kind, and `jti` is the claim by
/// which the record was found.
const UNCOMPARED_APP_CLAIMS: [&str; 5] = ["iss", "owner", "target", "jti", "type"];

/// Returns the rejection for the first claim that contradicts the record. A recorded claim that the
/// token lacks is also a contradiction. The rejection does not state the recorded value.
///
/// In an app token, a claim that the record lacks is a contradiction, unless
/// [`UNCOMPARED_APP_CLAIMS`] lists the claim. The reason is that a service may read permissions
/// from a claim of any name.
///
/// In a session token, a claim that the record lacks is ignored. This includes `role`, the role at
/// the time of issue: only the role in the user's row gives access.
pub(super) fn find_contradiction(
    claims: &Map<String, Value>,
    kind: TokenKind,
    record: &TokenRecord,
    owner: &User,
) -> Option<Rejection> {
    let recorded_claims = match record {
        TokenRecord::Token(token) if kind == TokenKind::App => {
            recorded_app_token_claims(token, owner)
        }
        TokenRecord::Session(pair_with_session) => {
            recorded_session_token_claims(pair_with_session, kind, owner)
        }
        // The claims of a test token were compared when its record was looked up.
        TokenRecord::Token(_) | TokenRecord::Missing => return None,
    };
    let reject_difference = |(name, value): (&String, &Value)| match claims.get(name) {
        None => Some(Rejection::for_claim(RejectReason::MissingClaim, name)),
        Some(claim) => (claim != value).then(|| bad_claim(name, claim, "the value in the store")),
    };
    let is_extra = |(name, _): &(&String, &Value)| {
        !recorded_claims.contains_key(*name) && !UNCOMPARED_APP_CLAIMS.contains(&name.as_str())
    };
    let find_extra = || claims.iter().find(is_extra).filter(|_| kind == TokenKind::App);
    recorded_claims.iter().find_map(reject_difference).or_else(|| {
        find_extra().map(|(name, claim)| bad_claim(name, claim, "no such claim, as in the store"))
    })
}

fn recorded_app_token_claims(token: &RecordedToken, owner: &User) -> Map<String, Value> {
    let grant = &token.grant;
    let claims = [
        ("id", Some(json!(owner.id))),
        ("permissions", Some(json!(grant.permissions))),
        ("iat", Some(json!(token.issued_at.unix()))),
        ("exp", token.expires_at.map(|expires_at| json!(expires_at.unix()))),
        ("sub", Some(json!(owner.uid))),
        ("app", Some(json!(grant.app))),
        ("aud", build_audience_claim(&grant.audience)),
    ];
    let claims = claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    claims.chain(grant.claims.clone()).collect()
}

fn recorded_session_token_claims(
    pair_with_session: &PairWithSession,
    kind: TokenKind,
    owner: &User,
) -> Map<String, Value> {
    let (pair, session) = (&pair_with_session.pair, &pair_with_session.session);
    let is_refresh = kind == TokenKind::Refresh;
    let expires_at = if is_refresh { pair.refresh_expires_at } else { pair.access_expires_at };
    let claims = [
        ("iat", json!(pair.issued_at.unix())),
        ("sub", json!(owner.uid)),
        ("nbf", json!(pair.issued_at.unix())),
        ("exp", json!(expires_at.unix())),
        ("sid", json!(session.sid)),
        ("id", json!(owner.id)),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
