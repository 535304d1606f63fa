//! Verification of third-party tokens with keys that the caller supplies. The checks have the same
//! order as for tokens of the store, but use no rows.

use super::super::claims::{KNOWN_PERMISSION_CLAIMS, RegisteredClaims};
use super::super::rejection::describe_alternatives;
use super::super::{RejectReason, Rejection};
use super::{Expectations, VerificationReport, check_claims, check_typ, parse_alg_and_kid};
use crate::crypto::{CompactJws, KeyRefusal, KeySet};
use crate::model::parse_strict_object;
use serde_json::{Map, Value};

/// Maximum number of key ids in a message.
const MAX_NAMED_KIDS: usize = 4;

/// Verifies a third-party token. Kind, revocation and owner are unknown; the expected kind is
/// ignored.
pub(crate) fn verify_third_party(
    keys: &KeySet,
    token: &str,
    expectations: &Expectations,
) -> VerificationReport {
    let compact = match CompactJws::parse(token) {
        Ok(compact) => compact,
        Err(detail) => {
            return VerificationReport::malformed(detail);
        }
    };
    let (algorithm, kid) = match parse_alg_and_kid(&compact.header) {
        Ok(alg_and_kid) => alg_and_kid,
        Err(reason) => return VerificationReport::from_reason(reason),
    };
    let candidates = match keys.candidates(algorithm, kid) {
        Ok(candidates) => candidates,
        Err(refusal) => return report_refusal(refusal),
    };
    if !candidates.keys.iter().any(|key| key.verifies(&compact, algorithm)) {
        let mut rejection = Rejection::new(RejectReason::BadSignature);
        if candidates.is_truncated {
            let count = candidates.keys.len();
            rejection = rejection
                .with_explanation(format!("tried {count} keys, and more keys fit the algorithm"));
        }
        return VerificationReport::from_reason(rejection);
    }
    let claims = match parse_strict_object(&compact.payload) {
        Ok(claims) => claims,
        Err(error) => {
            return VerificationReport::malformed(format!("the payload is {}", error.summary()));
        }
    };
    let mut report = VerificationReport::default();
    check_typ(&mut report, &compact.header, expectations);
    check_third_party_claims(&mut report, &claims, expectations);
    report.claims = Some(claims);
    report
}

/// Checks the claims of a third-party token.
pub(super) fn check_third_party_claims(
    report: &mut VerificationReport,
    claims: &Map<String, Value>,
    expectations: &Expectations,
) {
    match RegisteredClaims::parse_third_party(claims) {
        Ok(registered) => {
            if registered.expires_at.is_none() && !expectations.allow_no_expiry {
                let rejection = Rejection::for_claim(RejectReason::MissingClaim, "exp");
                report.reasons.push(rejection);
            }
            check_claims(report, claims, &registered, &KNOWN_PERMISSION_CLAIMS, expectations);
        }
        Err(rejection) => report.reasons.push(rejection),
    }
}

/// Returns the rejection reasons for these claims without signature and row, as a token of the
/// store and as a third-party token, for fuzzing.
#[cfg(any(fuzzing, test))]
pub(crate) fn check_claims_only(
    claims: &Map<String, Value>,
    expectations: &Expectations,
) -> [Vec<RejectReason>; 2] {
    let [mut store_report, mut third_party_report] =
        [VerificationReport::default(), VerificationReport::default()];
    match RegisteredClaims::parse(claims) {
        Ok(registered) => {
            check_claims(
                &mut store_report,
                claims,
                &registered,
                &super::PERMISSION_CLAIMS,
                expectations,
            );
        }
        Err(rejection) => store_report.reasons.push(rejection),
    }
    check_third_party_claims(&mut third_party_report, claims, expectations);
    [store_report, third_party_report]
        .map(|report| report.reasons.iter().map(|rejection| rejection.reason).collect())
}

/// Returns the description of the key ids of the keys that the caller supplied.
fn describe_kids(kids: &[String]) -> String {
    match kids {
        [] => "a token without `kid`, as no key has one".to_owned(),
        [..] if kids.len() <= MAX_NAMED_KIDS => format!("`kid` {}", describe_alternatives(kids)),
        _ => format!("the `kid` of one of {} keys", kids.len()),
    }
}

/// Returns the report for a token without a usable key.
fn report_refusal(refusal: KeyRefusal) -> VerificationReport {
    let rejection = match refusal {
        KeyRefusal::Unknown(kids) => {
            Rejection::new(RejectReason::UnknownKey).with_expected_description(describe_kids(&kids))
        }
        KeyRefusal::WrongAlgorithm(names) => {
            let rejection = Rejection::new(RejectReason::AlgNotAllowed);
            match names.as_slice() {
                [] => rejection,
                [name] => rejection.with_expected(name),
                names => rejection.with_expected_description(describe_alternatives(names)),
            }
        }
        // The explanation is about a key that the caller supplied, not about the token.
        KeyRefusal::Unusable(explanation) => {
            Rejection::new(RejectReason::UnknownKey).with_explanation(explanation)
        }
    };
    VerificationReport::from_reason(rejection)
}
