//! Tests of the parsing and the checks of claims.

use super::*;

fn parse(value: &Value) -> Result<RegisteredClaims<'_>, RejectReason> {
    RegisteredClaims::parse(value.as_object().unwrap()).map_err(|rejection| rejection.reason)
}

fn check_at(claims: &RegisteredClaims<'_>, now: Timestamp, leeway: i64) -> Vec<Rejection> {
    check_times(claims, VerificationTime { now, reference: now, leeway_seconds: leeway })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

#[test]
fn claim_of_wrong_type_or_range_is_refused() {
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
fn token_expires_at_exp_plus_leeway() {
    let claims = json!({"exp": 100});
    let claims = parse(&claims).unwrap();
    assert_eq!(check_at(&claims, at(99), 0), []);
    assert_eq!(check_at(&claims, at(100), 0), [RejectReason::Expired]);
    assert_eq!(check_at(&claims, at(104), 5), []);
    assert_eq!(check_at(&claims, at(105), 5), [RejectReason::Expired]);
}

#[test]
fn token_is_not_yet_valid_before_nbf_or_iat() {
    for claims in [json!({"nbf": 101}), json!({"iat": 101})] {
        let claims = parse(&claims).unwrap();
        assert_eq!(check_at(&claims, at(100), 0), [RejectReason::NotYetValid]);
        assert_eq!(check_at(&claims, at(101), 0), []);
        assert_eq!(check_at(&claims, at(100), 1), []);
    }
    let exp_nbf = json!({"exp": 50, "nbf": 101});
    let exp_nbf = parse(&exp_nbf).unwrap();
    assert_eq!(check_at(&exp_nbf, at(100), 0), [RejectReason::Expired, RejectReason::NotYetValid]);
}

#[test]
fn required_permissions_and_values_are_compared_exactly() {
    let claims = json!({"permissions": ["read", "write"], "n": 1, "s": "x", "l": [1]});
    let claims = claims.as_object().unwrap();
    let messages =
        |rejections: Vec<Rejection>| rejections.iter().map(Rejection::message).collect::<Vec<_>>();
    let missing_permissions = |claims: &Map<String, Value>, names: &[&str]| {
        let required: Vec<_> =
            names.iter().map(|name| Permission::parse_including_reserved(name).unwrap()).collect();
        messages(check_permissions(claims, &["permissions"], &required))
    };
    assert!(missing_permissions(claims, &["read", "write"]).is_empty());
    assert_eq!(
        missing_permissions(claims, &["read", "rea", "x"]),
        [
            "permission missing: found `read write` in `permissions`, expected `rea`",
            "permission missing: found `read write` in `permissions`, expected `x`"
        ]
    );
    assert_eq!(
        missing_permissions(&Map::new(), &["read"]),
        ["permission missing: found none, expected `read`"]
    );
    // The rejection names the first claim that contains a permission.
    let two_permission_claims = json!({"permissions": ["read"], "scope": "write"});
    let required = [Permission::parse("x").unwrap()];
    let message_for = |claims: &Value| {
        messages(check_permissions(
            claims.as_object().unwrap(),
            &KNOWN_PERMISSION_CLAIMS,
            &required,
        ))
    };
    assert_eq!(
        message_for(&two_permission_claims),
        ["permission missing: found `read` in `permissions`, expected `x`"]
    );
    assert_eq!(
        message_for(&json!({"permissions": [], "scope": "write"})),
        ["permission missing: found `write` in `scope`, expected `x`"]
    );
    let mismatches = |name: &str, value: &str| {
        messages(check_required_values(claims, &[(name.to_owned(), value.to_owned())]))
    };
    for (name, value) in [("n", "1"), ("s", "x"), ("l", "[1]")] {
        assert!(mismatches(name, value).is_empty(), "{name}");
    }
    assert_eq!(mismatches("s", "\"x\""), ["claim `s` mismatch: found `x`, expected `\"x\"`"]);
    assert_eq!(
        mismatches("missing", ""),
        ["claim `missing` mismatch: found none, expected an empty string"]
    );
}

#[test]
fn required_claim_may_have_any_value_except_null() {
    let claims = json!({"n": 0, "s": "", "l": [], "f": false, "z": null});
    let claims = claims.as_object().unwrap();
    let messages_if_required = |name: &str| -> Vec<String> {
        let rejections = check_required_claims(claims, &[name.to_owned()]);
        rejections.iter().map(Rejection::message).collect()
    };
    for name in ["n", "s", "l", "f"] {
        assert!(messages_if_required(name).is_empty(), "{name}");
    }
    assert_eq!(
        messages_if_required("z"),
        ["claim `z` mismatch: found `null`, expected any value except `null`"]
    );
    assert_eq!(messages_if_required("missing"), ["claim `missing` missing"]);
}

#[test]
fn empty_word_is_not_a_permission() {
    let claims = json!({"permissions": "", "scope": " write ", "scp": [""]});
    let claims = claims.as_object().unwrap();
    let permissions: Vec<&str> = claimed_permissions(claims, &KNOWN_PERMISSION_CLAIMS).collect();
    assert_eq!(permissions, ["write"]);
}

#[test]
fn token_with_remaining_ttl_below_minimum_is_refused() {
    let hour = Lifetime::from_seconds(3_600).unwrap();
    let time = VerificationTime { now: at(0), reference: at(0), leeway_seconds: 0 };
    assert!(check_remaining_ttl(None, time, hour).is_none());
    assert!(check_remaining_ttl(Some(at(3_600)), time, hour).is_none());
    let rejection = check_remaining_ttl(Some(at(3_599)), time, hour).unwrap();
    assert_eq!(
        rejection.message(),
        "remaining lifetime too short: found 59m59s (expires 1970-01-01T00:59:59Z), expected at least 1h"
    );
}

#[test]
fn rejection_of_bad_claim_states_value_and_expected_type() {
    let message = |claims: &Value, is_third_party: bool| {
        let claims = claims.as_object().unwrap();
        let result = if is_third_party {
            RegisteredClaims::parse_third_party(claims)
        } else {
            RegisteredClaims::parse(claims)
        };
        result.unwrap_err().message()
    };
    for (claims, expected) in [
        (json!({"sub": 1234}), "claim `sub` invalid: found `1234`, expected a string"),
        (json!({"iss": null}), "claim `iss` invalid: found `null`, expected a string"),
        (
            json!({"aud": ["a", 1]}),
            "claim `aud` invalid: found `[\"a\",1]`, expected a string or an array of strings",
        ),
        (
            json!({"exp": "1999999999"}),
            "claim `exp` invalid: found `\"1999999999\"`, expected seconds since 1970",
        ),
        (
            json!({"exp": 1_999_999_999_000_i64}),
            "claim `exp` invalid: found `1999999999000`, expected seconds since 1970, not milliseconds",
        ),
        (
            json!({"nbf": 1_764_370_000_123_456_i64}),
            "claim `nbf` invalid: found `1764370000123456`, expected seconds since 1970, not microseconds",
        ),
        (
            json!({"iat": 1_764_370_000_123_456_789_i64}),
            "claim `iat` invalid: found `1764370000123456789`, expected seconds since 1970, not nanoseconds",
        ),
        (
            json!({"exp": u64::MAX}),
            "claim `exp` invalid: found `18446744073709551615`, expected seconds since 1970, not nanoseconds",
        ),
        (
            json!({"exp": 1e30}),
            "claim `exp` invalid: found `1e+30`, expected seconds since 1970, at most 253402207200",
        ),
        (
            json!({"exp": 253_402_300_799_i64}),
            "claim `exp` invalid: found `253402300799`, expected seconds since 1970, at most 253402207200",
        ),
        (json!({"exp": -1}), "claim `exp` invalid: found `-1`, expected seconds since 1970"),
        (json!({"exp": []}), "claim `exp` invalid: found `[]`, expected seconds since 1970"),
    ] {
        assert_eq!(message(&claims, true), expected);
    }
    assert_eq!(
        message(&json!({"exp": 1.5}), false),
        "claim `exp` invalid: found `1.5`, expected whole seconds since 1970"
    );
}

#[test]
fn time_rejection_states_claim_time_its_distance_and_required_leeway() {
    let reject_times = |claims: &Value, now: i64, reference: i64, leeway: i64| {
        let time =
            VerificationTime { now: at(now), reference: at(reference), leeway_seconds: leeway };
        let rejections = check_times(&parse(claims).unwrap(), time);
        let [rejection] = &rejections[..] else { panic!("{rejections:?}") };
        (rejection.message(), json!(rejection), rejection.required_leeway())
    };
    let (message, object, leeway) = reject_times(&json!({"exp": 10_000}), 20_800, 20_800, 0);
    assert_eq!(message, "token expired: 1970-01-01T02:46:40Z (3 h ago)");
    assert_eq!(
        object,
        json!({"code": "token_expired", "message": message, "claim": "exp", "found": "1970-01-01T02:46:40Z",
            "expected": "later than 1970-01-01T05:46:40Z"})
    );
    assert_eq!(leeway, Some(10_801));
    let (message, object, leeway) = reject_times(&json!({"nbf": 90, "iat": 100}), 0, 40, 10);
    assert_eq!(
        message,
        "token not yet valid: `iat` 1970-01-01T00:01:40Z (1 m after 1970-01-01T00:00:40Z)"
    );
    assert_eq!(
        object,
        json!({"code": "not_yet_valid", "message": message, "claim": "iat", "found": "1970-01-01T00:01:40Z",
            "expected": "no later than 1970-01-01T00:00:50Z"})
    );
    assert_eq!(leeway, Some(60));
    let (message, _, _) = reject_times(&json!({"nbf": 100, "iat": 100}), 0, 0, 0);
    assert_eq!(message, "token not yet valid: `nbf` 1970-01-01T00:01:40Z (in 2 m)");
}
