//! Requirements on a token, and the checks of its `typ` and claims.

use super::super::claims::{
    RegisteredClaims, VerificationTime, check_permissions, check_remaining_ttl,
    check_required_claims, check_required_values, check_times,
};
use super::super::rejection::{RejectReason, Rejection, describe_alternatives, value_to_text};
use super::report::VerificationReport;
use crate::model::{InvalidValue, Lifetime, Permission, TimeSpec, Timestamp, TokenKind};
use serde_json::{Map, Value};

/// Token kinds that are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedKind {
    /// A single kind.
    Only(TokenKind),
    /// Any kind.
    Any,
}

/// Requirements that a token must satisfy.
#[derive(Debug, Clone)]
pub(crate) struct Expectations {
    /// Acceptable kinds.
    pub(crate) kind: ExpectedKind,
    /// Current time, for the state of the key, the end of a grace period, and messages.
    pub(crate) now: Timestamp,
    /// Time against which time claims are checked: the current time, or the time given with `--at`.
    pub(crate) reference_time: Timestamp,
    /// Clock skew that time claims may have, in seconds.
    pub(crate) leeway_seconds: i64,
    /// Expected issuer; `None` if the issuer is not checked.
    pub(crate) issuer: Option<String>,
    /// Accepted audiences; empty if the audience is not checked. A token needs to name only one
    /// accepted audience (RFC 7519, section 4.1.3).
    pub(crate) audience: Vec<String>,
    /// Required permissions.
    pub(crate) permissions: Vec<Permission>,
    /// Required values of claims: pairs of claim name and value.
    pub(crate) required_values: Vec<(String, String)>,
    /// Names of required claims. The claims may have any value except `null`.
    pub(crate) required_claims: Vec<String>,
    /// Required media type in the header's `typ`; `None` if the media type is not checked.
    pub(crate) typ: Option<MediaType>,
    /// Set if a third-party token without `exp` is accepted. For a token of the store, the row
    /// decides whether `exp` may be missing.
    pub(crate) allow_no_expiry: bool,
    /// Minimum remaining lifetime, measured from `reference_time`.
    pub(crate) min_ttl: Option<Lifetime>,
}

impl Expectations {
    /// Creates expectations without optional checks.
    pub(crate) fn new(kind: ExpectedKind, now: Timestamp) -> Self {
        Self {
            kind,
            now,
            reference_time: now,
            leeway_seconds: 0,
            issuer: None,
            audience: Vec::new(),
            permissions: Vec::new(),
            required_values: Vec::new(),
            required_claims: Vec::new(),
            typ: None,
            allow_no_expiry: false,
            min_ttl: None,
        }
    }

    /// Sets the current time and the reference time. The reference time is the time `at` given with
    /// `--at`, which may be relative to `now`. Without `--at`, the reference time is `now`.
    pub(crate) fn set_time(
        &mut self,
        now: Timestamp,
        at: Option<TimeSpec>,
    ) -> Result<(), InvalidValue> {
        self.now = now;
        self.reference_time = at.map_or(Ok(now), |time| time.resolve("--at", now))?;
        Ok(())
    }
}

/// Media type in normalized form for comparison (RFC 7515, section 4.1.9): lower case, with the
/// `application/` prefix that a header may omit.
#[derive(Debug, Clone)]
pub(crate) struct MediaType {
    normalized: String,
    /// Text as given, for messages.
    spelling: String,
}

impl MediaType {
    /// Parses a media type. The prefix `application/` may be omitted, as in a header's `typ`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_valid = |byte: u8| byte.is_ascii_graphic();
        if text.is_empty() || !text.bytes().all(is_valid) {
            return Err(InvalidValue::new("typ", "expected a media type such as `at+jwt`"));
        }
        Ok(Self { normalized: Self::normalize(text), spelling: text.to_owned() })
    }

    fn normalize(text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        if lower.contains('/') { lower } else { format!("application/{lower}") }
    }

    /// Returns whether a header's `typ` names this media type.
    pub(super) fn is_named_by(&self, typ: Option<&str>) -> bool {
        typ.is_some_and(|typ| Self::normalize(typ) == self.normalized)
    }
}

