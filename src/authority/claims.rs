//! What claims may look like and when they hold: pure functions of claims and a time.

use super::Reason;
use crate::model::{Foreign, Lifetime, Permission, Timestamp};
use serde_json::{Map, Value, json};

/// The claims in which services look for permissions: jeton's own, OAuth's (RFC 8693, section 4.2),
/// and that of several vendors.
pub(super) const PERMISSIONS: [&str; 3] = ["permissions", "scope", "scp"];

/// All claims by which a token may grant something, with the roles of several vendors.
pub(super) const GRANTING: [&str; 4] = ["permissions", "scope", "scp", "roles"];

/// The registered claims (RFC 7519, section 4.1) of a token of ours, with their types.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Registered {
    pub(super) issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) audience: Vec<String>,
    pub(super) expires: Option<i64>,
    pub(super) not_before: Option<i64>,
    pub(super) issued: Option<i64>,
    pub(super) jti: Option<String>,
}

impl Registered {
    /// Reads them; strings are strings, dates are whole seconds that fit a calendar, the audience
    /// is a string or an array of strings.
    pub(super) fn read(claims: &Map<String, Value>) -> Result<Self, Reason> {
        Self::read_with(claims, |value, _| value.as_i64())
    }

    /// Reads those of a token of others, whose dates may have fractions (RFC 7519, section 2):
    /// rounded so that the token is never valid for longer.
    pub(super) fn read_foreign(claims: &Map<String, Value>) -> Result<Self, Reason> {
        Self::read_with(claims, |value, round: fn(f64) -> f64| {
            let whole = || value.as_f64().map(round).filter(|time| time.abs() < 1e15);
            #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "it fits")]
            value.as_i64().or_else(|| whole().map(|time| time as i64))
        })
    }

    fn read_with(
        claims: &Map<String, Value>,
        number: impl Fn(&Value, fn(f64) -> f64) -> Option<i64>,
    ) -> Result<Self, Reason> {
        let date = |name: &str, round| match claims.get(name) {
            None => Ok(None),
            Some(value) => number(value, round)
                .and_then(Timestamp::from_unix)
                .map(|time| Some(time.unix()))
                .ok_or(Reason::BadClaim),
        };
        Ok(Self {
            issuer: string(claims, "iss")?,
            subject: string(claims, "sub")?,
            audience: audience(claims)?,
            expires: date("exp", f64::floor)?,
            not_before: date("nbf", f64::ceil)?,
            issued: date("iat", f64::floor)?,
            jti: string(claims, "jti")?,
        })
    }
}

fn string(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, Reason> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Reason::BadClaim),
    }
}

fn audience(claims: &Map<String, Value>) -> Result<Vec<String>, Reason> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(Reason::BadClaim);
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(text).collect(),
        Some(value) => text(value).map(|one| vec![one]),
    }
}

/// Returns the `aud` claim: a string for one audience, an array for several (RFC 7519, section
/// 4.1.3).
pub(super) fn audience_claim(names: &[Foreign]) -> Option<Value> {
    match names {
        [] => None,
        [one] => Some(json!(one)),
        several => Some(json!(several)),
    }
}

/// What is wrong with the times: `now < exp` strictly, `nbf` and `iat` not in the future. The
/// leeway is forgiven on both sides.
pub(super) fn times(claims: &Registered, now: Timestamp, leeway: i64) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let now = now.unix();
    if claims.expires.is_some_and(|end| now >= end.saturating_add(leeway)) {
        reasons.push(Reason::Expired);
    }
    let future = |time: Option<i64>| time.is_some_and(|time| time > now.saturating_add(leeway));
    if future(claims.not_before) || future(claims.issued) {
        reasons.push(Reason::NotYetValid);
    }
    reasons
}

/// Returns the first wanted permission that none of the claims of these names has.
pub(super) fn lacks_permission<'p>(
    claims: &Map<String, Value>,
    names: &[&str],
    wanted: &'p [Permission],
) -> Option<&'p Permission> {
    let granted = claimed_permissions(claims, names);
    wanted.iter().find(|permission| !granted.clone().any(|found| found == permission.as_str()))
}

/// Returns the permissions that stand in the claims of these names: the texts of an array, or words
/// with spaces between them (RFC 8693, section 4.2).
pub(super) fn claimed_permissions<'c>(
    claims: &'c Map<String, Value>,
    names: &'c [&str],
) -> impl Iterator<Item = &'c str> + Clone {
    names.iter().filter_map(|name| claims.get(*name)).flat_map(|value| {
        let texts: Vec<&str> = match value {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            Value::String(words) => words.split(' ').collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        texts
    })
}

