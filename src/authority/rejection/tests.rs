//! Tests of the messages of rejections.

use super::*;
use serde_json::json;

fn issuer_mismatch(found: Option<&str>, expected: &str) -> Rejection {
    Rejection::for_claim(RejectReason::IssuerMismatch, "iss").with_mismatch(found, expected)
}

#[test]
fn rejection_states_claim_and_values_if_any() {
    let rejection = issuer_mismatch(Some("a"), "b");
    assert_eq!(rejection.message(), "issuer mismatch: found `a`, expected `b`");
    assert_eq!(rejection.code_with_facts(), "issuer: found `a`, expected `b`");
    assert_eq!(
        json!(rejection),
        json!({
            "code": "issuer", "message": "issuer mismatch: found `a`, expected `b`",
            "claim": "iss", "found": "a", "expected": "b"
        })
    );
    assert_eq!(issuer_mismatch(None, "b").message(), "issuer mismatch: found none, expected `b`");
    let rejection = Rejection::for_claim(RejectReason::BadClaim, "sub")
        .with_found("1")
        .with_expected_description("a string");
    assert_eq!(rejection.message(), "claim `sub` invalid: found `1`, expected a string");
    assert_eq!(rejection.code_with_facts(), "bad_claim: `sub`: found `1`, expected a string");
    let rejection = Rejection::for_claim(RejectReason::MissingClaim, "exp");
    assert_eq!(rejection.message(), "claim `exp` missing");
    assert_eq!(rejection.code_with_facts(), "missing_claim: `exp`");
    let rejection = Rejection::new(RejectReason::BadSignature);
    assert_eq!(
        (rejection.message(), rejection.code_with_facts()),
        ("token signature invalid".to_owned(), "bad_signature".to_owned())
    );
    assert_eq!(
        json!(rejection),
        json!({
            "code": "bad_signature", "message": "token signature invalid",
            "claim": null, "found": null, "expected": null
        })
    );
}

#[test]
fn untrusted_values_are_escaped_and_bounded() {
    let rejection = issuer_mismatch(Some("a\u{1b}[2J\u{202e}\n"), "b");
    assert_eq!(
        rejection.message(),
        "issuer mismatch: found `a\\u{1b}[2J\\u{202e}\\n`, expected `b`"
    );
    let long = "a".repeat(60_000);
    let rejection = issuer_mismatch(Some(&long), "b");
    assert_eq!(json!(rejection)["found"], format!("{}…", "a".repeat(200)));
    assert!(rejection.message().len() < 300);
    let rejection = Rejection::for_claim(RejectReason::RequirementFailed, &long);
    assert!(rejection.message().len() < 300);
}

#[test]
fn difference_of_long_values_remains_visible() {
    let common = "https://idp.example/".repeat(100);
    let rejection = issuer_mismatch(Some(&format!("{common}a")), &format!("{common}b"));
    assert_eq!(
        rejection.message(),
        "issuer mismatch: found `…https://idp.example/a`, expected `…https://idp.example/b`"
    );
    let rejection = issuer_mismatch(Some(&common), &format!("{common}/"));
    assert_eq!(
        rejection.message(),
        "issuer mismatch: found `…https://idp.example/`, expected `…https://idp.example//`"
    );
}

#[test]
fn time_is_described_relative_to_the_time_of_verification() {
    let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds).unwrap();
    let describe = |seconds, reference| describe_time(at(seconds), at(reference), at(0));
    assert_eq!(describe(-10_800, 0), "2027-01-15T05:00:00Z (3 h ago)");
    assert_eq!(describe(60, 0), "2027-01-15T08:01:00Z (in 1 m)");
    assert_eq!(describe(0, 0), "2027-01-15T08:00:00Z (now)");
    assert_eq!(describe(0, 60), "2027-01-15T08:00:00Z (1 m before 2027-01-15T08:01:00Z)");
    assert_eq!(describe(0, -60), "2027-01-15T08:00:00Z (1 m after 2027-01-15T07:59:00Z)");
    assert_eq!(describe(60, 60), "2027-01-15T08:01:00Z");
}
