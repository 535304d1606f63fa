//! Verification of tokens of the store, in a fixed order: form, algorithm and key, signature, type,
//! revocation and owner, times, issuer and audience, and last the expectations of the caller. Until
//! the signature is verified, a report has exactly one reason; afterwards, a report has all
//! reasons.

mod agreement;
mod expectations;
mod header_cache;
mod introspection;
mod report;
mod third_party;
mod token_state;

pub(crate) use crate::crypto::{KeySet, SingleKeyReader, read_jwks};
pub(crate) use expectations::{Expectations, ExpectedKind, MediaType};
use expectations::{check_claims, check_typ};
use header_cache::{Header, HeaderCache};
pub(crate) use introspection::introspect;
use report::EarlyRejection;
pub(super) use report::TokenRecord;
pub(crate) use report::VerificationReport;
#[cfg(any(fuzzing, test))]
pub(crate) use third_party::check_claims_only;
pub(crate) use third_party::{ThirdPartyVerifier, verify_third_party};
use token_state::{OwnerCache, check_token_state};
pub(super) use token_state::{
    load_consistent_record, recheck_app_token_owner, recheck_session_owner,
};

use super::claims::{KNOWN_PERMISSION_CLAIMS, RegisteredClaims};
use super::rejection::{describe_time, value_to_text};
use super::{Error, RejectReason, Rejection};
use crate::crypto::{CompactJws, SignatureVerifier};
pub(crate) use crate::crypto::{DecodedPayload, DecodedToken};
use crate::model::{Algorithm, Key, KeyState, Purpose, Timestamp, TokenKind, parse_strict_object};
use crate::store::{Reader, Store};
use serde_json::{Map, Value};
use std::rc::Rc;

/// Claims that contain the permissions of a token of the store.
const PERMISSION_CLAIMS: [&str; 1] = ["permissions"];

/// Verifies a token of this store. An error means that verification was not possible, for example
/// because the store failed.
pub(crate) fn verify(
    store: &mut Store,
    token: &str,
    expectations: &Expectations,
) -> Result<VerificationReport, Error> {
    // A malformed token is refused without the store.
    match HeaderCache::new().parse(token) {
        Ok(compact) => {
            store.read(|tx| StoreVerifier::new(tx, expectations).verify_parsed(&compact))
        }
        Err(rejection) => Ok(rejection.into()),
    }
}

/// Calls `work` with a verifier of tokens of this store. The verifier sees one snapshot of the
/// store: changes that are committed in the meantime have no effect.
pub(crate) fn with_verifier<T, E: From<crate::store::Error>>(
    store: &mut Store,
    expectations: &Expectations,
    work: impl FnOnce(&mut StoreVerifier<'_>) -> Result<T, E>,
) -> Result<T, E> {
    store.read(|tx| work(&mut StoreVerifier::new(tx, expectations)))
}

/// Verifier of tokens of the store. Keys and owners are looked up once.
pub(crate) struct StoreVerifier<'a> {
    expectations: &'a Expectations,
    headers: HeaderCache<StoredKey>,
    owners: OwnerCache<'a>,
}

/// A key of the store, ready to verify signatures.
struct StoredKey {
    key: Rc<Key>,
    verifier: SignatureVerifier,
}

impl<'a> StoreVerifier<'a> {
    fn new(tx: &'a Reader<'a>, expectations: &'a Expectations) -> Self {
        Self { expectations, headers: HeaderCache::new(), owners: OwnerCache::new(tx) }
    }

    /// Verifies a token.
    pub(crate) fn verify(&mut self, token: &str) -> Result<VerificationReport, Error> {
        match self.headers.parse(token) {
            Ok(compact) => self.verify_parsed(&compact),
            Err(rejection) => Ok(rejection.into()),
        }
    }

