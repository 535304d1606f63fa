//! Kinds never stand in for each other.

use super::*;
use crate::authority::fixture::{mint_wish, minted};

fn test_token(scene: &mut Scene) -> String {
    minted(&mut scene.store, &scene.ada, &mint_wish())
}

#[test]
fn every_kind_passes_as_itself_only() {
    let mut scene = scene();
    let tokens = [
        (TokenKind::App, scene.app.clone()),
        (TokenKind::Access, scene.ada.access().to_owned()),
        (TokenKind::Refresh, scene.ada.refresh().to_owned()),
        (TokenKind::Test, test_token(&mut scene)),
    ];
    for (kind, token) in &tokens {
        assert_eq!(scene.reasons(token, Wanted::Any), [], "{kind:?}");
        for wanted in [TokenKind::App, TokenKind::Access, TokenKind::Refresh, TokenKind::Test] {
            let session = matches!(kind, TokenKind::Access | TokenKind::Refresh);
            let expected = if wanted == *kind {
                vec![]
            } else if wanted == TokenKind::App && session {
                vec![Reason::Blocked]
            } else {
                vec![Reason::WrongType]
            };
            let found = scene.reasons(token, Wanted::Only(wanted));
            assert_eq!(found, expected, "{kind:?} as {wanted:?}");
        }
    }
}

#[test]
fn a_test_token_is_known_for_one_before_its_signature_is_looked_at() {
    let mut scene = scene();
    let token = test_token(&mut scene);
    let (input, _) = token.rsplit_once('.').unwrap();
    let broken = format!("{input}.AAAA");
    for token in [&token, &broken] {
        let verdict = judged(&mut scene.store, token, &Scene::checks(APP));
        assert_eq!(
            (verdict.kind, verdict.reasons),
            (Some(TokenKind::Test), vec![Reason::WrongType])
        );
        assert!(verdict.claims.is_none());
    }
    assert_eq!(scene.reasons(&broken, TEST), [Reason::BadSignature]);
    let app = scene.app.clone();
    let verdict = judged(&mut scene.store, &app, &Scene::checks(TEST));
    assert_eq!((verdict.kind, verdict.reasons), (None, vec![Reason::WrongType]));
}

#[test]
fn header_claim_and_row_agree() {
    let mut scene = scene();
    let claims = scene.claims().to_string();
    for typ in [json!("session+jwt"), json!("refresh+jwt"), json!("jwt"), json!(1), json!("")] {
        let header = scene.header(&[("typ", typ.clone())]);
        let token = scene.signed(&header, &claims);
        assert_eq!(scene.reasons(&token, APP), [Reason::WrongType], "{typ}");
    }
    let (kid, access) = (scene.key().spec.kid, parts(scene.ada.access()).1.to_string());
    let untyped = json!({"alg": "ES256", "kid": kid}).to_string();
    let token = scene.signed(&untyped, &claims);
    assert_eq!(scene.reasons(&token, APP), [Reason::WrongType], "no `typ`");
    let token = scene.altered(&[("type", json!(null))]);
    assert_eq!(scene.reasons(&token, APP), [Reason::WrongType], "no `type`");
    let token = scene.altered(&[("type", json!("other"))]);
    assert_eq!(scene.reasons(&token, APP), [Reason::WrongType]);
    // A session's claims under an app token's header stay a session's.
    let header = scene.header(&[]);
    let token = scene.signed(&header, &access);
    assert_eq!(scene.reasons(&token, APP), [Reason::Blocked]);
    assert_eq!(scene.reasons(&token, ACCESS), [Reason::WrongType]);
}

#[test]
fn a_row_of_another_kind_is_no_row() {
    let mut scene = scene();
    let (app, access, refresh) =
        (scene.claims(), parts(scene.ada.access()).1, parts(scene.ada.refresh()).1);
    for (jti, of) in [(&access, "access"), (&refresh, "refresh")] {
        let token = scene.altered(&[("jti", jti["jti"].clone())]);
        assert_eq!(scene.reasons(&token, APP), [Reason::UnknownToken], "{of}");
    }
    for (typ, claims, wanted, others) in [
        ("session+jwt", &access, ACCESS, [&app, &refresh]),
        ("refresh+jwt", &refresh, REFRESH, [&app, &access]),
    ] {
        let header = scene.header(&[("typ", json!(typ))]);
        for other in others {
            let mut claims = claims.clone();
            claims["jti"] = other["jti"].clone();
            let token = scene.signed(&header, &claims.to_string());
            assert_eq!(scene.reasons(&token, wanted), [Reason::UnknownToken]);
        }
    }
}

#[test]
fn decoding_judges_nothing() {
    let scene = scene();
    let (input, _) = scene.app.rsplit_once('.').unwrap();
    assert_eq!(decode(&format!("{input}.AAAA")).unwrap().1, scene.claims());
    assert!(matches!(
        decode("nonsense"),
        Err(Error::Refused { kind: None, reasons, detail: Some(_) }) if reasons == [Reason::Malformed]
    ));
}
