//! `jeton token verify`: the expiry of third-party tokens, `--typ` and `--require-claim`.

use crate::world::{Ran, World};
use serde_json::json;

const KEY: [&str; 4] = ["--key", "secret", "--alg", "HS256"];

/// A home without a store, with a shared secret in `secret`.
fn third_party() -> World {
    let world = World::new();
    std::fs::write(world.home().join("secret"), "0123456789".repeat(4)).unwrap();
    world
}

/// A token that is signed with that secret.
fn minted(world: &World, more: &[&str]) -> String {
    let mint = ["token", "mint", "--key-file", "secret", "--alg", "HS256"];
    world.get(&[&mint[..], more].concat())
}

fn without_exp(world: &World) -> String {
    minted(world, &["--defect", "missing_exp"])
}

fn verified(world: &World, token: &str, more: &[&str]) -> Ran {
    world.run(&[&["token", "verify", token], &KEY[..], more].concat())
}

#[track_caller]
fn is_invalid(ran: &Ran, code: i32, reason: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (code, &*format!("invalid: {reason}\n")), "{ran:?}");
}

#[test]
fn third_party_token_without_exp_is_refused() {
    let world = third_party();
    let token = without_exp(&world);
    let ran = verified(&world, &token, &[]);
    is_invalid(&ran, 10, "missing_claim");
    assert_eq!(
        ran.err,
        "error: a claim that the token must have is missing: exp\n\
         hint: accept third-party tokens without `exp` with `--allow-no-expiry`\n"
    );
    is_invalid(&verified(&world, &token, &["--min-ttl", "1h"]), 10, "missing_claim");
    is_invalid(&verified(&world, &token, &["--at", "2030-01-01"]), 10, "missing_claim");
    for more in [&["--allow-no-expiry"][..], &["--allow-no-expiry", "--min-ttl", "1h"]] {
        assert_eq!(verified(&world, &token, more).ok().out, "valid\n");
    }
    let jwk = json!({"kty": "oct", "k": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OQ"});
    std::fs::write(world.home().join("jwks"), json!({ "keys": [jwk] }).to_string()).unwrap();
    let by_set = ["token", "verify", &token, "--jwks", "jwks"];
    is_invalid(&world.run(&by_set), 10, "missing_claim");
    assert_eq!(world.run(&[&by_set[..], &["--allow-no-expiry"]].concat()).ok().out, "valid\n");
}

#[test]
fn third_party_batch_refuses_tokens_without_exp() {
    let world = third_party();
    let input = format!("{}\n{}\n", minted(&world, &[]), without_exp(&world));
    let batch = [&["token", "verify", "--batch"], &KEY[..]].concat();
    let ran = world.run_with_input(&batch, &input);
    assert_eq!(ran.code, 10, "{ran:?}");
    let reasons: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["reasons"].take())
        .collect();
    assert_eq!(reasons, [json!([]), json!(["missing_claim"])]);
    let ran = world.run_with_input(&[&batch[..], &["--allow-no-expiry"]].concat(), &input);
    assert_eq!(ran.ok().out.lines().count(), 2);
}

#[test]
fn expiry_of_own_tokens_is_not_up_to_the_caller() {
    let world = World::with_admin();
    let token = world.get(&["token", "create", "app", "--no-expiry"]);
    world.run(&["token", "verify", &token]).ok();
    let ran = world.run(&["token", "verify", &token, "--allow-no-expiry"]);
    assert_eq!(ran.code, 2, "it needs `--jwks` or `--key`: {ran:?}");
    let test = world.get(&["token", "mint", "--defect", "missing_exp"]);
    is_invalid(&world.run(&["token", "verify", &test, "--type", "test"]), 10, "missing_claim");
}

#[test]
fn typ_is_compared_as_a_media_type() {
    let world = third_party();
    let token = minted(&world, &["--header", "typ=at+jwt"]);
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert_eq!(verified(&world, &token, &["--typ", typ]).ok().out, "valid\n");
    }
    let long = minted(&world, &["--header", "typ=application/at+jwt"]);
    assert_eq!(verified(&world, &long, &["--typ", "at+jwt"]).ok().out, "valid\n");
    for typ in ["JWT", "text/at+jwt", "at"] {
        let ran = verified(&world, &token, &["--typ", typ]);
        is_invalid(&ran, 10, "wrong_type");
        assert_eq!(ran.err, "error: the token is of another type: found `at+jwt` in `typ`\n");
    }
    assert_eq!(verified(&world, &token, &["--typ", ""]).code, 2);
    let admin = World::with_admin();
    let own = admin.get(&["token", "create", "app"]);
    admin.run(&["token", "verify", &own, "--typ", "jwt"]).ok();
    is_invalid(&admin.run(&["token", "verify", &own, "--typ", "at+jwt"]), 10, "wrong_type");
    is_invalid(
        &admin.run(&["token", "verify", "--typ", "at+jwt", &own, "--aud", "x"]),
        10,
        "wrong_type",
    );
}

#[test]
fn required_claims_must_be_present() {
    let world = third_party();
    let token =
        minted(&world, &["--sub", "alice", "--claim-json", "n=0", "--claim-json", "z=null"]);
    let asked = ["--require-claim", "sub", "--require-claim", "n"];
    assert_eq!(verified(&world, &token, &asked).ok().out, "valid\n");
    for name in ["z", "absent"] {
        let ran = verified(&world, &token, &["--require-claim", "sub", "--require-claim", name]);
        is_invalid(&ran, 9, "require");
        let message = "error: a required claim is missing or has another value";
        assert_eq!(ran.err, format!("{message}: {name}\n"));
    }
    let admin = World::with_admin();
    let own = admin.get(&["token", "create", "app"]);
    admin.run(&["token", "verify", &own, "--require-claim", "app"]).ok();
    is_invalid(&admin.run(&["token", "verify", &own, "--require-claim", "aud"]), 9, "require");
}
