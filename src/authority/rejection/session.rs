//! The message for a refused session, and the order of the reasons for the refusal.

use super::{RejectReason, Rejection};

/// Moves a reason about a disabled or deleted account to the front. The user of such an account
/// cannot log in again, so this reason is more important than all other reasons.
pub(in crate::authority) fn order_session_reasons(reasons: &mut [Rejection]) {
    reasons.sort_by_key(|rejection| {
        !matches!(rejection.reason, RejectReason::UserDisabled | RejectReason::OwnerDeleted)
    });
}

/// Returns the message about the first reason, for the user of a session. The message refers to the
/// session instead of its access token, because the user knows only the session.
pub(in crate::authority) fn session_rejection_message(reasons: &[Rejection]) -> String {
    let Some(rejection) = reasons.first() else {
        return "your session was rejected".to_owned();
    };
    let summary = match rejection.reason {
        RejectReason::Expired => "your session has expired",
        RejectReason::NotYetValid => "your session is not yet valid",
        RejectReason::SessionEnded => "your session has ended",
        RejectReason::Reused => "your session has ended: used refresh token presented again",
        RejectReason::Revoked => "a token of your session was revoked",
        RejectReason::KeyRetired => "a token of your session was signed by a retired key",
        RejectReason::KeyRevoked => "a token of your session was signed by a revoked key",
        RejectReason::UnknownKey => {
            "a token of your session was signed by a key that is not in the store"
        }
        RejectReason::UnknownToken => return "your session is not in the store".to_owned(),
        RejectReason::UserDisabled => "your account is disabled",
        RejectReason::OwnerDeleted => "your account was deleted",
        RejectReason::Malformed
        | RejectReason::CriticalHeader
        | RejectReason::AlgNotAllowed
        | RejectReason::BadSignature
        | RejectReason::BadClaim
        | RejectReason::MissingClaim
        | RejectReason::WrongType
        | RejectReason::SessionToken
        | RejectReason::IssuerMismatch
        | RejectReason::AudienceMismatch
        | RejectReason::MissingPermission
        | RejectReason::RequirementFailed
        | RejectReason::TtlTooShort => {
            return format!("your session is invalid: {}", rejection.message());
        }
    };
    match rejection.facts_text() {
        Some(facts) => format!("{summary}: {facts}"),
        None => summary.to_owned(),
    }
}
