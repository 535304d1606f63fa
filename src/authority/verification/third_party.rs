//! Tokens of others, held against keys that somebody gave: the same order of checks, without rows.

use super::super::RejectReason;
use super::super::claims::{KNOWN_PERMISSION_CLAIMS, RegisteredClaims};
use super::{Expectations, VerificationReport, check_claims, check_typ, parse_alg_and_kid};
use crate::crypto::{Compact, Verifier};
use crate::model::parse_strict_object;
use serde_json::{Map, Value};

/// Judges a token that is not of this store. Kind, revocation and owner are not known of it; what
/// `checks` says about them does not count.
pub(crate) fn verify_third_party(
    keys: &[Verifier],
    token: &str,
    expectations: &Expectations,
) -> VerificationReport {
    let compact = match Compact::parse(token) {
        Ok(compact) => compact,
        Err(why) => return VerificationReport::from_reason(RejectReason::Malformed, Some(why)),
    };
    let (algorithm, kid) = match parse_alg_and_kid(&compact.header) {
        Ok(alg_and_kid) => alg_and_kid,
        Err(reason) => return VerificationReport::from_reason(reason, None),
    };
    let Some(key) = select_verifier(keys, kid) else {
        return VerificationReport::from_reason(RejectReason::UnknownKey, None);
    };
    if !key.algorithms.contains(&algorithm) {
        return VerificationReport::from_reason(RejectReason::AlgNotAllowed, None);
    }
    if !key.verifies(&compact, algorithm) {
        return VerificationReport::from_reason(RejectReason::BadSignature, None);
    }
    let claims = match parse_strict_object(&compact.payload) {
        Ok(claims) => claims,
        Err(why) => {
            return VerificationReport::from_reason(
                RejectReason::Malformed,
                Some(format!("the payload is {why}")),
            );
        }
    };
    let mut report = VerificationReport::default();
    check_typ(&mut report, &compact.header, expectations);
    check_third_party_claims(&mut report, &claims, expectations);
    report.claims = Some(claims);
    report
}

/// Judges the claims of a token of others.
pub(super) fn check_third_party_claims(
    report: &mut VerificationReport,
    claims: &Map<String, Value>,
    expectations: &Expectations,
) {
    match RegisteredClaims::parse_third_party(claims) {
        Ok(registered) => {
            if registered.expires_at.is_none() && !expectations.allow_no_expiry {
                report.add_reason(RejectReason::MissingClaim, "exp".to_owned());
            }
            check_claims(report, claims, &registered, &KNOWN_PERMISSION_CLAIMS, expectations);
        }
        Err(reason) => report.reasons.push(reason),
    }
}

/// The key with the id that the token names. One key that was given without an id is meant
/// whatever the token names, and one alone is meant where it names none. Keys are never tried in
/// turn.
fn select_verifier<'k>(keys: &'k [Verifier], kid: Option<&str>) -> Option<&'k Verifier> {
    match (keys, kid) {
        ([only], None) => Some(only),
        ([only], Some(_)) if only.kid.is_none() => Some(only),
        (_, None) => None,
        (_, Some(kid)) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
    }
}
