//! Tests of tokens with a valid signature: the reported reasons, their order, and the status.

use super::*;
use crate::model::{Lifetime, Permission, TokenStatus};

fn permission(name: &str) -> Permission {
    Permission::parse_including_reserved(name).unwrap()
}

fn required_values(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[test]
fn all_failed_checks_are_reported_in_fixed_order() {
    let mut context = new_test_context();
    let expires_at = at(604_800);
    let reasons_at_expiry = |context: &mut TestContext| {
        let app = context.app_token.clone();
        reasons_of(&verify_token(&mut context.store, &app, &Expectations::new(APP, expires_at)))
    };
    context.store.execute_sql("UPDATE tokens SET revoked_at = 1");
    assert_eq!(reasons_at_expiry(&mut context), [RejectReason::Revoked, RejectReason::Expired]);
    context.store.execute_sql(&format!(
        "UPDATE users SET disabled_at = 1;
         UPDATE tokens SET expires_at = {}, issued_at = {}",
        at(-5).unix(),
        at(5).unix()
    ));
    let token =
        context.altered_app_token(&[("exp", json!(at(-5).unix())), ("iat", json!(at(5).unix()))]);
    let unmet_expectations = Expectations {
        issuer: Some("x".to_owned()),
        audience: vec!["x".to_owned()],
        permissions: vec![permission("x")],
        required_values: required_values("x", "x"),
        min_ttl: Lifetime::from_seconds(1),
        ..TestContext::expectations(APP)
    };
    let report = verify_token(&mut context.store, &token, &unmet_expectations);
    assert_eq!(
        report.reasons,
        [
            RejectReason::Revoked,
            RejectReason::UserDisabled,
            RejectReason::Expired,
            RejectReason::NotYetValid,
            RejectReason::IssuerMismatch,
            RejectReason::AudienceMismatch,
            RejectReason::MissingPermission,
            RejectReason::RequirementFailed,
            RejectReason::TtlTooShort,
        ]
    );
    assert!(report.claims.is_some());
    let access = context.ada.access_token().to_owned();
    assert_eq!(
        verify_token(&mut context.store, &access, &unmet_expectations).reasons[..2],
        [RejectReason::SessionToken, RejectReason::UserDisabled]
    );
}

#[test]
fn expectations_are_checked_independently() {
    let mut context = new_test_context();
    let base = || TestContext::expectations(APP);
    let week = Lifetime::from_days(7);
    let over_a_week = Lifetime::from_seconds(604_801);
    for (expectations, expected) in [
        (Expectations { issuer: Some("jeton".to_owned()), ..base() }, vec![]),
        (
            Expectations { issuer: Some("Jeton".to_owned()), ..base() },
            vec![RejectReason::IssuerMismatch],
        ),
        (
            Expectations { audience: vec!["x".to_owned()], ..base() },
            vec![RejectReason::AudienceMismatch],
        ),
        (
            Expectations { permissions: vec![permission("x")], ..base() },
            vec![RejectReason::MissingPermission],
        ),
        (Expectations { required_values: required_values("app", "app"), ..base() }, vec![]),
        (Expectations { required_values: required_values("id", "1"), ..base() }, vec![]),
        (
            Expectations { required_values: required_values("app", "other"), ..base() },
            vec![RejectReason::RequirementFailed],
        ),
        (Expectations { min_ttl: Some(week), ..base() }, vec![]),
        (Expectations { min_ttl: over_a_week, ..base() }, vec![RejectReason::TtlTooShort]),
    ] {
        assert_eq!(context.app_reject_reasons(&expectations), expected, "{expectations:?}");
    }
}

#[test]
fn one_expected_audience_suffices_and_every_expected_permission_is_required() {
    let mut context = new_test_context();
    let app_request = crate::authority::tokens::TokenRequest {
        audience: vec!["a".to_owned(), "b".to_owned()],
        permissions: vec![permission("read"), permission("write")],
        ..token_request("app")
    };
    let issued = crate::authority::tokens::issue(
        &mut context.store,
        &audit_at(0),
        &context.ada.caller,
        &app_request,
    )
    .unwrap();
    let text = issued.token.expose_secret();
    let mut reasons_for = |audiences: &[&str], permissions: &[&str]| {
        let expectations = Expectations {
            audience: audiences.iter().map(|&name| name.to_owned()).collect(),
            permissions: permissions.iter().map(|name| permission(name)).collect(),
            ..TestContext::expectations(APP)
        };
        verify_token(&mut context.store, text, &expectations).reasons
    };
    assert_eq!(reasons_for(&["b"], &["write", "read"]), []);
    assert_eq!(reasons_for(&["x", "b"], &[]), []);
    assert_eq!(reasons_for(&["a"], &["read", "delete"]), [RejectReason::MissingPermission]);
    let message = reasons_for(&["ab", "x"], &[])[0].message();
    assert_eq!(message, "audience mismatch: found `[\"a\",\"b\"]`, expected `ab` or `x`");
}

#[test]
fn reference_time_applies_to_time_claims_and_min_ttl_only() {
    let mut context = new_test_context();
    let at_time =
        |seconds| Expectations { reference_time: at(seconds), ..TestContext::expectations(APP) };
    assert_eq!(context.app_reject_reasons(&at_time(604_799)), []);
    assert_eq!(context.app_reject_reasons(&at_time(604_800)), [RejectReason::Expired]);
    assert_eq!(context.app_reject_reasons(&at_time(-1)), [RejectReason::NotYetValid]);
    let min_ttl = Lifetime::from_seconds(60);
    assert_eq!(context.app_reject_reasons(&Expectations { min_ttl, ..at_time(604_740) }), []);
    assert_eq!(
        context.app_reject_reasons(&Expectations { min_ttl, ..at_time(604_741) }),
        [RejectReason::TtlTooShort]
    );
    context.store.execute_sql(&format!("UPDATE tokens SET revoked_at = {}", at(0).unix()));
    assert_eq!(
        context.app_reject_reasons(&at_time(-1)),
        [RejectReason::Revoked, RejectReason::NotYetValid]
    );
    rotate_app_key(&mut context.store, at(60));
    let past_expectations =
        Expectations { reference_time: at(0), ..Expectations::new(APP, at(60)) };
    assert_eq!(context.app_reject_reasons(&past_expectations), [RejectReason::KeyRetired]);
}

#[test]
fn leeway_applies_before_iat_and_after_exp() {
    let mut context = new_test_context();
    let at_time = |seconds, leeway| Expectations {
        reference_time: at(seconds),
        leeway_seconds: leeway,
        ..TestContext::expectations(APP)
    };
    assert_eq!(context.app_reject_reasons(&at_time(604_809, 10)), []);
    assert_eq!(context.app_reject_reasons(&at_time(604_810, 10)), [RejectReason::Expired]);
    assert_eq!(context.app_reject_reasons(&at_time(-10, 10)), []);
    assert_eq!(context.app_reject_reasons(&at_time(-11, 10)), [RejectReason::NotYetValid]);
}

#[test]
fn app_or_session_token_without_a_row_is_unknown_until_expiry() {
    let mut context = new_test_context();
    context.store.execute_sql("DELETE FROM tokens; DELETE FROM pairs");
    let (access, refresh) =
        (context.ada.access_token().to_owned(), context.ada.refresh_token().to_owned());
    for (token, expected_kind, expires_after) in [
        (context.app_token.clone(), APP, 604_800),
        (access, ACCESS, 900),
        (refresh, REFRESH, 30 * 86_400),
    ] {
        assert_eq!(
            reject_reasons_at(&mut context.store, &token, expected_kind, expires_after - 1),
            [RejectReason::UnknownToken]
        );
        assert_eq!(
            reject_reasons_at(&mut context.store, &token, expected_kind, expires_after),
            [RejectReason::Expired]
        );
        let report = verify_token(
            &mut context.store,
            &token,
            &Expectations::new(expected_kind, at(expires_after)),
        );
        assert_eq!((report.token_id(), report.status(at(expires_after))), (None, None));
    }
}

#[test]
fn token_with_missing_or_unrecorded_jti_is_unknown() {
    let mut context = new_test_context();
    let uppercase_jti = context.app_token_claims()["jti"].as_str().unwrap().to_uppercase();
    for jti in [json!(uppercase_jti), json!("x"), json!(""), json!(null)] {
        let token = context.altered_app_token(&[("jti", jti.clone())]);
        assert_eq!(context.reject_reasons(&token, APP), [RejectReason::UnknownToken], "{jti}");
    }
}

#[test]
fn exp_must_be_missing_exactly_if_the_row_has_no_expiry() {
    let mut context = new_test_context();
    let token = context.altered_app_token(&[("exp", json!(null))]);
    assert_eq!(context.reject_reasons(&token, APP), [RejectReason::MissingClaim]);
    context.store.execute_sql("UPDATE tokens SET expires_at = NULL");
    assert_eq!(context.reject_reasons(&token, APP), []);
    // The unaltered app token has `exp`, but its row no longer has an expiry.
    let expectations = TestContext::expectations(APP);
    assert_eq!(context.app_reject_reasons(&expectations), [RejectReason::BadClaim]);
    let min_ttl = Some(Lifetime::from_days(60_000));
    let long_ttl = Expectations { min_ttl, ..expectations };
    assert_eq!(verify_token(&mut context.store, &token, &long_ttl).reasons, [], "no expiry");
    context.store.execute_sql("DELETE FROM tokens");
    assert_eq!(
        context.reject_reasons(&token, APP),
        [RejectReason::UnknownToken, RejectReason::MissingClaim]
    );
}

#[test]
fn invalid_registered_claim_is_the_only_reported_reason() {
    let mut context = new_test_context();
    for (name, value) in [
        ("exp", json!("never")),
        ("exp", json!(1.5)),
        ("exp", json!(1e300)),
        ("nbf", json!(-1)),
        ("iat", json!([])),
        ("iss", json!(1)),
        ("sub", json!({})),
        ("aud", json!([1])),
        ("jti", json!(7)),
    ] {
        let token = context.altered_app_token(&[(name, value.clone())]);
        assert_eq!(
            context.reject_reasons(&token, APP),
            [RejectReason::BadClaim],
            "{name}: {value}"
        );
    }
}

#[test]
fn payload_must_be_one_unambiguous_json_object() {
    let mut context = new_test_context();
    let header = context.app_token_header(&[]);
    let claims = context.app_token_claims().to_string();
    let duplicate_member = format!("{},\"id\":2}}", claims.strip_suffix('}').unwrap());
    for (payload, detail) in [
        (duplicate_member.as_str(), "the payload is ambiguous: duplicate member name"),
        ("[]", "the payload is not a JSON object"),
        ("", "the payload is not well-formed JSON"),
        ("{} {}", "the payload is not well-formed JSON"),
    ] {
        let token = context.sign(&header, payload);
        let report = verify_token(&mut context.store, &token, &TestContext::expectations(APP));
        assert_eq!(report.reasons[0].message(), format!("token malformed: {detail}"));
    }
}

#[test]
fn deleted_and_disabled_owners_have_distinct_reasons() {
    let mut context = new_test_context();
    let access = context.ada.access_token().to_owned();
    let expectations = TestContext::expectations(APP);
    context.store.execute_sql("UPDATE users SET disabled_at = 1");
    assert_eq!(context.app_reject_reasons(&expectations), [RejectReason::UserDisabled]);
    assert_eq!(context.reject_reasons(&access, ACCESS), [RejectReason::UserDisabled]);
    context.store.execute_sql(
        "UPDATE users SET disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL,
             email_key = NULL, password = NULL",
    );
    assert_eq!(context.app_reject_reasons(&expectations), [RejectReason::OwnerDeleted]);
    assert_eq!(context.reject_reasons(&access, ACCESS), [RejectReason::OwnerDeleted]);
}

#[test]
fn status_is_live_expired_or_revoked() {
    let mut context = new_test_context();
    let (app, access) = (context.app_token.clone(), context.ada.access_token().to_owned());
    let status = |store: &mut Store, token: &str, expected_kind, seconds| {
        let expectations = Expectations::new(expected_kind, at(seconds));
        verify_token(store, token, &expectations).status(at(seconds))
    };
    let store = &mut context.store;
    assert_eq!(status(store, &app, APP, 0), Some(TokenStatus::Live));
    assert_eq!(status(store, &app, APP, 604_800), Some(TokenStatus::Expired));
    assert_eq!(status(store, &access, ACCESS, 0), Some(TokenStatus::Live));
    assert_eq!(status(store, &access, ACCESS, 900), Some(TokenStatus::Expired));
    store.execute_sql("UPDATE tokens SET revoked_at = 1; UPDATE pairs SET access_revoked_at = 1");
    assert_eq!(status(store, &app, APP, 0), Some(TokenStatus::Revoked));
    assert_eq!(status(store, &access, ACCESS, 0), Some(TokenStatus::Revoked));
    store.execute_sql("UPDATE sessions SET ended_at = 1");
    assert_eq!(status(store, &access, ACCESS, 900), Some(TokenStatus::Revoked));
}
