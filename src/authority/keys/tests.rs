//! Which keys are made, and which are given to verifiers.

use super::*;
use crate::authority::fixture::{at, rotate, store, store_with};

fn kids(set: &Value) -> Vec<String> {
    let keys = set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn app_kid(store: &mut Store) -> String {
    store.read(|tx| tx.active_app_key()).unwrap().spec.kid.as_str().to_owned()
}

/// A test key that was made and added.
fn added(store: &mut Store, algorithm: Algorithm) -> TestKey {
    let key = test_key(store, algorithm).unwrap();
    store.write(|tx| key.row(tx, at(0))).unwrap();
    key
}

#[test]
fn the_two_purposes_never_stand_in_one_set() {
    let mut store = store();
    let nothing = Published { keys: json!({"keys": []}), left_out: 0 };
    assert_eq!(jwks(&mut store, Purpose::Test, at(0)).unwrap(), nothing);
    let test = added(&mut store, Algorithm::ES256);
    let app = app_kid(&mut store);
    let app_set = jwks(&mut store, Purpose::App, at(0)).unwrap().keys;
    let test_set = jwks(&mut store, Purpose::Test, at(0)).unwrap().keys;
    assert_eq!(kids(&app_set), [app]);
    assert_eq!(kids(&test_set), [test.spec.kid.as_str()]);
}

#[test]
fn a_set_holds_public_members_only() {
    let mut store = store();
    let set = jwks(&mut store, Purpose::App, at(0)).unwrap().keys;
    let key = set["keys"][0].as_object().unwrap();
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(names, ["kty", "crv", "x", "y", "kid", "alg", "use"]);
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&json!("EC"), &json!("ES256"), &json!("sig"))
    );
}

#[test]
fn symmetric_keys_are_left_out_and_counted() {
    let mut store = store_with(Algorithm::HS256);
    let nothing = Published { keys: json!({"keys": []}), left_out: 1 };
    assert_eq!(jwks(&mut store, Purpose::App, at(0)).unwrap(), nothing);
}

#[test]
fn a_retired_key_is_still_published_and_a_revoked_one_is_not() {
    let mut store = store();
    let old = app_kid(&mut store);
    rotate(&mut store, at(60));
    let new = app_kid(&mut store);
    assert_eq!(
        kids(&jwks(&mut store, Purpose::App, at(0)).unwrap().keys),
        [old.clone(), new.clone()]
    );
    store.arrange("UPDATE keys SET state = 'revoked' WHERE state = 'retired'");
    assert_eq!(kids(&jwks(&mut store, Purpose::App, at(0)).unwrap().keys), [new]);
}

#[test]
fn a_test_key_is_made_once_an_algorithm() {
    let mut store = store();
    let one = added(&mut store, Algorithm::ES256);
    let same = test_key(&mut store, Algorithm::ES256).unwrap();
    let other = test_key(&mut store, Algorithm::HS256).unwrap();
    assert_eq!((one.id, one.spec.purpose), (None, Purpose::Test));
    assert_eq!((same.id, same.spec.kid), (Some(2), one.spec.kid));
    assert_eq!((other.id, other.spec.algorithm), (None, Algorithm::HS256));
}

#[test]
fn of_two_test_keys_that_are_made_at_once_one_is_added() {
    let mut store = store();
    let late = test_key(&mut store, Algorithm::ES256).unwrap();
    added(&mut store, Algorithm::ES256);
    let result = store.write(|tx| late.row(tx, at(0)));
    assert!(matches!(result, Err(store::Error::Taken)));
}

#[test]
fn two_stores_have_nothing_in_common() {
    let (mut one, mut two) = (store(), store());
    assert_ne!(one.id().unwrap(), two.id().unwrap());
    assert_ne!(app_kid(&mut one), app_kid(&mut two));
}
