//! Errors of rejected tokens and of the token quota.

use super::{Failure, Kind};
use crate::authority::RejectReason;
use crate::model::{RecordedToken, TokenKind};
use serde_json::{Value, json};

pub(super) fn quota_exceeded(
    message: String,
    limit: u32,
    live_tokens: &[RecordedToken],
) -> Failure {
    let ids: Vec<String> = live_tokens.iter().map(|token| token.id.to_string()).collect();
    let descriptions: Vec<String> = live_tokens
        .iter()
        .map(|token| format!("{} ({})", token.id, token.grant.app.to_display()))
        .collect();
    let tokens: Vec<Value> = live_tokens
        .iter()
        .map(|token| {
            json!({"id": token.id, "jti": token.jti, "app": token.grant.app,
                "expires_at": token.expires_at})
        })
        .collect();
    let mut failure = Failure::new(Kind::QuotaExceeded, "quota_exceeded", message);
    if let Some(first) = ids.first() {
        failure = failure.with_hint(format!(
            "revoke one of the live tokens {}: jeton token revoke {first}",
            descriptions.join(", ")
        ));
    }
    let usage = json!({"used": live_tokens.len(), "limit": limit});
    failure.details.insert("quota_usage".to_owned(), usage);
    failure.details.insert("tokens".to_owned(), json!(tokens));
    failure
}

pub(super) fn token_rejected(
    message: String,
    kind: Option<TokenKind>,
    reasons: &[RejectReason],
) -> Failure {
    let (failure_kind, code) =
        reasons.first().map_or((Kind::Internal, "internal"), |first| classify(*first));
    let mut failure = Failure::new(failure_kind, code, message);
    failure.hint = match (reasons.first(), kind) {
        (Some(RejectReason::WrongType), Some(TokenKind::Test)) => {
            Some("verify test tokens with `jeton token verify --type test`".to_owned())
        }
        // Only third-party tokens have no kind at this point.
        (Some(RejectReason::MissingClaim), None) => {
            Some("use `--allow-no-expiry` to accept third-party tokens without `exp`".to_owned())
        }
        _ => None,
    };
    failure.details.insert("reason".to_owned(), json!(reasons.first()));
    failure.details.insert("reasons".to_owned(), json!(reasons));
    failure
}

/// Returns the exit code for a rejected token, of which `reason` is the first reason.
pub(crate) fn exit_code(reason: RejectReason) -> u8 {
    classify(reason).0.exit_code()
}

/// Returns the kind and code of a reason.
fn classify(reason: RejectReason) -> (Kind, &'static str) {
    match reason {
        RejectReason::Expired => (Kind::TokenExpired, "token_expired"),
        RejectReason::Revoked
        | RejectReason::SessionEnded
        | RejectReason::Reused
        | RejectReason::OwnerDeleted
        | RejectReason::KeyRevoked => (Kind::TokenRevoked, "token_revoked"),
        RejectReason::MissingPermission
        | RejectReason::RequirementFailed
        | RejectReason::TtlTooShort => (Kind::CheckFailed, "check_failed"),
        RejectReason::Malformed
        | RejectReason::CriticalHeader
        | RejectReason::AlgNotAllowed
        | RejectReason::UnknownKey
        | RejectReason::BadSignature
        | RejectReason::BadClaim
        | RejectReason::MissingClaim
        | RejectReason::WrongType
        | RejectReason::SessionToken
        | RejectReason::UnknownToken
        | RejectReason::UserDisabled
        | RejectReason::NotYetValid
        | RejectReason::IssuerMismatch
        | RejectReason::AudienceMismatch => (Kind::TokenInvalid, "invalid_token"),
    }
}
