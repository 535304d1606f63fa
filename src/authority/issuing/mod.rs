//! App tokens: made, listed, shown.

mod listing;
mod taken_back;

pub(crate) use listing::{list, show};
pub(crate) use taken_back::{Over, take_back};

use super::accounts::{not_found, oneself_or_any};
use super::claims::{GRANTING, audience_claim, claimed_permissions};
use super::minting::{may_give, may_have_mint};
use super::principal::write_as;
use super::sessions::{ATTEMPTS, end_after};
use super::{Act, Caller, Error};
use crate::crypto;
use crate::model::{
    AppName, ExtraClaims, Foreign, Grant, Key, KeyState, Lifetime, Origin, Permission, Policy,
    RecordedToken, Timestamp, TokenId, TokenKind, User, UserRef,
};
use crate::store::{NewToken, Reader, Standing, Store, Writer};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// After what the setting says.
    Default,
    /// After that long.
    After(Lifetime),
    /// Then.
    At(Timestamp),
    /// Never.
    Never,
}

impl End {
    /// The end of a token that is soon thrown away, unless it was said.
    pub(crate) fn or_an_hour(self) -> Self {
        if self == Self::Default { Self::After(Lifetime::minutes(60)) } else { self }
    }
}

/// What somebody wants a token for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// For whom; the caller unless said.
    pub(crate) owner: Option<UserRef>,
    /// The application.
    pub(crate) app: AppName,
    /// What it may do.
    pub(crate) permissions: Vec<Permission>,
    /// For whom the token is meant; empty: not said.
    pub(crate) audience: Vec<String>,
    /// When it ends.
    pub(crate) end: End,
    /// Further claims.
    pub(crate) claims: ExtraClaims,
    /// Set for a token of `run`, which is revoked when the command exits, with its successors.
    pub(crate) for_run: bool,
}

/// A token that was made and recorded.
#[derive(Debug)]
pub(crate) struct Issued {
    /// The token itself.
    pub(crate) token: SecretString,
    /// Its row.
    pub(crate) record: RecordedToken,
    /// How much of the quota is used now; `None` without a limit.
    pub(crate) place: Option<Place>,
}

/// What an owner's quota is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// The live tokens.
    pub(crate) used: usize,
    /// How many there may be.
    pub(crate) limit: u32,
}

/// Makes and records an app token. The quota is counted and the row inserted in one transaction.
pub(crate) fn issue(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    request: &Request,
) -> Result<Issued, Error> {
    if let Some(name) = request.claims.reserved() {
        return Err(Error::Usage(format!(
            "the claim `{}` is set by jeton",
            Foreign::new(name).shown()
        )));
    }
    // The key that the caller was checked with mostly signs, too; if not, the commit finds it out.
    let mut key = Some(caller.key.clone()).filter(|key| key.state == KeyState::Active);
    for _ in 0..ATTEMPTS {
        let (policy, key, owner) = store.read(|tx| {
            let policy = tx.policy()?;
            let owner = owner(tx, &caller.user, request, &policy)?;
            let key = key.take().map_or_else(|| tx.active_app_key(), Ok)?;
            Ok::<_, Error>((policy, key, owner))
        })?;
        let expires_at = expiry(request.end, &policy, act.now)?;
        let mut draft =
            Draft::sign(&policy, &key, &owner, grant(request, &owner), act.now, expires_at)?;
        draft.new.origin.run = request.for_run.then_some(draft.new.jti);
        let recorded = write_as(store, caller, |tx, user| {
            if tx.policy()? != policy {
                return Ok(None);
            }
            let owner = self::owner(tx, user, request, &policy)?;
            let standing = standing(tx, &owner, &key, &policy, act.now)?;
            if !standing.key_is_active {
                return Ok(None);
            }
            let place = take_place(tx, &owner, standing, None, act.now)?;
            let id = tx.add_token(&draft.new)?;
            act.done(tx, Some(caller.user.id), format!("token {id}"), 1)?;
            Ok::<_, Error>(Some((id, place)))
        })?;
        if let Some((id, place)) = recorded {
            return Ok(draft.issued(id, place));
        }
    }
    Err(Error::KeyChanges)
}

