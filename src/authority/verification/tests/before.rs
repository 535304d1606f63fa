//! Before a good signature there is exactly one reason, and nothing is said of the claims.

use super::*;

fn only(scene: &mut Scene, token: &str, wanted: Wanted) -> Reason {
    let verdict = judged(&mut scene.store, token, &Scene::checks(wanted));
    assert!(verdict.claims.is_none(), "unverified claims are told");
    assert_eq!((verdict.token_id(), verdict.status(at(0))), (None, None));
    let [reason] = verdict.reasons[..] else { panic!("{:?}", verdict.reasons) };
    reason
}

#[test]
fn what_is_no_token_is_malformed_and_told_why() {
    let mut scene = scene();
    let app = scene.app.clone();
    let (input, signature) = app.rsplit_once('.').unwrap();
    let list = scene.signed("[]", "{}");
    let twice = scene.signed(r#"{"alg":"ES256","alg":"ES256"}"#, "{}");
    let large = "A".repeat(70_000);
    for (token, why) in [
        ("", "it is empty"),
        ("abc", "the token does not have three parts"),
        (input, "the token does not have three parts"),
        (&format!("{app}."), "the token does not have three parts"),
        (&format!("{app} "), "the signature is not base64url"),
        (&format!("{app}="), "the signature is not base64url"),
        (&format!("{input}.+{}", &signature[1..]), "the signature is not base64url"),
        (&format!("!{app}"), "the header is not base64url"),
        (&list, "the header is not a JSON object"),
        (&twice, "the header is ambiguous: a member stands there twice"),
        (&large, "the token is larger than 64 KiB"),
    ] {
        let verdict = judged(&mut scene.store, token, &Scene::checks(APP));
        assert_eq!(verdict.detail.as_deref(), Some(why));
        assert_eq!(only(&mut scene, token, APP), Reason::Malformed);
    }
}

#[test]
fn a_header_that_asks_for_more_is_refused() {
    let mut scene = scene();
    let claims = scene.claims().to_string();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
    ] {
        let header = scene.header(&[(name, value)]);
        let token = scene.signed(&header, &claims);
        assert_eq!(only(&mut scene, &token, APP), Reason::CriticalHeader, "{name}");
    }
    let header = scene.header(&[("x", json!("y")), ("cty", json!("JWT"))]);
    let token = scene.signed(&header, &claims);
    assert_eq!(scene.reasons(&token, APP), [], "what is not known is ignored");
}

#[test]
fn only_the_keys_own_algorithm_is_accepted() {
    let mut scene = scene();
    let claims = scene.claims().to_string();
    for alg in ["none", "None", "NONE", "HS256", "ES384", "es256", ""] {
        let header = scene.header(&[("alg", json!(alg))]);
        let token = scene.signed(&header, &claims);
        assert_eq!(only(&mut scene, &token, APP), Reason::AlgNotAllowed, "{alg}");
    }
    for alg in [json!(1), json!(null), json!(["ES256"])] {
        let header = scene.header(&[("alg", alg.clone())]);
        let token = scene.signed(&header, &claims);
        assert_eq!(only(&mut scene, &token, APP), Reason::AlgNotAllowed, "{alg}");
    }
    let header = scene.header(&[("alg", json!("none"))]);
    let token = scene.signed(&header, &claims);
    let (input, _) = token.rsplit_once('.').unwrap();
    assert_eq!(only(&mut scene, &format!("{input}."), APP), Reason::AlgNotAllowed);
}

#[test]
fn a_public_key_is_no_secret_for_hmac() {
    let mut scene = scene();
    let key = scene.key();
    let confused = crate::model::NewKey {
        algorithm: Algorithm::HS256,
        material: secrecy::SecretSlice::from(
            Value::from(key.spec.public.clone().unwrap()).to_string().into_bytes(),
        ),
        ..key.spec
    };
    let header = scene.header(&[("alg", json!("HS256"))]);
    let token = sign_text(&confused, &header, &scene.claims().to_string()).unwrap();
    assert_eq!(only(&mut scene, token.expose_secret(), APP), Reason::AlgNotAllowed);
}