/// The name of the first claim that does not have the wanted value: a string as it is, anything
/// else as its JSON.
pub(super) fn lacks_value<'w>(
    claims: &Map<String, Value>,
    wanted: &'w [(String, String)],
) -> Option<&'w str> {
    let has = |name: &String, value: &String| match claims.get(name) {
        Some(Value::String(text)) => text == value,
        Some(other) => *value == *other.to_string(),
        None => false,
    };
    wanted.iter().find(|(name, value)| !has(name, value)).map(|(name, _)| name.as_str())
}

/// Returns the name of the first required claim that is absent; `null` is no value.
pub(super) fn lacks_claim<'w>(
    claims: &Map<String, Value>,
    required: &'w [String],
) -> Option<&'w str> {
    let is_absent = |name: &&String| claims.get(*name).is_none_or(Value::is_null);
    required.iter().find(is_absent).map(String::as_str)
}

/// Whether what ends then still lives that long; without an end it does.
pub(super) fn lasts(end: Option<i64>, now: Timestamp, at_least: Lifetime) -> bool {
    end.is_none_or(|end| end - now.unix() >= at_least.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<Registered, Reason> {
        Registered::read(value.as_object().unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds).unwrap()
    }

    #[test]
    fn wrong_types_are_refused() {
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
            assert_eq!(read(&claims), Err(Reason::BadClaim), "{claims}");
        }
        assert_eq!(read(&json!({"aud": "a"})).unwrap().audience, ["a"]);
        assert_eq!(read(&json!({})).unwrap(), Registered::default());
    }

    #[test]
    fn the_end_is_the_first_second_that_is_too_late() {
        let claims = read(&json!({"exp": 100})).unwrap();
        assert_eq!(times(&claims, at(99), 0), []);
        assert_eq!(times(&claims, at(100), 0), [Reason::Expired]);
        assert_eq!(times(&claims, at(104), 5), []);
        assert_eq!(times(&claims, at(105), 5), [Reason::Expired]);
    }

    #[test]
    fn the_future_is_not_yet_valid_and_all_reasons_are_told() {
        for claims in [json!({"nbf": 101}), json!({"iat": 101})] {
            let claims = read(&claims).unwrap();
            assert_eq!(times(&claims, at(100), 0), [Reason::NotYetValid]);
            assert_eq!(times(&claims, at(101), 0), []);
            assert_eq!(times(&claims, at(100), 1), []);
        }
        let both = read(&json!({"exp": 50, "nbf": 101})).unwrap();
        assert_eq!(times(&both, at(100), 0), [Reason::Expired, Reason::NotYetValid]);
    }

    #[test]
    fn permissions_and_values_are_compared_exactly() {
        let claims = json!({"permissions": ["read", "write"], "n": 1, "s": "x", "l": [1]});
        let claims = claims.as_object().unwrap();
        let permission = |text: &str| Permission::parse_any(text).unwrap();
        let lacks = |claims, wanted: &[&str]| {
            let wanted: Vec<_> = wanted.iter().map(|name| permission(name)).collect();
            lacks_permission(claims, &["permissions"], &wanted)
                .map(|missing| missing.as_str().to_owned())
        };
        assert_eq!(lacks(claims, &["read", "write"]), None);
        assert_eq!(lacks(claims, &["read", "rea"]).as_deref(), Some("rea"));
        assert_eq!(lacks(&Map::new(), &["read"]).as_deref(), Some("read"));
        let wanted = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        assert_eq!(lacks_value(claims, &wanted("n", "1")), None);
        assert_eq!(lacks_value(claims, &wanted("s", "x")), None);
        assert_eq!(lacks_value(claims, &wanted("l", "[1]")), None);
        assert_eq!(lacks_value(claims, &wanted("s", "\"x\"")), Some("s"));
        assert_eq!(lacks_value(claims, &wanted("missing", "")), Some("missing"));
        let required = |name: &str| [name.to_owned()];
        let claims = json!({"n": 0, "s": "", "l": [], "f": false, "z": null});
        let claims = claims.as_object().unwrap();
        for name in ["n", "s", "l", "f"] {
            assert_eq!(lacks_claim(claims, &required(name)), None);
        }
        assert_eq!(lacks_claim(claims, &required("z")), Some("z"));
        assert_eq!(lacks_claim(claims, &required("missing")), Some("missing"));
    }

    #[test]
    fn a_token_without_end_lasts() {
        let hour = Lifetime::from_seconds(3_600).unwrap();
        assert!(lasts(None, at(0), hour));
        assert!(lasts(Some(3_600), at(0), hour));
        assert!(!lasts(Some(3_599), at(0), hour));
    }
}
