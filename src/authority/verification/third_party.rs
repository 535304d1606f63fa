//! Verification of third-party tokens with given keys. The checks use no rows. Their order is the
//! same as for tokens of the store, except that `typ` is checked before the registered claims.

use super::super::claims::{KNOWN_PERMISSION_CLAIMS, RegisteredClaims};
use super::super::rejection::describe_alternatives;
use super::super::{RejectReason, Rejection};
use super::expectations::{Expectations, check_claims, check_typ};
use super::header_cache::HeaderCache;
use super::key_choice::parse_alg_and_kid;
use super::kind::parse_claims;
use super::report::EarlyRejection;
use super::report::VerificationReport;
use crate::crypto::{KeyRefusal, KeySet, SignatureVerifier};
use serde_json::{Map, Value};
use std::convert::Infallible;

/// Maximum number of key ids that a message lists. For more key ids, the message contains only the
/// number of keys that have a key id.
const MAX_NAMED_KIDS: usize = 4;

/// Verifies a third-party token. Kind, revocation and owner are unknown; the expected kind is
/// ignored.
pub(crate) fn verify_third_party(
    keys: &KeySet,
    token: &str,
    expectations: &Expectations,
) -> VerificationReport {
    ThirdPartyVerifier::new(keys, expectations).verify(token)
}

/// Verifier of third-party tokens. For tokens with the same header, the keys are chosen only once.
pub(crate) struct ThirdPartyVerifier<'a> {
    keys: &'a KeySet,
    expectations: &'a Expectations,
    headers: HeaderCache<CandidateKeys>,
}

/// Keys that may have signed a token, ready to verify signatures.
struct CandidateKeys {
    verifiers: Vec<SignatureVerifier>,
    /// True if `verifiers` does not contain all keys that may have signed the token, because there
    /// are too many such keys.
    is_truncated: bool,
}

impl<'a> ThirdPartyVerifier<'a> {
    pub(crate) fn new(keys: &'a KeySet, expectations: &'a Expectations) -> Self {
        Self { keys, expectations, headers: HeaderCache::new() }
    }

    /// Verifies a token.
    pub(crate) fn verify(&mut self, token: &str) -> VerificationReport {
        self.try_verify(token).unwrap_or_else(EarlyRejection::into)
    }

    fn try_verify(&mut self, token: &str) -> Result<VerificationReport, EarlyRejection> {
        let compact = self.headers.parse(token)?;
        let header = &compact.header;
        let Ok(choice) =
            header.key(|members| Ok::<_, Infallible>(select_candidates(self.keys, members)));
        let candidates = choice?;
        if !candidates.verifiers.iter().any(|verifier| verifier.verifies(&compact)) {
            let mut rejection = Rejection::new(RejectReason::BadSignature);
            if candidates.is_truncated {
                let count = candidates.verifiers.len();
                rejection = rejection.with_explanation(format!(
                    "tried {count} keys, and more keys fit the algorithm"
                ));
            }
            return Err(rejection.into());
        }
        let claims = parse_claims(&compact.payload)?;
        let mut report = VerificationReport::default();
        check_typ(&mut report, &header.members, self.expectations);
        check_third_party_claims(&mut report, &claims, self.expectations);
        report.claims = Some(claims);
        Ok(report)
    }
}

/// Returns the keys that may have signed a token with this header.
fn select_candidates(
    keys: &KeySet,
    header: &Map<String, Value>,
) -> Result<CandidateKeys, EarlyRejection> {
    let (algorithm, kid) = parse_alg_and_kid(header)?;
    let candidates = keys.candidates(algorithm, kid).map_err(to_rejection)?;
    let verifiers = candidates.keys.iter().map(|key| key.signature_verifier(algorithm)).collect();
    Ok(CandidateKeys { verifiers, is_truncated: candidates.is_truncated })
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

/// Checks the same claims twice, without a signature or a row, for fuzzing: first as the claims of
/// a token of the store, then as the claims of a third-party token. Returns the rejection reasons
/// of the first and of the second check.
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
                &super::kind::APP_AND_SESSION_PERMISSION_CLAIMS,
                expectations,
            );
        }
        Err(rejection) => store_report.reasons.push(rejection),
    }
    check_third_party_claims(&mut third_party_report, claims, expectations);
    [store_report, third_party_report]
        .map(|report| report.reasons.iter().map(|rejection| rejection.reason).collect())
}

/// Describes the `kid` that was expected. `kids` are the key ids of the given keys.
fn describe_kids(kids: &[String]) -> String {
    let mut distinct_kids: Vec<String> = Vec::new();
    for kid in kids {
        if distinct_kids.len() <= MAX_NAMED_KIDS && !distinct_kids.contains(kid) {
            distinct_kids.push(kid.clone());
        }
    }
    match distinct_kids.as_slice() {
        [] => "a token without `kid`, as no key has a `kid`".to_owned(),
        distinct if distinct.len() <= MAX_NAMED_KIDS => {
            format!("`kid` {}", describe_alternatives(distinct))
        }
        _ => format!("the `kid` of one of {} keys", kids.len()),
    }
}

/// Converts the reason why no key can verify a token into the rejection of the token.
fn to_rejection(refusal: KeyRefusal) -> Rejection {
    match refusal {
        KeyRefusal::Unknown(kids) => {
            Rejection::new(RejectReason::UnknownKey).with_expected_description(describe_kids(&kids))
        }
        KeyRefusal::WrongAlgorithm(algorithm_names) => {
            let rejection = Rejection::new(RejectReason::AlgNotAllowed);
            match algorithm_names.as_slice() {
                [] => rejection,
                [name] => rejection.with_expected(name),
                names => rejection.with_expected_description(describe_alternatives(names)),
            }
        }
        // The explanation is about one of the given keys, not about the token.
        KeyRefusal::Unusable(explanation) => {
            Rejection::new(RejectReason::UnknownKey).with_explanation(explanation)
        }
    }
}
