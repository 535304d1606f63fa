//! Verification of tokens of the store, in a fixed order: form, algorithm and key, signature, type,
//! revocation and owner, times, issuer and audience, and last the expectations of the caller. Until
//! the signature is verified, a report has exactly one reason; afterwards, a report has all
//! reasons.

mod agreement;
mod expectations;
mod introspection;
mod report;
mod third_party;
mod token_state;

pub(crate) use crate::crypto::{Verifier, ensure_no_public_secrets, read_jwks, read_key};
pub(crate) use expectations::{Expectations, ExpectedKind, MediaType};
pub(crate) use introspection::introspect;
pub(super) use report::TokenRecord;
pub(crate) use report::VerificationReport;
#[cfg(any(fuzzing, test))]
pub(crate) use third_party::check_claims_only;
pub(crate) use third_party::verify_third_party;
use token_state::check_token_state;
pub(super) use token_state::{
    load_consistent_record, recheck_app_token_owner, recheck_session_owner,
};

use super::claims::{self, RegisteredClaims};
use super::{Error, RejectReason};
use crate::crypto::{CompactJws, is_signed_by};
pub(crate) use crate::crypto::{DecodedPayload, DecodedToken};
use crate::model::{Algorithm, Key, KeyState, Purpose, TokenKind, escape, parse_strict_object};
use crate::store::{Reader, Store};
use serde_json::{Map, Value};

/// Claims that contain the permissions of a token of the store.
const PERMISSION_CLAIMS: [&str; 1] = ["permissions"];

/// Verifies a token of this store. An error means that verification was not possible, for example
/// because the store failed.
pub(crate) fn verify(
    store: &mut Store,
    token: &str,
    expectations: &Expectations,
) -> Result<VerificationReport, Error> {
    let compact = match CompactJws::parse(token) {
        Ok(compact) => compact,
        Err(detail) => {
            return Ok(VerificationReport::from_reason(RejectReason::Malformed, Some(detail)));
        }
    };
    store.read(|tx| {
        let key = match select_key(tx, &compact.header, expectations)? {
            Ok(key) => key,
            Err(report) => return Ok(report),
        };
        if !is_signed_by(&compact, &key.spec)? {
            return Ok(VerificationReport::from_reason(RejectReason::BadSignature, None));
        }
        // Anyone who has the revoked key may have signed the token: no claim can be trusted.
        if key.state == KeyState::Revoked {
            return Ok(VerificationReport::from_reason(RejectReason::KeyRevoked, None));
        }
        let claims = match parse_strict_object(&compact.payload) {
            Ok(claims) => claims,
            Err(error) => {
                return Ok(VerificationReport::from_reason(
                    RejectReason::Malformed,
                    Some(format!("the payload is {}", error.summary())),
                ));
            }
        };
        let mut report = VerificationReport {
            kind: Some(determine_kind(&key, &claims)),
            key: Some(key),
            ..VerificationReport::default()
        };
        check_token(tx, &mut report, &claims, &compact.header, expectations)?;
        report.claims = Some(claims);
        Ok(report)
    })
}

/// Decodes header and payload without verification.
pub(crate) fn decode(token: &str) -> Result<DecodedToken, Error> {
    DecodedToken::decode(token).map_err(|detail| Error::TokenRejected {
        kind: None,
        reasons: vec![RejectReason::Malformed],
        detail: Some(detail),
    })
}

/// Returns the key that the header names, if the key may verify a token of the expected kind.
/// Revoked keys are included: the token is refused because of the revoked key only after its
/// signature proves that this key signed it. Header parameters that carry or reference a key
/// (`jwk`, `jku`, `x5u`, `x5c`) are ignored.
fn select_key(
    tx: &Reader<'_>,
    header: &Map<String, Value>,
    expectations: &Expectations,
) -> Result<Result<Key, VerificationReport>, Error> {
    let reject = |reason| Ok(Err(VerificationReport::from_reason(reason, None)));
    let (algorithm, kid) = match parse_alg_and_kid(header) {
        Ok((algorithm, Some(kid))) => (algorithm, kid),
        Ok((_, None)) => return reject(RejectReason::UnknownKey),
        Err(reason) => return reject(reason),
    };
    let may_have_signed =
        |key: &Key| key.state == KeyState::Revoked || key.can_verify(expectations.now);
    let Some(key) = tx.find_key(kid)?.filter(may_have_signed) else {
        return reject(RejectReason::UnknownKey);
    };
    // A test key never verifies an app or session token, and an app key never verifies a test
    // token.
    let is_test = key.spec.purpose == Purpose::Test;
    if let ExpectedKind::Only(kind) = expectations.kind
        && is_test != (kind == TokenKind::Test)
    {
        let kind_of_key = is_test.then_some(TokenKind::Test);
        return Ok(Err(VerificationReport {
            kind: kind_of_key,
            ..VerificationReport::from_reason(RejectReason::WrongType, None)
        }));
    }
    if !key.spec.algorithm.is_equivalent(algorithm) {
        return reject(RejectReason::AlgNotAllowed);
    }
    Ok(Ok(key))
}

