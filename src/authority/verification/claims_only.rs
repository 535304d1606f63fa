//! Validation of claims without signature and row, for fuzzing.

use super::super::RejectReason;
use super::super::claims::RegisteredClaims;
use super::third_party::check_third_party_claims;
use super::{Expectations, PERMISSION_CLAIMS, VerificationReport, check_claims};
use serde_json::{Map, Value};

/// Returns the rejection reasons for these claims, as a token of the store and as a third-party
/// token.
pub(crate) fn check_claims_only(
    claims: &Map<String, Value>,
    expectations: &Expectations,
) -> [Vec<RejectReason>; 2] {
    let [mut store_report, mut third_party_report] =
        [VerificationReport::default(), VerificationReport::default()];
    match RegisteredClaims::parse(claims) {
        Ok(registered) => {
            check_claims(&mut store_report, claims, &registered, &PERMISSION_CLAIMS, expectations);
        }
        Err(reason) => store_report.reasons.push(reason),
    }
    check_third_party_claims(&mut third_party_report, claims, expectations);
    [store_report.reasons, third_party_report.reasons]
}
