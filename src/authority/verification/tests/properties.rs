//! Tests with generated tokens and texts: an issued token verifies, and any other text does not.

use super::*;
use crate::authority::tokens::{self, Expiry, TokenRequest};
use crate::model::{AppName, ExtraClaims, Permission};
use proptest::prelude::*;
use std::sync::{LazyLock, Mutex};

/// Two stores that all cases share: one with an asymmetric and one with a symmetric signing key.
/// The token quota of the users is unlimited.
static STORES: LazyLock<Mutex<Vec<(Store, TestUser)>>> = LazyLock::new(|| {
    let algorithms = [Algorithm::ES256, Algorithm::HS256];
    let create_store = |algorithm| {
        let mut store = new_store_with(algorithm);
        let ada = add_user(&mut store, "ada", Role::Admin);
        store.execute_sql("UPDATE users SET quota = -1");
        (store, ada)
    };
    Mutex::new(algorithms.map(create_store).into())
});

/// Generates valid token requests.
fn token_requests() -> impl Strategy<Value = TokenRequest> {
    let permission_text = "[^\\p{C}\\p{Z}]{1,20}";
    let expiry = prop_oneof![
        Just(Expiry::Default),
        Just(Expiry::Never),
        (1_i64..1_000_000).prop_map(|seconds| Expiry::At(at(seconds).into())),
    ];
    let claim = ("[a-z_]{1,8}", any::<String>())
        .prop_filter("not reserved", |(name, _)| {
            ExtraClaims([(name.clone(), json!(0))].into_iter().collect()).find_reserved().is_none()
        })
        .prop_map(|(name, value)| (name, json!(value)));
    let claims = prop::collection::vec(claim, 0..4);
    (
        prop::collection::vec(permission_text, 0..4),
        prop::collection::vec(any::<String>(), 0..3),
        expiry,
        claims,
    )
        .prop_map(|(permissions, audience, expiry, claims)| TokenRequest {
            is_for_run_command: false,
            owner: None,
            app: AppName::parse("app").unwrap(),
            permissions: permissions
                .iter()
                .filter_map(|name| Permission::parse(name).ok())
                .collect(),
            audience,
            expiry,
            claims: ExtraClaims(claims.into_iter().collect()),
        })
}

/// The characters of base64url, in the order of their values.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Flips one of the six bits of the base64url character at `index`. Returns `None` for a dot.
fn flip_bit(token: &str, index: usize, bit: u32) -> Option<String> {
    let mut bytes = token.as_bytes().to_vec();
    let value = ALPHABET.iter().position(|other| *other == bytes[index])?;
    bytes[index] = ALPHABET[value ^ (1 << bit)];
    String::from_utf8(bytes).ok()
}

proptest! {
    #[test]
    fn issued_token_verifies(request in token_requests(), store_index in 0_usize..2) {
        let mut stores = STORES.lock().unwrap();
        let (store, ada) = &mut stores[store_index];
        let issued = tokens::issue(store, &audit_at(0), &ada.caller, &request).unwrap();
        let expectations = Expectations { permissions: request.permissions.clone(), ..Expectations::new(APP, at(0)) };
        let report = verify_token(store, issued.token.expose_secret(), &expectations);
        prop_assert_eq!(reasons_of(&report), []);
        prop_assert_eq!(report.token_id(), Some(issued.record.id));
        let claims = report.claims.unwrap();
        for (name, value) in &request.claims.0 {
            prop_assert_eq!(&claims[name], value);
        }
    }

    #[test]
    fn arbitrary_text_has_one_rejection_reason(text in any::<String>(), segments in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
        let mut stores = STORES.lock().unwrap();
        let (store, _) = &mut stores[0];
        for text in [text, segments] {
            prop_assert_eq!(reject_reasons_at(store, &text, ExpectedKind::Any, 0).len(), 1);
            // Decoding may fail, but must not panic.
            let _ = decode(&text);
        }
    }

    #[test]
    fn modified_token_never_verifies(
        request in token_requests(), store_index in 0_usize..2, position in any::<prop::sample::Index>(), bit in 0_u32..7,
    ) {
        let mut stores = STORES.lock().unwrap();
        let (store, ada) = &mut stores[store_index];
        let issued = tokens::issue(store, &audit_at(0), &ada.caller, &request).unwrap();
        let mut bytes = issued.token.expose_secret().as_bytes().to_vec();
        let position = position.index(bytes.len());
        // The token is ASCII, and a flip of one of the lower seven bits keeps the token ASCII.
        bytes[position] ^= 1 << bit;
        let modified = String::from_utf8(bytes).unwrap();
        prop_assert_ne!(reject_reasons_at(store, &modified, ExpectedKind::Any, 0), []);
    }
}

#[test]
fn single_bit_change_is_always_detected() {
    // One algorithm for each key type, each elliptic curve, and each kind of RSA signature.
    for algorithm in [
        Algorithm::ES256,
        Algorithm::HS256,
        Algorithm::RS256,
        Algorithm::PS384,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::EdDSA,
    ] {
        let mut store = new_store_with(algorithm);
        let ada = add_user(&mut store, "ada", Role::Admin);
        let app = issue_app_token(&mut store, &ada, "app");
        let text = app.token.expose_secret();
        let mut case_count = 0;
        for index in 0..text.len() {
            for bit in 0..6 {
                let Some(modified) = flip_bit(text, index, bit) else { continue };
                let reasons = reject_reasons_at(&mut store, &modified, ExpectedKind::Any, 0);
                assert_ne!(reasons, [], "character {index}, bit {bit}: {modified}");
                case_count += 1;
            }
        }
        assert_eq!(case_count, (text.len() - 2) * 6, "all but the two dots");
    }
}
