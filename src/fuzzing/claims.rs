//! Fuzz target for the validation of claims at arbitrary times.

use crate::authority::RejectReason;
use crate::authority::verification::{Expectations, ExpectedKind, check_claims_only};
use crate::model::{Lifetime, MAX_UNIX_SECONDS, Permission, Timestamp, parse_strict_object};
use serde_json::{Map, Value};

/// Checks the validation of claims in a store token (a token that jeton issued), and of the same
/// claims in a third-party token. The first line of the input contains the reference time and the
/// leeway as numbers, then the expectations as `name=value` words. The other lines contain the
/// claims. The validation of the third-party token must not be stricter. The results for expiry,
/// start of validity and minimum lifetime must be equal to a calculation in this function.
pub fn claims(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((first_line, other_lines)) = text.split_once('\n') else { return };
    let Ok(claims) = parse_strict_object(other_lines.as_bytes()) else { return };
    let Some(mut expectations) = parse_expectations(first_line) else { return };
    let [store_token_reasons, third_party_reasons] = check_claims_only(&claims, &expectations);
    assert!(
        !store_token_reasons.is_empty() || third_party_reasons.is_empty(),
        "third-party validation is stricter: {third_party_reasons:?}"
    );
    if third_party_reasons.is_empty() {
        let claim_text = |name: &str| claims.get(name).and_then(Value::as_str);
        assert!(
            expectations
                .issuer
                .as_deref()
                .is_none_or(|expected| claim_text("iss") == Some(expected))
        );
        assert!(expectations.required_values.iter().all(|(name, _)| claims.contains_key(name)));
    }
    let [expiry, start] = [numeric_date(&claims, "exp", f64::floor), valid_from(&claims)];
    // A result changes at `exp` plus the leeway, and at the start of the validity minus the leeway.
    // The list contains the last second before each change, and the second of each change.
    let times_near_changes = [expiry, start].into_iter().flatten().flat_map(|time| {
        [
            time - expectations.leeway_seconds - 1,
            time - expectations.leeway_seconds,
            time + expectations.leeway_seconds - 1,
            time + expectations.leeway_seconds,
        ]
    });
    let times: Vec<_> =
        times_near_changes.chain([0, MAX_UNIX_SECONDS]).filter_map(Timestamp::from_unix).collect();
    for time in [expectations.reference_time].into_iter().chain(times) {
        expectations.reference_time = time;
        for reasons in check_claims_only(&claims, &expectations) {
            if reasons.contains(&RejectReason::BadClaim) {
                continue;
            }
            let now = time.unix();
            let is_expired =
                expiry.is_some_and(|expiry| now >= expiry + expectations.leeway_seconds);
            let is_early = start.is_some_and(|start| start > now + expectations.leeway_seconds);
            let is_ttl_too_short = expectations
                .min_ttl
                .zip(expiry)
                .is_some_and(|(ttl, expiry)| expiry < now + ttl.seconds());
            assert_eq!(reasons.contains(&RejectReason::Expired), is_expired, "at {time}");
            assert_eq!(reasons.contains(&RejectReason::NotYetValid), is_early, "at {time}");
            assert_eq!(reasons.contains(&RejectReason::TtlTooShort), is_ttl_too_short, "at {time}");
        }
    }
}

/// Parses the first line of the input, such as `1900000000 60 aud=me role=admin`.
fn parse_expectations(line: &str) -> Option<Expectations> {
    let mut words = line.split(' ');
    let now = words.next()?.parse().ok().and_then(Timestamp::from_unix)?;
    let leeway: u32 = words.next()?.parse().ok()?;
    // The record of a store token in the store determines whether `exp` may be missing.
    // `check_claims_only` has no record, and permits a missing `exp`. For third-party tokens, a
    // missing `exp` is permitted here, because `claims` asserts that the validation of third-party
    // tokens is not stricter.
    let mut expectations = Expectations {
        leeway_seconds: leeway.into(),
        allow_no_expiry: true,
        ..Expectations::new(ExpectedKind::Any, now)
    };
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        match name {
            "iss" => expectations.issuer = Some(value.to_owned()),
            "aud" => expectations.audience.push(value.to_owned()),
            "permission" => {
                expectations.permissions.extend(Permission::parse_including_reserved(value));
            }
            "min_ttl" => expectations.min_ttl = Lifetime::parse(value).ok(),
            _ => expectations.required_values.push((name.to_owned(), value.to_owned())),
        }
    }
    Some(expectations)
}

/// Returns the start of the validity of the claims: the later of `nbf` and `iat`.
fn valid_from(claims: &Map<String, Value>) -> Option<i64> {
    numeric_date(claims, "nbf", f64::ceil).max(numeric_date(claims, "iat", f64::floor))
}

/// Parses the claim `name` as a `NumericDate`, independently of the code under test. `round` rounds
/// a fraction to whole seconds.
fn numeric_date(claims: &Map<String, Value>, name: &str, round: fn(f64) -> f64) -> Option<i64> {
    let value = claims.get(name)?;
    let rounded = || value.as_f64().and_then(|value| format!("{:.0}", round(value)).parse().ok());
    value.as_i64().or_else(rounded).and_then(Timestamp::from_unix).map(Timestamp::unix)
}
