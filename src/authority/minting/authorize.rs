//! Two authorizations: to mint test tokens, by an access token or by an app token with the
//! permission `jeton:mint`; and to grant permissions to new tokens.

use super::super::claims::GRANTING_CLAIMS;
use super::super::error::UserWithRole;
use super::super::principal::{BearerCredential, Principal};
use super::super::verification::{Expectations, ExpectedKind, TokenRecord, verify};
use super::super::{Error, RejectReason};
use crate::model::{Permission, PermissionPolicy, Role, Timestamp, TokenKind, Untrusted, User};
use crate::store::Store;
use serde_json::{Map, Value};
use std::rc::Rc;

const MINT_GRANT_REFUSAL: &str = "only minters and admins can grant `jeton:mint`";
const MINT_OWNER_REFUSAL: &str = "only minters and admins can own a token with `jeton:mint`";

/// Refuses permissions that the granter may not grant to a token of `owner`. The granter is `user`.
/// If the bearer of an old token renews that token, `user` is `None`, and the granter is `owner`.
/// `permissions` are the permissions of the token itself. `claims` are its additional claims, which
/// can also contain permissions.
///
/// The granter must be a minter or an admin if `permissions` or `claims` contain `jeton:mint`, and
/// `owner` must be a minter or an admin if `permissions` contains `jeton:mint`. A granter with the
/// role `user` may grant only permissions that `policy` allows.
pub(in crate::authority) fn check_grantable_permissions<'p>(
    user: Option<&User>,
    owner: &User,
    policy: &PermissionPolicy,
    permissions: &(impl Iterator<Item = &'p str> + Clone),
    claims: &'p Map<String, Value>,
) -> Result<(), Error> {
    let is_logged_in = |checked: &User| user.is_some_and(|user| user.id == checked.id);
    let describe = |checked: &User| UserWithRole::new(checked, is_logged_in(checked));
    let granter = user.unwrap_or(owner);
    let mut all_permissions = permissions.clone().chain(claimed_words(claims));
    let is_mint = |permission: &str| permission == Permission::MINT;
    for (checked_user, requires_minter, refusal) in [
        (granter, all_permissions.clone().any(is_mint), MINT_GRANT_REFUSAL),
        (owner, permissions.clone().any(is_mint), MINT_OWNER_REFUSAL),
    ] {
        if requires_minter && checked_user.role < Role::Minter {
            return Err(Error::InsufficientRole {
                refusal,
                required: Role::Minter,
                user: Some(describe(checked_user)),
            });
        }
    }
    let is_restricted = granter.role == Role::User && !policy.allows_all();
    if is_restricted && granting_claims(claims).any(|claim| !is_text_or_texts(claim)) {
        return Err(Error::Forbidden(
            "claims `scope`, `scp` and `roles` must be strings or arrays of strings: the setting \
             `token.permissions` restricts the role `user`",
        ));
    }
    let is_refused = |permission: &&str| granter.role == Role::User && !policy.allows(permission);
    match all_permissions.find(is_refused) {
        Some(permission) => Err(Error::PermissionRefused {
            permission: Untrusted::new(permission).to_display(),
            user: describe(granter),
        }),
        None => Ok(()),
    }
}

/// Returns the values of the claims that may grant permissions.
fn granting_claims(claims: &Map<String, Value>) -> impl Iterator<Item = &Value> + Clone {
    GRANTING_CLAIMS.iter().filter_map(|name| claims.get(*name))
}

/// Returns whether a claim is a string or an array of strings.
fn is_text_or_texts(claim: &Value) -> bool {
    claim.is_string() || claim.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

/// Returns the words that a verifier may read as permissions: the words of a string, or of the
/// strings of an array. Whitespace, control characters and U+FEFF separate words, because verifiers
/// in different programming languages split texts at different characters.
fn claimed_words(claims: &Map<String, Value>) -> impl Iterator<Item = &str> + Clone {
    let texts = granting_claims(claims).flat_map(|claim| match claim {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => vec![text.as_str()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    });
    let is_separator = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    texts.flat_map(move |text| text.split(is_separator)).filter(|word| !word.is_empty())
}

/// Returns the principal of a token that may be used to mint: an access token, or an app token with
/// [`Permission::MINT`]. The role of the user is not checked.
pub(crate) fn authorize_minter(
    store: &mut Store,
    now: Timestamp,
    token: &str,
) -> Result<Principal, Error> {
    let report = verify(store, token, &Expectations::new(ExpectedKind::Any, now))?;
    let kind = report.kind;
    let credential = match (&report.record, kind) {
        (TokenRecord::Token(row), Some(TokenKind::App)) => {
            let may_mint = row
                .grant
                .permissions
                .iter()
                .any(|permission| permission.as_str() == Permission::MINT);
            may_mint.then_some(BearerCredential::AppToken(row.id))
        }
        (TokenRecord::Session(pair_with_session), Some(TokenKind::Access)) => {
            Some(BearerCredential::Access(pair_with_session.pair.access_jti))
        }
        _ => None,
    };
    let report = report.into_accepted()?;
    match (credential, report.owner, report.key) {
        (Some(credential), Some(user), Some(key)) => Ok(Principal {
            user: Rc::unwrap_or_clone(user),
            credential,
            is_in_session_file: false,
            key: Rc::unwrap_or_clone(key),
            now,
        }),
        _ if kind == Some(TokenKind::App) => {
            Err(Error::Forbidden("the app token lacks the permission `jeton:mint`"))
        }
        _ => Err(Error::TokenRejected { kind, reasons: vec![RejectReason::WrongType.into()] }),
    }
}
