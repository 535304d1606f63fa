//! Property tests: the result of a verification does not depend on the order of the keys in the
//! store or in the JWK Set.

use super::*;
use crate::authority::keys::{self, NewKeyOptions};
use crate::model::{KeySpec, RsaBits};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Algorithms of the keys. Only the first algorithm is symmetric.
const ALGORITHMS: [Algorithm; 7] = [
    Algorithm::HS256,
    Algorithm::PS256,
    Algorithm::RS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
];

/// A token, and the reasons for which verification with all keys in a store must reject the token;
/// no reasons for a valid token.
struct Case {
    token: String,
    reasons: Vec<RejectReason>,
}

/// One key for each algorithm in [`ALGORITHMS`], and five cases for each key, in the order of the
/// keys. The key signs the tokens of its five cases: a token that is modified after signing, a
/// valid token, a token with `kid` and `alg` of another key, a token with only the `kid` of another
/// key, and a token with an empty `kid`.
static KEYS_AND_CASES: LazyLock<(Vec<KeySpec>, Vec<Case>)> = LazyLock::new(|| {
    crypto::initialize_crypto();
    let generate_key =
        |algorithm| keys::generate(algorithm, Purpose::Test, RsaBits::default()).unwrap();
    let keys = ALGORITHMS.map(generate_key).to_vec();
    let mut cases = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let other_key = &keys[(index + 1) % keys.len()];
        let sign = |kid: &str, algorithm: Algorithm| {
            let header = json!({"alg": algorithm.name(), "typ": "JWT", "kid": kid}).to_string();
            let payload = json!({"exp": 4_000_000_000_i64}).to_string();
            sign_text(key, &header, &payload).unwrap().expose_secret().to_owned()
        };
        let token = sign(key.kid.as_str(), key.algorithm);
        let mut add_case = |token, reasons| cases.push(Case { token, reasons });
        add_case(token.replace(".ey", ".fy"), vec![RejectReason::BadSignature]);
        add_case(token, vec![]);
        let token_as_other_key = sign(other_key.kid.as_str(), other_key.algorithm);
        add_case(token_as_other_key, vec![RejectReason::BadSignature]);
        add_case(sign(other_key.kid.as_str(), key.algorithm), vec![RejectReason::AlgNotAllowed]);
        add_case(sign("", key.algorithm), vec![RejectReason::UnknownKey]);
    }
    (keys, cases)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn store_key_order_is_irrelevant(shuffled_keys in Just(KEYS_AND_CASES.0.clone()).prop_shuffle()) {
        let mut store = new_store();
        let new_keys: Vec<_> =
            shuffled_keys.into_iter().map(|key| keys::NewKey::new(key, None)).collect();
        let options = NewKeyOptions { keys: &new_keys, initial_kid: None, activate: false };
        keys::add(&mut store, &audit_at(0), None, options).unwrap();
        for case in &KEYS_AND_CASES.1 {
            prop_assert_eq!(&reject_reasons_at(&mut store, &case.token, TEST, 0), &case.reasons);
        }
    }

    #[test]
    fn third_party_key_order_is_irrelevant(shuffled_keys in Just(KEYS_AND_CASES.0.clone()).prop_shuffle()) {
        let public_jwks: Vec<Value> =
            shuffled_keys.iter().filter_map(|key| key.public_jwk.clone()).map(Value::from).collect();
        let key_set = read_jwks(json!({"keys": public_jwks}).to_string().as_bytes(), &[], PublicKeys::default).unwrap();
        // The JWK Set lacks the symmetric key, whose tokens are the first five cases.
        for case in KEYS_AND_CASES.1.iter().skip(5) {
            let report = verify_third_party(&key_set, &case.token, &Expectations::new(ExpectedKind::Any, at(0)));
            let header = CompactJws::parse(&case.token).unwrap().header;
            let expected = if header["kid"] == json!(KEYS_AND_CASES.0[0].kid) {
                // The `kid` of the symmetric key.
                vec![RejectReason::UnknownKey]
            } else if header["kid"] == "" {
                // An empty `kid` counts as no `kid`: every key of the algorithm is tried.
                vec![]
            } else {
                case.reasons.clone()
            };
            prop_assert_eq!(&reasons_of(&report), &expected);
        }
    }
}