/// Compares the header's `typ` with the expected media type. Adds the rejection, if any, to
/// `report`.
pub(super) fn check_typ(
    report: &mut VerificationReport,
    header: &Map<String, Value>,
    expectations: &Expectations,
) {
    let typ = header.get("typ").and_then(Value::as_str);
    if let Some(expected) = expectations.typ.as_ref().filter(|media| !media.is_named_by(typ)) {
        report.reasons.push(
            Rejection::for_claim(RejectReason::WrongType, "typ")
                .with_mismatch(typ, &expected.spelling),
        );
    }
}

/// Checks the claims of a token: times, issuer, audience, and the other expectations. Adds the
/// rejections to `report`. `permission_claims` are the names of the claims that may contain
/// permissions.
pub(super) fn check_claims(
    report: &mut VerificationReport,
    claims: &Map<String, Value>,
    registered: &RegisteredClaims<'_>,
    permission_claims: &[&str],
    expectations: &Expectations,
) {
    let time = VerificationTime {
        now: expectations.now,
        reference: expectations.reference_time,
        leeway_seconds: expectations.leeway_seconds,
    };
    let mut time_reasons = check_times(registered, time);
    // If an expired token is unknown, its row was probably pruned, so the missing row is not
    // reported in addition to the expiry. The rejection then must not state a leeway that would
    // accept the expiry time, because no leeway makes an unknown token valid.
    let is_unknown = |rejection: &Rejection| *rejection == RejectReason::UnknownToken;
    if time_reasons.iter().any(|rejection| *rejection == RejectReason::Expired)
        && report.reasons.iter().any(is_unknown)
    {
        report.reasons.retain(|rejection| !is_unknown(rejection));
        time_reasons.iter_mut().for_each(Rejection::clear_required_leeway);
    }
    report.reasons.extend(time_reasons);
    let found_issuer = registered.issuer;
    if let Some(issuer) = expectations.issuer.as_deref().filter(|name| Some(*name) != found_issuer)
    {
        report.reasons.push(
            Rejection::for_claim(RejectReason::IssuerMismatch, "iss")
                .with_mismatch(found_issuer, issuer),
        );
    }
    report.reasons.extend(check_audience(claims, registered, &expectations.audience));
    report.reasons.extend(check_permissions(claims, permission_claims, &expectations.permissions));
    report.reasons.extend(check_required_claims(claims, &expectations.required_claims));
    report.reasons.extend(check_required_values(claims, &expectations.required_values));
    let expires_at = [registered.expires_at, report.record.grace_end()].into_iter().flatten().min();
    let ttl_reason =
        expectations.min_ttl.and_then(|min_ttl| check_remaining_ttl(expires_at, time, min_ttl));
    report.reasons.extend(ttl_reason);
}

/// Returns the rejection of a token that names none of the accepted audiences.
fn check_audience(
    claims: &Map<String, Value>,
    registered: &RegisteredClaims<'_>,
    accepted: &[String],
) -> Option<Rejection> {
    if accepted.is_empty()
        || accepted.iter().any(|name| registered.audience.contains(&name.as_str()))
    {
        return None;
    }
    let rejection = Rejection::for_claim(RejectReason::AudienceMismatch, "aud");
    let found = claims.get("aud").map(value_to_text);
    Some(match (accepted, found) {
        ([audience], found) => rejection.with_mismatch(found.as_deref(), audience),
        (several, None) => rejection.with_expected_description(describe_alternatives(several)),
        (several, Some(found)) => {
            rejection.with_found(&found).with_expected_description(describe_alternatives(several))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_comparison_ignores_case_and_application_prefix() {
        let media_type = |text| MediaType::parse(text).unwrap();
        for (text, typ) in [
            ("at+jwt", "at+jwt"),
            ("AT+JWT", "at+jwt"),
            ("application/at+jwt", "at+jwt"),
            ("at+jwt", "Application/AT+jwt"),
            ("text/x", "TEXT/X"),
        ] {
            assert!(media_type(text).is_named_by(Some(typ)), "{text} {typ}");
        }
        for (text, typ) in [("at+jwt", "jwt"), ("jwt", "text/jwt"), ("jwt", ""), ("jwt", "jwt ")] {
            assert!(!media_type(text).is_named_by(Some(typ)), "{text} {typ}");
        }
        assert!(!media_type("jwt").is_named_by(None));
        assert!(MediaType::parse("").is_err() && MediaType::parse("a b").is_err());
    }
}
