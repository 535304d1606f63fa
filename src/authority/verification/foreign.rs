//! Tokens of others, held against keys that somebody gave: the same order of checks, without rows.

use super::super::Reason;
use super::super::claims::{PERMISSIONS, Registered};
use super::{Checks, Verdict, judge_claims, judge_typ, named};
use crate::crypto::{Compact, Verifier};
use crate::model::strict_object;
use serde_json::{Map, Value};

/// Judges a token that is not of this store. Kind, revocation and owner are not known of it; what
/// `checks` says about them does not count.
pub(crate) fn verify_foreign(keys: &[Verifier], token: &str, checks: &Checks) -> Verdict {
    let compact = match Compact::parse(token) {
        Ok(compact) => compact,
        Err(why) => return Verdict::refused(Reason::Malformed, Some(why)),
    };
    let (algorithm, kid) = match named(&compact.header) {
        Ok(named) => named,
        Err(reason) => return Verdict::refused(reason, None),
    };
    let Some(key) = select(keys, kid) else { return Verdict::refused(Reason::UnknownKey, None) };
    if !key.algorithms.contains(&algorithm) {
        return Verdict::refused(Reason::AlgNotAllowed, None);
    }
    if !key.checks(&compact, algorithm) {
        return Verdict::refused(Reason::BadSignature, None);
    }
    let claims = match strict_object(&compact.payload) {
        Ok(claims) => claims,
        Err(why) => {
            return Verdict::refused(Reason::Malformed, Some(format!("the payload is {why}")));
        }
    };
    let mut verdict = Verdict::default();
    judge_typ(&mut verdict, &compact.header, checks);
    judge_foreign(&mut verdict, &claims, checks);
    verdict.claims = Some(claims);
    verdict
}

/// Judges the claims of a token of others.
pub(super) fn judge_foreign(verdict: &mut Verdict, claims: &Map<String, Value>, checks: &Checks) {
    match Registered::read_foreign(claims) {
        Ok(registered) => {
            if registered.expires.is_none() && !checks.allow_no_expiry {
                verdict.add(Reason::MissingClaim, "exp".to_owned());
            }
            judge_claims(verdict, claims, &registered, &PERMISSIONS, checks);
        }
        Err(reason) => verdict.reasons.push(reason),
    }
}

/// The key with the id that the token names. One key that was given without an id is meant
/// whatever the token names, and one alone is meant where it names none. Keys are never tried in
/// turn.
fn select<'k>(keys: &'k [Verifier], kid: Option<&str>) -> Option<&'k Verifier> {
    match (keys, kid) {
        ([only], None) => Some(only),
        ([only], Some(_)) if only.kid.is_none() => Some(only),
        (_, None) => None,
        (_, Some(kid)) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
    }
}
