//! Issuing, renewal and quota of app tokens. Queries of recorded app and test tokens, and the
//! revocation of such tokens by the command that issued the tokens.

mod quota;
mod recorded;
mod renewal;

pub(crate) use crate::model::QuotaUsage;
pub(crate) use crate::store::TokenFilter;
use quota::{check_quota, load_issuance_state};
pub(crate) use recorded::{RevocationCause, list, load, revoke_issued};
pub(crate) use renewal::{RenewalOptions, RenewalOutcome, renew};

use super::accounts::require_self_or_admin;
use super::claims::build_audience_claim;
use super::minting::check_grantable_permissions;
use super::principal::write_shared_as;
use super::sessions::expiry_after;
use super::signing::{ensure_verifiable_length, with_signing_key};
use super::{AuditContext, Caller, Error};
use crate::crypto;
use crate::model::{
    AppName, EventTarget, ExtraClaims, Grant, Key, KeyState, Lifetime, Permission, RecordedToken,
    Settings, TimeSpec, Timestamp, TokenId, TokenKind, TokenOrigin, Untrusted, User, UserRef,
};
use crate::store::{NewToken, Reader, Store};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

/// The requested expiry of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// After the default lifetime: for app tokens a setting; for test tokens the lifetime in the
    /// preset, or one hour if the preset has none.
    Default,
    /// After a lifetime.
    After(Lifetime),
    /// At a fixed time, or a time relative to now.
    At(TimeSpec),
    /// No expiry; for test tokens the same as [`Expiry::Default`].
    Never,
}

impl Expiry {
    /// Returns this expiry, but one hour in place of [`Expiry::Default`]: for short-lived tokens.
    pub(crate) fn with_one_hour_default(self) -> Self {
        if self == Self::Default { Self::After(Lifetime::from_minutes(60)) } else { self }
    }
}

/// The attributes of a requested app token.
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest {
    /// The owner; `None` means the caller.
    pub(crate) owner: Option<UserRef>,
    /// The application.
    pub(crate) app: AppName,
    /// The granted permissions.
    pub(crate) permissions: Vec<Permission>,
    /// The audience (`aud`); if empty, the token has no `aud` claim.
    pub(crate) audience: Vec<String>,
    /// The expiry.
    pub(crate) expiry: Expiry,
    /// Additional claims.
    pub(crate) claims: ExtraClaims,
    /// Set for a token of `jeton run`: the token and its successors are revoked when the child
    /// command exits.
    pub(crate) is_for_run_command: bool,
}

/// An issued and recorded token.
#[derive(Debug)]
pub(crate) struct IssuedToken {
    /// The token.
    pub(crate) token: SecretString,
    /// The row of the token.
    pub(crate) record: RecordedToken,
    /// The quota usage, including the new token; `None` without a quota.
    pub(crate) quota_usage: Option<QuotaUsage>,
}

/// Issues and records an app token. One transaction checks the quota and inserts the row.
pub(crate) fn issue(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    request: &TokenRequest,
) -> Result<IssuedToken, Error> {
    if let Some(name) = request.claims.find_reserved() {
        return Err(Error::Usage(format!(
            "claim `{}` is reserved",
            Untrusted::new(name).to_display()
        )));
    }
    // The first attempt uses the key that signed the caller's access token, if this key was active
    // at authentication. If another key is activated before the write transaction, that transaction
    // detects the change, and the next attempt reads the active key.
    let mut key = Some(caller.key.clone()).filter(|key| key.state == KeyState::Active);
    let (_, pending_token, (id, quota_usage)) = with_signing_key(
        store,
        |store| {
            store.read(|tx| {
                let settings = tx.load_settings()?;
                let owner = resolve_owner(tx, &caller.user, request, &settings)?;
                let key = key.take().map_or_else(|| tx.active_app_key(), Ok)?;
                Ok::<_, Error>((settings, key, owner))
            })
        },
        |(settings, key, owner)| {
            let expires_at = resolve_expiry(request.expiry, settings, audit.now)?;
            let grant = build_grant(request, owner);
            let mut pending_token =
                PendingToken::sign(settings, key, owner, grant, audit.now, expires_at)?;
            pending_token.row.origin.first_run_jti =
                request.is_for_run_command.then_some(pending_token.row.jti);
            Ok(pending_token)
        },
        |store, (settings, key, _), pending_token| {
            write_shared_as(store, caller, |tx, user| {
                if tx.load_settings()? != *settings {
                    return Ok(None);
                }
                let owner = resolve_owner(tx, user, request, settings)?;
                let state = load_issuance_state(tx, &owner, key, settings, audit.now)?;
                if !state.is_key_active {
                    return Ok(None);
                }
                let quota_usage = check_quota(tx, &owner, state, None, audit.now)?;
                let id = tx.add_token(&pending_token.row)?;
                audit.record(tx, Some(caller.user.id), EventTarget::token(id), 1)?;
                Ok(Some((id, quota_usage)))
            })
        },
    )?;
    Ok(pending_token.into_issued(id, quota_usage))
}