/// Returns the owner of the token that is requested, if `user` may create it.
fn owner(tx: &Reader<'_>, user: &User, request: &Request, policy: &Policy) -> Result<User, Error> {
    let owner = match &request.owner {
        None => user.clone(),
        Some(who) => oneself_or_any(tx, user, who, "only admins make tokens for others")?,
    };
    let permissions = || request.permissions.iter().map(Permission::as_str);
    may_have_mint(&owner, permissions())?;
    let scopes = claimed_permissions(&request.claims.0, &GRANTING);
    may_give(user, &policy.permissions, permissions().chain(scopes))?;
    Ok(owner)
}

/// What the owner may have, as the row says in this transaction. It is the first thing that is
/// asked, and held: nobody counts the same tokens meanwhile.
pub(super) fn standing(
    tx: &Writer<'_>,
    owner: &User,
    key: &Key,
    policy: &Policy,
    now: Timestamp,
) -> Result<Standing, Error> {
    let standing = tx.hold_user(owner.id, key.id, policy.quota, now)?;
    let standing = standing.ok_or_else(|| not_found(&UserRef::Id(owner.id)))?;
    if standing.is_disabled {
        return Err(Error::Forbidden("the owner is disabled"));
    }
    Ok(standing)
}

/// A token that is signed and not yet recorded.
pub(super) struct Draft {
    pub(super) new: NewToken,
    token: SecretString,
}

impl Draft {
    pub(super) fn sign(
        policy: &Policy,
        key: &Key,
        owner: &User,
        grant: Grant,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let (jti, origin) = (crypto::jti(), Origin::default());
        let new = NewToken { jti, grant, key: key.id, issued_at: now, expires_at, origin };
        let claims = app_claims(&new, owner, policy);
        let token = crypto::sign(&key.spec, TokenKind::App.typ(), &claims)?;
        Ok(Self { new, token })
    }

    /// What its maker is told once it is recorded.
    pub(super) fn issued(self, id: TokenId, place: Option<Place>) -> Issued {
        let record = RecordedToken {
            id,
            jti: self.new.jti,
            grant: self.new.grant,
            key: self.new.key,
            issued_at: self.new.issued_at,
            expires_at: self.new.expires_at,
            revoked_at: None,
            grace_until: None,
        };
        Issued { token: self.token, record, place }
    }
}

/// Counts one token more; refuses one too many. A live one that is `leaving` makes place for it.
pub(super) fn take_place(
    tx: &Writer<'_>,
    owner: &User,
    standing: Standing,
    leaving: Option<TokenId>,
    now: Timestamp,
) -> Result<Option<Place>, Error> {
    let Some((limit, used)) = standing.quota else { return Ok(None) };
    let used = used.saturating_sub(usize::from(leaving.is_some()));
    if u32::try_from(used).unwrap_or(u32::MAX) >= limit {
        return Err(Error::Quota { limit, live: tx.counted_tokens(owner.id, now)? });
    }
    Ok(Some(Place { used: used + 1, limit }))
}

fn grant(request: &Request, owner: &User) -> Grant {
    let mut permissions: Vec<Foreign> = Vec::new();
    for permission in &request.permissions {
        let permission = Foreign::new(permission.as_str());
        if !permissions.contains(&permission) {
            permissions.push(permission);
        }
    }
    Grant {
        kind: TokenKind::App,
        owner: owner.id,
        app: request.app.clone(),
        permissions,
        audience: request.audience.iter().map(Foreign::new).collect(),
        claims: request.claims.0.clone(),
    }
}

fn expiry(end: End, policy: &Policy, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match end {
        End::Default => end_after(now, policy.token_ttl).map(Some),
        End::After(lifetime) => end_after(now, lifetime).map(Some),
        End::At(time) if time <= now => {
            Err(Error::Usage("the end is not in the future".to_owned()))
        }
        End::At(time) => Ok(Some(time)),
        End::Never => Ok(None),
    }
}

/// The claims of an app token, in the order of the contract.
fn app_claims(new: &NewToken, owner: &User, policy: &Policy) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("id", json!(owner.id));
    set("owner", json!(policy.owner));
    set("target", json!(policy.target));
    set("permissions", json!(new.grant.permissions));
    set("iat", json!(new.issued_at.unix()));
    if let Some(end) = new.expires_at {
        set("exp", json!(end.unix()));
    }
    set("iss", json!(policy.issuer));
    set("sub", json!(owner.uid));
    set("jti", json!(new.jti));
    set("type", json!(TokenKind::App.name()));
    set("app", json!(new.grant.app));
    if let Some(audience) = audience_claim(&new.grant.audience) {
        set("aud", audience);
    }
    claims.extend(new.grant.claims.clone());
    claims
}

#[cfg(test)]
mod tests;
