//! The answer does not depend on the order in which keys stand.

use super::*;
use crate::authority::{Adding, add_keys, draft_key};
use crate::crypto::read_jwks;
use crate::model::{NewKey, RsaBits};
use proptest::prelude::*;
use std::sync::LazyLock;

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::HS256,
    Algorithm::PS256,
    Algorithm::RS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

struct Case {
    token: String,
    reasons: Vec<Reason>,
}

/// Keys, and tokens of each: as it signs them, changed, under another key's id, under none.
static SCENE: LazyLock<(Vec<NewKey>, Vec<Case>)> = LazyLock::new(|| {
    crypto::install();
    let key = |algorithm| draft_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
    let keys = ALGORITHMS.map(key).to_vec();
    let mut cases = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let other = &keys[(at + 1) % keys.len()];
        let sign = |kid: &str, algorithm: Algorithm| {
            let header = json!({"alg": algorithm.name(), "typ": "JWT", "kid": kid}).to_string();
            let payload = json!({"exp": 4_000_000_000_i64}).to_string();
            sign_text(key, &header, &payload).unwrap().expose_secret().to_owned()
        };
        let token = sign(key.kid.as_str(), key.algorithm);
        let mut case = |token, reasons| cases.push(Case { token, reasons });
        case(token.replace(".ey", ".fy"), vec![Reason::BadSignature]);
        case(token, vec![]);
        let as_other = sign(other.kid.as_str(), other.algorithm);
        case(as_other, vec![Reason::BadSignature]);
        case(sign(other.kid.as_str(), key.algorithm), vec![Reason::AlgNotAllowed]);
        case(sign("", key.algorithm), vec![Reason::UnknownKey]);
    }
    (keys, cases)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn keys_of_the_store(order in Just(SCENE.0.clone()).prop_shuffle()) {
        let mut store = store();
        let wish = Adding { keys: &order, first: None, activate: false };
        add_keys(&mut store, &act(0), None, wish).unwrap();
        for case in &SCENE.1 {
            prop_assert_eq!(&reasons(&mut store, &case.token, TEST, 0), &case.reasons);
        }
    }

    #[test]
    fn keys_of_others(order in Just(SCENE.0.clone()).prop_shuffle()) {
        let public: Vec<Value> =
            order.iter().filter_map(|key| key.public.clone()).map(Value::from).collect();
        let set = read_jwks(json!({"keys": public}).to_string().as_bytes()).unwrap();
        // All but what the symmetric key signed, and what bears its id.
        for case in SCENE.1.iter().skip(5) {
            let verdict = verify_foreign(&set, &case.token, &Checks::only(Wanted::Any, at(0)));
            let of_secret = Compact::parse(&case.token).unwrap().header["kid"] == json!(SCENE.0[0].kid);
            let wanted = if of_secret { &vec![Reason::UnknownKey] } else { &case.reasons };
            prop_assert_eq!(&verdict.reasons, wanted);
        }
    }
}
