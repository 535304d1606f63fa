//! Tests that every operation refuses a token that contradicts its row. Also tests a change of a
//! row while a command runs.

use super::*;
use crate::authority::revocation::revoke;
use crate::authority::sessions::{self, NewPairIds};
use crate::authority::test_store::{authorize_minter, refusal_reasons, set_setting};
use crate::authority::tokens::{self, RenewalOptions, TokenRequest};
use crate::model::{ExtraClaims, Permission, Setting, TokenSelector};

/// Creates a context whose app token has the permission `jeton:mint`, an audience and an extra
/// claim.
fn context_with_recorded_claims() -> TestContext {
    let mut context = new_test_context();
    let app_request = TokenRequest {
        permissions: vec![Permission::parse_including_reserved("jeton:mint").unwrap()],
        audience: vec!["api".to_owned()],
        claims: ExtraClaims::parse(&["team=a".to_owned()], &[]).unwrap(),
        ..token_request("app")
    };
    let issued =
        tokens::issue(&mut context.store, &audit_at(0), &context.ada.caller, &app_request).unwrap();
    context.app_token = issued.token.expose_secret().to_owned();
    context
}

/// Verifies a token that contradicts its row, and asserts that the report does not have the row.
/// Returns the rejection reasons, and the message of the first reason up to the colon, without the
/// found and expected values.
fn verify_contradicting_token(
    context: &mut TestContext,
    token: &str,
    kind: ExpectedKind,
) -> (Vec<RejectReason>, String) {
    let report = verify_token(&mut context.store, token, &TestContext::expectations(kind));
    assert!(report.status(at(0)).is_none() && report.token_id().is_none());
    let message = report.reasons[0].message();
    let summary = message.split_once(": ").map_or(message.as_str(), |(summary, _)| summary);
    (reasons_of(&report), summary.to_owned())
}

#[test]
fn app_token_that_contradicts_its_row_is_refused() {
    let mut context = context_with_recorded_claims();
    let app = context.app_token.clone();
    assert_eq!(context.reject_reasons(&app, APP), []);
    let now = at(0).unix();
    for (name, value) in [
        ("permissions", json!(["jeton:mint", "admin"])),
        ("permissions", json!([])),
        ("permissions", json!("jeton:mint")),
        ("aud", json!("other")),
        ("aud", json!(["api", "other"])),
        ("sub", json!("0192abcd-0000-7000-8000-00000000cccc")),
        ("id", json!(2)),
        ("app", json!("other")),
        ("exp", json!(now + 60)),
        ("exp", json!(now + 100 * 86_400)),
        ("iat", json!(now - 60)),
        ("team", json!("b")),
        ("scope", json!("admin")),
        ("role", json!("admin")),
        ("nbf", json!(now - 60)),
    ] {
        let token = context.altered_app_token(&[(name, value.clone())]);
        let actual = verify_contradicting_token(&mut context, &token, APP);
        assert_eq!(
            actual,
            (vec![RejectReason::BadClaim], format!("claim `{name}` invalid")),
            "{name}: {value}"
        );
    }
    for name in ["permissions", "aud", "sub", "id", "app", "exp", "iat", "team"] {
        let token = context.altered_app_token(&[(name, json!(null))]);
        let actual = verify_contradicting_token(&mut context, &token, APP);
        assert_eq!(
            actual,
            (vec![RejectReason::MissingClaim], format!("claim `{name}` missing")),
            "{name}"
        );
    }
}

#[test]
fn changed_claim_settings_do_not_contradict_an_issued_app_token() {
    let mut context = context_with_recorded_claims();
    let app = context.app_token.clone();
    for setting in [Setting::Issuer, Setting::OwnerClaim, Setting::TargetClaim] {
        set_setting(&mut context.store, setting, "other");
    }
    assert_eq!(context.reject_reasons(&app, APP), []);
}

/// Returns a session token with one changed claim, signed again with the active app key.
fn altered_session_token(
    context: &mut TestContext,
    token: &str,
    name: &str,
    value: &Value,
) -> String {
    let (header, mut claims) = decode_token(token);
    claims[name] = value.clone();
    context.sign(&header.to_string(), &claims.to_string())
}

