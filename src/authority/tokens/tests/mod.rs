//! Tests of the claims and the expiry of app tokens, and of the authorization to issue app tokens.

mod quota;
mod recorded;

use super::*;
use crate::authority::RejectReason;
use crate::authority::resource_kind::ResourceKind;
use crate::authority::test_store::{
    TestUser, add_user, at, audit_at, decode_token, issue_app_token, new_store, reject_reasons_at,
    set_setting, token_request, verify_token,
};
use crate::authority::verification::{Expectations, ExpectedKind};
use crate::model::{PageRequest, Role, Setting, TokenSelector};
use crate::store::TokenFilter;

fn issue_at(
    store: &mut Store,
    seconds: i64,
    test_user: &TestUser,
    app: &str,
) -> Result<IssuedToken, Error> {
    issue(store, &audit_at(seconds), &test_user.caller, &token_request(app))
}

fn request_with_expiry(app: &str, expiry: Expiry) -> TokenRequest {
    TokenRequest { expiry, ..token_request(app) }
}

fn claims_of(issued: &IssuedToken) -> Map<String, Value> {
    decode_token(issued.token.expose_secret()).1.as_object().unwrap().clone()
}

fn claim_names(issued: &IssuedToken) -> Vec<String> {
    claims_of(issued).keys().cloned().collect()
}

fn parse_permissions(names: &[&str]) -> Vec<Permission> {
    names.iter().map(|name| Permission::parse(name).unwrap()).collect()
}

#[test]
fn app_token_has_documented_header_and_claims_in_order() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let request = TokenRequest {
        permissions: parse_permissions(&["read", "write"]),
        ..token_request("my-app")
    };
    let issued = issue(&mut store, &audit_at(0), &ada.caller, &request).unwrap();
    let (header, payload) = decode_token(issued.token.expose_secret());
    let kid = store.read(|tx| tx.active_app_key()).unwrap().spec.kid;
    assert_eq!(header.to_string(), json!({"alg": "ES256", "typ": "JWT", "kid": kid}).to_string());
    let expected = json!({
        "id": 1,
        "owner": "gerenciaToken",
        "target": "cliente",
        "permissions": ["read", "write"],
        "iat": at(0).unix(),
        "exp": at(604_800).unix(),
        "iss": "jeton",
        "sub": ada.user().uid.to_string(),
        "jti": issued.record.jti.to_string(),
        "type": "app",
        "app": "my-app",
    });
    assert_eq!(payload.to_string(), expected.to_string());
}

#[test]
fn optional_claims_are_omitted_or_appended() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let token_without_expiry =
        issue(&mut store, &audit_at(0), &ada.caller, &request_with_expiry("a", Expiry::Never))
            .unwrap();
    assert_eq!(
        claim_names(&token_without_expiry),
        ["id", "owner", "target", "permissions", "iat", "iss", "sub", "jti", "type", "app"]
    );
    assert_eq!(claims_of(&token_without_expiry)["permissions"], json!([]));
    let extra_claims = ExtraClaims::parse(&["tier=gold".to_owned()], &["n=1".to_owned()]).unwrap();
    let mut request = TokenRequest {
        claims: extra_claims,
        audience: vec!["one".to_owned()],
        ..token_request("b")
    };
    let token_for_one_audience = issue(&mut store, &audit_at(0), &ada.caller, &request).unwrap();
    assert_eq!(claim_names(&token_for_one_audience)[10..], ["app", "aud", "tier", "n"]);
    assert_eq!(
        (
            &claims_of(&token_for_one_audience)["aud"],
            &claims_of(&token_for_one_audience)["tier"],
            &claims_of(&token_for_one_audience)["n"]
        ),
        (&json!("one"), &json!("gold"), &json!(1))
    );
    request.audience.push("two".to_owned());
    let token_for_two_audiences = issue(&mut store, &audit_at(0), &ada.caller, &request).unwrap();
    assert_eq!(claims_of(&token_for_two_audiences)["aud"], json!(["one", "two"]));
}

#[test]
fn settings_determine_claims_and_default_lifetime() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    for (setting, value) in [
        (Setting::OwnerClaim, "the owner"),
        (Setting::TargetClaim, "the target"),
        (Setting::Issuer, "https://issuer.example"),
        (Setting::TokenTtl, "1h"),
    ] {
        set_setting(&mut store, setting, value);
    }
    let claims = claims_of(&issue_app_token(&mut store, &ada, "app"));
    assert_eq!(claims["owner"], "the owner");
    assert_eq!(claims["target"], "the target");
    assert_eq!(claims["iss"], "https://issuer.example");
    assert_eq!(claims["exp"], at(3_600).unix());
}

#[test]
fn issued_token_has_requested_expiry() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    set_setting(&mut store, Setting::TokenQuota, "unlimited");
    let hour = Lifetime::from_minutes(60);
    for (expiry, expected) in [
        (Expiry::Default, Some(at(604_800))),
        (Expiry::After(hour), Some(at(3_600))),
        (Expiry::At(at(1).into()), Some(at(1))),
        (Expiry::Never, None),
    ] {
        let issued =
            issue(&mut store, &audit_at(0), &ada.caller, &request_with_expiry("app", expiry))
                .unwrap();
        assert_eq!(issued.record.expires_at, expected);
        let recorded = store.read(|tx| tx.find_token(issued.record.id)).unwrap().unwrap();
        assert_eq!(recorded.expires_at, expected);
    }
}