/// Returns the owner of the requested token. Refuses a token that the caller (`user`) may not
/// issue, or that the owner may not own.
fn resolve_owner(
    tx: &Reader<'_>,
    user: &User,
    request: &TokenRequest,
    settings: &Settings,
) -> Result<User, Error> {
    let owner = match &request.owner {
        None => user.clone(),
        Some(user_ref) => require_self_or_admin(
            tx,
            user,
            user_ref,
            "only admins can create tokens for other users",
        )?,
    };
    let permissions = request.permissions.iter().map(Permission::as_str);
    let policy = &settings.permissions;
    check_grantable_permissions(Some(user), &owner, policy, &permissions, &request.claims.0)?;
    Ok(owner)
}

/// A token that is signed and not yet recorded.
pub(super) struct PendingToken {
    pub(super) row: NewToken,
    token: SecretString,
}

impl PendingToken {
    pub(super) fn sign(
        settings: &Settings,
        key: &Key,
        owner: &User,
        grant: Grant,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let (jti, origin) = (crypto::generate_jti(), TokenOrigin::default());
        let row = NewToken { jti, grant, key: key.id, issued_at: now, expires_at, origin };
        let claims = build_app_claims(&row, owner, settings);
        let token = crypto::sign(&key.spec, TokenKind::App.typ(), &claims)?;
        ensure_verifiable_length(token.expose_secret().len())?;
        Ok(Self { row, token })
    }

    /// Returns the issued token; `id` is the id of its new row.
    pub(super) fn into_issued(self, id: TokenId, quota_usage: Option<QuotaUsage>) -> IssuedToken {
        let record = RecordedToken {
            id,
            jti: self.row.jti,
            grant: self.row.grant.into(),
            key_row_id: self.row.key,
            issued_at: self.row.issued_at,
            expires_at: self.row.expires_at,
            revoked_at: None,
            grace_until: None,
        };
        IssuedToken { token: self.token, record, quota_usage }
    }
}

/// Returns the grant: the recorded properties that the token has in common with its successors.
/// Removes duplicate permissions.
fn build_grant(request: &TokenRequest, owner: &User) -> Grant {
    let mut permissions: Vec<Untrusted> = Vec::new();
    for permission in &request.permissions {
        let permission = Untrusted::new(permission.as_str());
        if !permissions.contains(&permission) {
            permissions.push(permission);
        }
    }
    Grant {
        kind: TokenKind::App,
        owner_id: owner.id,
        app: request.app.clone(),
        permissions,
        audience: request.audience.iter().map(Untrusted::new).collect(),
        claims: request.claims.0.clone(),
    }
}

/// Returns the expiry time; `None` for a token without expiry. Refuses a time that is not in the
/// future.
fn resolve_expiry(
    expiry: Expiry,
    settings: &Settings,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    match expiry {
        Expiry::Default => expiry_after(now, settings.token_ttl).map(Some),
        Expiry::After(lifetime) => expiry_after(now, lifetime).map(Some),
        Expiry::At(time) => match time.resolve("--expires-at", now)? {
            time if time <= now => Err(Error::Usage("expiry time is in the past".to_owned())),
            time => Ok(Some(time)),
        },
        Expiry::Never => Ok(None),
    }
}

/// Returns the claims of an app token, in the documented order.
fn build_app_claims(row: &NewToken, owner: &User, settings: &Settings) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("id", json!(owner.id));
    set("owner", json!(settings.owner_claim_value));
    set("target", json!(settings.target_claim_value));
    set("permissions", json!(row.grant.permissions));
    set("iat", json!(row.issued_at.unix()));
    if let Some(expires_at) = row.expires_at {
        set("exp", json!(expires_at.unix()));
    }
    set("iss", json!(settings.issuer));
    set("sub", json!(owner.uid));
    set("jti", json!(row.jti));
    set("type", json!(TokenKind::App.name()));
    set("app", json!(row.grant.app));
    if let Some(audience) = build_audience_claim(&row.grant.audience) {
        set("aud", audience);
    }
    claims.extend(row.grant.claims.clone());
    claims
}

#[cfg(test)]
mod tests;
