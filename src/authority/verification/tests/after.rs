//! After a good signature all that is wrong is told, in one fixed order.

use super::*;
use crate::model::{Lifetime, Permission};

fn permission(name: &str) -> Permission {
    Permission::parse_any(name).unwrap()
}

fn required(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[test]
fn everything_that_is_wrong_is_told_in_the_fixed_order() {
    let mut scene = scene();
    let end = at(604_800);
    let revoked_and_expired = |scene: &mut Scene| {
        let app = scene.app.clone();
        judged(&mut scene.store, &app, &Checks::only(APP, end)).reasons
    };
    scene.store.arrange("UPDATE tokens SET revoked_at = 1");
    assert_eq!(revoked_and_expired(&mut scene), [Reason::Revoked, Reason::Expired]);
    scene.store.arrange(&format!(
        "UPDATE users SET disabled_at = 1;
         UPDATE tokens SET expires_at = {}, issued_at = {}",
        at(-5).unix(),
        at(5).unix()
    ));
    let token = scene.altered(&[("exp", json!(at(-5).unix())), ("iat", json!(at(5).unix()))]);
    let all = Checks {
        issuer: Some("x".to_owned()),
        audience: Some("x".to_owned()),
        permissions: vec![permission("x")],
        required: required("x", "x"),
        min_ttl: Lifetime::from_seconds(1),
        ..Scene::checks(APP)
    };
    let verdict = judged(&mut scene.store, &token, &all);
    assert_eq!(
        verdict.reasons,
        [
            Reason::Revoked,
            Reason::UserDisabled,
            Reason::Expired,
            Reason::NotYetValid,
            Reason::Issuer,
            Reason::Audience,
            Reason::Permission,
            Reason::Require,
            Reason::MinTtl,
        ]
    );
    assert!(verdict.claims.is_some());
    let access = scene.ada.access().to_owned();
    assert_eq!(
        judged(&mut scene.store, &access, &all).reasons[..2],
        [Reason::Blocked, Reason::UserDisabled]
    );
}

#[test]
fn each_check_fails_alone() {
    let mut scene = scene();
    let ours = || Scene::checks(APP);
    let week = Lifetime::days(7);
    let more = Lifetime::from_seconds(604_801);
    for (checks, expected) in [
        (Checks { issuer: Some("jeton".to_owned()), ..ours() }, vec![]),
        (Checks { issuer: Some("Jeton".to_owned()), ..ours() }, vec![Reason::Issuer]),
        (Checks { audience: Some("x".to_owned()), ..ours() }, vec![Reason::Audience]),
        (Checks { permissions: vec![permission("x")], ..ours() }, vec![Reason::Permission]),
        (Checks { required: required("app", "app"), ..ours() }, vec![]),
        (Checks { required: required("id", "1"), ..ours() }, vec![]),
        (Checks { required: required("app", "other"), ..ours() }, vec![Reason::Require]),
        (Checks { min_ttl: Some(week), ..ours() }, vec![]),
        (Checks { min_ttl: more, ..ours() }, vec![Reason::MinTtl]),
    ] {
        assert_eq!(scene.held_against(&checks), expected, "{checks:?}");
    }
}

#[test]
fn the_audience_may_be_one_of_several_and_permissions_must_all_be_there() {
    let mut scene = scene();
    let wish = crate::authority::Request {
        audience: vec!["a".to_owned(), "b".to_owned()],
        permissions: vec![permission("read"), permission("write")],
        ..request("app")
    };
    let issued =
        crate::authority::issue(&mut scene.store, &act(0), &scene.ada.caller, &wish).unwrap();
    let text = issued.token.expose_secret();
    let mut checked = |audience: &str, permissions: &[&str]| {
        let checks = Checks {
            audience: Some(audience.to_owned()),
            permissions: permissions.iter().map(|name| permission(name)).collect(),
            ..Scene::checks(APP)
        };
        judged(&mut scene.store, text, &checks).reasons
    };
    assert_eq!(checked("b", &["write", "read"]), []);
    assert_eq!(checked("a", &["read", "delete"]), [Reason::Permission]);
    assert_eq!(checked("ab", &[]), [Reason::Audience]);
}

#[test]
fn another_instant_moves_the_time_claims_only() {
    let mut scene = scene();
    let then = |seconds| Checks { at: at(seconds), ..Scene::checks(APP) };
    assert_eq!(scene.held_against(&then(604_799)), []);
    assert_eq!(scene.held_against(&then(604_800)), [Reason::Expired]);
    assert_eq!(scene.held_against(&then(-1)), [Reason::NotYetValid]);
    let min_ttl = Lifetime::from_seconds(60);
    assert_eq!(scene.held_against(&Checks { min_ttl, ..then(604_740) }), []);
    assert_eq!(scene.held_against(&Checks { min_ttl, ..then(604_741) }), [Reason::MinTtl]);
    scene.store.arrange(&format!("UPDATE tokens SET revoked_at = {}", at(0).unix()));
    assert_eq!(scene.held_against(&then(-1)), [Reason::Revoked, Reason::NotYetValid]);
    rotate(&mut scene.store, at(60));
    let before = Checks { at: at(0), ..Checks::only(APP, at(60)) };
    assert_eq!(scene.held_against(&before), [Reason::UnknownKey]);
}

#[test]
fn leeway_is_forgiven_on_both_sides() {
    let mut scene = scene();
    let then = |seconds, leeway| Checks { at: at(seconds), leeway, ..Scene::checks(APP) };
    assert_eq!(scene.held_against(&then(604_809, 10)), []);
    assert_eq!(scene.held_against(&then(604_810, 10)), [Reason::Expired]);
    assert_eq!(scene.held_against(&then(-10, 10)), []);
    assert_eq!(scene.held_against(&then(-11, 10)), [Reason::NotYetValid]);
}

#[test]
fn a_token_without_a_row_is_unknown_until_it_is_merely_expired() {
    let mut scene = scene();
    scene.store.arrange("DELETE FROM tokens; DELETE FROM pairs");
    let (access, refresh) = (scene.ada.access().to_owned(), scene.ada.refresh().to_owned());
    for (token, wanted, end) in
        [(scene.app.clone(), APP, 604_800), (access, ACCESS, 900), (refresh, REFRESH, 30 * 86_400)]
    {
        assert_eq!(reasons(&mut scene.store, &token, wanted, end - 1), [Reason::UnknownToken]);
        assert_eq!(reasons(&mut scene.store, &token, wanted, end), [Reason::Expired]);
        let verdict = judged(&mut scene.store, &token, &Checks::only(wanted, at(end)));
        assert_eq!((verdict.token_id(), verdict.status(at(end))), (None, None));
    }
}

#[test]
fn a_jti_that_is_none_of_ours_is_unknown() {
    let mut scene = scene();
    let jti = scene.claims()["jti"].as_str().unwrap().to_uppercase();
    for jti in [json!(jti), json!("x"), json!(""), json!(null)] {
        let token = scene.altered(&[("jti", jti.clone())]);
        assert_eq!(scene.reasons(&token, APP), [Reason::UnknownToken], "{jti}");
    }
}

#[test]
fn an_end_may_be_missing_only_if_the_row_says_so() {
    let mut scene = scene();
    let token = scene.altered(&[("exp", json!(null))]);
    assert_eq!(scene.reasons(&token, APP), [Reason::MissingClaim]);
    scene.store.arrange("UPDATE tokens SET expires_at = NULL");
    assert_eq!(scene.reasons(&token, APP), []);
    assert_eq!(scene.held_against(&Scene::checks(APP)), [Reason::BadClaim], "the row has none");
    let long = Checks { min_ttl: Some(Lifetime::days(60_000)), ..Scene::checks(APP) };
    assert_eq!(judged(&mut scene.store, &token, &long).reasons, [], "it never ends");
    scene.store.arrange("DELETE FROM tokens");
    assert_eq!(scene.reasons(&token, APP), [Reason::UnknownToken, Reason::MissingClaim]);
}

#[test]
fn a_claim_of_the_wrong_type_is_refused_alone() {
    let mut scene = scene();
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
        let token = scene.altered(&[(name, value.clone())]);
        assert_eq!(scene.reasons(&token, APP), [Reason::BadClaim], "{name}: {value}");
    }
}

