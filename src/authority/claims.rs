//! Types and validity of claims: pure functions of claims and a time.

use super::RejectReason;
use crate::model::{Lifetime, Permission, Timestamp, Untrusted};
use serde_json::{Map, Value, json};

/// Claims in which services look for permissions: `permissions` of jeton, `scope` of OAuth (RFC
/// 8693, section 4.2), and `scp` of several vendors.
pub(super) const KNOWN_PERMISSION_CLAIMS: [&str; 3] = ["permissions", "scope", "scp"];

/// Claims by which a token may grant permissions, including the `roles` of several vendors.
pub(super) const GRANTING_CLAIMS: [&str; 4] = ["permissions", "scope", "scp", "roles"];

/// The registered claims (RFC 7519, section 4.1) of a token, with their types.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RegisteredClaims {
    pub(super) issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) audience: Vec<String>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) jti: Option<String>,
}

impl RegisteredClaims {
    /// Reads the claims of a jeton token: times are whole seconds from 1970 to 9999, and the
    /// audience is a string or an array of strings.
    pub(super) fn parse(claims: &Map<String, Value>) -> Result<Self, RejectReason> {
        Self::parse_with(claims, |value, _| value.as_i64())
    }

    /// Reads the claims of a third-party token. Its times may have fractions (RFC 7519, section 2):
    /// `exp` and `iat` are rounded down and `nbf` is rounded up, to the precision of the clock.
    pub(super) fn parse_third_party(claims: &Map<String, Value>) -> Result<Self, RejectReason> {
        Self::parse_with(claims, |value, round: fn(f64) -> f64| {
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
        claims: &Map<String, Value>,
        parse_number: impl Fn(&Value, fn(f64) -> f64) -> Option<i64>,
    ) -> Result<Self, RejectReason> {
        let parse_time = |name: &str, round| match claims.get(name) {
            None => Ok(None),
            Some(value) => parse_number(value, round)
                .and_then(Timestamp::from_unix)
                .map(Some)
                .ok_or(RejectReason::BadClaim),
        };
        Ok(Self {
            issuer: parse_string(claims, "iss")?,
            subject: parse_string(claims, "sub")?,
            audience: parse_audience(claims)?,
            expires_at: parse_time("exp", f64::floor)?,
            not_before: parse_time("nbf", f64::ceil)?,
            issued_at: parse_time("iat", f64::floor)?,
            jti: parse_string(claims, "jti")?,
        })
    }
}

fn parse_string(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, RejectReason> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(RejectReason::BadClaim),
    }
}

fn parse_audience(claims: &Map<String, Value>) -> Result<Vec<String>, RejectReason> {
    let parse_text =
        |value: &Value| value.as_str().map(str::to_owned).ok_or(RejectReason::BadClaim);
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(parse_text).collect(),
        Some(value) => parse_text(value).map(|name| vec![name]),
    }
}

/// Returns the `aud` claim: a string for one audience, an array for several (RFC 7519, section
/// 4.1.3).
pub(super) fn build_audience_claim(names: &[Untrusted]) -> Option<Value> {
    match names {
        [] => None,
        [name] => Some(json!(name)),
        several => Some(json!(several)),
    }
}

/// Returns the reasons to reject a token for its times. A token is valid if `now < exp`,
/// `nbf <= now` and `iat <= now`, each with a tolerance of `leeway` seconds.
pub(super) fn check_times(
    claims: &RegisteredClaims,
    now: Timestamp,
    leeway: i64,
) -> Vec<RejectReason> {
    let mut reasons = Vec::new();
    let now = now.unix();
    let is_past = |time: Timestamp| now >= time.unix().saturating_add(leeway);
    if claims.expires_at.is_some_and(is_past) {
        reasons.push(RejectReason::Expired);
    }
    let is_future = |time: Timestamp| time.unix() > now.saturating_add(leeway);
    if claims.not_before.is_some_and(is_future) || claims.issued_at.is_some_and(is_future) {
        reasons.push(RejectReason::NotYetValid);
    }
    reasons
}

/// Returns the first required permission that no claim in `claim_names` contains.
pub(super) fn find_missing_permission<'p>(
    claims: &Map<String, Value>,
    claim_names: &[&str],
    required: &'p [Permission],
) -> Option<&'p Permission> {
    let granted = claimed_permissions(claims, claim_names);
    required.iter().find(|permission| !granted.clone().any(|name| name == permission.as_str()))
}

/// Returns the permissions in the claims `claim_names`: the strings of an array, or the words of a
/// space-separated string (RFC 8693, section 4.2).
pub(super) fn claimed_permissions<'c>(
    claims: &'c Map<String, Value>,
    claim_names: &'c [&str],
) -> impl Iterator<Item = &'c str> + Clone {
    claim_names.iter().filter_map(|name| claims.get(*name)).flat_map(|value| {
        let texts: Vec<&str> = match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::String(words) => words.split(' ').collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        texts
    })
}

/// Returns the name of the first claim that does not have the expected value. A string claim is
/// compared as text, any other claim as JSON.
pub(super) fn find_mismatched_claim<'w>(
    claims: &Map<String, Value>,
    expected: &'w [(String, String)],
) -> Option<&'w str> {
    let has_value = |name: &String, value: &String| match claims.get(name) {
        Some(Value::String(text)) => text == value,
        Some(other) => *value == *other.to_string(),
        None => false,
    };
    expected.iter().find(|(name, value)| !has_value(name, value)).map(|(name, _)| name.as_str())
}

