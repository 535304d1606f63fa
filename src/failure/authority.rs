//! Errors of the module `authority`, such as rejected tokens and an exceeded token quota.

use super::{Code, Failure};
use crate::authority::error::UserWithRole;
use crate::authority::resource_kind::ResourceKind;
use crate::authority::{Error, RejectReason, Rejection};
use crate::model::{
    Algorithm, RecordedToken, Role, TokenKind, Untrusted, quote_shell_word, render_command,
};
use serde_json::{Value, json};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        match error {
            Error::Store(error) => error.into(),
            Error::Backup { file, fault } => Self::unusable_backup(&file, fault),
            Error::Crypto(error) => error.into(),
            Error::Thread(error) => error.into(),
            Error::InvalidValue(invalid) => invalid.into(),
            Error::Usage(_) | Error::Input(_) => failure(Code::InvalidInput),
            Error::UserExists => failure(Code::UserExists),
            Error::StoreExists => failure(Code::StoreExists).with_hint(
                "log in with `jeton login`, or use `--exist-ok` to accept the existing store",
            ),
            Error::LastAdmin(_) | Error::NoAdminLeft => last_admin(message),
            Error::ActiveAppKey(hint) => failure(Code::LastKey).with_hint(hint),
            Error::KeyExists(..) => failure(Code::KeyExists)
                .with_hint("use another key: purpose and algorithm of a key cannot change"),
            Error::KeyHasOtherKid(kid) => key_has_other_kid(message, &kid),
            Error::KidExists { .. } => kid_exists(message),
            Error::PresetKeyNotFound { kid, algorithm } => {
                preset_key_not_found(message, &kid, algorithm)
            }
            Error::AlgorithmMismatch { requested, .. } => {
                failure(Code::KeyExists).with_hint(format!(
                    "omit `--alg`, then change the algorithm: jeton keys rotate --alg {}",
                    requested.name()
                ))
            }
            Error::KeyRejected(import_error) => import_error.into(),
            Error::InvalidLine(bad_line) => bad_line.into(),
            Error::InvalidLines(bad_lines) => bad_lines.into(),
            Error::UnknownFields(error) => unknown_fields(*error),
            Error::ImportedUserExists { line, skips_existing, .. } => {
                imported_user_exists(message, line, skips_existing)
            }
            Error::NoAdmin => failure(Code::BadData)
                .with_hint("set the role `admin` in the file, or create an admin: jeton init"),
            Error::KeyRevoked => failure(Code::KeyRevoked),
            Error::LoginInvalid | Error::WrongPassword => failure(Code::LoginInvalid),
            Error::Forbidden(_) => failure(Code::Forbidden),
            Error::RenewalBoundExceeded { token, .. } => failure(Code::Forbidden).with_hint(
                format!("log in as the owner of the token, and renew the token by its id: jeton token renew {token}"),
            ),
            Error::InsufficientRole { required, user, .. } => {
                forbidden(message, user.as_ref(), Some(required))
            }
            Error::PermissionRefused { user, .. } => forbidden(message, Some(&user), None)
                .with_hint(
                    "list the permissions you can grant: jeton settings get token.permissions",
                ),
            Error::AmbiguousId(ambiguous) => ambiguous_id(message, ambiguous.named_ids()),
            Error::NotFound { resource, .. } => not_found(message, resource),
            Error::QuotaExceeded { limit, counted_tokens, owner } => {
                quota_exceeded(message, limit, &counted_tokens, &owner)
            }
            Error::TokenRejected { kind, reasons } => token_rejected(message, kind, &reasons),
            Error::SessionRejected { reasons } => session_rejected(message, &reasons),
            Error::TokenTooLarge { .. } => token_too_large(message),
            Error::KeyContention => failure(Code::Busy),
        }
    }
}

fn imported_user_exists(message: String, line: u64, skips_existing: bool) -> Failure {
    let failure = Failure::new(Code::UserExists, message).with_line(line);
    if skips_existing {
        failure.with_hint("use `--update` to change existing accounts")
    } else {
        failure.with_hint("use `--exist-ok` to skip users that already exist")
    }
}

fn last_admin(message: String) -> Failure {
    Failure::new(Code::LastAdmin, message)
        .with_hint("make another user an admin first: jeton users set-role LOGIN admin")
}

fn not_found(message: String, resource: ResourceKind) -> Failure {
    let failure = Failure::new(resource.into(), message);
    if resource == ResourceKind::Key {
        return failure.with_hint("list the keys: jeton keys list");
    }
    failure
}

fn ambiguous_id<'i>(message: String, ids: impl Iterator<Item = &'i Untrusted>) -> Failure {
    let mut failure = Failure::new(Code::InvalidInput, message);
    failure.details.insert("candidates".to_owned(), ids.map(|id| json!(id)).collect());
    failure.with_hint("use more characters of the id")
}

fn unknown_fields(error: Error) -> Failure {
    Failure::from(error)
        .with_hint("use `--ignore-unknown` to skip unknown CSV columns and JSON members")
}

fn token_too_large(message: String) -> Failure {
    Failure::new(Code::InvalidInput, message).with_hint("use fewer or shorter claims")
}

fn key_has_other_kid(message: String, kid: &Untrusted) -> Failure {
    let kid = quote_shell_word(&kid.to_display());
    Failure::new(Code::KeyExists, message)
        .with_hint(format!("use `--kid {kid}` to keep the key id of the existing key"))
}

