//! Key ids of imported and generated keys: the default, `--kid`, conflicts and limits.

use super::import::IMPORT_TEST_KEY;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;

// A P-256 private key and an RSA private key.
const SEC1: &str = include_str!("samples/sec1.pem");
const PKCS1: &str = include_str!("samples/pkcs1.pem");

/// Returns the private key of RFC 7515, appendix A.3, with the given key id.
fn ec_jwk(kid: &str) -> Value {
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})
}

fn secret_jwk(kid: &str) -> Value {
    json!({"kty": "oct", "kid": kid, "alg": "HS256", "k": "A".repeat(43)})
}

fn write(sandbox: &Sandbox, name: &str, content: &str) {
    fs::write(sandbox.home().join(name), content).unwrap();
}

fn import(sandbox: &Sandbox, options: &[&str]) -> crate::run_output::RunOutput {
    sandbox.run(&[&IMPORT_TEST_KEY[..], options].concat())
}

/// Asserts that the test key `kid` signs tokens that contain this key id and are valid with the
/// store. If the exported JWK Set contains the key, asserts that the tokens are also valid with the
/// set.
fn assert_key_signs(sandbox: &Sandbox, kid: &str) {
    let token = sandbox.stdout_of(&["token", "mint", "--key", kid]);
    assert_eq!(sandbox.json(&["token", "decode", &token])["header"]["kid"], kid);
    sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    let set = sandbox.run(&["keys", "export", "--jwks", "--purpose", "test"]).ok().stdout;
    write(sandbox, "exported.json", &set);
    if set.contains(kid) {
        sandbox.run(&["token", "verify", &token, "--jwks", "exported.json"]).ok();
    }
}

