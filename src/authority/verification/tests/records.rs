//! The row of a token is authoritative: a token that contradicts it is refused by every consumer.

use super::*;
use crate::authority::fixture::{refusal, set};
use crate::authority::{
    Next, Renewal, Request, Target, end, issue, minter, refresh, renew, revoke,
};
use crate::model::{ExtraClaims, Permission, Setting};

/// A store with an app token for minting that has an audience and a further claim.
fn rich_scene() -> Scene {
    let mut scene = scene();
    let request = Request {
        permissions: vec![Permission::parse_any("jeton:mint").unwrap()],
        audience: vec!["api".to_owned()],
        claims: ExtraClaims::parse(&["team=a".to_owned()], &[]).unwrap(),
        ..request("app")
    };
    let issued = issue(&mut scene.store, &act(0), &scene.ada.caller, &request).unwrap();
    scene.app = issued.token.expose_secret().to_owned();
    scene
}

/// Returns the reasons and the claim that is named.
fn refused(scene: &mut Scene, token: &str, wanted: Wanted) -> (Vec<Reason>, Option<String>) {
    let verdict = judged(&mut scene.store, token, &Scene::checks(wanted));
    assert!(verdict.status(at(0)).is_none() && verdict.token_id().is_none());
    (verdict.reasons, verdict.detail)
}

#[test]
fn app_token_that_contradicts_its_row_is_refused() {
    let mut scene = rich_scene();
    let app = scene.app.clone();
    assert_eq!(scene.reasons(&app, APP), []);
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
        let token = scene.altered(&[(name, value.clone())]);
        let found = refused(&mut scene, &token, APP);
        assert_eq!(found, (vec![Reason::BadClaim], Some(name.to_owned())), "{name}: {value}");
    }
    for name in ["permissions", "aud", "sub", "id", "app", "exp", "iat", "team"] {
        let token = scene.altered(&[(name, json!(null))]);
        let found = refused(&mut scene, &token, APP);
        assert_eq!(found, (vec![Reason::MissingClaim], Some(name.to_owned())), "{name}");
    }
}

#[test]
fn settings_of_today_do_not_contradict_a_token_of_yesterday() {
    let mut scene = rich_scene();
    let app = scene.app.clone();
    for setting in [Setting::Issuer, Setting::Owner, Setting::Target] {
        set(&mut scene.store, setting, "other");
    }
    assert_eq!(scene.reasons(&app, APP), []);
}

/// A session token with another claim, signed by the same key.
fn altered_session(scene: &mut Scene, token: &str, name: &str, value: &Value) -> String {
    let (mut header, mut claims) = parts(token);
    claims[name] = value.clone();
    let header = std::mem::take(&mut header).to_string();
    scene.signed(&header, &claims.to_string())
}

#[test]
fn session_token_that_contradicts_its_row_is_refused() {
    let mut scene = scene();
    let now = at(0).unix();
    let tokens =
        [(scene.ada.access().to_owned(), ACCESS), (scene.ada.refresh().to_owned(), REFRESH)];
    for (token, wanted) in tokens {
        for (name, value) in [
            ("exp", json!(now + 60)),
            ("exp", json!(now + 100 * 86_400)),
            ("iat", json!(now - 60)),
            ("nbf", json!(now - 60)),
            ("sid", json!("0192abcd-0000-7000-8000-00000000cccc")),
            ("sub", json!("0192abcd-0000-7000-8000-00000000cccc")),
            ("id", json!(2)),
        ] {
            let altered = altered_session(&mut scene, &token, name, &value);
            let found = refused(&mut scene, &altered, wanted);
            assert_eq!(found, (vec![Reason::BadClaim], Some(name.to_owned())), "{name}: {value}");
        }
        // The role is the one of the user's row wherever it decides.
        let demoted = altered_session(&mut scene, &token, "role", &json!("user"));
        assert_eq!(scene.reasons(&demoted, wanted), []);
    }
}

#[test]
fn every_consumer_refuses_a_token_that_contradicts_its_row() {
    let mut scene = rich_scene();
    let later = json!(at(0).unix() + 100 * 86_400);
    let app = scene.altered(&[("exp", later.clone())]);
    let (access, refresh_token) = (scene.ada.access().to_owned(), scene.ada.refresh().to_owned());
    let access = altered_session(&mut scene, &access, "exp", &later);
    let refresh_token = altered_session(&mut scene, &refresh_token, "exp", &later);
    let store = &mut scene.store;
    let wish = Renewal { ttl: None, grace: None };
    let value = |token: &String| Target::Value(token.clone());
    assert_eq!(refusal(minter(store, at(0), &app)), [Reason::BadClaim]);
    assert_eq!(refusal(minter(store, at(0), &access)), [Reason::BadClaim]);
    assert_eq!(refusal(renew(store, &act(0), None, &value(&app), wish)), [Reason::BadClaim]);
    for token in [&app, &access, &refresh_token] {
        let revoked = revoke(store, &act(0), None, &[value(token)]);
        assert_eq!(refusal(revoked), [Reason::BadClaim]);
        let answer = introspect(store, token, at(0)).unwrap();
        assert_eq!(answer, json!({"active": false}));
    }
    assert_eq!(refusal(crate::authority::authenticate(store, at(0), &access)), [Reason::BadClaim]);
    assert_eq!(refusal(end(store, &act(0), &access)), [Reason::BadClaim]);
    let next = refresh(store, &act(0), &refresh_token, Next::fresh());
    assert_eq!(refusal(next), [Reason::BadClaim]);
    // Nothing was revoked, ended or spent.
    let (app, access) = (scene.app.clone(), scene.ada.access().to_owned());
    let refresh_token = scene.ada.refresh().to_owned();
    for token in [app, access, refresh_token] {
        assert_eq!(scene.reasons(&token, Wanted::Any), []);
    }
}
