//! Parsing and checks of claims: pure functions of claims and a time.

use super::rejection::{
    RejectReason, Rejection, describe_short_expiry, describe_time, value_to_text,
};
use crate::model::{Lifetime, MAX_UNIX_SECONDS, Permission, Timestamp, Untrusted, guess_time_unit};
use serde_json::{Map, Value, json};

/// Claims in which test tokens and third-party tokens may have permissions: `permissions` of jeton,
/// `scope` of OAuth (RFC 8693, section 4.2), and `scp` of several vendors.
pub(super) const KNOWN_PERMISSION_CLAIMS: [&str; 3] = ["permissions", "scope", "scp"];

/// Claims that may grant permissions: [`KNOWN_PERMISSION_CLAIMS`], and `roles` of several vendors.
/// Limits on the permissions of new tokens apply to all of these claims.
pub(super) const GRANTING_CLAIMS: [&str; 4] = ["permissions", "scope", "scp", "roles"];

/// The registered claims (RFC 7519, section 4.1) of a token, as typed values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RegisteredClaims<'c> {
    pub(super) issuer: Option<&'c str>,
    pub(super) subject: Option<&'c str>,
    pub(super) audience: Vec<&'c str>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) jti: Option<&'c str>,
}

impl<'c> RegisteredClaims<'c> {
    /// Reads the claims of a jeton token: times are whole seconds from 1970 to 9999, and the
    /// audience is a string or an array of strings.
    pub(super) fn parse(claims: &'c Map<String, Value>) -> Result<Self, Rejection> {
        Self::parse_with(claims, "whole seconds since 1970", |value, _| value.as_i64())
    }

    /// Reads the claims of a third-party token. The times may have fractions (RFC 7519, section 2):
    /// `exp` and `iat` are rounded down and `nbf` is rounded up, to whole seconds.
    pub(super) fn parse_third_party(claims: &'c Map<String, Value>) -> Result<Self, Rejection> {
        Self::parse_with(claims, "seconds since 1970", |value, round: fn(f64) -> f64| {
            let rounded = || value.as_f64().map(round).filter(|time| time.abs() < 1e15);
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                reason = "the magnitude is below 1e15"
            )]
            value.as_i64().or_else(|| rounded().map(|time| time as i64))
        })
    }

    fn parse_with(
        claims: &'c Map<String, Value>,
        time_format: &str,
        to_whole_seconds: impl Fn(&Value, fn(f64) -> f64) -> Option<i64>,
    ) -> Result<Self, Rejection> {
        let parse_time = |name: &str, claim: Option<&Value>, round| match claim {
            None => Ok(None),
            Some(value) => {
                let time = to_whole_seconds(value, round).and_then(Timestamp::from_unix);
                time.map(Some).ok_or_else(|| bad_time(name, value, time_format))
            }
        };
        let [mut iss, mut sub, mut aud, mut exp, mut nbf, mut iat, mut jti] = [None; 7];
        // One pass costs less than seven look-ups.
        for (name, value) in claims {
            match name.as_str() {
                "iss" => iss = Some(value),
                "sub" => sub = Some(value),
                "aud" => aud = Some(value),
                "exp" => exp = Some(value),
                "nbf" => nbf = Some(value),
                "iat" => iat = Some(value),
                "jti" => jti = Some(value),
                _ => {}
            }
        }
        Ok(Self {
            issuer: parse_string("iss", iss)?,
            subject: parse_string("sub", sub)?,
            audience: parse_audience(aud)?,
            expires_at: parse_time("exp", exp, f64::floor)?,
            not_before: parse_time("nbf", nbf, f64::ceil)?,
            issued_at: parse_time("iat", iat, f64::floor)?,
            jti: parse_string("jti", jti)?,
        })
    }
}

/// Returns the rejection for a claim with a wrong type or value. The found value is stated as JSON,
/// so that its type is visible.
pub(super) fn bad_claim(name: &str, value: &Value, expected: impl Into<String>) -> Rejection {
    Rejection::for_claim(RejectReason::BadClaim, name)
        .with_found(&value.to_string())
        .with_expected_description(expected)
}

