//! Authorization to mint, by an access token of a minter or by an app token with `jeton:mint`.
//! Authorization to grant permissions.

use super::super::claims::GRANTING_CLAIMS;
use super::super::error::UserWithRole;
use super::super::principal::{BearerCredential, Principal};
use super::super::verification::{Expectations, ExpectedKind, TokenRecord, verify};
use super::super::{Error, RejectReason};
use crate::model::{Permission, PermissionPolicy, Role, Timestamp, TokenKind, Untrusted, User};
use crate::store::Store;
use serde_json::{Map, Value};
use std::rc::Rc;

/// Refuses permissions that the granter may not grant to a token of `owner`. The granter is `user`,
/// or `owner` if the bearer of the token acts (`user` is `None`). `jeton:mint` requires that the
/// granter and `owner` are minters or admins; a granter with the role `user` may grant only
/// permissions that `policy` allows. For permissions in the additional `claims` of the token, only
/// the granter is checked.
pub(in crate::authority) fn check_grantable_permissions<'p>(
    user: Option<&User>,
    owner: &User,
    policy: &PermissionPolicy,
    permissions: &(impl Iterator<Item = &'p str> + Clone),
    claims: &'p Map<String, Value>,
) -> Result<(), Error> {
    let is_logged_in = |subject: &User| user.is_some_and(|user| user.id == subject.id);
    let describe = |subject: &User| UserWithRole::new(subject, is_logged_in(subject));
    let granter = user.unwrap_or(owner);
    let mut all_permissions = permissions.clone().chain(claimed_words(claims));
    let is_mint = |permission: &str| permission == Permission::MINT;
    for (subject, has_mint) in
        [(owner, permissions.clone().any(is_mint)), (granter, all_permissions.clone().any(is_mint))]
    {
        if has_mint && subject.role < Role::Minter {
            return Err(Error::InsufficientRole {
                refusal: "only minters and admins can grant `jeton:mint`",
                required: Role::Minter,
                user: Some(describe(subject)),
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
/// strings of an array. Every character that at least one programming language treats as whitespace
/// separates words.
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
