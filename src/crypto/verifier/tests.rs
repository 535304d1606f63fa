//! Refused keys and the reasons.

use super::*;
use serde_json::json;

fn refusal_reason(set: &Value) -> String {
    read_jwks(set.to_string().as_bytes()).unwrap_err().reason
}

fn secret_jwk(kid: &Value) -> Value {
    json!({"kty": "oct", "k": "A".repeat(43), "kid": kid})
}

#[test]
fn key_ids_are_unique_strings() {
    let set = json!({"keys": [secret_jwk(&json!("a")), secret_jwk(&json!("b"))]});
    assert_eq!(read_jwks(set.to_string().as_bytes()).unwrap().len(), 2);
    let set = json!({"keys": [secret_jwk(&json!("a")), secret_jwk(&json!("a"))]});
    assert_eq!(refusal_reason(&set), "two keys have the same `kid`");
    for kid in [json!(1), json!(null), json!(["a"])] {
        assert_eq!(refusal_reason(&secret_jwk(&kid)), "`kid` is not a string");
    }
}

#[test]
fn private_jwk_is_refused() {
    let key = json!({"kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    assert_eq!(refusal_reason(&key), private_key_error().reason);
}

#[test]
fn ed25519_point_has_one_encoding() {
    let mut accepted_count = 0;
    // The coordinates 0 to 18 have a second encoding: 2^255 - 19 to 2^255 - 1.
    for first in 0xED..=0xFF {
        let mut non_canonical = [0xFF; 32];
        (non_canonical[0], non_canonical[31]) = (first, 0x7F);
        assert!(ed25519_verifier(&non_canonical).is_err());
        let mut canonical = [0; 32];
        canonical[0] = first - 0xED;
        accepted_count += usize::from(ed25519_verifier(&canonical).is_ok());
    }
    // Not every coordinate belongs to a valid point: without the count, the test could accept none.
    assert!(
        accepted_count > 5,
        "accepted canonical encodings: found {accepted_count}, expected more than 5"
    );
}
