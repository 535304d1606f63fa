//! Interoperability with the libraries `PyJWT` and jose for every algorithm, in both directions.
//! Also the choice of the key to export, and the permissions for exports.

use super::{ALGORITHMS, kids};
use crate::sandbox::{Sandbox, payload, tampered};
use crate::{node, python};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Returns a test case for each algorithm: a token, the token with a changed signature, the private
/// key and the public key. For a shared secret, the members `private` and `public` both contain the
/// secret.
fn test_cases(sandbox: &Sandbox) -> Value {
    let case = |alg: &str| {
        let token = sandbox.stdout_of(&["token", "mint", "--alg", alg, "--sub", "alice"]);
        let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
        let kid = header["kid"].as_str().unwrap();
        let private = sandbox.stdout_of(&["keys", "export", "--private", kid, "--yes"]);
        let public = if alg.starts_with("HS") {
            private.clone()
        } else {
            sandbox.stdout_of(&["keys", "export", "--pem", kid])
        };
        json!({"alg": alg, "kid": kid, "token": token, "tampered": tampered(&token, 2),
            "public": public, "private": private})
    };
    ALGORITHMS.map(case).into_iter().collect()
}

/// Checks the answers of a third-party library, one for each case. Asserts that the library
/// accepted the token of jeton and refused the tampered token with `refusal_code`. Asserts that
/// jeton accepts the token that the library signed, and refuses this token with a changed
/// signature. Also asserts that the audit log contains the exports of the private keys.
fn assert_interoperable(sandbox: &Sandbox, cases: &Value, answers: &Value, refusal_code: &str) {
    let (cases, answers) = (cases.as_array().unwrap(), answers.as_array().unwrap());
    assert_eq!(cases.len(), answers.len());
    for (case, answer) in cases.iter().zip(answers) {
        let alg = &case["alg"];
        assert_eq!(answer["claims"], payload(case["token"].as_str().unwrap()), "{alg}");
        assert_eq!(answer["refused"], refusal_code, "{alg}");
        let signed = answer["signed"].as_str().unwrap();
        let header = sandbox.json(&["token", "decode", signed, "--part", "header"]);
        assert_eq!((&header["alg"], &header["kid"]), (alg, &case["kid"]));
        let output = sandbox.run(&["token", "verify", signed, "--type", "test"]);
        assert_eq!((output.code, output.stdout.as_str()), (0, "valid\n"), "{alg}: {output:?}");
        let output = sandbox.run(&["token", "verify", &tampered(signed, 2), "--type", "test"]);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (10, "invalid: bad_signature\n"),
            "{alg}"
        );
    }
    let exports = "SELECT count(*) FROM audit WHERE action = 'keys export' AND outcome = 'done'";
    assert_eq!(
        sandbox.sql(exports),
        [ALGORITHMS.len().to_string()],
        "every export of a private key is recorded"
    );
}

/// Returns the cases except the case of the algorithm.
fn without_algorithm(cases: &Value, algorithm: &str) -> Value {
    cases.as_array().unwrap().iter().filter(|case| case["alg"] != algorithm).cloned().collect()
}

#[test]
#[ignore = "needs Python"]
fn pyjwt_interoperates_for_every_algorithm() {
    let sandbox = Sandbox::with_admin();
    let cases = test_cases(&sandbox);
    // PyJWT knows no algorithm name `Ed25519`. The case `EdDSA` tests the same algorithm.
    let cases = without_algorithm(&cases, "Ed25519");
    let answers = python::run_script("algorithms.py", &cases);
    assert_interoperable(&sandbox, &cases, &answers, "InvalidSignatureError");
}

#[test]
#[ignore = "needs Node"]
fn jose_interoperates_for_every_algorithm() {
    let sandbox = Sandbox::with_admin();
    let cases = test_cases(&sandbox);
    let answers = node::run_script("algorithms.mjs", &cases);
    assert_interoperable(&sandbox, &cases, &answers, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
}

#[test]
fn keys_export_selects_a_key_and_requires_admin_for_private_keys() {
    let sandbox = Sandbox::with_john();
    let kid = &kids(&sandbox, "app", "active")[0];
    let pem = sandbox.run(&["keys", "export", "--pem", kid]).ok().stdout;
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"), "{pem}");
    let export_private = ["keys", "export", "--private", kid];
    assert_snapshot!(sandbox.run(&export_private), @"
    --- exit code 7, stderr
    error: only admins can manage keys: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&export_private), @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    let private_pem = sandbox.run(&[&export_private[..], &["--yes"]].concat()).ok().stdout;
    assert!(private_pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{private_pem}");
    sandbox.run(&["token", "mint", "--alg", "HS256"]).ok();
    let secret_kid = &kids(&sandbox, "test", "active")[0];
    let default_pem = sandbox.run(&["keys", "export", "--pem"]).ok().stdout;
    assert_eq!(default_pem, pem, "without a key id, the active key is exported");
    let output = sandbox.run(&["keys", "export", "--pem", secret_kid]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: symmetric keys have no public key
    ");
    let jwk = sandbox.json(&["keys", "export", "--private", secret_kid, "--yes"]);
    let jwk: Value = serde_json::from_str(jwk["key"].as_str().unwrap()).unwrap();
    assert_eq!((&jwk["kty"], &jwk["kid"]), (&json!("oct"), &json!(secret_kid)));
    sandbox.run(&["token", "mint", "--alg", "EdDSA"]).ok();
    let output = sandbox.run(&["keys", "export", "--pem", "--purpose", "test"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: multiple active keys: specify a key id
    ");
    let output = sandbox.run(&["keys", "export", "--pem", "nothing"]);
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: key with this id not found
    hint: list the keys: jeton keys list
    ");
}
