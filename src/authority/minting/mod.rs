//! Test tokens: any claims, signed by a test key, so that they can never log in here or pass as an
//! app token.

use super::issuing::audience;
use super::keys::test_key;
use super::sessions::{end_after, needs};
use super::verification::Record;
use super::{Act, Checks, End, Error, Reason, Wanted, verify};
use crate::crypto;
use crate::model::{
    Algorithm, ExtraClaims, Foreign, Lifetime, Permission, Role, Timestamp, TokenKind, User,
};
use crate::store::Store;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

/// What a test token should say.
#[derive(Debug, Clone)]
pub(crate) struct Mint {
    /// The subject; the caller unless said.
    pub(crate) subject: Option<String>,
    /// The issuer; the store's unless said.
    pub(crate) issuer: Option<String>,
    /// The audience; empty: not said.
    pub(crate) audience: Vec<String>,
    /// With a key of which algorithm it is signed.
    pub(crate) algorithm: Algorithm,
    /// When it ends: after an hour unless said. It always ends.
    pub(crate) end: End,
    /// Further claims, which replace those above.
    pub(crate) claims: ExtraClaims,
}

/// Signs a test token, and says which identity it bears: none, if that was replaced by something
/// that is no text. It is not recorded.
pub(crate) fn mint(
    store: &mut Store,
    act: &Act,
    minter: &User,
    wish: &Mint,
) -> Result<(SecretString, Option<Foreign>), Error> {
    needs(minter, Role::Minter, "only minters and admins mint test tokens")?;
    let policy = store.read(|tx| tx.policy())?;
    let end = match wish.end {
        End::At(time) => time,
        End::After(lifetime) => end_after(act.now, lifetime)?,
        End::Default | End::Never => end_after(act.now, Lifetime::minutes(60))?,
    };
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", wish.issuer.as_ref().map_or_else(|| json!(policy.issuer), |iss| json!(iss)));
    set("sub", wish.subject.as_ref().map_or_else(|| json!(minter.uid), |sub| json!(sub)));
    let names: Vec<Foreign> = wish.audience.iter().map(Foreign::new).collect();
    if let Some(audience) = audience(&names) {
        set("aud", audience);
    }
    set("iat", json!(act.now.unix()));
    set("exp", json!(end.unix()));
    set("jti", json!(crypto::jti()));
    claims.extend(wish.claims.0.clone());
    let jti = claims.get("jti").and_then(Value::as_str).map(Foreign::new);
    let key = test_key(store, act, wish.algorithm)?;
    let token = crypto::sign(&key.spec, TokenKind::Test.typ(), &claims)?;
    store.write(|tx| act.done(tx, Some(minter.id), "test token".to_owned(), 1))?;
    Ok((token, jti))
}

/// Refuses permissions with [`Permission::MINT`] among them to whoever may not mint.
pub(super) fn may_have<'p>(
    user: &User,
    mut permissions: impl Iterator<Item = &'p str>,
) -> Result<(), Error> {
    if permissions.any(|permission| permission == Permission::MINT) {
        return needs(user, Role::Minter, "`jeton:mint` is only for minters and admins");
    }
    Ok(())
}

/// Who may mint by this token: an access token, or an app token with [`Permission::MINT`].
pub(crate) fn minter(store: &mut Store, now: Timestamp, token: &str) -> Result<User, Error> {
    let verdict = verify(store, token, &Checks::only(Wanted::Any, now))?;
    let is_app = matches!(verdict.record, Record::App(_));
    let is_credential = match (&verdict.record, verdict.kind) {
        (Record::App(row), _) => {
            row.grant.permissions.iter().any(|p| p.as_str() == Permission::MINT)
        }
        (_, kind) => kind == Some(TokenKind::Access),
    };
    if is_credential || !verdict.reasons.is_empty() {
        let owner = verdict.accepted()?.owner;
        return owner.ok_or_else(|| Error::refused(Reason::UnknownToken));
    }
    if is_app {
        return Err(Error::Forbidden("the app token lacks the permission `jeton:mint`"));
    }
    Err(Error::Refused { kind: verdict.kind, reasons: vec![Reason::WrongType], detail: None })
}

#[cfg(test)]
mod tests;
