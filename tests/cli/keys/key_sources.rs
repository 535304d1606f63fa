//! Hints in errors about keys. The hints depend on the source of the key (environment variable,
//! file or standard input) and on the number of keys in a JWK Set. Another test
//! passes a key id that starts with a hyphen to `token mint --key`.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

/// A token with the algorithm RS256 and an invalid signature.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";

/// Returns a JWK Set with two private RSA keys.
fn rsa_jwk_set() -> String {
    let parse_jwk = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let first = parse_jwk(include_str!("../hostile/samples/rsa.jwk"));
    let second = parse_jwk(include_str!("../hostile/samples/other_rsa.jwk"));
    json!({"keys": [first, second]}).to_string()
}

#[test]
fn hint_for_an_unusable_key_fits_the_key_source() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("KEYS", &rsa_jwk_set());
    let verify = ["token", "verify", TOKEN, "--alg", "RS256"];
    let variable_output = sandbox.run(&[&verify[..], &["--secret-env", "KEYS"]].concat());
    assert_snapshot!(variable_output, @"
    --- exit code 65, stderr
    error: several keys found, expected a single key for verification
    hint: save the key and use `--jwks key.in` in place of `--secret-env KEYS`: (umask 077; printenv KEYS > key.in)
    ");
    let mint = ["token", "mint", "--sub", "a"];
    assert_snapshot!(sandbox.run(&[&mint[..], &["--secret-env", "KEYS"]].concat()), @"
    --- exit code 65, stderr
    error: several keys found, expected a single key for signing
    hint: select a single key: (umask 077; printenv KEYS > key.in) && (umask 077; jq '.keys[0]' key.in > key.json)
    ");
    // If the file `key.in` exists, the hint must propose another file name.
    fs::write(sandbox.home().join("key.in"), "another file").unwrap();
    let encrypted = include_str!("../hostile/samples/encrypted.pem");
    let stdin_output =
        sandbox.run_with_input(&[&mint[..], &["--key-file", "-"]].concat(), encrypted);
    assert_snapshot!(stdin_output, @"
    --- exit code 65, stderr
    error: unsupported key format: found an encrypted private key, expected PEM, DER, JWK or JWK Set
    hint: save the input as key-2.in and decrypt the key: openssl pkey -in key-2.in -out key.pem
    ");
    let stdin_output =
        sandbox.run_with_input(&[&verify[..], &["--key", "-"]].concat(), &rsa_jwk_set());
    assert_snapshot!(stdin_output, @"
    --- exit code 65, stderr
    error: several keys found, expected a single key for verification
    hint: use `--jwks -` in place of `--key -`
    ");
    fs::write(sandbox.home().join("empty"), "").unwrap();
    for option in ["--key", "--jwks"] {
        let output = sandbox.run(&[&verify[..], &[option, "empty"]].concat()).fails(65);
        assert!(output.stderr.contains("error: `empty`: key empty"), "{output}");
        assert!(
            output.stderr.contains("hint: fetch the public key of the issuer again"),
            "{output}"
        );
    }
}

#[test]
fn hint_for_a_key_id_in_use_depends_on_the_number_of_imported_keys() {
    let sandbox = Sandbox::with_admin();
    let mut set: Value = serde_json::from_str(&rsa_jwk_set()).unwrap();
    set["keys"][0]["kid"] = json!("a");
    set["keys"][1]["kid"] = json!("taken");
    fs::write(sandbox.home().join("set"), set.to_string()).unwrap();
    sandbox.run(&["keys", "generate", "--purpose", "test", "--kid", "taken"]).ok();
    let import = ["keys", "import", "--purpose", "test", "--from-file", "set"];
    let output = sandbox.run(&import).fails(5);
    assert!(output.stderr.contains("hint: import the keys one by one, each with `--kid ID`"));
    // With one key in the set, `--kid` sets the key id. With several keys, `--kid` selects a key.
    let single = json!({"keys": [set["keys"][1]]});
    fs::write(sandbox.home().join("set"), single.to_string()).unwrap();
    let output = sandbox.run(&import).fails(5);
    assert!(output.stderr.contains("hint: choose another key id with `--kid ID`"));
    assert_eq!(sandbox.stdout_of(&[&import[..], &["--kid", "new"]].concat()), "new");
}

#[test]
fn key_id_with_a_leading_hyphen_selects_the_key() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["keys", "generate", "--purpose", "test", "--kid", "-y"]).ok();
    let token = sandbox.stdout_of(&["token", "mint", "--key", "-y"]);
    assert_eq!(sandbox.json(&["token", "decode", &token])["header"]["kid"], "-y");
}
