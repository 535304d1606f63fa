//! The one pipeline every token of ours goes through, in one fixed order: malformed, algorithm
//! and key, signature, type, revocation and owner, times, issuer and audience, and last what the
//! caller asks for. Before a good signature there is exactly one reason, after it all of them.

mod agreement;
#[cfg(any(fuzzing, test))]
mod alone;
mod checks;
mod foreign;
mod introspection;
mod record;

#[cfg(any(fuzzing, test))]
pub(crate) use alone::judge_alone;
pub(crate) use checks::{Checks, MediaType, Wanted};
pub(crate) use foreign::verify_foreign;
pub(crate) use introspection::introspect;
use record::judge_record;
pub(super) use record::{Record, app_token_owner, session_owner, token_record};

use super::claims::{self, Registered};
use super::{Error, Reason};
use crate::crypto::{Compact, decoded, is_signed_by};
use crate::model::{
    Algorithm, Key, KeyState, Purpose, Status, Timestamp, TokenId, TokenKind, User, escaped,
    strict_object,
};
use crate::store::{Reader, Store};
use serde_json::{Map, Value};

/// Where tokens of ours say what they may do.
const PERMISSIONS: [&str; 1] = ["permissions"];

/// What was found out about a token.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Its kind, once its key is known.
    pub(crate) kind: Option<TokenKind>,
    /// All that is wrong, in the fixed order; empty for a valid token.
    pub(crate) reasons: Vec<Reason>,
    /// What exactly is wrong, of the first reason.
    pub(crate) detail: Option<String>,
    /// Its claims, once its signature was found good.
    pub(crate) claims: Option<Map<String, Value>>,
    /// Its row.
    pub(super) record: Record,
    /// Its key, once its signature was found good.
    pub(super) key: Option<Key>,
    /// Its owner.
    pub(super) owner: Option<User>,
}

impl Verdict {
    fn refused(reason: Reason, detail: Option<String>) -> Self {
        Self { reasons: vec![reason], detail, ..Self::default() }
    }

    /// One reason more; its detail is told if it is the first.
    fn add(&mut self, reason: Reason, detail: String) {
        if self.reasons.is_empty() {
            self.detail = Some(detail);
        }
        self.reasons.push(reason);
    }

    /// The row of an app token.
    pub(crate) fn token_id(&self) -> Option<TokenId> {
        match &self.record {
            Record::Token(token) => Some(token.id),
            Record::Missing | Record::Session(_) => None,
        }
    }

    /// Where a recorded token is in its life.
    pub(crate) fn status(&self, now: Timestamp) -> Option<Status> {
        match &self.record {
            Record::Token(token) => Some(token.status(now)),
            Record::Session(found) => Some(if found.session.ended_at.is_some() {
                Status::Revoked
            } else if self.reasons.contains(&Reason::Expired) {
                Status::Expired
            } else if self.reasons.contains(&Reason::Revoked) {
                Status::Revoked
            } else {
                Status::Live
            }),
            Record::Missing => None,
        }
    }

    /// The claims of a token that nothing is wrong with.
    pub(crate) fn accepted(self) -> Result<Self, Error> {
        if self.reasons.is_empty() {
            Ok(self)
        } else {
            Err(Error::Refused { kind: self.kind, reasons: self.reasons, detail: self.detail })
        }
    }
}

/// Judges a token of this store. An error means that it could not be judged.
pub(crate) fn verify(store: &mut Store, token: &str, checks: &Checks) -> Result<Verdict, Error> {
    let compact = match Compact::parse(token) {
        Ok(compact) => compact,
        Err(why) => return Ok(Verdict::refused(Reason::Malformed, Some(why))),
    };
    store.read(|tx| {
        let key = match select_key(tx, &compact.header, checks)? {
            Ok(key) => key,
            Err(verdict) => return Ok(verdict),
        };
        if !is_signed_by(&compact, &key.spec)? {
            return Ok(Verdict::refused(Reason::BadSignature, None));
        }
        // Anyone who has the key may have signed the token: none of its claims counts.
        if key.state == KeyState::Revoked {
            return Ok(Verdict::refused(Reason::KeyRevoked, None));
        }
        let claims = match strict_object(&compact.payload) {
            Ok(claims) => claims,
            Err(why) => {
                return Ok(Verdict::refused(
                    Reason::Malformed,
                    Some(format!("the payload is {why}")),
                ));
            }
        };
        let mut verdict =
            Verdict { kind: Some(kind_of(&key, &claims)), key: Some(key), ..Verdict::default() };
        judge(tx, &mut verdict, &claims, &compact.header, checks)?;
        verdict.claims = Some(claims);
        Ok(verdict)
    })
}

/// Header and payload of a token that nobody judged.
pub(crate) fn decode(token: &str) -> Result<(Value, Value), Error> {
    decoded(token).map_err(|why| Error::Refused {
        kind: None,
        reasons: vec![Reason::Malformed],
        detail: Some(why),
    })
}