#[test]
fn a_payload_that_two_readers_could_read_differently_is_malformed() {
    let mut scene = scene();
    let header = scene.header(&[]);
    let claims = scene.claims().to_string();
    let twice = format!("{},\"id\":2}}", claims.strip_suffix('}').unwrap());
    for (payload, why) in [
        (twice.as_str(), "the payload is ambiguous: a member stands there twice"),
        ("[]", "the payload is not a JSON object"),
        ("", "the payload is not well-formed JSON"),
        ("{} {}", "the payload is not well-formed JSON"),
    ] {
        let token = scene.signed(&header, payload);
        let verdict = judged(&mut scene.store, &token, &Scene::checks(APP));
        assert_eq!(
            (verdict.reasons, verdict.detail.as_deref()),
            (vec![Reason::Malformed], Some(why))
        );
    }
}

#[test]
fn a_deleted_owner_is_told_apart_from_a_disabled_one() {
    let mut scene = scene();
    let access = scene.ada.access().to_owned();
    scene.store.arrange("UPDATE users SET disabled_at = 1");
    assert_eq!(scene.held_against(&Scene::checks(APP)), [Reason::UserDisabled]);
    assert_eq!(scene.reasons(&access, ACCESS), [Reason::UserDisabled]);
    scene.store.arrange(
        "UPDATE users SET disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL,
             email_key = NULL, password = NULL",
    );
    assert_eq!(scene.held_against(&Scene::checks(APP)), [Reason::OwnerDeleted]);
    assert_eq!(scene.reasons(&access, ACCESS), [Reason::OwnerDeleted]);
}

#[test]
fn the_status_is_the_rows() {
    let mut scene = scene();
    let (app, access) = (scene.app.clone(), scene.ada.access().to_owned());
    let status = |store: &mut Store, token: &str, wanted, seconds| {
        judged(store, token, &Checks::only(wanted, at(seconds))).status(at(seconds))
    };
    let store = &mut scene.store;
    assert_eq!(status(store, &app, APP, 0), Some(Status::Live));
    assert_eq!(status(store, &app, APP, 604_800), Some(Status::Expired));
    assert_eq!(status(store, &access, ACCESS, 0), Some(Status::Live));
    assert_eq!(status(store, &access, ACCESS, 900), Some(Status::Expired));
    store.arrange("UPDATE tokens SET revoked_at = 1; UPDATE pairs SET access_revoked_at = 1");
    assert_eq!(status(store, &app, APP, 0), Some(Status::Revoked));
    assert_eq!(status(store, &access, ACCESS, 0), Some(Status::Revoked));
    store.arrange("UPDATE sessions SET ended_at = 1");
    assert_eq!(status(store, &access, ACCESS, 900), Some(Status::Revoked));
}
