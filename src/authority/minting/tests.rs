//! Tests of test tokens: claims, expiry, key, required role, kind, recording and audit event.

use super::*;
use crate::authority::sessions::authenticate;
use crate::authority::test_store::{
    add_session, add_user, at, audit_at, decode_token, issue_app_token, mint_request, mint_token,
    mint_token_text, new_store, new_store_with, refusal_reasons, reject_reasons_at, set_setting,
};
use crate::authority::tokens::Expiry;
use crate::authority::verification::ExpectedKind;
use crate::authority::{Error, RejectReason};
use crate::model::{
    Algorithm, ExtraClaims, Lifetime, PageRequest, Purpose, Role, Setting, TokenKind,
};
use crate::signals::Interrupted;
use crate::store::{EventFilter, Store};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

#[test]
fn default_test_token_is_valid_with_standard_header_and_claims() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    let MintedToken { token, jti, .. } = mint_token(&mut store, &mia, &mint_request()).unwrap();
    let (header, payload) = decode_token(token.expose_secret());
    let key = store.read(|tx| tx.find_test_key(Algorithm::ES256)).unwrap().unwrap();
    let expected = json!({"alg": "ES256", "typ": "JWT", "kid": key.spec.kid});
    assert_eq!(header.to_string(), expected.to_string());
    let expected = json!({
        "iss": "jeton",
        "sub": mia.user().uid,
        "iat": at(0).unix(),
        "exp": at(3_600).unix(),
        "jti": jti,
    });
    assert_eq!(payload.to_string(), expected.to_string());
    assert_eq!(
        reject_reasons_at(
            &mut store,
            token.expose_secret(),
            ExpectedKind::Only(TokenKind::Test),
            0
        ),
        []
    );
}

#[test]
fn issuer_setting_and_request_override_default_claims() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    set_setting(&mut store, Setting::Issuer, "https://ours.example");
    assert_eq!(
        decode_token(&mint_token_text(&mut store, &mia, &mint_request())).1["iss"],
        "https://ours.example"
    );
    let claims = ExtraClaims::parse(&["role=x".to_owned()], &["iat=1".to_owned()]).unwrap();
    let mut request =
        MintRequest { expiry: Expiry::At(at(-10).into()), claims: claims.0, ..mint_request() };
    for (name, value) in [("sub", "alice"), ("iss", "https://idp.example"), ("aud", "api")] {
        request.set_claim(name, &[value]).unwrap();
    }
    let payload = decode_token(&mint_token_text(&mut store, &mia, &request)).1;
    assert_eq!(
        (&payload["sub"], &payload["iss"], &payload["aud"], &payload["exp"]),
        (&json!("alice"), &json!("https://idp.example"), &json!("api"), &json!(at(-10).unix()))
    );
    assert_eq!((&payload["iat"], &payload["role"]), (&json!(1), &json!("x")));
    let mut two_audiences = mint_request();
    two_audiences.set_claim("aud", &["a", "b"]).unwrap();
    assert_eq!(
        decode_token(&mint_token_text(&mut store, &mia, &two_audiences)).1["aud"],
        json!(["a", "b"])
    );
}

#[test]
fn test_token_expires_after_requested_or_default_lifetime() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    for (expiry, seconds) in [
        (Expiry::Never, 3_600),
        (Expiry::Default, 3_600),
        (Expiry::After(Lifetime::from_days(2)), 172_800),
    ] {
        let payload = decode_token(&mint_token_text(
            &mut store,
            &mia,
            &MintRequest { expiry, ..mint_request() },
        ))
        .1;
        assert_eq!(payload["exp"], json!(at(seconds).unix()), "{expiry:?}");
    }
}

#[test]
fn minting_requires_at_least_the_minter_role() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let result = mint_token(&mut store, &john, &mint_request());
    assert!(matches!(
        result,
        Err(Error::InsufficientRole {
            refusal: "only minters and admins can mint test tokens",
            ..
        })
    ));
    assert!(store.read(|tx| tx.find_test_key(Algorithm::ES256)).unwrap().is_none());
    assert!(mint_token(&mut store, &ada, &mint_request()).is_ok());
    store.execute_sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    let john = add_session(&mut store, john.user());
    assert!(mint_token(&mut store, &john, &mint_request()).is_ok(), "the stored role decides");
}

