//! Agreement of a token with its record. The record is authoritative: any holder of the app key,
//! which may be a secret that services share, can sign any claims.

use super::super::RejectReason;
use super::super::claims::build_audience_claim;
use super::report::TokenRecord;
use crate::model::{RecordedToken, TokenKind, User, escape};
use crate::store::PairWithSession;
use serde_json::{Map, Value, json};

/// Claims of an app token that are not compared with the record: `iss`, `owner` and `target` are
/// the values of settings at the time of issue, `type` is the token kind, and `jti` is the claim by
/// which the record was found.
const NOT_RECORDED: [&str; 5] = ["iss", "owner", "target", "jti", "type"];

/// Returns the first claim that contradicts the record, with the reason.
///
/// In an app token, a claim that the record lacks is a contradiction, whatever the name of the
/// claim: a service may read permissions from it. In a session token, `role` is not compared: the
/// claim is the role at the time of issue, but only the role in the user's row gives access.
pub(super) fn find_contradiction(
    claims: &Map<String, Value>,
    kind: TokenKind,
    record: &TokenRecord,
    owner: &User,
) -> Option<(RejectReason, String)> {
    let recorded_claims = match record {
        TokenRecord::Token(token) if kind == TokenKind::App => build_app_token_claims(token, owner),
        TokenRecord::Session(pair_with_session) => {
            build_session_token_claims(pair_with_session, kind, owner)
        }
        // The claims of a test token were compared when its record was looked up.
        TokenRecord::Token(_) | TokenRecord::Missing => return None,
    };
    let difference = recorded_claims.iter().find_map(|(name, value)| match claims.get(name) {
        None => Some((RejectReason::MissingClaim, name)),
        Some(claim) => (claim != value).then_some((RejectReason::BadClaim, name)),
    });
    let is_extra = |name: &&String| {
        !recorded_claims.contains_key(*name) && !NOT_RECORDED.contains(&name.as_str())
    };
    let find_extra = || claims.keys().find(is_extra).filter(|_| kind == TokenKind::App);
    difference
        .or_else(|| find_extra().map(|name| (RejectReason::BadClaim, name)))
        .map(|(reason, name)| (reason, escape(name)))
}

fn build_app_token_claims(token: &RecordedToken, owner: &User) -> Map<String, Value> {
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

fn build_session_token_claims(
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
