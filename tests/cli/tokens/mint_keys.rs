//! `jeton token mint`: the signing key

use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;
use std::fs;

#[test]
fn key_option_accepts_only_unrevoked_test_keys() {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "mint"]);
    let kid = sandbox.stdout_of(&["keys", "generate", "--purpose", "test"]);
    let token = sandbox.stdout_of(&["token", "mint", "--key", &kid]);
    let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
    assert_eq!(header["kid"], json!(kid));
    let keys = sandbox.json(&["keys", "list"]);
    let app_kid = keys["items"][0]["kid"].as_str().unwrap();
    let output = sandbox.run(&["token", "mint", "--key", app_kid]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: app keys cannot sign test tokens
    ");
    sandbox.run(&["keys", "revoke", &kid, "--yes"]).ok();
    let output = sandbox.run(&["token", "mint", "--key", &kid]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: key revoked
    ");
}

#[test]
fn external_key_signs_without_a_store() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "a secret that is as long as the hash");
    let output =
        sandbox.run(&["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--sub", "a"]);
    assert_snapshot!(output, @"<token>");
    let claims = payload(output.stdout.trim());
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["sub", "iat", "exp", "jti"]);
    let pem = include_str!("../keys/samples/sec1.pem");
    fs::write(sandbox.home().join("key.pem"), pem).unwrap();
    let token = sandbox.stdout_of(&["token", "mint", "--key-file", "key.pem", "--count", "1"]);
    let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
    assert_eq!(header["alg"], "ES256");
    let output = sandbox.run(&["token", "mint", "--secret-env", "NOT_SET", "--alg", "HS256"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: environment variable of `--secret-env` not set or empty
    hint: export the variable, and pass its name without `$`
    ");
    assert!(!sandbox.has_store());
}

/// Uses the keys of RFC 7515: the EC key of appendix A.3, and the secret of appendix A.1.
#[test]
fn token_signed_by_a_jwk_has_the_kid_of_the_jwk() {
    let sandbox = Sandbox::new();
    let ec_jwk = json!({"kty": "EC", "crv": "P-256", "kid": "prod-1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
    let secret_jwk = json!({"kty": "oct", "kid": "prod-1", "alg": "HS256",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"});
    for (key, algorithm) in [(ec_jwk, "ES256"), (secret_jwk, "HS256")] {
        fs::write(sandbox.home().join("key.json"), key.to_string()).unwrap();
        let key_options = ["--key-file", "key.json", "--alg", algorithm];
        let token = sandbox.stdout_of(&[&["token", "mint"][..], &key_options].concat());
        let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
        assert_eq!(header["kid"], "prod-1");
        sandbox.run(&[&["token", "fixtures", "--out", algorithm][..], &key_options].concat()).ok();
    }
    let verify = ["token", "verify", "@ES256/good.jwt", "--jwks", "ES256/jwks.json"];
    sandbox.run(&verify).ok();
}

#[test]
fn newly_generated_secret_causes_a_warning() {
    let sandbox = Sandbox::with_admin();
    let mint = ["token", "mint", "--alg", "HS256"];
    assert_snapshot!(sandbox.run(&mint), @"
    <token>
    --- stderr
    warning: signed with a newly generated secret; import the secret of your service with `jeton keys import`
    ");
    assert_snapshot!(sandbox.run(&mint), @"<token>");
}