    fn verify_parsed(
        &self,
        compact: &CompactJws<'_, Rc<Header<StoredKey>>>,
    ) -> Result<VerificationReport, Error> {
        let select_key = |header: &_| select_key(self.owners.tx, header, self.expectations);
        let StoredKey { key, verifier } = match compact.header.key(select_key)? {
            Ok(key) => key,
            Err(rejection) => return Ok(rejection.into()),
        };
        if !verifier.verifies(compact) {
            return Ok(EarlyRejection::from(RejectReason::BadSignature).into());
        }
        if let Some(rejection) = check_key_state(key, self.expectations.now) {
            return Ok(EarlyRejection::from(rejection).into());
        }
        let claims = match parse_claims(&compact.payload) {
            Ok(claims) => claims,
            Err(rejection) => return Ok(rejection.into()),
        };
        let mut report = VerificationReport {
            kind: Some(determine_kind(key, &claims)),
            key: Some(Rc::clone(key)),
            ..VerificationReport::default()
        };
        self.check_token(&mut report, &claims, &compact.header.members)?;
        report.claims = Some(claims);
        Ok(report)
    }

    fn check_token(
        &self,
        report: &mut VerificationReport,
        claims: &Map<String, Value>,
        header: &Map<String, Value>,
    ) -> Result<(), Error> {
        let expectations = self.expectations;
        let kind = report.kind.unwrap_or(TokenKind::App);
        let registered = match RegisteredClaims::parse(claims) {
            Ok(registered) => registered,
            Err(rejection) => {
                report.reasons.push(rejection);
                return Ok(());
            }
        };
        match check_kind(kind, claims, header, expectations.kind) {
            Some(rejection) => report.reasons.push(rejection),
            None => check_typ(report, header, expectations),
        }
        check_token_state(&self.owners, report, kind, claims, &registered, expectations.now)?;
        // A test token imitates a third-party token, whose permissions may be in any of these
        // claims.
        let is_test = kind == TokenKind::Test;
        let permission_claims =
            if is_test { &KNOWN_PERMISSION_CLAIMS[..] } else { &PERMISSION_CLAIMS };
        check_claims(report, claims, &registered, permission_claims, expectations);
        Ok(())
    }
}

/// Parses the claims of a token with a valid signature.
fn parse_claims(payload: &[u8]) -> Result<Map<String, Value>, EarlyRejection> {
    parse_strict_object(payload)
        .map_err(|error| EarlyRejection::malformed(format!("the payload is {}", error.summary())))
}

/// Decodes header and payload without verification.
pub(crate) fn decode(token: &str) -> Result<DecodedToken, Error> {
    DecodedToken::decode(token).map_err(|detail| {
        Error::from_reason(Rejection::new(RejectReason::Malformed).with_explanation(detail))
    })
}

/// Returns the key that the header names, if the key may verify a token of the expected kind.
/// Revoked and retired keys are included: the token is refused because of the state of the key only
/// after its signature proves that this key signed it. Header parameters that carry or reference a key
/// (`jwk`, `jku`, `x5u`, `x5c`) are ignored.
fn select_key(
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
        // The type is that of the key: the signature is not verified.
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

/// Returns the rejection of every token of a key that no longer verifies. Anyone who has a revoked
/// key may have signed the token: no claim can be trusted.
fn check_key_state(key: &Key, now: Timestamp) -> Option<Rejection> {
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

/// Returns the rejection of a token of another kind than expected, or of which the header's `typ` or
/// the claim `type` is not that of its kind.
fn check_kind(
    kind: TokenKind,
    claims: &Map<String, Value>,
    header: &Map<String, Value>,
    expected: ExpectedKind,
) -> Option<Rejection> {
    let has_text = |value: Option<&Value>, text| value.and_then(Value::as_str) == Some(text);
    let (typ, claimed_type) = (header.get("typ"), claims.get("type"));
    let mismatch = |reason, name, found: Option<&Value>, expected| {
        let found_text = found.map(value_to_text);
        Some(Rejection::for_claim(reason, name).with_mismatch(found_text.as_deref(), expected))
    };
    if let ExpectedKind::Only(expected_kind) = expected
        && expected_kind != kind
    {
        let is_session = matches!(kind, TokenKind::Access | TokenKind::Refresh);
        let reason = if expected_kind == TokenKind::App && is_session {
            RejectReason::SessionToken
        } else {
            RejectReason::WrongType
        };
        return mismatch(reason, "type", claimed_type, expected_kind.name());
    }
    if kind == TokenKind::Test {
        None
    } else if !has_text(typ, kind.typ()) {
        mismatch(RejectReason::WrongType, "typ", typ, kind.typ())
    } else if !has_text(claimed_type, kind.name()) {
        mismatch(RejectReason::WrongType, "type", claimed_type, kind.name())
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
