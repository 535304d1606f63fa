//! `jeton token verify`: tokens without `exp`, `--typ` and `--require-claim`.

use crate::run_output::{RunOutput, reason_codes};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::json;

/// Options of `token verify` with the shared secret in the file `secret`.
const KEY_OPTIONS: [&str; 4] = ["--key", "secret", "--alg", "HS256"];

/// Creates a sandbox without a store. The file `secret` contains a shared secret.
fn sandbox_with_secret_file() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.home().join("secret"), "0123456789".repeat(4)).unwrap();
    sandbox
}

/// Mints a token signed with the shared secret.
fn mint(sandbox: &Sandbox, options: &[&str]) -> String {
    let command = ["token", "mint", "--key-file", "secret", "--alg", "HS256"];
    sandbox.stdout_of(&[&command[..], options].concat())
}

fn mint_without_exp(sandbox: &Sandbox) -> String {
    mint(sandbox, &["--defect", "missing_exp"])
}

fn verify(sandbox: &Sandbox, token: &str, options: &[&str]) -> RunOutput {
    sandbox.run(&[&["token", "verify", token], &KEY_OPTIONS[..], options].concat())
}

#[track_caller]
fn assert_invalid(output: &RunOutput, exit_code: i32, reason_code: &str) {
    assert_eq!(
        (output.code, output.verdict()),
        (exit_code, format!("invalid: {reason_code}")),
        "{output:?}"
    );
}

#[test]
fn third_party_token_without_exp_is_refused_by_default() {
    let sandbox = sandbox_with_secret_file();
    let token = mint_without_exp(&sandbox);
    let output = verify(&sandbox, &token, &[]);
    assert_invalid(&output, 10, "missing_claim");
    assert_snapshot!(output, @"
    invalid: missing_claim: `exp`
    --- exit code 10, stderr
    error: claim `exp` missing
    hint: use `--allow-no-expiry` to accept third-party tokens without `exp`
    ");
    assert_invalid(&verify(&sandbox, &token, &["--min-ttl", "1h"]), 10, "missing_claim");
    assert_invalid(&verify(&sandbox, &token, &["--at", "2030-01-01"]), 10, "missing_claim");
    for options in [&["--allow-no-expiry"][..], &["--allow-no-expiry", "--min-ttl", "1h"]] {
        assert_eq!(verify(&sandbox, &token, options).ok().stdout, "valid\n");
    }
    // `k` is the same secret in base64url.
    let jwk = json!({"kty": "oct", "k": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OQ"});
    std::fs::write(sandbox.home().join("jwks"), json!({ "keys": [jwk] }).to_string()).unwrap();
    let verify_with_jwks = ["token", "verify", &token, "--jwks", "jwks"];
    assert_invalid(&sandbox.run(&verify_with_jwks), 10, "missing_claim");
    assert_snapshot!(sandbox.run(&[&verify_with_jwks[..], &["--allow-no-expiry"]].concat()), @"valid");
}

#[test]
fn third_party_batch_refuses_tokens_without_exp_by_default() {
    let sandbox = sandbox_with_secret_file();
    let input = format!("{}\n{}\n", mint(&sandbox, &[]), mint_without_exp(&sandbox));
    let batch = [&["token", "verify", "--batch"], &KEY_OPTIONS[..]].concat();
    let output = sandbox.run_with_input(&batch, &input);
    assert_eq!(output.code, 10, "{output:?}");
    let results: Vec<serde_json::Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(reason_codes(&results[0]["reasons"]), [""; 0]);
    assert_eq!(
        results[1]["reasons"],
        json!([{
            "code": "missing_claim", "message": "claim `exp` missing",
            "claim": "exp", "found": null, "expected": null
        }])
    );
    let output = sandbox.run_with_input(&[&batch[..], &["--allow-no-expiry"]].concat(), &input);
    assert_eq!(output.ok().stdout.lines().count(), 2);
}

#[test]
fn allow_no_expiry_option_is_for_third_party_tokens_only() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "app", "--no-expiry"]);
    sandbox.run(&["token", "verify", &token]).ok();
    let output = sandbox.run(&["token", "verify", &token, "--allow-no-expiry"]);
    assert_eq!(output.code, 2, "the flag needs `--jwks`, `--key` or `--secret-env`: {output:?}");
    // In a token of the store, `exp` may be missing only if the row has no expiry. The test token
    // has no row.
    let test_token = sandbox.stdout_of(&["token", "mint", "--defect", "missing_exp"]);
    assert_invalid(
        &sandbox.run(&["token", "verify", &test_token, "--type", "test"]),
        10,
        "missing_claim",
    );
}