#[test]
fn jwk_import_keeps_the_key_id_and_refuses_an_invalid_secret() {
    let sandbox = Sandbox::with_admin();
    let set = json!({"keys": [ec_jwk("my-key-1"), secret_jwk("the secret")]});
    for (name, content, kids) in [
        ("one.jwk", ec_jwk("my-key-1"), "my-key-1\n"),
        ("set.jwks", json!({"keys": [ec_jwk("my-key-1")]}), "my-key-1\n"),
        ("two.jwks", set, "my-key-1\nthe secret\n"),
    ] {
        write(&sandbox, name, &content.to_string());
        let output = import(&sandbox, &["--from-file", name]).ok();
        assert_eq!(output.stdout, kids, "{name}");
    }
    assert_key_signs(&sandbox, "my-key-1");
    assert_key_signs(&sandbox, "the secret");
    write(&sandbox, "invalid.jwk", &secret_jwk("").to_string().replace('A', "!"));
    assert_snapshot!(import(&sandbox, &["--from-file", "invalid.jwk"]), @"
    --- exit code 65, stderr
    error: key: `k` is not base64url
    ");
}

#[test]
fn kid_option_replaces_the_default_key_id() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("SECRET", "a secret that is as long as the hash");
    write(&sandbox, "key.pem", SEC1);
    write(&sandbox, "one.jwk", &ec_jwk("my-key-1").to_string());
    let secret = ["--from-env", "SECRET", "--alg", "HS256", "--kid", "-s"];
    for (options, kid) in [
        (&["--from-file", "key.pem", "--kid", "2X9R4HXF34"][..], "2X9R4HXF34"),
        (
            &["--from-file", "one.jwk", "--kid", "https://id.example/keys/1"],
            "https://id.example/keys/1",
        ),
        (&secret, "-s"),
    ] {
        let output = import(&sandbox, options).ok();
        assert_eq!(output.stdout.trim_end(), kid);
        // If the same command is repeated, it succeeds and prints the same key id.
        assert_eq!(import(&sandbox, options).ok().stdout, output.stdout);
    }
    let output = import(&sandbox, &["--from-file", "key.pem"]).ok();
    assert_eq!(output.stdout, "2X9R4HXF34\n");
    for kid in ["2X9R4HXF34", "https://id.example/keys/1"] {
        assert_key_signs(&sandbox, kid);
    }
    let generate = ["keys", "generate", "--purpose", "test", "--alg", "ES512", "--kid", "ci 2026"];
    assert_snapshot!(sandbox.run(&generate), @"
    ci 2026
    --- stderr
    created ES512 signing key for test tokens
    ");
    assert_key_signs(&sandbox, "ci 2026");
    let empty_sandbox = Sandbox::new();
    assert_snapshot!(empty_sandbox.run(&["keys", "generate", "--kid", "first"]), @"
    first
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    created ES256 signing key for app tokens
    ");
}

#[test]
fn key_id_of_another_key_is_refused() {
    let sandbox = Sandbox::with_admin();
    write(&sandbox, "key.pem", SEC1);
    write(&sandbox, "other.pem", PKCS1);
    write(&sandbox, "one.jwk", &ec_jwk("k1").to_string());
    import(&sandbox, &["--from-file", "key.pem", "--kid", "k1"]).ok();
    let generate = ["keys", "generate", "--kid", "k1"];
    for output in [
        import(&sandbox, &["--from-file", "other.pem", "--kid", "k1"]),
        import(&sandbox, &["--from-file", "one.jwk"]),
        sandbox.run(&generate),
    ] {
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 5, stderr
        error: key id `k1` already used by another key (ES256, for test tokens)
        hint: choose another key id with `--kid ID`
        "));
    }
    assert_eq!(sandbox.json_error(&generate)["code"], "key_exists");
    // The option in the hint is accepted.
    import(&sandbox, &["--from-file", "one.jwk", "--kid", "k2"]).ok();
}

#[test]
fn same_key_with_another_key_id_is_refused() {
    let sandbox = Sandbox::with_admin();
    write(&sandbox, "key.pem", SEC1);
    write(&sandbox, "one.jwk", &ec_jwk("k 2").to_string());
    import(&sandbox, &["--from-file", "key.pem", "--kid", "k1"]).ok();
    assert_snapshot!(import(&sandbox, &["--from-file", "key.pem", "--kid", "k2"]), @"
    --- exit code 5, stderr
    error: key already exists with the key id `k1`
    hint: use `--kid k1` to keep the key id of the existing key
    ");
    import(&sandbox, &["--from-file", "one.jwk"]).ok();
    write(&sandbox, "one.jwk", &ec_jwk("k3").to_string());
    assert_snapshot!(import(&sandbox, &["--from-file", "one.jwk"]), @"
    --- exit code 5, stderr
    error: key already exists with the key id `k 2`
    hint: use `--kid 'k 2'` to keep the key id of the existing key
    ");
    // The option in the hint is accepted.
    import(&sandbox, &["--from-file", "one.jwk", "--kid", "k 2"]).ok();
    let set = json!({"keys": [secret_jwk("a"), secret_jwk("b")]});
    write(&sandbox, "set.jwks", &set.to_string());
    assert_snapshot!(import(&sandbox, &["--from-file", "set.jwks"]), @"
    --- exit code 65, stderr
    error: key: the same key found twice, as `a` (HS256) and `b` (HS256)
    ");
    assert_eq!(sandbox.json(&["keys", "list"])["items"].as_array().unwrap().len(), 3);
}

#[test]
fn audit_event_of_an_import_contains_the_id_of_the_stored_key() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["keys", "generate", "--purpose", "test", "--alg", "ES256"]).ok();
    write(&sandbox, "key.pem", SEC1);
    import(&sandbox, &["--from-file", "key.pem", "--kid", "k1"]).ok();
    let output = import(&sandbox, &["--from-file", "key.pem", "--activate"]).ok();
    assert_eq!(output.stdout, "k1\n");
    let targets = "SELECT target_id FROM audit WHERE action = 'keys import'";
    assert_eq!(sandbox.sql(targets), ["k1", "k1"]);
}

#[test]
fn kid_option_selects_a_key_of_a_set() {
    let sandbox = Sandbox::with_admin();
    let set = json!({"keys": [ec_jwk("a"), secret_jwk("b")]});
    write(&sandbox, "set.jwks", &set.to_string());
    assert_snapshot!(import(&sandbox, &["--from-file", "set.jwks", "--kid", "c"]), @"
    --- exit code 65, stderr
    error: several keys found, but no key with the requested key id
    hint: select a single key: (umask 077; jq '.keys[0]' set.jwks > key.json)
    ");
    assert_snapshot!(import(&sandbox, &["--from-file", "set.jwks", "--kid", "b"]), @"
    b
    --- stderr
    imported HS256 signing key for test tokens
    ");
    assert_eq!(sandbox.json(&["keys", "list"])["items"].as_array().unwrap().len(), 2);
}

#[test]
fn key_id_has_1_to_256_bytes_without_invisible_characters() {
    let sandbox = Sandbox::with_admin();
    write(&sandbox, "key.pem", SEC1);
    let import_as = |kid: &str| import(&sandbox, &["--from-file", "key.pem", "--kid", kid]);
    assert_snapshot!(import_as(""), @"
    --- exit code 2, stderr
    error: invalid value '' for '--kid <ID>': key id: empty
    hint: see `jeton keys import --help`
    ");
    assert_snapshot!(import_as("a\nb"), @r"
    --- exit code 2, stderr
    error: invalid value 'a\nb' for '--kid <ID>': key id: contains control or invisible characters
    hint: see `jeton keys import --help`
    ");
    assert_snapshot!(import_as("a\u{202e}b"), @r"
    --- exit code 2, stderr
    error: invalid value 'a\u{202e}b' for '--kid <ID>': key id: contains control or invisible characters
    hint: see `jeton keys import --help`
    ");
    assert_snapshot!(import_as(&"k".repeat(257)), @"
    --- exit code 2, stderr
    error: invalid value '(not shown)' for '--kid <ID>': key id: found 257 bytes, expected at most 256
    hint: see `jeton keys import --help`
    ");
    let import_jwk = |kid: &str| {
        write(&sandbox, "one.jwk", &ec_jwk(kid).to_string());
        import(&sandbox, &["--from-file", "one.jwk"])
    };
    assert_snapshot!(import_jwk(&"k".repeat(257)), @"
    --- exit code 65, stderr
    error: key: `kid`: found 257 bytes, expected at most 256
    ");
    assert_snapshot!(import_jwk("a\u{7}"), @"
    --- exit code 65, stderr
    error: key: `kid`: contains control or invisible characters
    ");
    import_as(&"k".repeat(256)).ok();
}