/// Returns the name of the first required claim that is absent or `null`.
pub(super) fn find_missing_claim<'w>(
    claims: &Map<String, Value>,
    required: &'w [String],
) -> Option<&'w str> {
    let is_absent = |name: &&String| claims.get(*name).is_none_or(Value::is_null);
    required.iter().find(is_absent).map(String::as_str)
}

/// Returns whether at least `min_ttl` remains until expiry. Always true without `exp`.
pub(super) fn has_remaining_ttl(
    expires_at: Option<Timestamp>,
    now: Timestamp,
    min_ttl: Lifetime,
) -> bool {
    expires_at.is_none_or(|expires_at| expires_at.unix() - now.unix() >= min_ttl.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &Value) -> Result<RegisteredClaims, RejectReason> {
        RegisteredClaims::parse(value.as_object().unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds).unwrap()
    }

    #[test]
    fn claim_of_wrong_type_is_refused() {
        for claims in [
            json!({"iss": 1}),
            json!({"sub": 1}),
            json!({"sub": null}),
            json!({"aud": 1}),
            json!({"aud": ["a", 1]}),
            json!({"aud": {}}),
            json!({"exp": "1"}),
            json!({"exp": 1.5}),
            json!({"exp": -1}),
            json!({"exp": 9_223_372_036_854_775_808_u64}),
            json!({"exp": i64::MAX}),
            json!({"nbf": true}),
            json!({"iat": []}),
            json!({"jti": 1}),
        ] {
            assert_eq!(parse(&claims), Err(RejectReason::BadClaim), "{claims}");
        }
        assert_eq!(parse(&json!({"aud": "a"})).unwrap().audience, ["a"]);
        assert_eq!(parse(&json!({})).unwrap(), RegisteredClaims::default());
    }

    #[test]
    fn token_is_refused_from_exp_on() {
        let claims = parse(&json!({"exp": 100})).unwrap();
        assert_eq!(check_times(&claims, at(99), 0), []);
        assert_eq!(check_times(&claims, at(100), 0), [RejectReason::Expired]);
        assert_eq!(check_times(&claims, at(104), 5), []);
        assert_eq!(check_times(&claims, at(105), 5), [RejectReason::Expired]);
    }

    #[test]
    fn future_times_are_not_yet_valid() {
        for claims in [json!({"nbf": 101}), json!({"iat": 101})] {
            let claims = parse(&claims).unwrap();
            assert_eq!(check_times(&claims, at(100), 0), [RejectReason::NotYetValid]);
            assert_eq!(check_times(&claims, at(101), 0), []);
            assert_eq!(check_times(&claims, at(100), 1), []);
        }
        let both = parse(&json!({"exp": 50, "nbf": 101})).unwrap();
        assert_eq!(
            check_times(&both, at(100), 0),
            [RejectReason::Expired, RejectReason::NotYetValid]
        );
    }

    #[test]
    fn permissions_and_values_are_compared_exactly() {
        let claims = json!({"permissions": ["read", "write"], "n": 1, "s": "x", "l": [1]});
        let claims = claims.as_object().unwrap();
        let permission = |text: &str| Permission::parse_including_reserved(text).unwrap();
        let missing_permission = |claims, names: &[&str]| {
            let required: Vec<_> = names.iter().map(|name| permission(name)).collect();
            find_missing_permission(claims, &["permissions"], &required)
                .map(|missing| missing.as_str().to_owned())
        };
        assert_eq!(missing_permission(claims, &["read", "write"]), None);
        assert_eq!(missing_permission(claims, &["read", "rea"]).as_deref(), Some("rea"));
        assert_eq!(missing_permission(&Map::new(), &["read"]).as_deref(), Some("read"));
        let expected = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        assert_eq!(find_mismatched_claim(claims, &expected("n", "1")), None);
        assert_eq!(find_mismatched_claim(claims, &expected("s", "x")), None);
        assert_eq!(find_mismatched_claim(claims, &expected("l", "[1]")), None);
        assert_eq!(find_mismatched_claim(claims, &expected("s", "\"x\"")), Some("s"));
        assert_eq!(find_mismatched_claim(claims, &expected("missing", "")), Some("missing"));
        let required = |name: &str| [name.to_owned()];
        let claims = json!({"n": 0, "s": "", "l": [], "f": false, "z": null});
        let claims = claims.as_object().unwrap();
        for name in ["n", "s", "l", "f"] {
            assert_eq!(find_missing_claim(claims, &required(name)), None);
        }
        assert_eq!(find_missing_claim(claims, &required("z")), Some("z"));
        assert_eq!(find_missing_claim(claims, &required("missing")), Some("missing"));
    }

    #[test]
    fn token_without_exp_has_remaining_ttl() {
        let hour = Lifetime::from_seconds(3_600).unwrap();
        assert!(has_remaining_ttl(None, at(0), hour));
        assert!(has_remaining_ttl(Some(at(3_600)), at(0), hour));
        assert!(!has_remaining_ttl(Some(at(3_599)), at(0), hour));
    }
}
