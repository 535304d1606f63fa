//! Tests of tokens that fail at the signature check, at an earlier check, or because of the state
//! of their key. The report of such a token has one reason and no claims.

use super::*;

/// Verifies a token. Asserts that the report has a single reason, no claims and no row, and returns
/// the reason.
fn expect_single_reason(
    context: &mut TestContext,
    token: &str,
    kind: ExpectedKind,
) -> RejectReason {
    let report = verify_token(&mut context.store, token, &TestContext::expectations(kind));
    assert!(report.claims.is_none(), "unverified claims in the report");
    assert_eq!((report.token_id(), report.status(at(0))), (None, None));
    let [rejection] = &report.reasons[..] else { panic!("{:?}", report.reasons) };
    rejection.reason
}

#[test]
fn malformed_token_is_refused_with_detail() {
    let mut context = new_test_context();
    let app = context.app_token.clone();
    let (signing_input, signature) = app.rsplit_once('.').unwrap();
    let list_header_token = context.sign("[]", "{}");
    let duplicate_member_token = context.sign(r#"{"alg":"ES256","alg":"ES256"}"#, "{}");
    let large_token = "A".repeat(70_000);
    for (token, detail) in [
        ("", "empty"),
        ("abc", "expected three parts"),
        (signing_input, "expected three parts"),
        (&format!("{app}."), "expected three parts"),
        (&format!("{app} "), "the signature is not base64url"),
        (&format!("{app}="), "the signature is not base64url"),
        (&format!("{signing_input}.+{}", &signature[1..]), "the signature is not base64url"),
        (&format!("!{app}"), "the header is not base64url"),
        (&list_header_token, "the header is not a JSON object"),
        (&duplicate_member_token, "the header is ambiguous: duplicate member name"),
        (&large_token, "larger than 64 KiB"),
    ] {
        let report = verify_token(&mut context.store, token, &TestContext::expectations(APP));
        assert_eq!(report.reasons[0].facts_text().as_deref(), Some(detail));
        assert_eq!(expect_single_reason(&mut context, token, APP), RejectReason::Malformed);
    }
}

#[test]
fn unsupported_header_extension_is_refused_and_unknown_parameter_is_ignored() {
    let mut context = new_test_context();
    let claims = context.app_token_claims().to_string();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
    ] {
        let header = context.app_token_header(&[(name, value)]);
        let token = context.sign(&header, &claims);
        assert_eq!(
            expect_single_reason(&mut context, &token, APP),
            RejectReason::CriticalHeader,
            "{name}"
        );
    }
    let header = context.app_token_header(&[("x", json!("y")), ("cty", json!("JWT"))]);
    let token = context.sign(&header, &claims);
    assert_eq!(context.reject_reasons(&token, APP), [], "unknown header parameters are ignored");
}

#[test]
fn header_alg_must_match_the_key() {
    let mut context = new_test_context();
    let claims = context.app_token_claims().to_string();
    for alg in ["none", "None", "NONE", "HS256", "ES384", "es256", ""] {
        let header = context.app_token_header(&[("alg", json!(alg))]);
        let token = context.sign(&header, &claims);
        assert_eq!(
            expect_single_reason(&mut context, &token, APP),
            RejectReason::AlgNotAllowed,
            "{alg}"
        );
    }
    for alg in [json!(1), json!(null), json!(["ES256"])] {
        let header = context.app_token_header(&[("alg", alg.clone())]);
        let token = context.sign(&header, &claims);
        assert_eq!(
            expect_single_reason(&mut context, &token, APP),
            RejectReason::AlgNotAllowed,
            "{alg}"
        );
    }
    let header = context.app_token_header(&[("alg", json!("none"))]);
    let token = context.sign(&header, &claims);
    let (signing_input, _) = token.rsplit_once('.').unwrap();
    assert_eq!(
        expect_single_reason(&mut context, &format!("{signing_input}."), APP),
        RejectReason::AlgNotAllowed
    );
}

/// Checks that both `Ed25519` (RFC 9864, section 2.2) and the older name `EdDSA` are accepted as
/// `alg`, regardless of the `alg` of the key, and that no other `alg` is accepted.
#[test]
fn only_the_two_names_of_ed25519_are_accepted() {
    for algorithm in [Algorithm::EdDSA, Algorithm::Ed25519] {
        let mut context = new_test_context_with(algorithm);
        let claims = context.app_token_claims().to_string();
        assert_eq!(decode_token(&context.app_token).0["alg"], algorithm.name());
        for alg in ["EdDSA", "Ed25519"] {
            let header = context.app_token_header(&[("alg", json!(alg))]);
            let token = context.sign(&header, &claims);
            assert_eq!(context.reject_reasons(&token, APP), [], "{alg}");
        }
        for alg in ["Ed448", "ed25519", "eddsa", "ES256"] {
            let header = context.app_token_header(&[("alg", json!(alg))]);
            let token = context.sign(&header, &claims);
            assert_eq!(context.reject_reasons(&token, APP), [RejectReason::AlgNotAllowed], "{alg}");
        }
    }
}

#[test]
fn token_with_public_key_as_hmac_secret_is_refused() {
    let mut context = new_test_context();
    let key = context.active_app_key();
    // The public key is not secret, so an attacker can use it as an HMAC secret.
    let hmac_key = crate::model::KeySpec {
        algorithm: Algorithm::HS256,
        material: secrecy::SecretSlice::from(
            Value::from(key.spec.public_jwk.clone().unwrap()).to_string().into_bytes(),
        ),
        ..key.spec
    };
    let header = context.app_token_header(&[("alg", json!("HS256"))]);
    let token = sign_text(&hmac_key, &header, &context.app_token_claims().to_string()).unwrap();
    assert_eq!(
        expect_single_reason(&mut context, token.expose_secret(), APP),
        RejectReason::AlgNotAllowed
    );
}

