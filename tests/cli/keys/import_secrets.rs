//! `jeton keys import` of shared secrets. Another test passes a secret in place of the name of
//! an environment variable.

use super::import::IMPORT_TEST_KEY;
use super::kids;
use crate::python::run_script;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;
use std::fs;

#[test]
fn equivalent_hmac_secrets_are_one_key() {
    // HMAC appends zeros to short secrets and hashes long secrets (RFC 2104, section 2). Two
    // secrets with different bytes can therefore be the same key.
    let sandbox = Sandbox::with_admin();
    let text = "of more than one hundred and twenty-eight bytes ".repeat(3);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, text.as_bytes());
    let equivalent_secrets = [
        ("HS256", b"B".repeat(32), [b"B".repeat(32), b"\0".to_vec()].concat()),
        ("HS512", text.clone().into_bytes(), hash.as_ref().to_vec()),
    ];
    for (algorithm, first, second) in equivalent_secrets {
        fs::write(sandbox.home().join("first"), first).unwrap();
        fs::write(sandbox.home().join("second"), second).unwrap();
        let import = |file, purpose| {
            let flags = ["--encoding", "raw", "--alg", algorithm, "--from-file", file];
            sandbox.run(&[&["keys", "import", "--purpose", purpose][..], &flags].concat())
        };
        let kid = import("first", "app").ok().stdout.trim().to_owned();
        assert_eq!(import("second", "app").ok().stdout.trim(), kid);
        let output = import("second", "test");
        assert_eq!(output.code, 5, "{}", output.stderr);
        sandbox.run(&["keys", "revoke", &kid, "--yes"]).ok();
        assert_eq!(import("second", "app").code, 5);
    }
}

#[test]
fn value_in_place_of_variable_name_is_not_printed() {
    let sandbox = Sandbox::with_admin();
    // A user may pass the secret itself in place of the name of a variable.
    for name in [
        "s3cretS3cretS3cretS3cretS3cret12",
        "S3cret/Value+With/Slash==",
        "secret-value",
        "7secret",
        "a b",
        "",
    ] {
        for words in [
            &["keys", "import", "--alg", "HS256", "--from-env", name][..],
            &["token", "mint", "--alg", "HS256", "--secret-env", name],
            &["token", "fixtures", "--alg", "HS256", "--secret-env", name],
        ] {
            let output = sandbox.run(words).to_string().replace(words[4], "<option>");
            allow_duplicates!(assert_snapshot!(output, @"
            --- exit code 2, stderr
            error: environment variable of `<option>` not set or empty
            hint: export the variable, and pass its name without `$`
            "));
        }
    }
}

#[test]
#[ignore = "needs Python"]
fn weak_secret_requires_allow_weak_and_interoperates_with_pyjwt() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("JWT_SECRET_KEY", "super-secret");
    let words =
        [&IMPORT_TEST_KEY[..], &["--from-env", "JWT_SECRET_KEY", "--alg", "HS256"]].concat();
    assert_snapshot!(sandbox.run(&words), @"
    --- exit code 65, stderr
    error: secret too short for HS256: found 12 bytes, expected at least 32
    hint: use `--allow-weak` to accept the secret
    ");
    let output = sandbox.run(&[&words[..], &["--allow-weak"]].concat());
    assert_snapshot!(output, @"
    <uuid>
    --- stderr
    imported HS256 signing key for test tokens
    warning: weak secret: shorter than the HS256 hash output
    ");
    let keys = sandbox.json(&["keys", "list"]);
    assert_eq!(
        (&keys["items"][0]["weak"], &keys["items"][1]["weak"]),
        (&json!(false), &json!(true))
    );
    assert!(sandbox.stdout_of(&["keys", "list"]).contains("HS256 (weak)"));
    assert_snapshot!(sandbox.run(&["keys", "import", "--from-env", "NOT_SET"]), @"
    --- exit code 2, stderr
    error: environment variable of `--from-env` not set or empty
    hint: export the variable, and pass its name without `$`
    ");
    // With the weak secret, PyJWT accepts a token of jeton, and jeton accepts a token of PyJWT.
    let token = sandbox.stdout_of(&["token", "mint", "--alg", "HS256", "--sub", "alice"]);
    let secret = json!({"kty": "oct", "k": "c3VwZXItc2VjcmV0"}).to_string();
    let case = json!({"alg": "HS256", "kid": kids(&sandbox, "test", "active")[0], "token": token,
        "tampered": crate::sandbox::tampered(&token, 2),
        "public": secret, "private": secret});
    let answers = run_script("algorithms.py", &json!([case]));
    assert_eq!(answers[0]["claims"]["sub"], "alice");
    let signed = answers[0]["signed"].as_str().unwrap();
    sandbox.run(&["token", "verify", signed, "--type", "test"]).ok();
}

#[test]
fn activate_flag_makes_imported_secret_active() {
    let mut sandbox = Sandbox::with_admin();
    let import = |sandbox: &Sandbox, extra: &[&str]| {
        let words =
            [&IMPORT_TEST_KEY[..], &["--from-env", "SECRET", "--alg", "HS256"], extra].concat();
        sandbox.run(&words).ok()
    };
    sandbox.set_variable("SECRET", "a secret that is as long as the hash");
    let old_kid = import(&sandbox, &[]).stdout;
    sandbox.set_variable("SECRET", "another one that is as long as the hash");
    let new_kid = import(&sandbox, &[]).stdout;
    assert_eq!(kids(&sandbox, "test", "active"), [old_kid.trim()]);
    assert_snapshot!(import(&sandbox, &["--activate"]), @"
    <uuid>
    --- stderr
    activated HS256 signing key for test tokens
    ");
    assert_eq!(kids(&sandbox, "test", "active"), [new_kid.trim()]);
    assert_snapshot!(import(&sandbox, &["--activate"]), @"
    <uuid>
    --- stderr
    key <uuid> already exists as signing key
    ");
    sandbox.set_variable("SECRET", "a secret that is as long as the hash");
    assert_snapshot!(import(&sandbox, &[]), @"
    <uuid>
    --- stderr
    key <uuid> already exists as retired key
    hint: activate the key with: jeton keys activate <uuid>
    ");
}
