//! `jeton token verify` of tokens of others, by their keys

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// RFC 7515, appendix A.1: a token of 2011 and its key.
pub(super) const RFC: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAi\
    OjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p\
    1r_wW1gFWFOEjXk";
pub(super) const RFC_KEY: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// Somebody's identity provider, and what it publishes in `jwks.json` of a home without a store.
fn provider() -> (Sandbox, Sandbox) {
    let provider = Sandbox::with_admin();
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        provider.run(&["token", "mint", "--alg", algorithm]).ok();
    }
    let here = Sandbox::new();
    let set = provider.get(&["keys", "export", "--jwks", "--purpose", "test"]);
    std::fs::write(here.home().join("jwks.json"), set).unwrap();
    (provider, here)
}

pub(super) fn check(sandbox: &Sandbox, token: &str, more: &[&str]) -> RunOutput {
    sandbox.run(&[&["token", "verify", token], more].concat())
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
        allow_duplicates!(assert_snapshot!(check(&here, &token, &set), @"valid"));
        let asked = [&set[..], &["--iss", "https://idp", "--aud", "api"]].concat();
        allow_duplicates!(assert_snapshot!(check(&here, &token, &asked), @"valid"));
        let other = [&set[..], &["--iss", "https://other"]].concat();
        assert_eq!(check(&here, &token, &other).stdout, "invalid: issuer\n");
        let tampered = crate::sandbox::tampered(&token, 1);
        assert_eq!(check(&here, &tampered, &set).stdout, "invalid: bad_signature\n");
    }
    let unknown = provider.get(&["token", "mint", "--alg", "PS256"]);
    let output = check(&here, &unknown, &set);
    assert_snapshot!(output, @"
    invalid: unknown_key
    --- exit code 10, stderr
    error: signing key unknown
    ");
    let token = provider.get(&["token", "mint"]);
    let answer = here.json(&["token", "verify", &token, "--jwks", "jwks.json"]);
    assert_eq!((&answer["valid"], &answer["kind"]), (&json!(true), &json!(null)));
    assert_eq!((&answer["token_id"], &answer["status"]), (&json!(null), &json!(null)));
    assert!(!here.store().exists());
    let input = format!("{token}\n{token}\n");
    let output =
        here.run_with_input(&["token", "verify", "--batch", "--jwks", "jwks.json"], &input);
    assert_eq!(output.ok().stdout.lines().count(), 2);
}

#[test]
fn permissions_of_others_stand_in_scope_and_scp_too() {
    let (provider, here) = provider();
    let ask = ["--jwks", "jwks.json", "--permission", "read:all"];
    for claim in ["permissions=[\"read:all\"]", "scope=\"x read:all\"", "scp=[\"read:all\"]"] {
        let token = provider.get(&["token", "mint", "--claim-json", claim]);
        allow_duplicates!(assert_snapshot!(check(&here, &token, &ask), @"valid"));
    }
    for claim in ["scope=\"read:all2 read\"", "scp={\"read:all\":1}"] {
        let token = provider.get(&["token", "mint", "--claim-json", claim]);
        assert_eq!(check(&here, &token, &ask).code, 9, "{claim}");
    }
    let own = provider.get(&["token", "mint", "--claim-json", "scope=\"read:all\""]);
    provider.run(&["token", "verify", &own, "--type", "test", "-p", "read:all"]).ok();
    let own = provider.get(&["token", "create", "app", "--claim", "scope=read:all"]);
    let output = provider.run(&["token", "verify", &own, "-p", "read:all"]);
    assert_eq!(output.code, 9, "of our own app tokens `permissions` alone counts");
}

