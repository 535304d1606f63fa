//! Tests that a token is accepted only as its own kind. Also tests decoding without verification.

use super::*;
use crate::authority::test_store::{mint_request, mint_token_text};

fn mint_test_token(context: &mut TestContext) -> String {
    mint_token_text(&mut context.store, &context.ada, &mint_request())
}

#[test]
fn token_is_accepted_only_as_own_kind() {
    let mut context = new_test_context();
    let tokens = [
        (TokenKind::App, context.app_token.clone()),
        (TokenKind::Access, context.ada.access_token().to_owned()),
        (TokenKind::Refresh, context.ada.refresh_token().to_owned()),
        (TokenKind::Test, mint_test_token(&mut context)),
    ];
    for (kind, token) in &tokens {
        assert_eq!(context.reject_reasons(token, ExpectedKind::Any), [], "{kind:?}");
        for expected_kind in
            [TokenKind::App, TokenKind::Access, TokenKind::Refresh, TokenKind::Test]
        {
            let is_session = matches!(kind, TokenKind::Access | TokenKind::Refresh);
            let expected_reasons = if expected_kind == *kind {
                vec![]
            } else if expected_kind == TokenKind::App && is_session {
                vec![RejectReason::SessionToken]
            } else {
                vec![RejectReason::WrongType]
            };
            let actual = context.reject_reasons(token, ExpectedKind::Only(expected_kind));
            assert_eq!(actual, expected_reasons, "{kind:?} as {expected_kind:?}");
        }
    }
}

#[test]
fn only_a_test_token_has_a_known_kind_before_signature_check() {
    let mut context = new_test_context();
    let token = mint_test_token(&mut context);
    let (signing_input, _) = token.rsplit_once('.').unwrap();
    let broken_token = format!("{signing_input}.AAAA");
    for token in [&token, &broken_token] {
        let report = verify_token(&mut context.store, token, &TestContext::expectations(APP));
        assert_eq!(
            (report.kind, reasons_of(&report)),
            (Some(TokenKind::Test), vec![RejectReason::WrongType])
        );
        assert!(report.claims.is_none());
    }
    assert_eq!(context.reject_reasons(&broken_token, TEST), [RejectReason::BadSignature]);
    let app = context.app_token.clone();
    let report = verify_token(&mut context.store, &app, &TestContext::expectations(TEST));
    assert_eq!((report.kind, reasons_of(&report)), (None, vec![RejectReason::WrongType]));
}

#[test]
fn header_typ_and_type_claim_must_fit_the_kind() {
    let mut context = new_test_context();
    let claims = context.app_token_claims().to_string();
    for typ in [json!("session+jwt"), json!("refresh+jwt"), json!("jwt"), json!(1), json!("")] {
        let header = context.app_token_header(&[("typ", typ.clone())]);
        let token = context.sign(&header, &claims);
        assert_eq!(context.reject_reasons(&token, APP), [RejectReason::WrongType], "{typ}");
    }
    let (kid, access_claims) =
        (context.active_app_key().spec.kid, decode_token(context.ada.access_token()).1.to_string());
    let untyped_header = json!({"alg": "ES256", "kid": kid}).to_string();
    let token = context.sign(&untyped_header, &claims);
    assert_eq!(context.reject_reasons(&token, APP), [RejectReason::WrongType], "no `typ`");
    let token = context.altered_app_token(&[("type", json!(null))]);
    assert_eq!(context.reject_reasons(&token, APP), [RejectReason::WrongType], "no `type`");
    let token = context.altered_app_token(&[("type", json!("other"))]);
    assert_eq!(context.reject_reasons(&token, APP), [RejectReason::WrongType]);
    // A token with the header of an app token and the claims of an access token is accepted as
    // neither kind.
    let header = context.app_token_header(&[]);
    let token = context.sign(&header, &access_claims);
    assert_eq!(context.reject_reasons(&token, APP), [RejectReason::SessionToken]);
    assert_eq!(context.reject_reasons(&token, ACCESS), [RejectReason::WrongType]);
}

#[test]
fn jti_of_a_stored_token_of_another_kind_is_unknown() {
    let mut context = new_test_context();
    let (app_claims, access_claims, refresh_claims) = (
        context.app_token_claims(),
        decode_token(context.ada.access_token()).1,
        decode_token(context.ada.refresh_token()).1,
    );
    for (other_claims, kind) in [(&access_claims, "access"), (&refresh_claims, "refresh")] {
        let token = context.altered_app_token(&[("jti", other_claims["jti"].clone())]);
        assert_eq!(context.reject_reasons(&token, APP), [RejectReason::UnknownToken], "{kind}");
    }
    for (typ, claims, expected_kind, claims_of_other_kinds) in [
        ("session+jwt", &access_claims, ACCESS, [&app_claims, &refresh_claims]),
        ("refresh+jwt", &refresh_claims, REFRESH, [&app_claims, &access_claims]),
    ] {
        let header = context.app_token_header(&[("typ", json!(typ))]);
        for other_claims in claims_of_other_kinds {
            let mut claims = claims.clone();
            claims["jti"] = other_claims["jti"].clone();
            let token = context.sign(&header, &claims.to_string());
            assert_eq!(context.reject_reasons(&token, expected_kind), [RejectReason::UnknownToken]);
        }
    }
}

#[test]
fn decoding_checks_the_form_but_not_the_signature() {
    let context = new_test_context();
    let (signing_input, _) = context.app_token.rsplit_once('.').unwrap();
    assert_eq!(decode_token(&format!("{signing_input}.AAAA")).1, context.app_token_claims());
    assert!(matches!(
        decode("nonsense"),
        Err(Error::TokenRejected { kind: None, reasons }) if reasons == [RejectReason::Malformed]
    ));
}