#[test]
fn the_key_is_the_one_that_the_header_names() {
    let mut scene = scene();
    let claims = scene.claims().to_string();
    for (kid, reason) in [
        (json!("nobody"), Reason::UnknownKey),
        (json!(""), Reason::UnknownKey),
        (json!("' OR 1=1 --"), Reason::UnknownKey),
        (json!(1), Reason::Malformed),
        (json!(null), Reason::Malformed),
    ] {
        let header = scene.header(&[("kid", kid.clone())]);
        let token = scene.signed(&header, &claims);
        assert_eq!(only(&mut scene, &token, APP), reason, "{kid}");
    }
    let token = scene.signed(r#"{"alg":"ES256","typ":"JWT"}"#, &claims);
    assert_eq!(only(&mut scene, &token, APP), Reason::UnknownKey, "no key is tried");
}

#[test]
fn a_key_that_comes_along_is_never_used() {
    let mut scene = scene();
    let own =
        crypto::generate(Algorithm::ES256, Purpose::App, crate::model::RsaBits::default()).unwrap();
    let claims = scene.claims().to_string();
    for name in ["jwk", "jku", "x5u", "x5c"] {
        let value = match name {
            "jwk" => Value::from(own.public.clone().unwrap()),
            _ => json!("https://example.com/keys"),
        };
        let header = scene.header(&[(name, value.clone())]);
        let forged = sign_text(&own, &header, &claims).unwrap();
        assert_eq!(only(&mut scene, forged.expose_secret(), APP), Reason::BadSignature);
        let ours = scene.signed(&header, &claims);
        assert_eq!(scene.reasons(&ours, APP), [], "{name} is ignored");
    }
}

#[test]
fn a_signature_belongs_to_its_header_payload_and_key() {
    let mut scene = scene();
    let app = scene.app.clone();
    let other = token(&mut scene.store, &scene.ada, "app").token.expose_secret().to_owned();
    let (input, _) = app.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert_eq!(only(&mut scene, &format!("{input}.{signature}"), APP), Reason::BadSignature);
    assert_eq!(only(&mut scene, &format!("{input}."), APP), Reason::BadSignature);
    assert_eq!(only(&mut scene, &format!("{input}.AAAA"), APP), Reason::BadSignature);
}

#[test]
fn a_token_of_another_store_names_no_key_here() {
    let mut scene = scene();
    let stranger = super::scene();
    assert_eq!(only(&mut scene, &stranger.app, APP), Reason::UnknownKey);
    assert_eq!(only(&mut scene, stranger.ada.access(), ACCESS), Reason::UnknownKey);
}

#[test]
fn a_retired_key_verifies_until_its_end_and_then_is_unknown() {
    let mut scene = scene();
    let (app, access) = (scene.app.clone(), scene.ada.access().to_owned());
    rotate(&mut scene.store, at(60));
    for (token, wanted) in [(&app, APP), (&access, ACCESS)] {
        assert_eq!(reasons(&mut scene.store, token, wanted, 59), []);
        assert_eq!(reasons(&mut scene.store, token, wanted, 60), [Reason::UnknownKey]);
    }
    let ada = &scene.ada;
    let new = token(&mut scene.store, ada, "new").token.expose_secret().to_owned();
    assert_eq!(reasons(&mut scene.store, &new, APP, 60), []);
}

#[test]
fn standby_app_key_is_unknown() {
    let mut scene = scene();
    let app = scene.app.clone();
    scene.store.arrange("UPDATE keys SET state = 'standby'");
    assert_eq!(only(&mut scene, &app, APP), Reason::UnknownKey);
}

#[test]
fn token_of_a_revoked_key_says_so_once_its_signature_is_good() {
    let mut scene = scene();
    let tokens = [scene.app.clone(), scene.ada.access().to_owned(), scene.ada.refresh().to_owned()];
    let confused = scene.header(&[("alg", json!("HS256"))]);
    let confused = scene.signed(&confused, &scene.claims().to_string());
    scene.store.arrange("UPDATE keys SET state = 'revoked'");
    for token in &tokens {
        let verdict = judged(&mut scene.store, token, &Scene::checks(Wanted::Any));
        assert_eq!(verdict.reasons, [Reason::KeyRevoked]);
        assert!(verdict.claims.is_none() && verdict.kind.is_none());
        let (input, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{input}.AAAA");
        assert_eq!(only(&mut scene, &forged, Wanted::Any), Reason::BadSignature);
    }
    assert_eq!(only(&mut scene, &confused, Wanted::Any), Reason::AlgNotAllowed);
}
