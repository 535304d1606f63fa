//! What a test token says, and what it never is.

use super::*;
use crate::authority::fixture::{
    again, at, mint, mint_wish, minted, parts, person, reasons, refusal, set, store, store_with,
    token,
};
use crate::authority::{Error, Reason, Wanted, authenticate};
use crate::model::{ExtraClaims, Lifetime, Purpose, Role, Setting, TokenKind};
use secrecy::ExposeSecret;
use serde_json::json;

#[test]
fn a_test_token_says_who_from_whom_and_until_when() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    let Minted { token, jti, .. } = mint(&mut store, &mia, &mint_wish()).unwrap();
    let (header, payload) = parts(token.expose_secret());
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
    assert_eq!(reasons(&mut store, token.expose_secret(), Wanted::Only(TokenKind::Test), 0), []);
}

#[test]
fn everything_can_be_said_otherwise() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    set(&mut store, Setting::Issuer, "https://ours.example");
    assert_eq!(parts(&minted(&mut store, &mia, &mint_wish())).1["iss"], "https://ours.example");
    let claims = ExtraClaims::parse(&["role=x".to_owned()], &["iat=1".to_owned()]).unwrap();
    let mut other = Mint { end: End::At(at(-10)), claims: claims.0, ..mint_wish() };
    for (name, word) in [("sub", "alice"), ("iss", "https://idp.example"), ("aud", "api")] {
        other.say(name, &[word]).unwrap();
    }
    let payload = parts(&minted(&mut store, &mia, &other)).1;
    assert_eq!(
        (&payload["sub"], &payload["iss"], &payload["aud"], &payload["exp"]),
        (&json!("alice"), &json!("https://idp.example"), &json!("api"), &json!(at(-10).unix()))
    );
    assert_eq!((&payload["iat"], &payload["role"]), (&json!(1), &json!("x")));
    let mut several = mint_wish();
    several.say("aud", &["a", "b"]).unwrap();
    assert_eq!(parts(&minted(&mut store, &mia, &several)).1["aud"], json!(["a", "b"]));
}

#[test]
fn a_test_token_always_ends() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    for (end, seconds) in
        [(End::Never, 3_600), (End::Default, 3_600), (End::After(Lifetime::days(2)), 172_800)]
    {
        let payload = parts(&minted(&mut store, &mia, &Mint { end, ..mint_wish() })).1;
        assert_eq!(payload["exp"], json!(at(seconds).unix()), "{end:?}");
    }
}

#[test]
fn minting_needs_a_minter() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let result = mint(&mut store, &john, &mint_wish());
    assert!(matches!(result, Err(Error::Forbidden("only minters and admins mint test tokens"))));
    assert!(store.read(|tx| tx.find_test_key(Algorithm::ES256)).unwrap().is_none());
    assert!(mint(&mut store, &ada, &mint_wish()).is_ok());
    store.arrange("UPDATE users SET role = 'minter' WHERE username = 'john'");
    let john = again(&mut store, john.user());
    assert!(mint(&mut store, &john, &mint_wish()).is_ok(), "the row says so now");
}

#[test]
fn a_test_token_is_never_another_kind_whatever_it_claims() {
    for algorithm in [Algorithm::ES256, Algorithm::HS256] {
        let mut store = store_with(algorithm);
        let mia = person(&mut store, "mia", Role::Minter);
        let app = token(&mut store, &mia, "app");
        let claims = parts(app.token.expose_secret()).1.as_object().unwrap().clone();
        let forged = minted(&mut store, &mia, &Mint { claims, ..mint_wish() });
        let session = parts(mia.access()).1.as_object().unwrap().clone();
        let session = minted(&mut store, &mia, &Mint { claims: session, ..mint_wish() });
        for kind in [TokenKind::App, TokenKind::Access, TokenKind::Refresh] {
            for token in [&forged, &session] {
                assert_eq!(
                    reasons(&mut store, token, Wanted::Only(kind), 0),
                    [Reason::WrongType],
                    "{kind:?}"
                );
            }
        }
        assert_eq!(reasons(&mut store, &forged, Wanted::Any, 0), []);
        assert_eq!(refusal(authenticate(&mut store, at(0), &session)), [Reason::WrongType]);
    }
}