#[test]
fn session_token_that_contradicts_its_row_is_refused() {
    let mut context = new_test_context();
    let now = at(0).unix();
    let tokens = [
        (context.ada.access_token().to_owned(), ACCESS),
        (context.ada.refresh_token().to_owned(), REFRESH),
    ];
    for (token, expected_kind) in tokens {
        for (name, value) in [
            ("exp", json!(now + 60)),
            ("exp", json!(now + 100 * 86_400)),
            ("iat", json!(now - 60)),
            ("nbf", json!(now - 60)),
            ("sid", json!("0192abcd-0000-7000-8000-00000000cccc")),
            ("sub", json!("0192abcd-0000-7000-8000-00000000cccc")),
            ("id", json!(2)),
        ] {
            let altered_token = altered_session_token(&mut context, &token, name, &value);
            let actual = verify_contradicting_token(&mut context, &altered_token, expected_kind);
            assert_eq!(
                actual,
                (vec![RejectReason::BadClaim], format!("claim `{name}` invalid")),
                "{name}: {value}"
            );
        }
        // `role` is not compared: every decision uses the role in the user's row.
        let demoted_token = altered_session_token(&mut context, &token, "role", &json!("user"));
        assert_eq!(context.reject_reasons(&demoted_token, expected_kind), []);
    }
}

#[test]
fn every_operation_refuses_a_token_that_contradicts_its_row() {
    let mut context = context_with_recorded_claims();
    let later_expiry = json!(at(0).unix() + 100 * 86_400);
    let app = context.altered_app_token(&[("exp", later_expiry.clone())]);
    let (access, refresh_token) =
        (context.ada.access_token().to_owned(), context.ada.refresh_token().to_owned());
    let access = altered_session_token(&mut context, &access, "exp", &later_expiry);
    let refresh_token = altered_session_token(&mut context, &refresh_token, "exp", &later_expiry);
    let store = &mut context.store;
    let renewal = RenewalOptions { ttl: None, grace: None };
    let by_value = |token: &String| TokenSelector::Value(token.clone());
    assert_eq!(refusal_reasons(authorize_minter(store, at(0), &app)), [RejectReason::BadClaim]);
    assert_eq!(refusal_reasons(authorize_minter(store, at(0), &access)), [RejectReason::BadClaim]);
    assert_eq!(
        refusal_reasons(tokens::renew(store, &audit_at(0), None, &by_value(&app), renewal)),
        [RejectReason::BadClaim]
    );
    for token in [&app, &access, &refresh_token] {
        let result = revoke(store, &audit_at(0), None, &[by_value(token)]);
        assert_eq!(refusal_reasons(result), [RejectReason::BadClaim]);
        let response = introspect(store, token, at(0)).unwrap();
        assert_eq!(response, json!({"active": false}));
    }
    assert_eq!(
        refusal_reasons(sessions::authenticate(store, at(0), &access)),
        [RejectReason::BadClaim]
    );
    assert_eq!(
        refusal_reasons(sessions::end(store, &audit_at(0), &access)),
        [RejectReason::BadClaim]
    );
    let refresh_result =
        sessions::refresh(store, &audit_at(0), &refresh_token, NewPairIds::generate());
    assert_eq!(refusal_reasons(refresh_result), [RejectReason::BadClaim]);
    // The refused operations revoked no token, ended no session and used no refresh token.
    let (app, access) = (context.app_token.clone(), context.ada.access_token().to_owned());
    let refresh_token = context.ada.refresh_token().to_owned();
    for token in [app, access, refresh_token] {
        assert_eq!(context.reject_reasons(&token, ExpectedKind::Any), []);
    }
}

#[test]
fn change_after_the_start_of_a_command_is_reported_as_made_now() {
    let mut context = new_test_context();
    let (caller, user) = (context.ada.caller.clone(), context.ada.user().id);
    // The command of `caller` started at 0, and another process disables the user at 5.
    context.store.write(|tx| tx.set_disabled(user, Some(at(5)))).unwrap();
    let result = context.store.read(|tx| caller.recheck_role(tx, Role::User, "refused"));
    let message = result.unwrap_err().to_string();
    assert!(message.ends_with("(now)"), "{message}");
}