/// Returns the rejection for a claim that is not a time.
fn bad_time(name: &str, value: &Value, format: &str) -> Rejection {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "the conversion saturates, and a fraction does not change the unit"
    )]
    let number = value.as_f64().map(|number| number as i128);
    let expected = match number.filter(|number| *number > MAX_UNIX_SECONDS.into()) {
        None => format.to_owned(),
        Some(number) => match guess_time_unit(number) {
            Some((unit, _)) => format!("{format}, not {unit}"),
            None => format!("{format}, at most {MAX_UNIX_SECONDS}"),
        },
    };
    bad_claim(name, value, expected)
}

fn parse_string<'c>(name: &str, claim: Option<&'c Value>) -> Result<Option<&'c str>, Rejection> {
    match claim {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(bad_claim(name, other, "a string")),
    }
}

fn parse_audience(claim: Option<&Value>) -> Result<Vec<&str>, Rejection> {
    let Some(value) = claim else { return Ok(Vec::new()) };
    let names: Option<Vec<&str>> = match value.as_array() {
        Some(items) => items.iter().map(Value::as_str).collect(),
        None => value.as_str().map(|name| vec![name]),
    };
    names.ok_or_else(|| bad_claim("aud", value, "a string or an array of strings"))
}

/// Returns the `aud` claim: a string for one audience, an array for several audiences (RFC 7519,
/// section 4.1.3), `None` for no audience.
pub(super) fn build_audience_claim(names: &[Untrusted]) -> Option<Value> {
    match names {
        [] => None,
        [name] => Some(json!(name)),
        several => Some(json!(several)),
    }
}

/// The time of a verification.
#[derive(Debug, Clone, Copy)]
pub(super) struct VerificationTime {
    /// Current time, only for messages.
    pub(super) now: Timestamp,
    /// Time against which the claims are checked.
    pub(super) reference: Timestamp,
    /// Tolerance for clock skew in seconds.
    pub(super) leeway_seconds: i64,
}

impl VerificationTime {
    /// Returns the text of a time, with its distance from the reference time.
    fn describe(&self, time: Timestamp) -> String {
        describe_time(time, self.reference, self.now)
    }

    /// Returns the reference time plus `seconds`, but not before 1970. A sum past the year 9999
    /// yields the reference time.
    fn shifted_by(&self, seconds: i64) -> Timestamp {
        let shifted = self.reference.unix().saturating_add(seconds).max(0);
        Timestamp::from_unix(shifted).unwrap_or(self.reference)
    }
}

/// Returns the rejections of a token for its time claims. Valid times have `reference < exp`,
/// `nbf <= reference` and `iat <= reference`, each with a tolerance of `leeway_seconds`.
pub(super) fn check_times(claims: &RegisteredClaims<'_>, time: VerificationTime) -> Vec<Rejection> {
    let mut rejections = Vec::new();
    let (reference, leeway) = (time.reference.unix(), time.leeway_seconds);
    let is_past = |expiry: &Timestamp| reference >= expiry.unix().saturating_add(leeway);
    if let Some(expiry) = claims.expires_at.filter(is_past) {
        rejections.push(
            Rejection::for_claim(RejectReason::Expired, "exp")
                .with_found(&expiry.to_string())
                .with_expected_description(format!("later than {}", time.shifted_by(-leeway)))
                .with_explanation(time.describe(expiry))
                .with_required_leeway(reference - expiry.unix() + 1),
        );
    }
    // If the later of `iat` and `nbf` is not in the future, neither is the earlier time.
    let starts = [("iat", claims.issued_at), ("nbf", claims.not_before)];
    let starts = starts.into_iter().filter_map(|(name, start)| Some((name, start?)));
    let latest_start = starts.max_by_key(|(_, start)| *start);
    let is_future = |start: &Timestamp| start.unix() > reference.saturating_add(leeway);
    if let Some((name, start)) = latest_start.filter(|(_, start)| is_future(start)) {
        rejections.push(
            Rejection::for_claim(RejectReason::NotYetValid, name)
                .with_found(&start.to_string())
                .with_expected_description(format!("no later than {}", time.shifted_by(leeway)))
                .with_explanation(format!("`{name}` {}", time.describe(start)))
                .with_required_leeway(start.unix() - reference),
        );
    }
    rejections
}

