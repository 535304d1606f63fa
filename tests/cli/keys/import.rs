//! `jeton keys import` of key pairs and JWK Sets

use super::{ALGORITHMS, kids};
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;

// A P-256 private key and an RSA private key.
const SEC1: &str = include_str!("samples/sec1.pem");
const PKCS1: &str = include_str!("samples/pkcs1.pem");
/// Command that imports a key for test tokens. The source of the key must be added.
pub(super) const IMPORT_TEST_KEY: [&str; 4] = ["keys", "import", "--purpose", "test"];

#[test]
fn exported_key_of_every_algorithm_is_imported_with_its_key_id() {
    let (source, target) = (Sandbox::with_admin(), Sandbox::with_admin());
    for algorithm in ALGORITHMS {
        let token = source.stdout_of(&["token", "mint", "--alg", algorithm]);
        let header = source.json(&["token", "decode", &token, "--part", "header"]);
        let kid = header["kid"].as_str().unwrap();
        let key = source.stdout_of(&["keys", "export", "--private", kid, "--yes"]);
        fs::write(target.home().join("key"), key).unwrap();
        let words = [&IMPORT_TEST_KEY[..], &["--from-file", "key", "--alg", algorithm]].concat();
        let imported_kid = target.stdout_of(&words);
        assert_eq!(
            imported_kid, kid,
            "the key id is the `kid` of a JWK, or the thumbprint of a PEM key"
        );
        target.run(&["token", "verify", &token, "--type", "test"]).ok();
        let token = target.stdout_of(&["token", "mint", "--alg", algorithm]);
        target.run(&["token", "verify", &token, "--type", "test"]).ok();
    }
}

