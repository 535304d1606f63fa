//! Errors of rejected tokens and of the token quota.

use super::{Code, Failure};
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
    let mut failure = Failure::new(Code::QuotaExceeded, message);
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
    let code = reasons.first().map_or(Code::Internal, |first| Code::from(*first));
    let mut failure = Failure::new(code, message);
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

impl From<RejectReason> for Code {
    /// Returns the code for a rejected token, of which `reason` is the first reason.
    fn from(reason: RejectReason) -> Self {
        match reason {
            RejectReason::Expired => Self::TokenExpired,
            RejectReason::Revoked
            | RejectReason::SessionEnded
            | RejectReason::Reused
            | RejectReason::OwnerDeleted
            | RejectReason::KeyRevoked => Self::TokenRevoked,
            RejectReason::MissingPermission
            | RejectReason::RequirementFailed
            | RejectReason::TtlTooShort => Self::CheckFailed,
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
            | RejectReason::AudienceMismatch => Self::InvalidToken,
        }
    }
}