fn kid_exists(message: String) -> Failure {
    Failure::new(Code::KeyExists, message).with_hint("choose another key id with `--kid ID`")
}

fn preset_key_not_found(message: String, kid: &Untrusted, algorithm: Algorithm) -> Failure {
    let (algorithm, kid) = (algorithm.name(), quote_shell_word(&kid.to_display()));
    Failure::new(Code::KeyNotFound, message).with_hint(format!(
        "create the key: jeton keys generate --purpose test --alg {algorithm} --kid {kid}"
    ))
}

/// Returns the error for an exceeded token quota. `owner` is the user with the quota, and
/// `counted_tokens` are the tokens of this user that count.
fn quota_exceeded(
    message: String,
    limit: u32,
    counted_tokens: &[RecordedToken],
    owner: &str,
) -> Failure {
    let tokens: Vec<Value> = counted_tokens
        .iter()
        .map(|token| {
            json!({"id": token.id, "jti": token.jti, "app": token.grant.app,
                "expires_at": token.expires_at})
        })
        .collect();
    let mut failure = Failure::new(Code::QuotaExceeded, message);
    if !counted_tokens.is_empty() {
        failure = failure.with_hint(format!(
            "revoke a token that is no longer used; list the tokens: jeton token list --user {}",
            quote_shell_word(owner)
        ));
    }
    let usage = json!({"used": counted_tokens.len(), "limit": limit});
    failure.details.insert("quota_usage".to_owned(), usage);
    failure.details.insert("tokens".to_owned(), json!(tokens));
    failure
}

/// Returns the error for a missing role, or for a permission that the user must not grant. `user`
/// is `None` without a login. If `user.is_logged_in` is false, `user` is the owner of the token
/// that the command uses or issues. `required` is the missing role, and `None` for a permission.
fn forbidden(message: String, user: Option<&UserWithRole>, required: Option<Role>) -> Failure {
    let mut failure = Failure::new(Code::Forbidden, message);
    let name_member = if user.is_some_and(|user| !user.is_logged_in) { "owner" } else { "user" };
    failure.details.insert(name_member.to_owned(), json!(user.map(|user| &user.name)));
    failure.details.insert("role".to_owned(), json!(user.map(|user| user.role)));
    failure.details.insert("required_role".to_owned(), json!(required));
    match (user, required) {
        (None, _) => failure.with_hint("log in: jeton login"),
        (Some(user), Some(Role::Admin)) if user.is_logged_in => {
            failure.with_hint("log in as a user with the role `admin`: jeton login LOGIN")
        }
        (Some(user), Some(role)) => failure.with_hint(format!(
            "ask an admin to change the role: jeton users set-role {} {}",
            quote_shell_word(&user.name),
            role.name()
        )),
        (Some(_), None) => failure,
    }
}

/// Returns the error for a rejected token. The hint depends on the first reason. `kind` is the kind
/// of the token, if it is known.
fn token_rejected(message: String, kind: Option<TokenKind>, reasons: &[Rejection]) -> Failure {
    let mut failure = failure_with_reasons(message, reasons);
    failure.hint = match (reasons.first().map(|first| first.reason), kind) {
        (Some(RejectReason::WrongType), Some(TokenKind::Test)) => {
            Some("verify test tokens with `jeton token verify --type test`".to_owned())
        }
        (Some(RejectReason::SessionToken), Some(kind)) => {
            Some(format!("verify this token with `jeton token verify --type {}`", kind.name()))
        }
        // If a claim is missing, `kind` is `None` only for a third-party token.
        (Some(RejectReason::MissingClaim), None) => {
            Some("use `--allow-no-expiry` to accept third-party tokens without `exp`".to_owned())
        }
        _ => None,
    };
    failure
}

/// Returns the error for a rejected session of the current user.
fn session_rejected(message: String, reasons: &[Rejection]) -> Failure {
    let first = reasons.first();
    let hint = match first.map(|rejection| rejection.reason) {
        Some(RejectReason::NotYetValid) => {
            "check the system clock; if it is right, log in again: jeton login".to_owned()
        }
        Some(RejectReason::UserDisabled) => {
            let name = first.and_then(Rejection::account).unwrap_or("LOGIN");
            let enable = render_command("jeton users enable", name);
            format!("ask an admin to enable the account: {enable}")
        }
        Some(RejectReason::OwnerDeleted) => "log in as another user: jeton login".to_owned(),
        _ => "log in again: jeton login".to_owned(),
    };
    failure_with_reasons(message, reasons).with_hint(hint)
}

/// Returns the error for a rejected token or session, with the code of the first reason.
fn failure_with_reasons(message: String, reasons: &[Rejection]) -> Failure {
    let first = reasons.first().map(|first| first.reason);
    let mut failure = Failure::new(first.map_or(Code::Internal, Code::from), message);
    failure.details.insert("reason".to_owned(), json!(first));
    failure.details.insert("reasons".to_owned(), json!(reasons));
    failure
}

impl From<ResourceKind> for Code {
    fn from(resource: ResourceKind) -> Self {
        match resource {
            ResourceKind::User => Self::UserNotFound,
            ResourceKind::Token => Self::TokenNotFound,
            ResourceKind::Session => Self::SessionNotFound,
            ResourceKind::Key => Self::KeyNotFound,
        }
    }
}

impl From<RejectReason> for Code {
    /// Returns the code for a token whose first rejection reason is `reason`.
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
            | RejectReason::KeyRetired
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
