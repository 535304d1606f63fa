//! Choice of the stored key with which a token is verified.

use super::expectations::{Expectations, ExpectedKind};
use super::report::EarlyRejection;
use crate::authority::rejection::describe_time;
use crate::authority::{Error, RejectReason, Rejection};
use crate::crypto::SignatureVerifier;
use crate::model::{Algorithm, Key, KeyState, Purpose, Timestamp, TokenKind};
use crate::store::Reader;
use serde_json::{Map, Value};
use std::rc::Rc;

/// A key of the store, ready to verify signatures.
pub(super) struct StoredKey {
    pub(super) key: Rc<Key>,
    pub(super) verifier: SignatureVerifier,
}

/// Returns the key that the header names, if the key may verify a token of the expected kind.
/// Revoked and retired keys are included: a token is refused because of the state of its key only
/// after the signature proves that this key signed the token. Header parameters that carry or
/// reference a key (`jwk`, `jku`, `x5u`, `x5c`) are ignored. The inner error is the rejection of a
/// token without such a key, or with a header or algorithm that is not accepted.
pub(super) fn select_key(
    tx: &Reader<'_>,
    header: &Map<String, Value>,
    expectations: &Expectations,
) -> Result<Result<StoredKey, EarlyRejection>, Error> {
    let reject = |reason: RejectReason| Ok(Err(EarlyRejection::from(reason)));
    let (algorithm, kid) = match parse_alg_and_kid(header) {
        Ok((algorithm, Some(kid))) => (algorithm, kid),
        Ok((_, None)) => return reject(RejectReason::UnknownKey),
        Err(reason) => return reject(reason),
    };
    let may_have_signed = |key: &Key| {
        matches!(key.state, KeyState::Revoked | KeyState::Retired)
            || key.can_verify(expectations.now)
    };
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
        // The message states the kinds that the key signs, because the kind of the token is not
        // known before the signature is verified.
        let found = if is_test { "`test`" } else { "`app`, `access` or `refresh`" };
        let rejection = Rejection::new(RejectReason::WrongType)
            .with_expected(kind.name())
            .with_explanation(format!("found {found}, expected `{}`", kind.name()));
        return Ok(Err(EarlyRejection { kind: kind_of_key, rejection }));
    }
    if !key.spec.algorithm.is_equivalent(algorithm) {
        let rejection =
            Rejection::new(RejectReason::AlgNotAllowed).with_expected(key.spec.algorithm.name());
        return Ok(Err(rejection.into()));
    }
    let verifier = SignatureVerifier::new(&key.spec)?;
    Ok(Ok(StoredKey { key: Rc::new(key), verifier }))
}

/// Returns the rejection of a token whose key is revoked, or retired and no longer accepted. No
/// claim of such a token can be trusted: an attacker may have the key, and may have signed the
/// token.
pub(super) fn check_key_state(key: &Key, now: Timestamp) -> Option<Rejection> {
    if key.can_verify(now) {
        return None;
    }
    let kid = key.spec.kid.to_display();
    let (reason, explanation) = if key.state == KeyState::Revoked {
        (RejectReason::KeyRevoked, format!("`{kid}`"))
    } else {
        let until = key.verify_until.map_or_else(String::new, |until| {
            format!(" was accepted until {}", describe_time(until, now, now))
        });
        (RejectReason::KeyRetired, format!("`{kid}`{until}"))
    };
    let rejection = Rejection::for_claim(reason, "kid").with_found(key.spec.kid.as_str());
    Some(rejection.with_explanation(explanation))
}

/// Returns algorithm and key id of a header.
pub(super) fn parse_alg_and_kid(
    header: &Map<String, Value>,
) -> Result<(Algorithm, Option<&str>), RejectReason> {
    // No extension is supported, and a verifier must reject a token whose `crit` lists an
    // unsupported extension (RFC 7515, section 4.1.11). `b64`, `zip` and `enc` are rejected even
    // without `crit`, because they change the meaning of the payload.
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
