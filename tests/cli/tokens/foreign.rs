//! `jeton token verify` of tokens of others, by their keys

use crate::mask::{refuses, says};
use crate::world::{Ran, World};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// RFC 7515, appendix A.1: a token of 2011 and its key.
pub(super) const RFC: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAi\
    OjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p\
    1r_wW1gFWFOEjXk";
pub(super) const RFC_KEY: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// Somebody's identity provider, and what it publishes in `jwks.json` of a home without a store.
fn provider() -> (World, World) {
    let provider = World::with_admin();
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        provider.run(&["token", "mint", "--alg", algorithm]).ok();
    }
    let here = World::new();
    let set = provider.get(&["keys", "export", "--jwks", "--purpose", "test"]);
    std::fs::write(here.home().join("jwks.json"), set).unwrap();
    (provider, here)
}

pub(super) fn check(world: &World, token: &str, more: &[&str]) -> Ran {
    world.run(&[&["token", "verify", token], more].concat())
}

/// An unsigned part of a token.
fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_of_others_is_checked_by_their_set_without_a_store() {
    let (provider, here) = provider();
    let set = ["--jwks", "jwks.json"];
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let mint = ["token", "mint", "--alg", algorithm, "--aud", "api", "--iss", "https://idp"];
        let token = provider.get(&mint);
        says(&here, &check(&here, &token, &set), "valid\n", "");
        let asked = [&set[..], &["--iss", "https://idp", "--aud", "api"]].concat();
        says(&here, &check(&here, &token, &asked), "valid\n", "");
        let other = [&set[..], &["--iss", "https://other"]].concat();
        assert_eq!(check(&here, &token, &other).out, "invalid: issuer\n");
        let tampered = crate::world::tampered(&token, 1);
        assert_eq!(check(&here, &tampered, &set).out, "invalid: bad_signature\n");
    }
    let unknown = provider.get(&["token", "mint", "--alg", "PS256"]);
    let ran = check(&here, &unknown, &set);
    assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: unknown_key\n"));
    let token = provider.get(&["token", "mint"]);
    let answer = here.json(&["token", "verify", &token, "--jwks", "jwks.json"]);
    assert_eq!((&answer["valid"], &answer["kind"]), (&json!(true), &json!(null)));
    assert_eq!((&answer["token_id"], &answer["status"]), (&json!(null), &json!(null)));
    assert!(!here.store().exists());
    let input = format!("{token}\n{token}\n");
    let ran = here.run_with_input(&["token", "verify", "--batch", "--jwks", "jwks.json"], &input);
    assert_eq!(ran.ok().out.lines().count(), 2);
}

#[test]
fn permissions_of_others_stand_in_scope_and_scp_too() {
    let (provider, here) = provider();
    let ask = ["--jwks", "jwks.json", "--permission", "read:all"];
    for claim in ["permissions=[\"read:all\"]", "scope=\"x read:all\"", "scp=[\"read:all\"]"] {
        let token = provider.get(&["token", "mint", "--claim-json", claim]);
        says(&here, &check(&here, &token, &ask), "valid\n", "");
    }
    for claim in ["scope=\"read:all2 read\"", "scp={\"read:all\":1}"] {
        let token = provider.get(&["token", "mint", "--claim-json", claim]);
        assert_eq!(check(&here, &token, &ask).code, 9, "{claim}");
    }
    let own = provider.get(&["token", "mint", "--claim-json", "scope=\"read:all\""]);
    provider.run(&["token", "verify", &own, "--type", "test", "-p", "read:all"]).ok();
    let own = provider.get(&["token", "create", "app", "--claim", "scope=read:all"]);
    let ran = provider.run(&["token", "verify", &own, "-p", "read:all"]);
    assert_eq!(ran.code, 9, "of our own app tokens `permissions` alone counts");
}