#[test]
fn kid_must_name_a_key_of_the_store() {
    let mut context = new_test_context();
    let claims = context.app_token_claims().to_string();
    for (kid, reason) in [
        (json!("unknown"), RejectReason::UnknownKey),
        (json!(""), RejectReason::UnknownKey),
        (json!("' OR 1=1 --"), RejectReason::UnknownKey),
        (json!(1), RejectReason::Malformed),
        (json!(null), RejectReason::Malformed),
    ] {
        let header = context.app_token_header(&[("kid", kid.clone())]);
        let token = context.sign(&header, &claims);
        assert_eq!(expect_single_reason(&mut context, &token, APP), reason, "{kid}");
    }
    let token = context.sign(r#"{"alg":"ES256","typ":"JWT"}"#, &claims);
    assert_eq!(
        expect_single_reason(&mut context, &token, APP),
        RejectReason::UnknownKey,
        "without `kid`, no key is tried"
    );
}

#[test]
fn key_from_a_token_header_is_never_used() {
    let mut context = new_test_context();
    let attacker_key =
        crypto::generate_key(Algorithm::ES256, Purpose::App, crate::model::RsaBits::default())
            .unwrap();
    let claims = context.app_token_claims().to_string();
    for name in ["jwk", "jku", "x5u", "x5c"] {
        let value = match name {
            "jwk" => Value::from(attacker_key.public_jwk.clone().unwrap()),
            _ => json!("https://example.com/keys"),
        };
        let header = context.app_token_header(&[(name, value.clone())]);
        let forged_token = sign_text(&attacker_key, &header, &claims).unwrap();
        assert_eq!(
            expect_single_reason(&mut context, forged_token.expose_secret(), APP),
            RejectReason::BadSignature
        );
        let token_signed_by_store = context.sign(&header, &claims);
        assert_eq!(context.reject_reasons(&token_signed_by_store, APP), [], "{name} is ignored");
    }
}

#[test]
fn wrong_or_incomplete_signature_is_refused() {
    let mut context = new_test_context();
    let app = context.app_token.clone();
    let other_token =
        issue_app_token(&mut context.store, &context.ada, "app").token.expose_secret().to_owned();
    let (signing_input, _) = app.rsplit_once('.').unwrap();
    let (_, signature) = other_token.rsplit_once('.').unwrap();
    assert_eq!(
        expect_single_reason(&mut context, &format!("{signing_input}.{signature}"), APP),
        RejectReason::BadSignature
    );
    assert_eq!(
        expect_single_reason(&mut context, &format!("{signing_input}."), APP),
        RejectReason::BadSignature
    );
    assert_eq!(
        expect_single_reason(&mut context, &format!("{signing_input}.AAAA"), APP),
        RejectReason::BadSignature
    );
}

#[test]
fn token_of_another_store_has_an_unknown_key() {
    let mut context = new_test_context();
    let other_context = new_test_context();
    assert_eq!(
        expect_single_reason(&mut context, &other_context.app_token, APP),
        RejectReason::UnknownKey
    );
    assert_eq!(
        expect_single_reason(&mut context, other_context.ada.access_token(), ACCESS),
        RejectReason::UnknownKey
    );
}

#[test]
fn retired_key_verifies_only_before_verify_until() {
    let mut context = new_test_context();
    let (app, access) = (context.app_token.clone(), context.ada.access_token().to_owned());
    rotate_app_key(&mut context.store, at(60));
    for (token, expected_kind) in [(&app, APP), (&access, ACCESS)] {
        assert_eq!(reject_reasons_at(&mut context.store, token, expected_kind, 59), []);
        assert_eq!(
            reject_reasons_at(&mut context.store, token, expected_kind, 60),
            [RejectReason::KeyRetired]
        );
    }
    let ada = &context.ada;
    let new_token =
        issue_app_token(&mut context.store, ada, "new").token.expose_secret().to_owned();
    assert_eq!(reject_reasons_at(&mut context.store, &new_token, APP, 60), []);
}

#[test]
fn standby_app_key_is_unknown() {
    let mut context = new_test_context();
    let app = context.app_token.clone();
    context.store.execute_sql("UPDATE keys SET state = 'standby'");
    assert_eq!(expect_single_reason(&mut context, &app, APP), RejectReason::UnknownKey);
}

#[test]
fn revoked_key_is_reported_after_signature_check() {
    let mut context = new_test_context();
    let tokens = [
        context.app_token.clone(),
        context.ada.access_token().to_owned(),
        context.ada.refresh_token().to_owned(),
    ];
    let hs256_header = context.app_token_header(&[("alg", json!("HS256"))]);
    let token_with_other_alg = context.sign(&hs256_header, &context.app_token_claims().to_string());
    context.store.execute_sql("UPDATE keys SET state = 'revoked'");
    for token in &tokens {
        let report =
            verify_token(&mut context.store, token, &TestContext::expectations(ExpectedKind::Any));
        assert_eq!(report.reasons, [RejectReason::KeyRevoked]);
        assert!(report.claims.is_none() && report.kind.is_none());
        let (signing_input, _) = token.rsplit_once('.').unwrap();
        let forged_token = format!("{signing_input}.AAAA");
        assert_eq!(
            expect_single_reason(&mut context, &forged_token, ExpectedKind::Any),
            RejectReason::BadSignature
        );
    }
    assert_eq!(
        expect_single_reason(&mut context, &token_with_other_alg, ExpectedKind::Any),
        RejectReason::AlgNotAllowed
    );
}
