//! Agreement of a token with its record. The record is authoritative: whoever knows the app key,
//! which may be a secret that services share, can sign any claims.

use super::super::Reason;
use super::super::claims::audience_claim;
use super::Record;
use crate::model::{RecordedToken, TokenKind, User, escaped};
use crate::store::PairOfSession;
use serde_json::{Map, Value, json};

/// Claims of an app token that its record does not hold: those that settings decided when the token
/// was issued, and those by which the record was found.
const NOT_RECORDED: [&str; 5] = ["iss", "owner", "target", "jti", "type"];

/// Returns the first claim that contradicts the record, with the reason. Of an app token, a claim
/// that the record does not have is one: services look for permissions under any name. Of a session
/// token, `role` is none: it is the role at the time of issue, and the user's row decides.
pub(super) fn contradiction(
    claims: &Map<String, Value>,
    kind: TokenKind,
    record: &Record,
    owner: &User,
) -> Option<(Reason, String)> {
    let recorded = match record {
        Record::Token(token) if kind == TokenKind::App => of_app_token(token, owner),
        Record::Session(found) => of_session_token(found, kind, owner),
        // The record of a test token was found by everything that the token says.
        Record::Token(_) | Record::Missing => return None,
    };
    let differs = recorded.iter().find_map(|(name, value)| match claims.get(name) {
        None => Some((Reason::MissingClaim, name)),
        Some(claimed) => (claimed != value).then_some((Reason::BadClaim, name)),
    });
    let is_added =
        |name: &&String| !recorded.contains_key(*name) && !NOT_RECORDED.contains(&name.as_str());
    let added = || claims.keys().find(is_added).filter(|_| kind == TokenKind::App);
    differs
        .or_else(|| added().map(|name| (Reason::BadClaim, name)))
        .map(|(reason, name)| (reason, escaped(name)))
}

fn of_app_token(token: &RecordedToken, owner: &User) -> Map<String, Value> {
    let grant = &token.grant;
    let claims = [
        ("id", Some(json!(owner.id))),
        ("permissions", Some(json!(grant.permissions))),
        ("iat", Some(json!(token.issued_at.unix()))),
        ("exp", token.expires_at.map(|end| json!(end.unix()))),
        ("sub", Some(json!(owner.uid))),
        ("app", Some(json!(grant.app))),
        ("aud", audience_claim(&grant.audience)),
    ];
    let claims = claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    claims.chain(grant.claims.clone()).collect()
}

fn of_session_token(found: &PairOfSession, kind: TokenKind, owner: &User) -> Map<String, Value> {
    let (pair, session) = (&found.pair, &found.session);
    let is_refresh = kind == TokenKind::Refresh;
    let end = if is_refresh { pair.refresh_expires_at } else { pair.access_expires_at };
    let claims = [
        ("iat", json!(pair.issued_at.unix())),
        ("sub", json!(owner.uid)),
        ("nbf", json!(pair.issued_at.unix())),
        ("exp", json!(end.unix())),
        ("sid", json!(session.sid)),
        ("id", json!(owner.id)),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