/// Returns the key that the header names, if it may be used for what is wanted. A revoked key is
/// among them: only a good signature shows that the token is one of its tokens. Members that would
/// bring a key along (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.
fn select_key(
    tx: &Reader<'_>,
    header: &Map<String, Value>,
    checks: &Checks,
) -> Result<Result<Key, Verdict>, Error> {
    let refused = |reason| Ok(Err(Verdict::refused(reason, None)));
    let (algorithm, kid) = match named(header) {
        Ok((algorithm, Some(kid))) => (algorithm, kid),
        Ok((_, None)) => return refused(Reason::UnknownKey),
        Err(reason) => return refused(reason),
    };
    let may_have_signed = |key: &Key| key.state == KeyState::Revoked || key.verifies(checks.now);
    let Some(key) = tx.find_key(kid)?.filter(may_have_signed) else {
        return refused(Reason::UnknownKey);
    };
    // An app or session check never goes on with a test key, nor the other way round.
    let is_test = key.spec.purpose == Purpose::Test;
    if let Wanted::Only(kind) = checks.wanted
        && is_test != (kind == TokenKind::Test)
    {
        let known = is_test.then_some(TokenKind::Test);
        return Ok(Err(Verdict { kind: known, ..Verdict::refused(Reason::WrongType, None) }));
    }
    if key.spec.algorithm != algorithm {
        return refused(Reason::AlgNotAllowed);
    }
    Ok(Ok(key))
}

/// The algorithm and the key id that a header names.
fn named(header: &Map<String, Value>) -> Result<(Algorithm, Option<&str>), Reason> {
    // RFC 7515, section 4.1.11: what is critical and not understood makes a token invalid.
    if ["crit", "b64", "zip", "enc"].iter().any(|name| header.contains_key(*name)) {
        return Err(Reason::CriticalHeader);
    }
    let algorithm = header.get("alg").and_then(Value::as_str).map(Algorithm::parse);
    let Some(Ok(algorithm)) = algorithm else { return Err(Reason::AlgNotAllowed) };
    match header.get("kid") {
        None => Ok((algorithm, None)),
        Some(Value::String(kid)) => Ok((algorithm, Some(kid))),
        Some(_) => Err(Reason::Malformed),
    }
}

/// The key's purpose decides first; only then does the token's own word count.
fn kind_of(key: &Key, claims: &Map<String, Value>) -> TokenKind {
    match (key.spec.purpose, claims.get("type").and_then(Value::as_str)) {
        (Purpose::Test, _) => TokenKind::Test,
        (Purpose::App, Some("access")) => TokenKind::Access,
        (Purpose::App, Some("refresh")) => TokenKind::Refresh,
        (Purpose::App, _) => TokenKind::App,
    }
}

fn judge(
    tx: &Reader<'_>,
    verdict: &mut Verdict,
    claims: &Map<String, Value>,
    header: &Map<String, Value>,
    checks: &Checks,
) -> Result<(), Error> {
    let kind = verdict.kind.unwrap_or(TokenKind::App);
    let registered = match Registered::read(claims) {
        Ok(registered) => registered,
        Err(reason) => {
            verdict.reasons.push(reason);
            return Ok(());
        }
    };
    let typed = kind == TokenKind::Test
        || (header.get("typ").and_then(Value::as_str) == Some(kind.typ())
            && claims.get("type").and_then(Value::as_str) == Some(kind.name()));
    let session = matches!(kind, TokenKind::Access | TokenKind::Refresh);
    if checks.wanted == Wanted::Only(TokenKind::App) && session {
        verdict.reasons.push(Reason::Blocked);
    } else if !typed || !checks.wanted.accepts(kind) {
        verdict.reasons.push(Reason::WrongType);
    } else {
        judge_typ(verdict, header, checks);
    }
    judge_record(tx, verdict, kind, claims, &registered, checks.now)?;
    // A test token stands for one of others.
    let is_test = kind == TokenKind::Test;
    let permissions = if is_test { &claims::PERMISSIONS[..] } else { &PERMISSIONS };
    judge_claims(verdict, claims, &registered, permissions, checks);
    Ok(())
}

/// Compares the header's `typ` with what the caller asks for.
fn judge_typ(verdict: &mut Verdict, header: &Map<String, Value>, checks: &Checks) {
    let typ = header.get("typ").and_then(Value::as_str);
    if checks.typ.as_ref().is_some_and(|wanted| !wanted.is_named_by(typ)) {
        let found = typ.map_or_else(|| "none".to_owned(), |typ| format!("`{}`", escaped(typ)));
        verdict.add(Reason::WrongType, format!("found {found} in `typ`"));
    }
}

/// What is judged by the claims alone: times, issuer, audience, and what the caller asks for.
/// Permissions stand in the claims of these names.
fn judge_claims(
    verdict: &mut Verdict,
    claims: &Map<String, Value>,
    registered: &Registered,
    permissions: &[&str],
    checks: &Checks,
) {
    let times = claims::times(registered, checks.at, checks.leeway);
    // A token without a row that is over anyway was pruned, and says no more than that.
    if times.contains(&Reason::Expired) {
        if verdict.reasons.first() == Some(&Reason::UnknownToken) {
            verdict.detail = None;
        }
        verdict.reasons.retain(|reason| *reason != Reason::UnknownToken);
    }
    verdict.reasons.extend(times);
    if checks.issuer.is_some() && checks.issuer != registered.issuer {
        verdict.reasons.push(Reason::Issuer);
    }
    if checks.audience.as_ref().is_some_and(|wanted| !registered.audience.contains(wanted)) {
        verdict.reasons.push(Reason::Audience);
    }
    if let Some(missing) = claims::lacks_permission(claims, permissions, &checks.permissions) {
        verdict.add(Reason::Permission, missing.shown());
    }
    let absent = claims::lacks_claim(claims, &checks.required_claims);
    if let Some(name) = absent.or_else(|| claims::lacks_value(claims, &checks.required)) {
        verdict.add(Reason::Require, escaped(name));
    }
    let end = [registered.expires, verdict.record.grace_end()].into_iter().flatten().min();
    if checks.min_ttl.is_some_and(|ttl| !claims::lasts(end, checks.at, ttl)) {
        verdict.reasons.push(Reason::MinTtl);
    }
}

#[cfg(test)]
mod tests;
