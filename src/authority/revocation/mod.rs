//! Taking tokens back: by row, by identity, by value, or many at once.

mod many;

pub(crate) use many::{count, revoke_many};

use super::act::audited;
use super::principal::{needs, write_for};
use super::verification::{Record, token_record};
use super::{Act, Caller, Checks, Error, Reason, Thing, Wanted, verify};
use crate::model::{
    Foreign, Invalid, Jti, RecordedToken, Role, Timestamp, TokenId, TokenKind, User, UserId,
};
use crate::store::{PairOfSession, Reader, Store, Writer};
use serde::Serialize;
use serde_json::{Map, Value};

/// A token named on the command line.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// By the id of its row.
    Id(TokenId),
    /// By its identity.
    Jti(Jti),
    /// The token itself: holding it is right enough.
    Value(String),
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            let id = text.parse().map_err(|_| Invalid::new("token", "the id is too large"))?;
            return Ok(Self::Id(TokenId(id)));
        }
        if let Some(jti) = Jti::typed(text) {
            return Ok(Self::Jti(jti));
        }
        if text.contains('.') {
            return Ok(Self::Value(text.to_owned()));
        }
        Err(Invalid::new("token", "neither an id, nor a `jti`, nor a token"))
    }

    /// Whether naming it needs a login.
    pub(crate) fn needs_caller(&self) -> bool {
        !matches!(self, Self::Value(_))
    }
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Revoked {
    /// Its row, for a recorded one.
    pub(crate) id: Option<TokenId>,
    /// Its identity, or that of the session for a refresh token.
    pub(crate) jti: Foreign,
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Whether it was still good.
    pub(crate) changed: bool,
}

enum Found {
    Recorded(RecordedToken),
    Access(PairOfSession),
    Family(PairOfSession),
    Unrecorded { key: i64, jti: String, kind: TokenKind, expires_at: Option<Timestamp> },
}

impl Found {
    /// Whose it is, where that decides.
    fn owner(&self) -> Option<UserId> {
        match self {
            Self::Recorded(token) => Some(token.grant.owner),
            Self::Access(pair) | Self::Family(pair) => Some(pair.session.user),
            Self::Unrecorded { .. } => None,
        }
    }
}

/// Revokes all targets in one transaction, or none if one is not there or not the caller's. The
/// signature of a token that is given by value is checked before; its rows are looked up inside.
pub(crate) fn revoke(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    targets: &[Target],
) -> Result<Vec<Revoked>, Error> {
    let check = |target| CheckedTarget::check(store, act.now, target);
    let targets = targets.iter().map(check).collect::<Result<Vec<_>, _>>()?;
    let by = caller.map(|caller| caller.user.id);
    write_for(store, caller.map(|caller| &caller.principal), |tx, user| {
        let mut revoked = Vec::with_capacity(targets.len());
        for target in &targets {
            for found in resolve(tx, user, target)? {
                revoked.push(carry_out(tx, act, &found)?);
            }
        }
        let changed = revoked.iter().filter(|one| one.changed).count();
        act.done(tx, by, described(&revoked), changed)?;
        Ok(revoked)
    })
}