#[test]
fn expiry_now_or_in_past_or_after_year_9999_is_refused() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let centuries = Lifetime::parse("365000d").unwrap();
    let late_audit =
        AuditContext { now: Timestamp::from_unix(253_000_000_000).unwrap(), ..audit_at(0) };
    for (audit, expiry, message) in [
        (audit_at(0), Expiry::At(at(0).into()), "expiry time is in the past"),
        (audit_at(0), Expiry::At(at(-1).into()), "expiry time is in the past"),
        (late_audit, Expiry::After(centuries), "expiry time is past the year 9999"),
    ] {
        match issue(&mut store, &audit, &ada.caller, &request_with_expiry("app", expiry)) {
            Err(Error::Usage(text)) => assert_eq!(text, message),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn reserved_claim_is_refused() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "id",
        "owner",
        "target",
        "permissions",
        "type",
        "app",
        "sid",
        "role",
        "fresh",
        "bloqueado",
    ] {
        let claims = ExtraClaims::parse(&[format!("{name}=x")], &[]).unwrap();
        let request = TokenRequest { claims, ..token_request("app") };
        match issue(&mut store, &audit_at(0), &ada.caller, &request) {
            Err(Error::Usage(text)) => {
                assert_eq!(text, format!("claim `{name}` is reserved"));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn issuing_for_other_user_requires_admin() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let john = add_user(&mut store, "john", Role::User);
    let request_for = |name: &str| TokenRequest {
        owner: Some(UserRef::parse(name).unwrap()),
        ..token_request("app")
    };
    for (test_user, name) in [(&john, "ada"), (&mia, "john"), (&john, "missing")] {
        let result = issue(&mut store, &audit_at(0), &test_user.caller, &request_for(name));
        assert!(
            matches!(
                result,
                Err(Error::InsufficientRole {
                    refusal: "only admins can create tokens for other users",
                    ..
                })
            ),
            "{name}"
        );
    }
    let own_token =
        issue(&mut store, &audit_at(0), &john.caller, &request_for("john@example.com")).unwrap();
    assert_eq!(own_token.record.grant.owner_id, john.user().id);
    let issued = issue(&mut store, &audit_at(0), &ada.caller, &request_for("john")).unwrap();
    let claims = claims_of(&issued);
    assert_eq!(claims["id"], json!(john.user().id));
    assert_eq!(claims["sub"], json!(john.user().uid));
    assert_eq!(issued.quota_usage.unwrap().used, 2, "the token counts toward the owner's quota");
    let result = issue(&mut store, &audit_at(0), &ada.caller, &request_for("missing"));
    assert!(matches!(result, Err(Error::NotFound { resource: ResourceKind::User, .. })));
    store.execute_sql("UPDATE users SET disabled_at = 1 WHERE username = 'john'");
    let result = issue(&mut store, &audit_at(0), &ada.caller, &request_for("john"));
    assert!(matches!(result, Err(Error::Forbidden("token owner disabled"))));
}

#[test]
fn duplicate_permission_is_granted_once() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let request =
        TokenRequest { permissions: parse_permissions(&["a", "b", "a"]), ..token_request("app") };
    let issued = issue(&mut store, &audit_at(0), &ada.caller, &request).unwrap();
    assert_eq!(claims_of(&issued)["permissions"], json!(["a", "b"]));
}

#[test]
fn tokens_of_one_application_are_distinct_and_valid() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let (first, second) =
        (issue_app_token(&mut store, &ada, "app"), issue_app_token(&mut store, &ada, "app"));
    assert_ne!((first.record.id, first.record.jti), (second.record.id, second.record.jti));
    let expected_kind = ExpectedKind::Only(TokenKind::App);
    for issued in [&first, &second] {
        let expectations = Expectations::new(expected_kind, at(0));
        let report = verify_token(&mut store, issued.token.expose_secret(), &expectations);
        assert_eq!((report.reasons.is_empty(), report.token_id()), (true, Some(issued.record.id)));
    }
}

#[test]
fn undelivered_token_is_revoked_and_frees_quota() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let issued = issue_app_token(&mut store, &ada, "app");
    revoke_issued(
        &mut store,
        &audit_at(0),
        None,
        &[issued.record.id],
        RevocationCause::Undelivered,
    )
    .unwrap();
    let expected_kind = ExpectedKind::Only(TokenKind::App);
    assert_eq!(
        reject_reasons_at(&mut store, issued.token.expose_secret(), expected_kind, 0),
        [RejectReason::Revoked]
    );
    assert_eq!(issue_app_token(&mut store, &ada, "app").quota_usage.unwrap().used, 1);
}

#[test]
fn successor_keeps_a_lifetime_of_more_than_1000_years() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let expiry = Timestamp::parse("9000-01-01").unwrap();
    let request = request_with_expiry("app", Expiry::At(expiry.into()));
    let issued = issue(&mut store, &audit_at(0), &ada.caller, &request).unwrap();
    let selector = TokenSelector::Id(issued.record.id);
    let options = RenewalOptions { ttl: None, grace: None };
    let outcome = renew(&mut store, &audit_at(60), Some(&ada.caller), &selector, options).unwrap();
    let expires_at = outcome.issued.record.expires_at.map(Timestamp::unix);
    assert_eq!(expires_at, Some(expiry.unix() + 60));
}