/// Returns algorithm and key id of a header.
fn parse_alg_and_kid(
    header: &Map<String, Value>,
) -> Result<(Algorithm, Option<&str>), RejectReason> {
    // RFC 7515, section 4.1.11: a critical extension that is not understood makes the token
    // invalid.
    if ["crit", "b64", "zip", "enc"].iter().any(|name| header.contains_key(*name)) {
        return Err(RejectReason::CriticalHeader);
    }
    let algorithm = header.get("alg").and_then(Value::as_str).map(Algorithm::parse);
    let Some(Ok(algorithm)) = algorithm else { return Err(RejectReason::AlgNotAllowed) };
    match header.get("kid") {
        None => Ok((algorithm, None)),
        Some(Value::String(kid)) => Ok((algorithm, Some(kid))),
        Some(_) => Err(RejectReason::Malformed),
    }
}

/// Returns the token kind. The purpose of the key takes precedence over the claim `type`.
fn determine_kind(key: &Key, claims: &Map<String, Value>) -> TokenKind {
    match (key.spec.purpose, claims.get("type").and_then(Value::as_str)) {
        (Purpose::Test, _) => TokenKind::Test,
        (Purpose::App, Some("access")) => TokenKind::Access,
        (Purpose::App, Some("refresh")) => TokenKind::Refresh,
        (Purpose::App, _) => TokenKind::App,
    }
}

fn check_token(
    tx: &Reader<'_>,
    report: &mut VerificationReport,
    claims: &Map<String, Value>,
    header: &Map<String, Value>,
    expectations: &Expectations,
) -> Result<(), Error> {
    let kind = report.kind.unwrap_or(TokenKind::App);
    let registered = match RegisteredClaims::parse(claims) {
        Ok(registered) => registered,
        Err(reason) => {
            report.reasons.push(reason);
            return Ok(());
        }
    };
    let has_matching_type = kind == TokenKind::Test
        || (header.get("typ").and_then(Value::as_str) == Some(kind.typ())
            && claims.get("type").and_then(Value::as_str) == Some(kind.name()));
    let is_session = matches!(kind, TokenKind::Access | TokenKind::Refresh);
    if expectations.kind == ExpectedKind::Only(TokenKind::App) && is_session {
        report.reasons.push(RejectReason::SessionToken);
    } else if !has_matching_type || !expectations.kind.accepts(kind) {
        report.reasons.push(RejectReason::WrongType);
    } else {
        check_typ(report, header, expectations);
    }
    check_token_state(tx, report, kind, claims, &registered, expectations.now)?;
    // A test token imitates a third-party token, whose permissions may be in any of these claims.
    let is_test = kind == TokenKind::Test;
    let permission_claims =
        if is_test { &claims::KNOWN_PERMISSION_CLAIMS[..] } else { &PERMISSION_CLAIMS };
    check_claims(report, claims, &registered, permission_claims, expectations);
    Ok(())
}

/// Compares the header's `typ` with the expected media type.
fn check_typ(
    report: &mut VerificationReport,
    header: &Map<String, Value>,
    expectations: &Expectations,
) {
    let typ = header.get("typ").and_then(Value::as_str);
    if expectations.typ.as_ref().is_some_and(|expected| !expected.is_named_by(typ)) {
        let quoted_typ = typ.map_or_else(|| "none".to_owned(), |typ| format!("`{}`", escape(typ)));
        report.add_reason(RejectReason::WrongType, format!("found {quoted_typ} in `typ`"));
    }
}

/// Checks that need only the claims: times, issuer, audience, and the expectations of the caller.
/// `permission_claims` are the names of the claims with permissions.
fn check_claims(
    report: &mut VerificationReport,
    claims: &Map<String, Value>,
    registered: &RegisteredClaims,
    permission_claims: &[&str],
    expectations: &Expectations,
) {
    let time_reasons =
        claims::check_times(registered, expectations.reference_time, expectations.leeway);
    // An expired token without a row was probably pruned: only the expiry is reported.
    if time_reasons.contains(&RejectReason::Expired) {
        if report.reasons.first() == Some(&RejectReason::UnknownToken) {
            report.detail = None;
        }
        report.reasons.retain(|reason| *reason != RejectReason::UnknownToken);
    }
    report.reasons.extend(time_reasons);
    if expectations.issuer.is_some() && expectations.issuer != registered.issuer {
        report.reasons.push(RejectReason::IssuerMismatch);
    }
    if expectations
        .audience
        .as_ref()
        .is_some_and(|expected| !registered.audience.contains(expected))
    {
        report.reasons.push(RejectReason::AudienceMismatch);
    }
    if let Some(permission) =
        claims::find_missing_permission(claims, permission_claims, &expectations.permissions)
    {
        report.add_reason(RejectReason::MissingPermission, permission.to_display());
    }
    let missing_claim = claims::find_missing_claim(claims, &expectations.required_claims);
    if let Some(name) = missing_claim
        .or_else(|| claims::find_mismatched_claim(claims, &expectations.required_values))
    {
        report.add_reason(RejectReason::RequirementFailed, escape(name));
    }
    let expires_at =
        [registered.expires_at, report.record.grace_expires_at()].into_iter().flatten().min();
    if expectations
        .min_ttl
        .is_some_and(|ttl| !claims::has_remaining_ttl(expires_at, expectations.reference_time, ttl))
    {
        report.reasons.push(RejectReason::TtlTooShort);
    }
}

#[cfg(test)]
mod tests;