#[test]
fn a_token_is_checked_by_one_key_in_whatever_form() {
    let world = World::new();
    let write = |name: &str, text: &[u8]| std::fs::write(world.home().join(name), text).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(RFC_KEY).unwrap();
    write("secret", &[&secret[..], b"\n"].concat());
    write("jwk", json!({"kty": "oct", "k": RFC_KEY}).to_string().as_bytes());
    for file in ["secret", "jwk"] {
        let by = ["--key", file, "--alg", "HS256", "--at", "2011-03-01T00:00:00Z"];
        says(&world, &check(&world, RFC, &by), "valid\n", "");
        let ran = check(&world, RFC, &["--key", file, "--alg", "HS256"]);
        assert_eq!((ran.code, ran.out.as_str()), (11, "invalid: token_expired\n"));
        let ran = check(&world, RFC, &["--key", file, "--alg", "HS384"]);
        assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: alg_not_allowed\n"));
    }
    let (provider, _) = provider();
    let token = provider.get(&["token", "mint", "--alg", "RS256"]);
    let header = provider.json(&["token", "decode", &token, "--part", "header"]);
    let kid = header["kid"].as_str().unwrap();
    write("public", provider.run(&["keys", "export", "--pem", kid]).out.as_bytes());
    says(
        &world,
        &check(&world, &token, &["--key", "public", "--alg", "RS256,PS256"]),
        "valid\n",
        "",
    );
    let talk = "error: key: it does not fit the algorithm, or is too short for it\n";
    refuses(&world, &check(&world, &token, &["--key", "public", "--alg", "ES256"]), 65, talk);
    // The public key as the secret of a forged token: it is never taken for one.
    refuses(&world, &check(&world, &token, &["--key", "public", "--alg", "HS256"]), 65, talk);
    let private = provider.run(&["keys", "export", "--private", kid, "--yes"]).out;
    write("private", private.as_bytes());
    let talk = "error: key: this is a private key; the public one is enough to check\n";
    refuses(&world, &check(&world, &token, &["--key", "private", "--alg", "RS256"]), 65, talk);
}

#[test]
fn dates_with_fractions_are_rounded_so_that_a_token_is_never_valid_for_longer() {
    let (provider, here) = provider();
    let at = |claims: &[&str], at: &str| {
        let claims: Vec<&str> = claims.iter().flat_map(|claim| ["--claim-json", *claim]).collect();
        let token = provider.get(&[&["token", "mint"], &claims[..]].concat());
        check(&here, &token, &["--jwks", "jwks.json", "--at", at]).out
    };
    let times = ["iat=1800000000.9", "nbf=1800000000.2", "exp=1800000009.9"];
    assert_eq!(at(&times, "1800000000"), "invalid: not_yet_valid\n");
    assert_eq!(at(&times, "1800000001"), "valid\n");
    assert_eq!(at(&times, "1800000008"), "valid\n");
    assert_eq!(at(&times, "1800000009"), "invalid: token_expired\n");
    for claim in ["exp=\"5\"", "nbf=1e300", "iat=true", "exp=[1]", "exp=-1e18"] {
        assert_eq!(at(&[claim], "1800000000"), "invalid: bad_claim\n", "{claim}");
    }
}

/// A set with this text is refused in these words.
fn set_is_refused(text: &str, why: &str) {
    let world = World::new();
    let token = format!("{}.{}.AAAA", part(&json!({"alg": "EdDSA"})), part(&json!({})));
    std::fs::write(world.home().join("keys"), text).unwrap();
    let ran = check(&world, &token, &["--jwks", "keys"]);
    refuses(&world, &ran, 65, &format!("error: key: {why}\n"));
}

fn key_is_refused(key: &Value, why: &str) {
    set_is_refused(&key.to_string(), why);
    set_is_refused(&json!({ "keys": [key] }).to_string(), why);
}

fn zeros(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![0; bytes])
}

#[test]
fn points_that_prove_nothing_are_refused() {
    let edwards = |x: Value| json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    let curve =
        |crv: &str, bytes| json!({"kty": "EC", "crv": crv, "x": zeros(bytes), "y": zeros(bytes)});
    let small_order = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for x in [zeros(31), zeros(32), small_order.to_owned()] {
        key_is_refused(&edwards(json!(x)), "it is not an Ed25519 key, or one that proves nothing");
    }
    for x in [json!(5), json!("+/"), json!(null)] {
        key_is_refused(&edwards(x), "`x` is not base64url");
    }
    for key in [curve("P-256", 32), curve("P-256", 48), curve("P-384", 32)] {
        key_is_refused(&key, "it is not a point on its curve");
    }
    for key in [
        json!({}),
        json!({"kty": "none"}),
        json!({"kty": ["RSA"]}),
        json!({"kty": "OKP", "crv": "X25519", "x": zeros(32)}),
        curve("P-521", 66),
    ] {
        key_is_refused(&key, "its type is not RSA, P-256, P-384, Ed25519 or a secret");
    }
}

