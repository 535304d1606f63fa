//! What is said of tokens that are refused, and of one too many.

use super::{Failure, Kind};
use crate::authority::Reason;
use crate::model::{RecordedToken, TokenKind};
use serde_json::{Value, json};

pub(super) fn quota(message: String, limit: u32, live: &[RecordedToken]) -> Failure {
    let ids: Vec<String> = live.iter().map(|token| token.id.to_string()).collect();
    let named: Vec<String> =
        live.iter().map(|token| format!("{} ({})", token.id, token.grant.app.shown())).collect();
    let tokens: Vec<Value> = live
        .iter()
        .map(|token| {
            json!({"id": token.id, "jti": token.jti, "app": token.grant.app,
                "expires_at": token.expires_at})
        })
        .collect();
    let mut failure = Failure::new(Kind::QuotaExceeded, "quota_exceeded", message);
    if let Some(first) = ids.first() {
        failure = failure.with_hint(format!(
            "in use: {}; free a place with `jeton token revoke {first}`",
            named.join(", ")
        ));
    }
    failure.details.insert("limit".to_owned(), json!(limit));
    failure.details.insert("tokens".to_owned(), json!(tokens));
    failure
}

pub(super) fn refused(message: String, kind: Option<TokenKind>, reasons: &[Reason]) -> Failure {
    let (of, code) = reasons.first().map_or((Kind::Internal, "internal"), |first| class(*first));
    let mut failure = Failure::new(of, code, message);
    failure.hint = match (reasons.first(), kind) {
        (Some(Reason::WrongType), Some(TokenKind::Test)) => {
            Some("it is a test token: check it with `jeton token verify --type test`".to_owned())
        }
        // A token of the store has a kind by now.
        (Some(Reason::MissingClaim), None) => {
            Some("accept third-party tokens without `exp` with `--allow-no-expiry`".to_owned())
        }
        _ => None,
    };
    failure.details.insert("reason".to_owned(), json!(reasons.first()));
    failure.details.insert("reasons".to_owned(), json!(reasons));
    failure
}

/// The exit code of a token that is refused for that reason first.
pub(crate) fn exit_code(reason: Reason) -> u8 {
    class(reason).0.exit_code()
}

/// Which exit a reason leads to.
fn class(reason: Reason) -> (Kind, &'static str) {
    match reason {
        Reason::Expired => (Kind::TokenExpired, "token_expired"),
        Reason::Revoked
        | Reason::SessionEnded
        | Reason::Reused
        | Reason::OwnerDeleted
        | Reason::KeyRevoked => (Kind::TokenRevoked, "token_revoked"),
        Reason::Permission | Reason::Require | Reason::MinTtl => {
            (Kind::CheckFailed, "check_failed")
        }
        Reason::Malformed
        | Reason::CriticalHeader
        | Reason::AlgNotAllowed
        | Reason::UnknownKey
        | Reason::BadSignature
        | Reason::BadClaim
        | Reason::MissingClaim
        | Reason::WrongType
        | Reason::Blocked
        | Reason::UnknownToken
        | Reason::UserDisabled
        | Reason::NotYetValid
        | Reason::Issuer
        | Reason::Audience => (Kind::TokenInvalid, "invalid_token"),
    }
}