/// Returns a rejection for each required permission that no claim in `claim_names` contains. Each
/// rejection names one claim, and states only the permissions of this claim.
pub(super) fn check_permissions(
    claims: &Map<String, Value>,
    claim_names: &[&str],
    required: &[Permission],
) -> Vec<Rejection> {
    if required.is_empty() {
        return Vec::new();
    }
    let granted = claimed_permissions(claims, claim_names);
    // The rejections name the first claim in `claim_names` that has a permission. If there is no
    // such claim, the rejections name the first present claim, or else the first of `claim_names`.
    let has_permission =
        |name: &&&str| claimed_permissions(claims, std::slice::from_ref(*name)).next().is_some();
    let is_present = |name: &&&str| claims.contains_key(**name);
    let name = claim_names.iter().find(has_permission);
    let name = name.or_else(|| claim_names.iter().find(is_present)).or(claim_names.first());
    let is_missing =
        |permission: &&Permission| !granted.clone().any(|text| text == permission.as_str());
    let reject = |permission: &Permission| {
        let rejection = Rejection::for_claim(
            RejectReason::MissingPermission,
            name.copied().unwrap_or_default(),
        )
        .with_expected(permission.as_str());
        let found: Vec<&str> = name
            .map(|name| claimed_permissions(claims, std::slice::from_ref(name)).collect())
            .unwrap_or_default();
        if found.is_empty() { rejection } else { rejection.with_found(&found.join(" ")) }
    };
    required.iter().filter(is_missing).map(reject).collect()
}

/// Returns the permissions in the claims `claim_names`: the strings of an array, or the words of a
/// space-separated string (RFC 8693, section 4.2). An empty string is not a permission.
pub(super) fn claimed_permissions<'c>(
    claims: &'c Map<String, Value>,
    claim_names: &'c [&str],
) -> impl Iterator<Item = &'c str> + Clone {
    let values = claim_names.iter().filter_map(|name| claims.get(*name));
    let texts = values.flat_map(|value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::String(words) => words.split(' ').collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    });
    texts.filter(|text| !text.is_empty())
}

/// Returns a rejection for each claim that does not have the expected value. A string claim is
/// compared as text, any other claim as JSON.
pub(super) fn check_required_values(
    claims: &Map<String, Value>,
    expected: &[(String, String)],
) -> Vec<Rejection> {
    let reject_mismatch = |(name, value): &(String, String)| {
        let found = claims.get(name).map(value_to_text);
        (found.as_ref() != Some(value)).then(|| {
            Rejection::for_claim(RejectReason::RequirementFailed, name)
                .with_mismatch(found.as_deref(), value)
        })
    };
    expected.iter().filter_map(reject_mismatch).collect()
}

/// Returns a rejection for each required claim that is absent or `null`.
pub(super) fn check_required_claims(
    claims: &Map<String, Value>,
    required: &[String],
) -> Vec<Rejection> {
    let is_absent_or_null = |name: &&String| claims.get(*name).is_none_or(Value::is_null);
    let reject = |name: &String| {
        let rejection = Rejection::for_claim(RejectReason::RequirementFailed, name)
            .with_expected_description("any value except `null`");
        match claims.get(name) {
            Some(null) => rejection.with_found(&null.to_string()),
            None => rejection,
        }
    };
    required.iter().filter(is_absent_or_null).map(reject).collect()
}

/// Returns the rejection of a token that expires less than `min_ttl` after the reference time. A
/// token without expiry is accepted.
pub(super) fn check_remaining_ttl(
    expires_at: Option<Timestamp>,
    time: VerificationTime,
    min_ttl: Lifetime,
) -> Option<Rejection> {
    let expiry =
        expires_at.filter(|expiry| expiry.unix() - time.reference.unix() < min_ttl.seconds())?;
    let earliest_expiry = time.shifted_by(min_ttl.seconds());
    let found = describe_short_expiry(expiry, earliest_expiry, time.reference);
    Some(
        Rejection::for_claim(RejectReason::TtlTooShort, "exp")
            .with_found(&expiry.to_string())
            .with_expected_description(format!("no earlier than {earliest_expiry}"))
            .with_explanation(format!("found {found}, expected at least {min_ttl}")),
    )
}

#[cfg(test)]
mod tests;