#[test]
fn secrets_and_numbers_that_are_too_small_are_refused() {
    let secret = |bytes, alg: &str| json!({"kty": "oct", "k": zeros(bytes), "alg": alg});
    for bytes in [0, 31] {
        key_is_refused(
            &secret(bytes, "HS256"),
            "a secret has 32 bytes at least, as many as the hash",
        );
    }
    for key in [secret(32, "HS512"), secret(64, "RS256"), secret(64, "none")] {
        key_is_refused(&key, "it does not fit its `alg`, or is too short for it");
    }
    let mut key = secret(64, "HS256");
    key["use"] = json!("enc");
    key_is_refused(&key, "it is not for signatures (`use`)");
    let key = json!({"kty": "oct", "k": zeros(64), "key_ops": ["encrypt"]});
    key_is_refused(&key, "it is not for signatures (`key_ops`)");
    let rsa = |n: Vec<u8>, e: &str| json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": e});
    let long = [&[0x80][..], &[1; 255]].concat();
    for n in [long[..128].to_vec(), vec![0; 256], [&[0x40][..], &[1; 255]].concat(), vec![1; 1_025]]
    {
        key_is_refused(&rsa(n, "AQAB"), "an RSA key has 2,048 to 8,192 bits");
    }
    for e in ["AQ", "Ag", ""] {
        let why = "its RSA exponent is not an odd number of 3 or more";
        key_is_refused(&rsa(long.clone(), e), why);
    }
}

#[test]
fn what_is_no_set_is_refused() {
    for (text, why) in [
        ("{\"keys\":[]}", "the set is empty"),
        ("{\"keys\":{}}", "`keys` is not an array"),
        ("{\"keys\":[1]}", "not an object"),
        ("[]", "the JWK Set is not a JSON object"),
        ("", "the JWK Set is not well-formed JSON"),
        (
            "{\"kty\":\"oct\",\"kty\":\"RSA\"}",
            "the JWK Set is ambiguous: a member stands there twice",
        ),
    ] {
        set_is_refused(text, why);
    }
    let twice = json!({"kty": "oct", "k": zeros(32), "kid": "one"});
    let set = json!({"keys": [twice, twice]}).to_string();
    set_is_refused(&set, "two keys have the same `kid`");
}

#[test]
fn the_token_never_chooses_its_key() {
    let world = World::new();
    let key = |kid: &str| json!({"kty": "oct", "k": RFC_KEY, "kid": kid});
    let set = |keys: &[Value]| {
        std::fs::write(world.home().join("keys"), json!({"keys": keys}).to_string()).unwrap();
    };
    let by = ["--jwks", "keys", "--at", "2011-03-01T00:00:00Z"];
    set(&[key("one")]);
    says(&world, &check(&world, RFC, &by), "valid\n", "");
    set(&[key("one"), key("two")]);
    assert_eq!(check(&world, RFC, &by).out, "invalid: unknown_key\n", "they are not tried in turn");
    let payload = RFC.split('.').nth(1).unwrap();
    for (header, reason) in [
        (json!({"alg": "none"}), "alg_not_allowed"),
        (json!({"alg": "None"}), "alg_not_allowed"),
        (json!({"alg": "HS256", "kid": "two", "crit": ["exp"]}), "critical_header"),
        (json!({"alg": "HS256", "kid": ["one"]}), "malformed"),
        (json!({"alg": "HS256", "kid": "../../dev/null"}), "unknown_key"),
        (json!({"alg": "HS256", "jwk": {"kty": "oct", "k": ""}}), "unknown_key"),
        (json!({"alg": "HS256", "kid": "one"}), "bad_signature"),
        (json!({"alg": "RS256", "kid": "one"}), "alg_not_allowed"),
    ] {
        let token = format!("{}.{payload}.dBjftJeZ", part(&header));
        let ran = check(&world, &token, &by);
        assert_eq!((ran.code, ran.out), (10, format!("invalid: {reason}\n")), "{header}");
    }
    for token in ["", "a", "a.b", "a.b.c.d", "..", &"A".repeat(70_000)] {
        let ran = world.run_with_input(&[&["token", "verify", "-"], &by[..]].concat(), token);
        assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: malformed\n"), "{token:.9}");
    }
}

#[test]
fn of_a_set_only_the_algorithms_that_are_named_are_accepted() {
    let (provider, here) = provider();
    let token = provider.get(&["token", "mint", "--alg", "RS256"]);
    let named = |algorithms| ["--jwks", "jwks.json", "--alg", algorithms];
    says(&here, &check(&here, &token, &named("ES256,RS256")), "valid\n", "");
    for algorithms in ["ES256", "RS384", "EdDSA,HS256"] {
        let ran = check(&here, &token, &named(algorithms));
        assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: alg_not_allowed\n"));
        assert_eq!(ran.err, "error: the token's algorithm is not the key's\n");
        let batch = [&["token", "verify", "--batch"][..], &named(algorithms)].concat();
        assert_eq!(here.run_with_input(&batch, &token).code, 10, "{algorithms}");
    }
    let talk = "error: the following required arguments were not provided:\n  \
                <--jwks <FILE>|--key <FILE>>\n\
                hint: usage: jeton token verify --alg <A[,A]> <--jwks <FILE>|--key <FILE>> <TOKEN>\n";
    refuses(&here, &check(&here, &token, &["--alg", "RS256"]), 2, talk);
}
