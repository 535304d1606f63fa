//! The one pipeline every token of ours goes through, in one fixed order: malformed, algorithm
//! and key, signature, type, revocation and owner, times, issuer and audience, and last what the
//! caller asks for. Before a good signature there is exactly one reason, after it all of them.

mod agreement;
#[cfg(any(fuzzing, test))]
mod claims_only;
mod expectations;
mod introspection;
mod report;
mod third_party;
mod token_state;

#[cfg(any(fuzzing, test))]
pub(crate) use claims_only::check_claims_only;
pub(crate) use expectations::{Expectations, ExpectedKind, MediaType};
pub(crate) use introspection::introspect;
pub(crate) use report::VerificationReport;
pub(crate) use third_party::verify_third_party;
use token_state::check_token_state;
pub(super) use token_state::{
    TokenRecord, load_consistent_record, recheck_app_token_owner, recheck_session_owner,
};

use super::claims::{self, RegisteredClaims};
use super::{Error, RejectReason};
use crate::crypto::{Compact, decode_lenient, is_signed_by};
use crate::model::{Algorithm, Key, KeyState, Purpose, TokenKind, escape, parse_strict_object};
use crate::store::{Reader, Store};
use serde_json::{Map, Value};

/// Where tokens of ours say what they may do.
const PERMISSION_CLAIMS: [&str; 1] = ["permissions"];

/// Judges a token of this store. An error means that it could not be judged.
pub(crate) fn verify(
    store: &mut Store,
    token: &str,
    expectations: &Expectations,
) -> Result<VerificationReport, Error> {
    let compact = match Compact::parse(token) {
        Ok(compact) => compact,
        Err(why) => return Ok(VerificationReport::from_reason(RejectReason::Malformed, Some(why))),
    };
    store.read(|tx| {
        let key = match select_key(tx, &compact.header, expectations)? {
            Ok(key) => key,
            Err(report) => return Ok(report),
        };
        if !is_signed_by(&compact, &key.spec)? {
            return Ok(VerificationReport::from_reason(RejectReason::BadSignature, None));
        }
        // Anyone who has the key may have signed the token: none of its claims counts.
        if key.state == KeyState::Revoked {
            return Ok(VerificationReport::from_reason(RejectReason::KeyRevoked, None));
        }
        let claims = match parse_strict_object(&compact.payload) {
            Ok(claims) => claims,
            Err(why) => {
                return Ok(VerificationReport::from_reason(
                    RejectReason::Malformed,
                    Some(format!("the payload is {why}")),
                ));
            }
        };
        let mut report = VerificationReport {
            kind: Some(kind_of(&key, &claims)),
            key: Some(key),
            ..VerificationReport::default()
        };
        check_token(tx, &mut report, &claims, &compact.header, expectations)?;
        report.claims = Some(claims);
        Ok(report)
    })
}

/// Header and payload of a token that nobody judged.
pub(crate) fn decode(token: &str) -> Result<(Value, Value), Error> {
    decode_lenient(token).map_err(|why| Error::TokenRejected {
        kind: None,
        reasons: vec![RejectReason::Malformed],
        detail: Some(why),
    })
}

/// Returns the key that the header names, if it may be used for what is wanted. A revoked key is
/// among them: only a good signature shows that the token is one of its tokens. Members that would
/// bring a key along (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.
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
    // An app or session check never goes on with a test key, nor the other way round.
    let is_test = key.spec.purpose == Purpose::Test;
    if let ExpectedKind::Only(kind) = expectations.kind
        && is_test != (kind == TokenKind::Test)
    {
        let known_kind = is_test.then_some(TokenKind::Test);
        return Ok(Err(VerificationReport {
            kind: known_kind,
            ..VerificationReport::from_reason(RejectReason::WrongType, None)
        }));
    }
    if key.spec.algorithm != algorithm {
        return reject(RejectReason::AlgNotAllowed);
    }
    Ok(Ok(key))
}

/// The algorithm and the key id that a header names.
fn parse_alg_and_kid(
    header: &Map<String, Value>,
) -> Result<(Algorithm, Option<&str>), RejectReason> {
    // RFC 7515, section 4.1.11: what is critical and not understood makes a token invalid.
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

/// The key's purpose decides first; only then does the token's own word count.
fn kind_of(key: &Key, claims: &Map<String, Value>) -> TokenKind {
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
    // A test token stands for one of others.
    let is_test = kind == TokenKind::Test;
    let permission_claims =
        if is_test { &claims::KNOWN_PERMISSION_CLAIMS[..] } else { &PERMISSION_CLAIMS };
    check_claims(report, claims, &registered, permission_claims, expectations);
    Ok(())
}

/// Compares the header's `typ` with what the caller asks for.
fn check_typ(
    report: &mut VerificationReport,
    header: &Map<String, Value>,
    expectations: &Expectations,
) {
    let typ = header.get("typ").and_then(Value::as_str);
    if expectations.typ.as_ref().is_some_and(|expected| !expected.is_named_by(typ)) {
        let found = typ.map_or_else(|| "none".to_owned(), |typ| format!("`{}`", escape(typ)));
        report.add_reason(RejectReason::WrongType, format!("found {found} in `typ`"));
    }
}

/// What is judged by the claims alone: times, issuer, audience, and what the caller asks for.
/// Permissions stand in the claims of these names.
fn check_claims(
    report: &mut VerificationReport,
    claims: &Map<String, Value>,
    registered: &RegisteredClaims,
    permission_claims: &[&str],
    expectations: &Expectations,
) {
    let time_reasons =
        claims::check_times(registered, expectations.reference_time, expectations.leeway);
    // A token without a row that is over anyway was pruned, and says no more than that.
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
    if let Some(missing) =
        claims::find_missing_permission(claims, permission_claims, &expectations.permissions)
    {
        report.add_reason(RejectReason::MissingPermission, missing.to_display());
    }
    let absent = claims::find_missing_claim(claims, &expectations.required_claims);
    if let Some(name) =
        absent.or_else(|| claims::find_mismatched_claim(claims, &expectations.required_values))
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