#[test]
fn test_token_never_passes_as_another_kind() {
    for algorithm in [Algorithm::ES256, Algorithm::HS256] {
        let mut store = new_store_with(algorithm);
        let mia = add_user(&mut store, "mia", Role::Minter);
        let app_token = issue_app_token(&mut store, &mia, "app");
        let claims = decode_token(app_token.token.expose_secret()).1.as_object().unwrap().clone();
        let forged_app_token =
            mint_token_text(&mut store, &mia, &MintRequest { claims, ..mint_request() });
        let session_claims = decode_token(mia.access_token()).1.as_object().unwrap().clone();
        let forged_session_token = mint_token_text(
            &mut store,
            &mia,
            &MintRequest { claims: session_claims, ..mint_request() },
        );
        for kind in [TokenKind::App, TokenKind::Access, TokenKind::Refresh] {
            for token in [&forged_app_token, &forged_session_token] {
                assert_eq!(
                    reject_reasons_at(&mut store, token, ExpectedKind::Only(kind), 0),
                    [RejectReason::WrongType],
                    "{kind:?}"
                );
            }
        }
        assert_eq!(reject_reasons_at(&mut store, &forged_app_token, ExpectedKind::Any, 0), []);
        assert_eq!(
            refusal_reasons(authenticate(&mut store, at(0), &forged_session_token)),
            [RejectReason::WrongType]
        );
    }
}

#[test]
fn test_tokens_share_one_test_key() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    let kid = |token: &str| decode_token(token).0["kid"].clone();
    let (first, second) = (
        mint_token_text(&mut store, &mia, &mint_request()),
        mint_token_text(&mut store, &mia, &mint_request()),
    );
    assert_eq!(kid(&first), kid(&second));
    assert_ne!(kid(&first), kid(issue_app_token(&mut store, &mia, "app").token.expose_secret()));
    assert_ne!(decode_token(&first).1["jti"], decode_token(&second).1["jti"]);
    let stored_key = store.read(|tx| tx.find_key(kid(&first).as_str().unwrap())).unwrap().unwrap();
    assert_eq!(stored_key.spec.purpose, Purpose::Test);
}

#[test]
fn recorded_test_token_has_a_row_and_can_be_revoked() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    let mut request = MintRequest { record: true, ..mint_request() };
    request.set_claim("sub", &["alice"]).unwrap();
    let MintedToken { token, id, .. } = mint_token(&mut store, &mia, &request).unwrap();
    let row = store.read(|tx| tx.find_token(id.unwrap())).unwrap().unwrap();
    assert_eq!((row.grant.kind, row.grant.app.as_str()), (TokenKind::Test, "alice"));
    let expected_kind = ExpectedKind::Only(TokenKind::Test);
    assert_eq!(reject_reasons_at(&mut store, token.expose_secret(), expected_kind, 0), []);
    store.write(|tx| tx.revoke_token(row.id, at(0))).unwrap();
    assert_eq!(
        reject_reasons_at(&mut store, token.expose_secret(), expected_kind, 0),
        [RejectReason::Revoked]
    );
}

#[test]
fn recorded_test_token_with_any_claims_matches_its_row() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    for claim in [
        "iat=5",
        "nbf=5",
        "x=null",
        "x=1e2",
        "x=-0",
        "x=0.1e-300",
        "x=123456789012345678901234567890",
        "x={\"b\":[1.0,\"\\u0000\\ud83d\\ude00\"],\"a\":{}}",
    ] {
        let claims = ExtraClaims::parse(&[], &[claim.to_owned()]).unwrap();
        let request = MintRequest { record: true, claims: claims.0, ..mint_request() };
        let MintedToken { token, id, .. } = mint_token(&mut store, &mia, &request).unwrap();
        let expected_kind = ExpectedKind::Only(TokenKind::Test);
        assert_eq!(
            reject_reasons_at(&mut store, token.expose_secret(), expected_kind, 0),
            [],
            "{claim}"
        );
        store.write(|tx| tx.revoke_token(id.unwrap(), at(0))).unwrap();
        let reasons_after_revocation =
            reject_reasons_at(&mut store, token.expose_secret(), expected_kind, 0);
        assert_eq!(reasons_after_revocation, [RejectReason::Revoked], "{claim}");
    }
}