fn described(revoked: &[Revoked]) -> String {
    let name = |one: &Revoked| match one.id {
        Some(id) => format!("token {id}"),
        None => format!("token {}", audited(one.jti.as_str())),
    };
    revoked.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A target whose signature was checked, if it is a token.
enum CheckedTarget {
    Id(TokenId),
    Jti(Jti),
    Token(SignedToken),
}

impl CheckedTarget {
    fn check(store: &mut Store, now: Timestamp, target: &Target) -> Result<Self, Error> {
        match target {
            Target::Id(id) => Ok(Self::Id(*id)),
            Target::Jti(jti) => Ok(Self::Jti(*jti)),
            Target::Value(token) => signed_by_store(store, now, token).map(Self::Token),
        }
    }
}

/// Returns what the target names, as far as `user` may act on it. Several rows may have one `jti`,
/// since minting and refreshing can choose it.
fn resolve(
    tx: &Reader<'_>,
    user: Option<&User>,
    target: &CheckedTarget,
) -> Result<Vec<Found>, Error> {
    let (shown, mut found) = match target {
        CheckedTarget::Token(token) => return Ok(vec![by_value(tx, token)?]),
        CheckedTarget::Id(id) => {
            let token = tx.find_token(*id)?;
            (id.to_string(), token.into_iter().map(Found::Recorded).collect())
        }
        CheckedTarget::Jti(jti) => (jti.to_string(), bearing(tx, *jti)?),
    };
    found.retain(|one| may_revoke(user, one.owner()).is_ok());
    if found.is_empty() {
        // Only admins are told which ids of others exist.
        may_revoke(user, None)?;
        return Err(Error::NotFound { thing: Thing::Token, shown: Some(shown) });
    }
    Ok(found)
}

/// Everything that has this `jti`.
fn bearing(tx: &Reader<'_>, jti: Jti) -> Result<Vec<Found>, Error> {
    let token = tx.find_token_by_jti(jti)?.map(Found::Recorded);
    let access = tx.find_access(jti)?.map(Found::Access);
    let family = tx.find_refresh(jti)?.map(Found::Family);
    Ok([token, access, family].into_iter().flatten().collect())
}

/// The app token that is meant, for whoever may act on it.
pub(super) fn app_token(
    store: &mut Store,
    now: Timestamp,
    caller: Option<&Caller>,
    target: &Target,
) -> Result<RecordedToken, Error> {
    let mut refusal = Error::Usage(APP_ONLY.to_owned());
    let checked = CheckedTarget::check(store, now, target)?;
    let user = caller.map(|caller| &caller.user);
    for found in store.read(|tx| resolve(tx, user, &checked))? {
        match recorded_app(found, now) {
            Ok(token) => return Ok(token),
            Err(error) if !target.needs_caller() => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

const APP_ONLY: &str = "only app tokens are renewed";

/// The row of an app token; of anything else, why it is refused if it was given by value.
fn recorded_app(found: Found, now: Timestamp) -> Result<RecordedToken, Error> {
    let reason = match found {
        Found::Recorded(token) if token.grant.kind == TokenKind::App => return Ok(token),
        Found::Unrecorded { kind: TokenKind::App, expires_at, .. } => {
            let is_over = expires_at.is_some_and(|end| end <= now);
            let reason = if is_over { Reason::Expired } else { Reason::UnknownToken };
            return Err(Error::refused(reason));
        }
        Found::Recorded(_) | Found::Unrecorded { kind: TokenKind::Test, .. } => Reason::WrongType,
        Found::Access(_)
        | Found::Family(_)
        | Found::Unrecorded { kind: TokenKind::Access | TokenKind::Refresh, .. } => Reason::Blocked,
    };
    let detail = Some(APP_ONLY.to_owned());
    Err(Error::Refused { kind: None, reasons: vec![reason], detail })
}

pub(super) fn may_revoke(user: Option<&User>, owner: Option<UserId>) -> Result<(), Error> {
    const REFUSAL: &str = "only admins act on the tokens of others";
    match user {
        Some(user) if owner == Some(user.id) => Ok(()),
        Some(user) => needs(user, Role::Admin, REFUSAL),
        None => Err(Error::Forbidden(REFUSAL)),
    }
}

/// A token with a good signature of a key of the store.
struct SignedToken {
    kind: TokenKind,
    key: i64,
    claims: Map<String, Value>,
}

/// Checks the signature of a token; whether it is still valid does not matter.
fn signed_by_store(store: &mut Store, now: Timestamp, token: &str) -> Result<SignedToken, Error> {
    let mut verdict = verify(store, token, &Checks::only(Wanted::Any, now))?;
    if let (Some(kind), Some(key), Some(claims)) =
        (verdict.kind, &verdict.key, verdict.claims.take())
    {
        return Ok(SignedToken { kind, key: key.id, claims });
    }
    verdict.accepted()?;
    Err(Error::refused(Reason::Malformed))
}

fn by_value(tx: &Reader<'_>, token: &SignedToken) -> Result<Found, Error> {
    let SignedToken { kind, key, claims } = token;
    let jti = claims.get("jti").and_then(Value::as_str).map(str::to_owned);
    let expires_at = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    match (token_record(tx, *kind, *key, claims)?, kind) {
        (Record::Token(token), _) => Ok(Found::Recorded(token)),
        (Record::Session(pair), TokenKind::Refresh) => Ok(Found::Family(pair)),
        (Record::Session(pair), _) => Ok(Found::Access(pair)),
        (Record::Missing, _) => match jti {
            Some(jti) => Ok(Found::Unrecorded { key: *key, jti, kind: *kind, expires_at }),
            None => Err(Error::Usage(
                "a token without `jti` cannot be revoked; `mint --record` makes one that can"
                    .to_owned(),
            )),
        },
    }
}

fn carry_out(tx: &Writer<'_>, act: &Act, found: &Found) -> Result<Revoked, Error> {
    let said =
        |id, jti: String, kind, changed| Revoked { id, jti: Foreign::new(jti), kind, changed };
    Ok(match found {
        Found::Recorded(token) => {
            let changed = tx.revoke_token(token.id, act.now)?;
            said(Some(token.id), token.jti.to_string(), token.grant.kind, changed)
        }
        Found::Access(pair) => {
            let changed = tx.revoke_access(pair.pair.id, act.now)?;
            said(None, pair.pair.access.to_string(), TokenKind::Access, changed)
        }
        Found::Family(pair) => {
            let changed = tx.end_session(pair.session.id, "revoked", act.now)?;
            said(None, pair.pair.refresh.to_string(), TokenKind::Refresh, changed)
        }
        Found::Unrecorded { key, jti, kind, expires_at } => {
            let changed = tx.block(*key, jti, *expires_at, act.now)?;
            said(None, jti.clone(), *kind, changed)
        }
    })
}

#[cfg(test)]
mod tests;
