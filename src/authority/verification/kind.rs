//! Parsing of the claims of a token, and determination of its kind.

use super::expectations::ExpectedKind;
use super::report::EarlyRejection;
use crate::authority::rejection::value_to_text;
use crate::authority::{RejectReason, Rejection};
use crate::model::{Key, Purpose, TokenKind, parse_strict_object};
use serde_json::{Map, Value};

/// Claims that may contain the permissions of an app or session token.
pub(super) const APP_AND_SESSION_PERMISSION_CLAIMS: [&str; 1] = ["permissions"];

/// Parses the claims of a token. The signature may be unverified.
pub(super) fn parse_claims(payload: &[u8]) -> Result<Map<String, Value>, EarlyRejection> {
    parse_strict_object(payload)
        .map_err(|error| EarlyRejection::malformed(format!("the payload is {}", error.summary())))
}

/// Returns the token kind. The purpose of the key takes precedence over the claim `type`.
pub(super) fn determine_kind(key: &Key, claims: &Map<String, Value>) -> TokenKind {
    match (key.spec.purpose, claims.get("type").and_then(Value::as_str)) {
        (Purpose::Test, _) => TokenKind::Test,
        (Purpose::App, Some("access")) => TokenKind::Access,
        (Purpose::App, Some("refresh")) => TokenKind::Refresh,
        (Purpose::App, _) => TokenKind::App,
    }
}

/// Returns the rejection of a token of the kind `kind` that is not of the expected kind. For an app
/// or session token, also compares the header's `typ` and the claim `type` with the values that
/// belong to `kind`.
pub(super) fn check_kind(
    kind: TokenKind,
    claims: &Map<String, Value>,
    header: &Map<String, Value>,
    expected: ExpectedKind,
) -> Option<Rejection> {
    let has_text = |value: Option<&Value>, text| value.and_then(Value::as_str) == Some(text);
    let (typ, claimed_type) = (header.get("typ"), claims.get("type"));
    let mismatch = |reason, name, found: Option<&Value>, expected_text| {
        let found_text = found.map(value_to_text);
        Some(Rejection::for_claim(reason, name).with_mismatch(found_text.as_deref(), expected_text))
    };
    if let ExpectedKind::Only(expected_kind) = expected
        && expected_kind != kind
    {
        let is_session = matches!(kind, TokenKind::Access | TokenKind::Refresh);
        let reason = if expected_kind == TokenKind::App && is_session {
            RejectReason::SessionToken
        } else {
            RejectReason::WrongType
        };
        return mismatch(reason, "type", claimed_type, expected_kind.name());
    }
    if kind == TokenKind::Test {
        None
    } else if !has_text(typ, kind.typ()) {
        mismatch(RejectReason::WrongType, "typ", typ, kind.typ())
    } else if !has_text(claimed_type, kind.name()) {
        mismatch(RejectReason::WrongType, "type", claimed_type, kind.name())
    } else {
        None
    }
}