#[test]
fn same_key_in_another_private_key_format_is_recognized() {
    let sandbox = Sandbox::with_admin();
    let words = ["keys", "import", "--from-file", "-"];
    let mut outputs = String::new();
    for text in [SEC1, PKCS1] {
        let output = sandbox.run_with_input(&words, text);
        outputs += &output.with_command();
        let kid = kids(&sandbox, "app", "standby").pop().unwrap();
        let pkcs8 = sandbox.stdout_of(&["keys", "export", "--private", &kid, "--yes"]);
        let output = sandbox.run_with_input(&words, &pkcs8);
        allow_duplicates!(assert_snapshot!(output, @"
        <key>
        --- stderr
        key <key> already exists as standby key
        hint: activate the key with: jeton keys activate <key>
        "));
        for pem in [pkcs8.as_str(), text] {
            // The key is the last block: in SEC 1, a block with parameters can precede the key.
            let block = pem.split("-----BEGIN ").last().unwrap();
            let base64: String =
                block.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
            fs::write(sandbox.home().join("key.der"), decode_base64(&base64)).unwrap();
            let output = sandbox.run(&["keys", "import", "--from-file", "key.der"]);
            allow_duplicates!(assert_snapshot!(output, @"
            <key>
            --- stderr
            key <key> already exists as standby key
            hint: activate the key with: jeton keys activate <key>
            "));
        }
    }
    assert_snapshot!(outputs, @"
    $ jeton keys import --from-file -
    <key>
    --- stderr
    imported ES256 standby key for app tokens
    hint: activate the key with: jeton keys activate <key>
    $ jeton keys import --from-file -
    <key>
    --- stderr
    imported RS256 standby key for app tokens
    hint: activate the key with: jeton keys activate <key>
    ");
}

fn decode_base64(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

#[test]
fn existing_key_cannot_be_imported_if_revoked_or_with_another_purpose_or_algorithm() {
    let sandbox = Sandbox::with_admin();
    let import = |flags: &[&str]| {
        sandbox.run_with_input(&[&["keys", "import", "--from-file", "-"], flags].concat(), PKCS1)
    };
    let kid = import(&["--purpose", "test"]).ok().stdout;
    assert_snapshot!(import(&[]), @"
    --- exit code 5, stderr
    error: key already exists for test tokens with RS256
    hint: use another key: purpose and algorithm of a key cannot change
    ");
    assert_snapshot!(import(&["--purpose", "test", "--alg", "PS256"]), @"
    --- exit code 5, stderr
    error: key already exists for test tokens with RS256
    hint: use another key: purpose and algorithm of a key cannot change
    ");
    assert_eq!(import(&["--purpose", "test"]).ok().stdout, kid);
    sandbox.run(&["keys", "revoke", kid.trim(), "--yes"]).ok();
    assert_snapshot!(import(&["--purpose", "test"]), @"
    --- exit code 5, stderr
    error: key revoked
    ");
}

#[test]
fn jwk_set_import_is_atomic_and_has_one_audit_event() {
    let sandbox = Sandbox::with_admin();
    let mut set = json!({"keys": []});
    for algorithm in ["ES256", "EdDSA", "HS256"] {
        sandbox.stdout_of(&["token", "mint", "--alg", algorithm]);
    }
    let other = Sandbox::with_admin();
    for kid in kids(&sandbox, "test", "active") {
        let key = sandbox.stdout_of(&["keys", "export", "--private", &kid, "--yes"]);
        // Only the shared secret is exported as a JWK and added to the set. The other keys are
        // exported as PEM.
        if let Ok(jwk) = serde_json::from_str::<Value>(&key) {
            set["keys"].as_array_mut().unwrap().push(jwk);
        }
    }
    let ed25519_jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "its own",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    set["keys"].as_array_mut().unwrap().push(ed25519_jwk);
    fs::write(other.home().join("good.json"), set.to_string()).unwrap();
    set["keys"].as_array_mut().unwrap().push(json!({"kty": "RSA"}));
    fs::write(other.home().join("bad.json"), set.to_string()).unwrap();
    let before = kids(&other, "test", "active");
    assert_snapshot!(other.run(&[&IMPORT_TEST_KEY[..], &["--from-file", "bad.json"]].concat()), @"
    --- exit code 65, stderr
    error: key 3 of 3: missing private part (`d`), which signing requires
    ");
    assert_eq!(kids(&other, "test", "active"), before);
    assert_snapshot!(other.run_json(&[&IMPORT_TEST_KEY[..], &["--from-file", "good.json"]].concat()), @r#"{"changed":true,"items":[{"kid":"<uuid>","purpose":"test","alg":"HS256","status":"active","weak":false,"changed":true},{"kid":"its own","purpose":"test","alg":"EdDSA","status":"active","weak":false,"changed":true}]}"#);
    let audit = "SELECT count FROM audit WHERE action = 'keys import' AND outcome = 'done'";
    assert_eq!(other.sql(audit), ["2"], "one audit event per command, with the number of keys");
}

#[test]
fn key_import_and_generation_create_store_and_need_no_login_without_users() {
    let sandbox = Sandbox::new();
    let output = sandbox.run_with_input(&["keys", "import", "--from-file", "-"], SEC1);
    assert_snapshot!(output, @"
    <key>
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    imported ES256 signing key for app tokens
    ");
    let kid = output.stdout.trim().to_owned();
    assert_eq!(kids(&sandbox, "app", "active"), [kid]);
    sandbox.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
    sandbox.run(&["token", "create", "app"]).ok();
    let other = Sandbox::new();
    let output = other.run(&["keys", "generate", "--purpose", "test", "--alg", "EdDSA"]);
    assert_snapshot!(output, @"
    <key>
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    created EdDSA signing key for test tokens
    ");
    other.run(&["keys", "generate"]).ok();
    other.register("ada", "lovelace");
    assert_snapshot!(other.run(&["keys", "generate"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn key_import_requires_admin() {
    let sandbox = Sandbox::with_john();
    let output = sandbox.run_with_input(&["keys", "import", "--from-file", "-"], SEC1);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can manage keys: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    assert_eq!(kids(&sandbox, "app", "standby").len(), 0);
}

#[test]
fn login_error_of_store_without_users_suggests_init() {
    let sandbox = Sandbox::new();
    sandbox.run_with_input(&["keys", "import", "--from-file", "-"], SEC1).ok();
    assert_snapshot!(sandbox.run(&["token", "mint"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: create the first admin: jeton init
    ");
}

#[test]
fn activate_flag_activates_at_most_one_key_per_algorithm() {
    let sandbox = Sandbox::with_admin();
    let jwk = |kid: &str, algorithm: &str| {
        let secret = format!("{kid}-{}", "x".repeat(63));
        json!({"kty": "oct", "kid": kid, "alg": algorithm, "k": URL_SAFE_NO_PAD.encode(secret)})
    };
    let set = json!({"keys": [jwk("a", "HS256"), jwk("b", "HS256"), jwk("c", "HS512")]});
    let import = |set: &Value, arguments: &[&str]| {
        let words = [&IMPORT_TEST_KEY[..], &["--from-file", "-", "--activate"], arguments].concat();
        sandbox.run_with_input(&words, &set.to_string())
    };
    assert_snapshot!(import(&set, &[]), @"
    --- exit code 65, stderr
    error: keys to activate: found 2 HS256 keys, expected 1
    hint: omit `--activate`, then activate one key: jeton keys activate KID
    ");
    assert_eq!(kids(&sandbox, "test", "active"), [""; 0]);
    assert_snapshot!(import(&set, &["--kid", "a"]), @"
    a
    --- stderr
    imported HS256 signing key for test tokens
    ");
    let set = json!({"keys": [jwk("b", "HS256"), jwk("c", "HS512")]});
    assert_snapshot!(import(&set, &[]), @"
    b
    c
    --- stderr
    imported HS256 signing key for test tokens
    imported HS512 signing key for test tokens
    ");
    assert_eq!(kids(&sandbox, "test", "active"), ["b", "c"]);
    assert_eq!(kids(&sandbox, "test", "retired"), ["a"]);
    // A set may contain the same key twice.
    let mut key = jwk("d", "HS256");
    key.as_object_mut().unwrap().remove("kid");
    import(&json!({"keys": [key, key]}), &[]).ok();
}
