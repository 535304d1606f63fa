//! Verification of tokens: tokens of the store, and third-party tokens with given keys. For tokens
//! of the store, the order of the checks is fixed: form of the token, algorithm and key, signature,
//! state of the key, registered claims, type, revocation and owner, times, issuer and audience, and
//! last the other expectations.
//!
//! Some reasons are reported alone: a failure of the signature check or of an earlier check, a key
//! that is revoked, or retired and no longer accepted, a malformed payload, and, in a token of the
//! store, a malformed registered claim. Otherwise a report has the reasons of all failed checks,
//! except a reason that another reason explains. For example, an expired token without a row is not
//! reported as unknown, because its row was probably pruned.

mod agreement;
mod example;
mod expectations;
mod header_cache;
mod introspection;
mod key_choice;
mod kind;
mod owner_cache;
mod prefetch;
mod report;
mod store_verifier;
mod third_party;
mod token_state;

pub(crate) use crate::crypto::{DecodedPayload, DecodedToken};
pub(crate) use crate::crypto::{KeySet, SingleKeyReader, read_jwks};
pub(crate) use example::ValidTokenExample;
pub(crate) use expectations::{Expectations, ExpectedKind, MediaType};
pub(crate) use introspection::introspect;
pub(super) use report::TokenRecord;
pub(crate) use report::VerificationReport;
pub(crate) use store_verifier::{StoreVerifier, Verdict};
#[cfg(any(fuzzing, test))]
pub(crate) use third_party::check_claims_only;
pub(crate) use third_party::{ThirdPartyVerifier, verify_third_party};
pub(super) use token_state::{
    load_consistent_record, recheck_app_token_owner, recheck_session_owner,
};

use super::{Error, RejectReason, Rejection};
use crate::store::Store;
use header_cache::HeaderCache;
use prefetch::prefetch_rows;

/// Verifies a token of this store. An error means that verification was not possible, for example
/// because the store failed.
pub(crate) fn verify(
    store: &mut Store,
    token: &str,
    expectations: &Expectations,
) -> Result<VerificationReport, Error> {
    // A malformed token is refused without access to the store.
    match HeaderCache::new().parse(token) {
        Ok(compact) => store.read(|tx| {
            prefetch_rows(tx, &compact.payload);
            StoreVerifier::new(tx, expectations).verify_parsed(&compact)
        }),
        Err(rejection) => Ok(rejection.into()),
    }
}

/// Calls `work` with a verifier of tokens of this store. The verifier sees one snapshot of the
/// store: changes that other processes commit during `work` have no effect.
pub(crate) fn with_verifier<T, E: From<crate::store::Error>>(
    store: &mut Store,
    expectations: &Expectations,
    work: impl FnOnce(&mut StoreVerifier<'_>) -> Result<T, E>,
) -> Result<T, E> {
    store.read(|tx| work(&mut StoreVerifier::new(tx, expectations)))
}

/// Decodes header and payload without verification.
pub(crate) fn decode(token: &str) -> Result<DecodedToken, Error> {
    DecodedToken::decode(token).map_err(|detail| {
        Error::from_reason(Rejection::new(RejectReason::Malformed).with_explanation(detail))
    })
}

#[cfg(test)]
mod tests;
