//! What is signed verifies, and nothing that differs from it does.

use super::*;
use crate::authority::fixture::store_with;
use crate::authority::{End, Request, issue};
use crate::model::Permission;
use crate::model::{AppName, ExtraClaims};
use proptest::prelude::*;
use std::sync::{LazyLock, Mutex};

/// One store for all cases: a quota is not what is tried here.
static SCENES: LazyLock<Mutex<Vec<(Store, Person)>>> = LazyLock::new(|| {
    let algorithms = [Algorithm::ES256, Algorithm::HS256];
    let scene = |algorithm| {
        let mut store = store_with(algorithm);
        let ada = person(&mut store, "ada", Role::Admin);
        store.arrange("UPDATE users SET quota = -1");
        (store, ada)
    };
    Mutex::new(algorithms.map(scene).into())
});

/// A wish for any token that may be asked for.
fn wishes() -> impl Strategy<Value = Request> {
    let text = "[^\\p{C}\\p{Z}]{1,20}";
    let end = prop_oneof![
        Just(End::Default),
        Just(End::Never),
        (1_i64..1_000_000).prop_map(|seconds| End::At(at(seconds))),
    ];
    let claim = ("[a-z_]{1,8}", any::<String>())
        .prop_filter("not reserved", |(name, _)| {
            ExtraClaims([(name.clone(), json!(0))].into_iter().collect()).reserved().is_none()
        })
        .prop_map(|(name, value)| (name, json!(value)));
    let claims = prop::collection::vec(claim, 0..4);
    (prop::collection::vec(text, 0..4), prop::collection::vec(any::<String>(), 0..3), end, claims)
        .prop_map(|(permissions, audience, end, claims)| Request {
            for_run: false,
            owner: None,
            app: AppName::parse("app").unwrap(),
            permissions: permissions
                .iter()
                .filter_map(|name| Permission::parse(name).ok())
                .collect(),
            audience,
            end,
            claims: ExtraClaims(claims.into_iter().collect()),
        })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The token with one bit of the bytes that it spells changed: that bit of that letter's six.
fn one_bit_off(token: &str, letter: usize, bit: u32) -> Option<String> {
    let mut bytes = token.as_bytes().to_vec();
    let value = ALPHABET.iter().position(|other| *other == bytes[letter])?;
    bytes[letter] = ALPHABET[value ^ (1 << bit)];
    String::from_utf8(bytes).ok()
}

proptest! {
    #[test]
    fn what_is_issued_verifies(wish in wishes(), which in 0_usize..2) {
        let mut scenes = SCENES.lock().unwrap();
        let (store, ada) = &mut scenes[which];
        let issued = issue(store, &act(0), &ada.caller, &wish).unwrap();
        let checks = Checks { permissions: wish.permissions.clone(), ..Checks::only(APP, at(0)) };
        let verdict = judged(store, issued.token.expose_secret(), &checks);
        prop_assert_eq!(&verdict.reasons, &[]);
        prop_assert_eq!(verdict.token_id(), Some(issued.record.id));
        let claims = verdict.claims.unwrap();
        for (name, value) in &wish.claims.0 {
            prop_assert_eq!(&claims[name], value);
        }
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in any::<String>(), parts in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
        let mut scenes = SCENES.lock().unwrap();
        let (store, _) = &mut scenes[0];
        for text in [text, parts] {
            prop_assert_eq!(reasons(store, &text, Wanted::Any, 0).len(), 1);
            let _ = decode(&text);
        }
    }

    #[test]
    fn no_other_text_verifies(
        wish in wishes(), which in 0_usize..2, place in any::<prop::sample::Index>(), bit in 0_u32..7,
    ) {
        let mut scenes = SCENES.lock().unwrap();
        let (store, ada) = &mut scenes[which];
        let issued = issue(store, &act(0), &ada.caller, &wish).unwrap();
        let mut bytes = issued.token.expose_secret().as_bytes().to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let other = String::from_utf8(bytes).unwrap();
        prop_assert_ne!(reasons(store, &other, Wanted::Any, 0), []);
    }
}

#[test]
fn no_single_bit_of_header_payload_or_signature_can_change() {
    // One of each family.
    for algorithm in [
        Algorithm::ES256,
        Algorithm::HS256,
        Algorithm::RS256,
        Algorithm::PS384,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ] {
        let mut store = store_with(algorithm);
        let ada = person(&mut store, "ada", Role::Admin);
        let app = token(&mut store, &ada, "app");
        let text = app.token.expose_secret();
        let mut tried = 0;
        for letter in 0..text.len() {
            for bit in 0..6 {
                let Some(other) = one_bit_off(text, letter, bit) else { continue };
                let found = reasons(&mut store, &other, Wanted::Any, 0);
                assert_ne!(found, [], "letter {letter}, bit {bit}: {other}");
                tried += 1;
            }
        }
        assert_eq!(tried, (text.len() - 2) * 6, "all but the two dots");
    }
}