#[test]
fn recording_of_test_token_with_invalid_jti_or_exp_is_refused() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    for (claim, reason) in [
        ("jti=1", "a recorded token requires a lower-case UUID with hyphens as `jti`"),
        ("jti=\"x\"", "a recorded token requires a lower-case UUID with hyphens as `jti`"),
        ("exp=\"soon\"", "a recorded token requires `exp` in whole seconds"),
        ("exp=1.5", "a recorded token requires `exp` in whole seconds"),
    ] {
        let claims = ExtraClaims::parse(&[], &[claim.to_owned()]).unwrap();
        let request = MintRequest { record: true, claims: claims.0, ..mint_request() };
        let result = mint_token(&mut store, &mia, &request);
        assert!(matches!(result, Err(Error::Usage(text)) if text == reason), "{claim}");
    }
}

#[test]
fn recorded_test_token_uses_no_quota_and_is_no_credential() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let claims = ExtraClaims::parse(&[], &["permissions=[\"jeton:mint\"]".to_owned()]).unwrap();
    let request = MintRequest { record: true, claims: claims.0, ..mint_request() };
    let test_token = mint_token_text(&mut store, &ada, &request);
    let reasons = refusal_reasons(authorize_minter(&mut store, at(0), &test_token));
    assert_eq!(reasons, [RejectReason::WrongType]);
    let quota = issue_app_token(&mut store, &ada, "app").quota_usage.unwrap();
    assert_eq!(quota.used, 1);
}

#[test]
fn test_token_with_jti_of_app_token_is_valid_but_cannot_be_recorded() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let app_token = issue_app_token(&mut store, &ada, "app");
    let claims: Map<String, Value> =
        [("jti".to_owned(), json!(app_token.record.jti))].into_iter().collect();
    let test_token_with_app_jti = mint_token_text(
        &mut store,
        &ada,
        &MintRequest { claims: claims.clone(), ..mint_request() },
    );
    assert_eq!(
        reject_reasons_at(
            &mut store,
            &test_token_with_app_jti,
            ExpectedKind::Only(TokenKind::Test),
            0
        ),
        []
    );
    let result =
        mint_token(&mut store, &ada, &MintRequest { record: true, claims, ..mint_request() });
    assert!(matches!(result, Err(Error::Usage(text)) if text.contains("is already recorded")));
}

#[test]
fn failed_job_subtracts_only_its_own_tokens_from_a_shared_event() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let start_job = |store: &mut Store, previous: Option<&JobKey>| {
        let (request, claim_rows) = (mint_request(), ClaimRows::repeat(Map::new(), 1));
        let (audit, minter) = (audit_at(0), &ada.caller);
        MintJob::with_store_key(store, &audit, minter, request, claim_rows, previous).unwrap()
    };
    // Both jobs count their token in the audit event of the first job.
    let (job, mut job_key) = start_job(&mut store, None);
    let (failing_job, mut failing_job_key) = start_job(&mut store, Some(&job_key));
    job.mint_one(&mut store, &mut job_key).unwrap();
    let (interrupt, deliver) = (|| Err(Interrupted), |_: &mut Store, _| Ok::<_, Error>(true));
    let result = failing_job.mint_all(
        &mut store,
        &mut failing_job_key,
        |store| Ok(store),
        &interrupt,
        deliver,
    );
    assert!(result.is_err());
    let events = store.read(|tx| tx.events(&EventFilter::default(), PageRequest::All)).unwrap();
    let event = events.items.iter().find(|event| event.id == job_key.event).unwrap();
    assert_eq!((event.outcome.as_str(), event.count), ("done", 1));
}