#[test]
fn a_token_is_checked_by_one_key_in_whatever_form() {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &[u8]| std::fs::write(sandbox.home().join(name), text).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(RFC_KEY).unwrap();
    write("secret", &[&secret[..], b"\n"].concat());
    write("jwk", json!({"kty": "oct", "k": RFC_KEY}).to_string().as_bytes());
    for file in ["secret", "jwk"] {
        let by = ["--key", file, "--alg", "HS256", "--at", "2011-03-01T00:00:00Z"];
        allow_duplicates!(assert_snapshot!(check(&sandbox, RFC, &by), @"valid"));
        let output = check(&sandbox, RFC, &["--key", file, "--alg", "HS256"]);
        assert_eq!((output.code, output.stdout.as_str()), (11, "invalid: token_expired\n"));
        let output = check(&sandbox, RFC, &["--key", file, "--alg", "HS384"]);
        assert_eq!((output.code, output.stdout.as_str()), (10, "invalid: alg_not_allowed\n"));
    }
    let (provider, _) = provider();
    let token = provider.get(&["token", "mint", "--alg", "RS256"]);
    let header = provider.json(&["token", "decode", &token, "--part", "header"]);
    let kid = header["kid"].as_str().unwrap();
    write("public", provider.run(&["keys", "export", "--pem", kid]).stdout.as_bytes());
    assert_snapshot!(check(&sandbox, &token, &["--key", "public", "--alg", "RS256,PS256"]), @"valid");
    assert_snapshot!(check(&sandbox, &token, &["--key", "public", "--alg", "ES256"]), @"
    --- exit code 65, stderr
    error: key: unsuitable for the algorithm, or too short
    ");
    // The public key as the secret of a forged token: it is never taken for one.
    assert_snapshot!(check(&sandbox, &token, &["--key", "public", "--alg", "HS256"]), @"
    --- exit code 65, stderr
    error: key: unsuitable for the algorithm, or too short
    ");
    let private = provider.run(&["keys", "export", "--private", kid, "--yes"]).stdout;
    write("private", private.as_bytes());
    assert_snapshot!(check(&sandbox, &token, &["--key", "private", "--alg", "RS256"]), @"
    --- exit code 65, stderr
    error: key: found a private key, expected a public key
    ");
}

#[test]
fn dates_with_fractions_are_rounded_so_that_a_token_is_never_valid_for_longer() {
    let (provider, here) = provider();
    let at = |claims: &[&str], at: &str| {
        let claims: Vec<&str> = claims.iter().flat_map(|claim| ["--claim-json", *claim]).collect();
        let token = provider.get(&[&["token", "mint"], &claims[..]].concat());
        check(&here, &token, &["--jwks", "jwks.json", "--at", at]).stdout
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

/// The refusal of a set with this text.
fn refused_set(text: &str) -> RunOutput {
    let sandbox = Sandbox::new();
    let token = format!("{}.{}.AAAA", part(&json!({"alg": "EdDSA"})), part(&json!({})));
    std::fs::write(sandbox.home().join("keys"), text).unwrap();
    check(&sandbox, &token, &["--jwks", "keys"])
}

/// The refusal of a key, which is that of a set with the key.
fn refused_key(key: &Value) -> RunOutput {
    let alone = refused_set(&key.to_string());
    let in_set = refused_set(&json!({ "keys": [key] }).to_string());
    assert_eq!(alone.to_string(), in_set.to_string());
    alone
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
        allow_duplicates!(assert_snapshot!(refused_key(&edwards(json!(x))), @"
        --- exit code 65, stderr
        error: key: not an Ed25519 key, or a point of small order
        "));
    }
    for x in [json!(5), json!("+/"), json!(null)] {
        allow_duplicates!(assert_snapshot!(refused_key(&edwards(x)), @"
        --- exit code 65, stderr
        error: key: `x` is not base64url
        "));
    }
    for key in [curve("P-256", 32), curve("P-256", 48), curve("P-384", 32)] {
        allow_duplicates!(assert_snapshot!(refused_key(&key), @"
        --- exit code 65, stderr
        error: key: not a point on the curve
        "));
    }
    for key in [
        json!({}),
        json!({"kty": "none"}),
        json!({"kty": ["RSA"]}),
        json!({"kty": "OKP", "crv": "X25519", "x": zeros(32)}),
        curve("P-521", 66),
    ] {
        allow_duplicates!(assert_snapshot!(refused_key(&key), @"
        --- exit code 65, stderr
        error: key: unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric
        "));
    }
}

#[test]
fn secrets_and_numbers_that_are_too_small_are_refused() {
    let secret = |bytes, alg: &str| json!({"kty": "oct", "k": zeros(bytes), "alg": alg});
    for bytes in [0, 31] {
        allow_duplicates!(assert_snapshot!(refused_key(&secret(bytes, "HS256")), @"
        --- exit code 65, stderr
        error: key: secret too short: expected at least 32 bytes, the size of the hash
        "));
    }
    for key in [secret(32, "HS512"), secret(64, "RS256"), secret(64, "none")] {
        allow_duplicates!(assert_snapshot!(refused_key(&key), @"
        --- exit code 65, stderr
        error: key: unsuitable for its `alg`, or too short
        "));
    }
    let mut key = secret(64, "HS256");
    key["use"] = json!("enc");
    assert_snapshot!(refused_key(&key), @"
    --- exit code 65, stderr
    error: key: not for signatures (`use`)
    ");
    let key = json!({"kty": "oct", "k": zeros(64), "key_ops": ["encrypt"]});
    assert_snapshot!(refused_key(&key), @"
    --- exit code 65, stderr
    error: key: not for signatures (`key_ops`)
    ");
    let rsa = |n: Vec<u8>, e: &str| json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": e});
    let long = [&[0x80][..], &[1; 255]].concat();
    for n in [long[..128].to_vec(), vec![0; 256], [&[0x40][..], &[1; 255]].concat(), vec![1; 1_025]]
    {
        allow_duplicates!(assert_snapshot!(refused_key(&rsa(n, "AQAB")), @"
        --- exit code 65, stderr
        error: key: RSA key size out of range: expected 2,048 to 8,192 bits
        "));
    }
    for e in ["AQ", "Ag", ""] {
        allow_duplicates!(assert_snapshot!(refused_key(&rsa(long.clone(), e)), @"
        --- exit code 65, stderr
        error: key: the RSA exponent is not an odd number of at least 3
        "));
    }
}

#[test]
fn what_is_no_set_is_refused() {
    let mut outputs = String::new();
    for text in [
        r#"{"keys":[]}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        "[]",
        "",
        r#"{"kty":"oct","kty":"RSA"}"#,
    ] {
        outputs += &refused_set(text).with_heading(format_args!("set: {text}"));
    }
    assert_snapshot!(outputs, @r#"
    set: {"keys":[]}
    --- exit code 65, stderr
    error: key: the JWK Set is empty
    set: {"keys":{}}
    --- exit code 65, stderr
    error: key: `keys` is not an array
    set: {"keys":[1]}
    --- exit code 65, stderr
    error: key: not an object
    set: []
    --- exit code 65, stderr
    error: key: the JWK Set is not a JSON object
    set: 
    --- exit code 65, stderr
    error: key: the JWK Set is not well-formed JSON
    set: {"kty":"oct","kty":"RSA"}
    --- exit code 65, stderr
    error: key: the JWK Set is ambiguous: duplicate member name
    "#);
    let twice = json!({"kty": "oct", "k": zeros(32), "kid": "one"});
    let set = json!({"keys": [twice, twice]}).to_string();
    assert_snapshot!(refused_set(&set), @"
    --- exit code 65, stderr
    error: key: two keys have the same `kid`
    ");
}

#[test]
fn the_token_never_chooses_its_key() {
    let sandbox = Sandbox::new();
    let key = |kid: &str| json!({"kty": "oct", "k": RFC_KEY, "kid": kid});
    let set = |keys: &[Value]| {
        std::fs::write(sandbox.home().join("keys"), json!({"keys": keys}).to_string()).unwrap();
    };
    let by = ["--jwks", "keys", "--at", "2011-03-01T00:00:00Z"];
    set(&[key("one")]);
    assert_snapshot!(check(&sandbox, RFC, &by), @"valid");
    set(&[key("one"), key("two")]);
    // Keys without a matching `kid` are not tried in turn.
    assert_snapshot!(check(&sandbox, RFC, &by), @"
    invalid: unknown_key
    --- exit code 10, stderr
    error: signing key unknown
    ");
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
        let output = check(&sandbox, &token, &by);
        assert_eq!((output.code, output.stdout), (10, format!("invalid: {reason}\n")), "{header}");
    }
    for token in ["", "a", "a.b", "a.b.c.d", "..", &"A".repeat(70_000)] {
        let output = sandbox.run_with_input(&[&["token", "verify", "-"], &by[..]].concat(), token);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (10, "invalid: malformed\n"),
            "{token:.9}"
        );
    }
}

#[test]
fn of_a_set_only_the_algorithms_that_are_named_are_accepted() {
    let (provider, here) = provider();
    let token = provider.get(&["token", "mint", "--alg", "RS256"]);
    let named = |algorithms| ["--jwks", "jwks.json", "--alg", algorithms];
    assert_snapshot!(check(&here, &token, &named("ES256,RS256")), @"valid");
    for algorithms in ["ES256", "RS384", "EdDSA,HS256"] {
        let output = check(&here, &token, &named(algorithms));
        allow_duplicates!(assert_snapshot!(output, @"
        invalid: alg_not_allowed
        --- exit code 10, stderr
        error: token algorithm does not match the key
        "));
        let batch = [&["token", "verify", "--batch"][..], &named(algorithms)].concat();
        assert_eq!(here.run_with_input(&batch, &token).code, 10, "{algorithms}");
    }
    assert_snapshot!(check(&here, &token, &["--alg", "RS256"]), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <--jwks <FILE>|--key <FILE>>
    hint: usage: jeton token verify --alg <A[,A]> <--jwks <FILE>|--key <FILE>> <TOKEN>
    ");
}
