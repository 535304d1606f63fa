//! The rows of test tokens that are to be recorded.

use super::super::Error;
use crate::model::{AppName, Grant, Jti, Timestamp, TokenKind, UserId};
use crate::store::NewToken;
use serde_json::{Map, Value};

/// The row of a token that says this: its identity and its end are the token's own.
pub(super) fn row(
    claims: &Map<String, Value>,
    owner: UserId,
    key: i64,
    now: Timestamp,
) -> Result<NewToken, Error> {
    let refused = |why: &str| Err(Error::Usage(format!("a recorded token has {why}")));
    let Some(jti) = claims.get("jti").and_then(Value::as_str).and_then(Jti::parse) else {
        return refused("a UUID as its `jti`");
    };
    let Some(end) = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix) else {
        return refused("an end (`exp`) in whole seconds");
    };
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner,
        app: AppName::stored(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: Grant::shared(claims),
    };
    Ok(NewToken { jti, grant, key, issued_at: now, expires_at: Some(end) })
}