#[test]
fn all_test_tokens_are_signed_by_one_test_key() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    let kid = |token: &str| parts(token).0["kid"].clone();
    let (one, two) =
        (minted(&mut store, &mia, &mint_wish()), minted(&mut store, &mia, &mint_wish()));
    assert_eq!(kid(&one), kid(&two));
    assert_ne!(kid(&one), kid(token(&mut store, &mia, "app").token.expose_secret()));
    assert_ne!(parts(&one).1["jti"], parts(&two).1["jti"]);
    let row = store.read(|tx| tx.find_key(kid(&one).as_str().unwrap())).unwrap().unwrap();
    assert_eq!(row.spec.purpose, Purpose::Test);
}

#[test]
fn a_recorded_test_token_has_a_row_and_is_taken_back_by_it() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    let mut wish = Mint { record: true, ..mint_wish() };
    wish.say("sub", &["alice"]).unwrap();
    let Minted { token, id, .. } = mint(&mut store, &mia, &wish).unwrap();
    let row = store.read(|tx| tx.find_token(id.unwrap())).unwrap().unwrap();
    assert_eq!((row.grant.kind, row.grant.app.as_str()), (TokenKind::Test, "alice"));
    let wanted = Wanted::Only(TokenKind::Test);
    assert_eq!(reasons(&mut store, token.expose_secret(), wanted, 0), []);
    store.write(|tx| tx.revoke_token(row.id, at(0))).unwrap();
    assert_eq!(reasons(&mut store, token.expose_secret(), wanted, 0), [Reason::Revoked]);
}

#[test]
fn a_recorded_test_token_is_known_by_its_row_whatever_it_says() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
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
        let wish = Mint { record: true, claims: claims.0, ..mint_wish() };
        let Minted { token, id, .. } = mint(&mut store, &mia, &wish).unwrap();
        let wanted = Wanted::Only(TokenKind::Test);
        assert_eq!(reasons(&mut store, token.expose_secret(), wanted, 0), [], "{claim}");
        store.write(|tx| tx.revoke_token(id.unwrap(), at(0))).unwrap();
        let revoked = reasons(&mut store, token.expose_secret(), wanted, 0);
        assert_eq!(revoked, [Reason::Revoked], "{claim}");
    }
}

#[test]
fn what_has_no_identity_or_no_end_is_not_recorded() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    for (claim, why) in [
        ("jti=1", "a recorded token has a UUID as its `jti`"),
        ("jti=\"x\"", "a recorded token has a UUID as its `jti`"),
        ("exp=\"soon\"", "a recorded token has an end (`exp`) in whole seconds"),
        ("exp=1.5", "a recorded token has an end (`exp`) in whole seconds"),
    ] {
        let claims = ExtraClaims::parse(&[], &[claim.to_owned()]).unwrap();
        let wish = Mint { record: true, claims: claims.0, ..mint_wish() };
        let result = mint(&mut store, &mia, &wish);
        assert!(matches!(result, Err(Error::Usage(text)) if text == why), "{claim}");
    }
}

#[test]
fn a_recorded_test_token_takes_no_place_and_is_no_credential() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let claims = ExtraClaims::parse(&[], &["permissions=[\"jeton:mint\"]".to_owned()]).unwrap();
    let wish = Mint { record: true, claims: claims.0, ..mint_wish() };
    let made = minted(&mut store, &ada, &wish);
    let refused = refusal(minter(&mut store, at(0), &made));
    assert_eq!(refused, [Reason::WrongType]);
    let place = token(&mut store, &ada, "app").place.unwrap();
    assert_eq!(place.used, 1);
    // The identity of an app token in a test token is not the app token's row.
    let app = token(&mut store, &ada, "other");
    let claims: Map<String, Value> =
        [("jti".to_owned(), json!(app.record.jti))].into_iter().collect();
    let twin = minted(&mut store, &ada, &Mint { claims: claims.clone(), ..mint_wish() });
    assert_eq!(reasons(&mut store, &twin, Wanted::Only(TokenKind::Test), 0), []);
    let result = mint(&mut store, &ada, &Mint { record: true, claims, ..mint_wish() });
    assert!(matches!(result, Err(Error::Usage(text)) if text.contains("is recorded")));
}
