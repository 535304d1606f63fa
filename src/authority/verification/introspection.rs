//! Introspection: what a service may know of a token (RFC 7662).

use super::super::Error;
use super::{Checks, Record, Verdict, Wanted, verify};
use crate::model::{Timestamp, TokenKind, User};
use crate::store::Store;
use serde_json::{Map, Value, json};

/// Returns the answer of RFC 7662, section 2.2: `{"active": false}` and nothing more, whatever is
/// wrong. Only tokens that a service can be shown are active: app tokens, and access tokens of
/// sessions.
pub(crate) fn introspect(store: &mut Store, token: &str, now: Timestamp) -> Result<Value, Error> {
    let verdict = verify(store, token, &Checks::only(Wanted::Any, now))?;
    match verdict.kind {
        Some(kind @ (TokenKind::App | TokenKind::Access)) if verdict.reasons.is_empty() => {
            Ok(Value::from(active(verdict, kind)))
        }
        _ => Ok(json!({ "active": false })),
    }
}

/// Describes a token whose claims agree with its record.
fn active(verdict: Verdict, kind: TokenKind) -> Map<String, Value> {
    let mut claims = verdict.claims.unwrap_or_default();
    // A grace never reaches past the token's own end. Services keep the answer until `exp`.
    if let Some(end) = verdict.record.grace_end() {
        claims.insert("exp".to_owned(), end.into());
    }
    let mut answer = Map::new();
    answer.insert("active".to_owned(), true.into());
    if let Record::Token(token) = &verdict.record {
        let permissions: Vec<&str> =
            token.grant.permissions.iter().map(|permission| permission.as_str()).collect();
        answer.insert("scope".to_owned(), permissions.join(" ").into());
        answer.insert("client_id".to_owned(), json!(token.grant.app));
    }
    if let Some(username) = verdict.owner.and_then(username) {
        answer.insert("username".to_owned(), username);
    }
    answer.insert("token_use".to_owned(), kind.name().into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    for name in ["exp", "iat", "nbf", "sub", "aud", "iss", "jti"] {
        if let Some(value) = claims.get(name) {
            answer.insert(name.to_owned(), value.clone());
        }
    }
    answer
}

fn username(user: User) -> Option<Value> {
    user.username.map(|name| json!(name)).or_else(|| user.email.map(|email| json!(email)))
}
