//! Token introspection (RFC 7662).

use super::super::Error;
use super::{Expectations, ExpectedKind, TokenRecord, VerificationReport, verify};
use crate::model::{Timestamp, TokenKind, User};
use crate::store::Store;
use serde_json::{Map, Value, json};

/// Returns the response as defined in RFC 7662, section 2.2. An inactive token yields `{"active":
/// false}` without the reason. Only tokens that are presented to services can be active: app
/// tokens, and access tokens of sessions.
pub(crate) fn introspect(store: &mut Store, token: &str, now: Timestamp) -> Result<Value, Error> {
    let report = verify(store, token, &Expectations::new(ExpectedKind::Any, now))?;
    match report.kind {
        Some(kind @ (TokenKind::App | TokenKind::Access)) if report.reasons.is_empty() => {
            Ok(Value::from(build_active_response(report, kind)))
        }
        _ => Ok(json!({ "active": false })),
    }
}

/// Builds the response for a token whose claims agree with its record.
fn build_active_response(report: VerificationReport, kind: TokenKind) -> Map<String, Value> {
    let mut claims = report.claims.unwrap_or_default();
    // After its renewal, a token is valid only until its grace period ends. Services cache the
    // response until `exp`, so the end of the grace period replaces `exp`. No grace period ends
    // after the expiry of the token.
    if let Some(grace_until) = report.record.grace_end() {
        claims.insert("exp".to_owned(), grace_until.unix().into());
    }
    let mut response = Map::new();
    response.insert("active".to_owned(), true.into());
    if let TokenRecord::Token(token) = &report.record {
        let permissions: Vec<&str> =
            token.grant.permissions.iter().map(|permission| permission.as_str()).collect();
        response.insert("scope".to_owned(), permissions.join(" ").into());
        response.insert("client_id".to_owned(), json!(token.grant.app));
    }
    if let Some(username) = report.owner.as_deref().and_then(username_or_email) {
        response.insert("username".to_owned(), username);
    }
    response.insert("token_use".to_owned(), kind.name().into());
    response.insert("token_type".to_owned(), "Bearer".into());
    for name in ["exp", "iat", "nbf", "sub", "aud", "iss", "jti"] {
        if let Some(value) = claims.get(name) {
            response.insert(name.to_owned(), value.clone());
        }
    }
    response
}

fn username_or_email(user: &User) -> Option<Value> {
    let email = || user.email.as_ref().map(|email| json!(email));
    user.username.as_ref().map(|name| json!(name)).or_else(email)
}