#[test]
fn typ_is_compared_as_a_media_type() {
    let sandbox = sandbox_with_secret_file();
    let token = mint(&sandbox, &["--header", "typ=at+jwt"]);
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert_eq!(verify(&sandbox, &token, &["--typ", typ]).ok().stdout, "valid\n");
    }
    let token_with_prefix = mint(&sandbox, &["--header", "typ=application/at+jwt"]);
    assert_snapshot!(verify(&sandbox, &token_with_prefix, &["--typ", "at+jwt"]), @"valid");
    let mut outputs = String::new();
    for typ in ["JWT", "text/at+jwt", "at"] {
        outputs += &verify(&sandbox, &token, &["--typ", typ]).with_heading(typ);
    }
    assert_snapshot!(outputs, @"
    JWT
    invalid: wrong_type: found `at+jwt` in `typ`, expected `JWT`
    --- exit code 10, stderr
    error: token type mismatch: found `at+jwt` in `typ`, expected `JWT`
    text/at+jwt
    invalid: wrong_type: found `at+jwt` in `typ`, expected `text/at+jwt`
    --- exit code 10, stderr
    error: token type mismatch: found `at+jwt` in `typ`, expected `text/at+jwt`
    at
    invalid: wrong_type: found `at+jwt` in `typ`, expected `at`
    --- exit code 10, stderr
    error: token type mismatch: found `at+jwt` in `typ`, expected `at`
    ");
    assert_eq!(verify(&sandbox, &token, &["--typ", ""]).code, 2);
    let store_sandbox = Sandbox::with_admin();
    let app_token = store_sandbox.stdout_of(&["token", "create", "app"]);
    store_sandbox.run(&["token", "verify", &app_token, "--typ", "jwt"]).ok();
    assert_invalid(
        &store_sandbox.run(&["token", "verify", &app_token, "--typ", "at+jwt"]),
        10,
        "wrong_type",
    );
    assert_invalid(
        &store_sandbox.run(&["token", "verify", "--typ", "at+jwt", &app_token, "--aud", "x"]),
        10,
        "wrong_type",
    );
}

#[test]
fn require_claim_option_refuses_tokens_in_which_the_claim_is_missing_or_null() {
    let sandbox = sandbox_with_secret_file();
    let token =
        mint(&sandbox, &["--sub", "alice", "--claim-json", "n=0", "--claim-json", "z=null"]);
    let requirements = ["--require-claim", "sub", "--require-claim", "n"];
    assert_snapshot!(verify(&sandbox, &token, &requirements), @"valid");
    let requirements = ["--require-claim", "sub", "--require-claim"];
    assert_snapshot!(verify(&sandbox, &token, &[&requirements[..], &["z"]].concat()), @"
    invalid: require: `z`: found `null`, expected any value except `null`
    --- exit code 9, stderr
    error: claim `z` mismatch: found `null`, expected any value except `null`
    ");
    assert_snapshot!(verify(&sandbox, &token, &[&requirements[..], &["absent"]].concat()), @"
    invalid: require: `absent`: found none, expected any value except `null`
    --- exit code 9, stderr
    error: claim `absent` missing
    ");
    let store_sandbox = Sandbox::with_admin();
    let app_token = store_sandbox.stdout_of(&["token", "create", "app"]);
    store_sandbox.run(&["token", "verify", &app_token, "--require-claim", "app"]).ok();
    assert_invalid(
        &store_sandbox.run(&["token", "verify", &app_token, "--require-claim", "aud"]),
        9,
        "require",
    );
}
