//! Test tokens: any claims, signed by a test key, so that they can never log in here or pass as an
//! app token.

use super::issuing::audience;
use super::keys::test_key;
use super::sessions::{ATTEMPTS, end_after, needs};
use super::verification::Record;
use super::{Act, Checks, End, Error, Reason, Wanted, verify};
use crate::crypto;
use crate::model::{
    Algorithm, AppName, ExtraClaims, Foreign, Grant, Jti, Key, Lifetime, Permission, Policy, Role,
    Timestamp, TokenId, TokenKind, User,
};
use crate::store::{self, NewToken, Store};
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
    /// Whether it is recorded, so that it can be listed and revoked.
    pub(crate) record: bool,
}

/// A test token that was made.
#[derive(Debug)]
pub(crate) struct Minted {
    /// The token itself.
    pub(crate) token: SecretString,
    /// Its identity; `None` if that was replaced by something that is no text.
    pub(crate) jti: Option<Foreign>,
    /// Its row, if it was to be recorded.
    pub(crate) id: Option<TokenId>,
}

/// Signs a test token, and records it if that is wished.
pub(crate) fn mint(
    store: &mut Store,
    act: &Act,
    minter: &User,
    wish: &Mint,
) -> Result<Minted, Error> {
    needs(minter, Role::Minter, "only minters and admins mint test tokens")?;
    let policy = store.read(|tx| tx.policy())?;
    let claims = claims(&policy, act.now, minter, wish)?;
    let jti = claims.get("jti").and_then(Value::as_str).map(Foreign::new);
    for _ in 0..ATTEMPTS {
        let key = test_key(store, act, wish.algorithm)?;
        let token = crypto::sign(&key.spec, TokenKind::Test.typ(), &claims)?;
        let row = if wish.record { Some(row(&claims, minter, &key, act.now)?) } else { None };
        let recorded = store.write(|tx| {
            if row.is_some() && !tx.is_active(key.id)? {
                return Ok(None);
            }
            let id = row.as_ref().map(|row| tx.add_token(row)).transpose()?;
            let target = id.map_or_else(|| "test token".to_owned(), |id| format!("token {id}"));
            act.done(tx, Some(minter.id), target, 1)?;
            Ok::<_, Error>(Some(id))
        });
        match recorded {
            Ok(Some(id)) => return Ok(Minted { token, jti, id }),
            Ok(None) => {}
            Err(Error::Store(store::Error::Taken)) => {
                return Err(Error::Usage("a token with that `jti` is recorded".to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::KeyChanges)
}

/// The row of a token that says this: the identity and the end are its own.
fn row(
    claims: &Map<String, Value>,
    minter: &User,
    key: &Key,
    now: Timestamp,
) -> Result<NewToken, Error> {
    let refused = |why: &str| Err(Error::Usage(format!("a recorded token has {why}")));
    let Some(jti) = claims.get("jti").and_then(Value::as_str).and_then(Jti::parse) else {
        return refused("a UUID as its `jti`");
    };
    let Some(end) = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix) else {
        return refused("an end (`exp`) in whole seconds");
    };
    let mut said = claims.clone();
    said.retain(|name, _| !["jti", "iat", "nbf", "exp"].contains(&name.as_str()));
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner: minter.id,
        app: AppName::stored(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: said,
    };
    Ok(NewToken { jti, grant, key: key.id, issued_at: now, expires_at: Some(end) })
}

fn claims(
    policy: &Policy,
    now: Timestamp,
    minter: &User,
    wish: &Mint,
) -> Result<Map<String, Value>, Error> {
    let end = match wish.end {
        End::At(time) => time,
        End::After(lifetime) => end_after(now, lifetime)?,
        End::Default | End::Never => end_after(now, Lifetime::minutes(60))?,
    };
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", wish.issuer.as_ref().map_or_else(|| json!(policy.issuer), |iss| json!(iss)));
    set("sub", wish.subject.as_ref().map_or_else(|| json!(minter.uid), |sub| json!(sub)));
    let names: Vec<Foreign> = wish.audience.iter().map(Foreign::new).collect();
    if let Some(audience) = audience(&names) {
        set("aud", audience);
    }
    set("iat", json!(now.unix()));
    set("exp", json!(end.unix()));
    set("jti", json!(crypto::jti()));
    claims.extend(wish.claims.0.clone());
    Ok(claims)
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
    let is_app = verdict.kind == Some(TokenKind::App);
    let is_credential = match (&verdict.record, verdict.kind) {
        (Record::Token(row), Some(TokenKind::App)) => {
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
