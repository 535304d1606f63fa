//! Tests of generated keys, and of JWK Sets for verifiers.

use super::*;
use crate::authority::test_store::{at, new_store, new_store_with, rotate_app_key};

fn kids(jwk_set: &Value) -> Vec<String> {
    let keys = jwk_set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn app_kid(store: &mut Store) -> String {
    store.read(|tx| tx.active_app_key()).unwrap().spec.kid.as_str().to_owned()
}

/// Returns the active test key of `algorithm`. If the key does not exist, generates and stores the
/// key, and returns the key without its row id.
fn add_test_key(store: &mut Store, algorithm: Algorithm) -> TestKey {
    let key = find_or_generate_test_key(store, algorithm).unwrap();
    store.write(|tx| key.ensure_inserted(tx, at(0))).unwrap();
    key
}

#[test]
fn jwk_set_has_exactly_the_keys_of_one_purpose() {
    let mut store = new_store();
    let empty = JwkSetExport { jwk_set: json!({"keys": []}), omitted_count: 0 };
    assert_eq!(export_jwks(&mut store, Purpose::Test, at(0)).unwrap(), empty);
    let test_key = add_test_key(&mut store, Algorithm::ES256);
    let expected_app_kid = app_kid(&mut store);
    let app_set = export_jwks(&mut store, Purpose::App, at(0)).unwrap().jwk_set;
    let test_set = export_jwks(&mut store, Purpose::Test, at(0)).unwrap().jwk_set;
    assert_eq!(kids(&app_set), [expected_app_kid]);
    assert_eq!(kids(&test_set), [test_key.spec.kid.as_str()]);
}

#[test]
fn jwk_set_has_only_public_members() {
    let mut store = new_store();
    let set = export_jwks(&mut store, Purpose::App, at(0)).unwrap().jwk_set;
    let key = set["keys"][0].as_object().unwrap();
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(names, ["kty", "crv", "x", "y", "kid", "alg", "use"]);
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&json!("EC"), &json!("ES256"), &json!("sig"))
    );
}

#[test]
fn symmetric_keys_are_omitted_and_counted() {
    let mut store = new_store_with(Algorithm::HS256);
    let expected = JwkSetExport { jwk_set: json!({"keys": []}), omitted_count: 1 };
    assert_eq!(export_jwks(&mut store, Purpose::App, at(0)).unwrap(), expected);
}

#[test]
fn retired_key_is_published_and_revoked_key_is_not() {
    let mut store = new_store();
    let old_kid = app_kid(&mut store);
    rotate_app_key(&mut store, at(60));
    let new_kid = app_kid(&mut store);
    assert_eq!(
        kids(&export_jwks(&mut store, Purpose::App, at(0)).unwrap().jwk_set),
        [old_kid.clone(), new_kid.clone()]
    );
    store.execute_sql("UPDATE keys SET state = 'revoked' WHERE state = 'retired'");
    assert_eq!(kids(&export_jwks(&mut store, Purpose::App, at(0)).unwrap().jwk_set), [new_kid]);
}

#[test]
fn test_key_is_generated_once_per_algorithm() {
    let mut store = new_store();
    let first_key = add_test_key(&mut store, Algorithm::ES256);
    let same_key = find_or_generate_test_key(&mut store, Algorithm::ES256).unwrap();
    let other_key = find_or_generate_test_key(&mut store, Algorithm::HS256).unwrap();
    assert_eq!((first_key.id, first_key.spec.purpose), (None, Purpose::Test));
    assert_eq!((same_key.id, same_key.spec.kid), (Some(KeyRowId(2)), first_key.spec.kid));
    assert_eq!((other_key.id, other_key.spec.algorithm), (None, Algorithm::HS256));
}

#[test]
fn second_active_test_key_of_an_algorithm_is_refused() {
    let mut store = new_store();
    let competing_key = find_or_generate_test_key(&mut store, Algorithm::ES256).unwrap();
    add_test_key(&mut store, Algorithm::ES256);
    let result = store.write(|tx| competing_key.ensure_inserted(tx, at(0)));
    assert!(matches!(result, Err(store::Error::AlreadyExists)));
}

#[test]
fn stores_have_distinct_ids_and_keys() {
    let (mut first, mut second) = (new_store(), new_store());
    assert_ne!(first.id().unwrap(), second.id().unwrap());
    assert_ne!(app_kid(&mut first), app_kid(&mut second));
}
