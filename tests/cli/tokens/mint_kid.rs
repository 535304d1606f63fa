//! Key ids and algorithm names in token headers: `--kid`, `--header kid=…`, `--alg` and presets.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

/// EC private key in PEM, which has no key id.
const PEM: &str = include_str!("../keys/samples/sec1.pem");

/// Creates a sandbox without a store. The variable `SECRET` contains a secret. The file `key.pem`
/// contains [`PEM`], `one.json` a JWK with the key id `own`, and `set.json` a JWK Set with this JWK
/// and with a secret with the key id `shared`.
fn sandbox_with_keys() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "a secret that is as long as the hash");
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "own",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
    let secret = json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": "A".repeat(43)});
    for (name, content) in [
        ("key.pem", PEM.to_owned()),
        ("set.json", json!({"keys": [jwk, secret]}).to_string()),
        ("one.json", jwk.to_string()),
    ] {
        fs::write(sandbox.home().join(name), content).unwrap();
    }
    sandbox
}

/// Writes the file of the custom preset `ours`.
fn write_preset(sandbox: &Sandbox, preset: &Value) {
    let directory = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("ours.json"), preset.to_string()).unwrap();
}

fn header_of(sandbox: &Sandbox, token: &str) -> Value {
    sandbox.json(&["token", "decode", token, "--part", "header"])
}

fn minted_header(sandbox: &Sandbox, options: &[&str]) -> Value {
    let token = sandbox.stdout_of(&[&["token", "mint"], options].concat());
    header_of(sandbox, &token)
}

#[test]
fn token_header_has_the_requested_or_default_key_id() {
    let sandbox = sandbox_with_keys();
    let secret_options = ["--secret-env", "SECRET", "--alg", "HS256"];
    let thumbprint = json!("5jGJlZFWHQ2aeGEZAUNL-MBYafltDachtGCdrne2yCU");
    for (key_options, default_kid) in [
        (&["--key-file", "one.json"][..], json!("own")),
        (&secret_options, json!(null)),
        (&["--key-file", "key.pem"], thumbprint),
        (&["--preset", "flask", "--secret-env", "SECRET"], json!(null)),
    ] {
        assert_eq!(minted_header(&sandbox, key_options)["kid"], default_kid);
        for kid_options in
            [&["--kid", "2X9R4HXF34"][..], &["--header", "kid=2X9R4HXF34"], &["--kid=2X9R4HXF34"]]
        {
            let header = minted_header(&sandbox, &[key_options, kid_options].concat());
            assert_eq!(header["kid"], "2X9R4HXF34", "{key_options:?}");
        }
        let fixtures = ["token", "fixtures", "--kid", "k1", "--out", "fixtures"];
        sandbox.run(&[&fixtures[..], key_options].concat()).ok();
        let manifest = fs::read(sandbox.home().join("fixtures/manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["kid"], "k1");
        if manifest["jwks_file"].is_string() {
            assert_eq!(manifest["jwks"]["keys"][0]["kid"], "k1");
            let verify = ["token", "verify", "@fixtures/good.jwt", "--jwks", "fixtures/jwks.json"];
            sandbox.run(&verify).ok();
        }
    }
    assert!(!sandbox.has_store());
}

#[test]
fn kid_option_selects_a_key_of_a_jwk_set() {
    let sandbox = sandbox_with_keys();
    let set_options = ["--key-file", "set.json"];
    let header = minted_header(&sandbox, &[&set_options[..], &["--kid", "own"]].concat());
    assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &json!("own")));
    let header = minted_header(&sandbox, &[&set_options[..], &["--kid", "shared"]].concat());
    assert_eq!((&header["alg"], &header["kid"]), (&json!("HS256"), &json!("shared")));
    assert_snapshot!(sandbox.run(&[&["token", "mint"][..], &set_options].concat()), @"
    --- exit code 65, stderr
    error: several keys found, expected a single key for signing
    hint: select a single key: (umask 077; jq '.keys[0]' set.json > key.json)
    ");
    assert_snapshot!(sandbox.run(&[&["token", "mint"][..], &set_options, &["--kid", "other"]].concat()), @"
    --- exit code 65, stderr
    error: several keys found, but no key with the requested key id
    hint: select a single key: (umask 077; jq '.keys[0]' set.json > key.json)
    ");
}

#[test]
fn invalid_or_conflicting_kid_option_is_refused() {
    let sandbox = sandbox_with_keys();
    let mint = |options: &[&str]| sandbox.run(&[&["token", "mint"], options].concat());
    assert_snapshot!(mint(&["--kid", "k1"]), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <--secret-env <NAME>|--key-file <FILE>>
    hint: usage: jeton token mint --kid <ID> <--secret-env <NAME>|--key-file <FILE>> [NAME]...
    ");
    assert_snapshot!(mint(&["--key-file", "key.pem", "--kid", "a\u{1b}[2J"]), @r"
    --- exit code 2, stderr
    error: invalid value 'a\u{1b}[2J' for '--kid <ID>': key id: contains control or invisible characters
    hint: see `jeton token mint --help`
    ");
    assert_snapshot!(mint(&["--key-file", "key.pem", "--header", "kid=a\u{1b}[2J"]), @"
    --- exit code 2, stderr
    error: key id: contains control or invisible characters
    ");
    assert_snapshot!(mint(&["--key-file", "key.pem", "--header", "kid=a", "--kid", "b"]), @"
    --- exit code 2, stderr
    error: `--kid` and `--header` set different key ids
    ");
}

#[test]
fn preset_sets_the_kid_of_external_keys() {
    let sandbox = sandbox_with_keys();
    let preset = json!({"description": "ours", "alg": "ES256", "parameters": {"tenant": "dev"},
        "header": {"alg": "{alg}", "kid": "{tenant}-1"}, "claims": {"exp": "{exp}"}});
    write_preset(&sandbox, &preset);
    for (options, expected) in [
        (&["--key-file", "key.pem"][..], "dev-1"),
        (&["--key-file", "key.pem", "--set", "tenant=prod"], "prod-1"),
        (&["--key-file", "one.json"], "dev-1"),
        (&["--key-file", "one.json", "--kid", "k1"], "k1"),
        (&["--secret-env", "SECRET", "--alg", "HS256"], "dev-1"),
    ] {
        let header = minted_header(&sandbox, &[&["--preset", "ours"], options].concat());
        assert_eq!(header["kid"], expected, "{options:?}");
    }
    let fixtures = ["token", "fixtures", "--preset", "ours", "--key-file", "key.pem"];
    let manifest = sandbox.json(&fixtures);
    assert_eq!(
        (&manifest["kid"], &manifest["jwks"]["keys"][0]["kid"]),
        (&json!("dev-1"), &json!("dev-1"))
    );
}

#[test]
fn kid_of_a_preset_selects_the_key_of_the_store() {
    let sandbox = Sandbox::with_admin();
    let preset = json!({"description": "ours", "alg": "EdDSA",
        "header": {"alg": "{alg}", "kid": "prod-1"}, "claims": {"exp": "{exp}", "jti": "{jti}"}});
    write_preset(&sandbox, &preset);
    let mint = ["token", "mint", "--preset", "ours"];
    assert_snapshot!(sandbox.run(&mint), @"
    --- exit code 3, stderr
    error: key `prod-1` of the preset not found
    hint: create the key: jeton keys generate --purpose test --alg EdDSA --kid prod-1
    ");
    // The command in the hint creates the key `prod-1`. With another key id, the command creates a
    // second key.
    let generate = ["keys", "generate", "--purpose", "test", "--alg", "EdDSA", "--kid"];
    for kid in ["prod-1", "prod-2"] {
        sandbox.stdout_of(&[&generate[..], &[kid]].concat());
    }
    sandbox.run(&["keys", "activate", "prod-2"]).ok();
    for command in [&mint[..], &["token", "mint", "--preset", "ours", "--record"]] {
        let token = sandbox.stdout_of(command);
        assert_eq!(header_of(&sandbox, &token)["kid"], "prod-1");
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    }
    // `--key` and `--alg` override the key id of the preset. `--alg` selects the active key of the
    // algorithm.
    for (options, expected) in [(["--key", "prod-2"], "prod-2"), (["--alg", "EdDSA"], "prod-2")] {
        let token = sandbox.stdout_of(&[&mint[..], &options].concat());
        assert_eq!(header_of(&sandbox, &token)["kid"], expected);
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    }
}

/// `EdDSA` and `Ed25519` name the same algorithm of an Ed25519 key: RFC 9864, section 2.2.
#[test]
fn alg_option_and_preset_choose_the_algorithm_name_of_an_ed25519_key() {
    let sandbox = Sandbox::new();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    fs::write(sandbox.home().join("ed.jwk"), jwk.to_string()).unwrap();
    let preset = |alg: &str| json!({"description": "ours", "alg": alg, "claims": {"exp": "{exp}"}});
    let key_and_preset = ["--key-file", "ed.jwk", "--preset", "ours"];
    for (preset_alg, options, expected) in [
        // `ES256` does not fit the key, so the key determines the name.
        ("ES256", &[][..], "EdDSA"),
        ("EdDSA", &[], "EdDSA"),
        ("Ed25519", &[], "Ed25519"),
        ("EdDSA", &["--alg", "Ed25519"], "Ed25519"),
        ("Ed25519", &["--alg", "EdDSA"], "EdDSA"),
    ] {
        write_preset(&sandbox, &preset(preset_alg));
        let manifest =
            sandbox.json(&[&["token", "fixtures"], &key_and_preset[..], options].concat());
        assert_eq!(manifest["alg"], expected);
        assert_eq!(manifest["jwks"]["keys"][0]["alg"], expected);
        let token = manifest["fixtures"][0]["token"].as_str().unwrap();
        assert_eq!(header_of(&sandbox, token)["alg"], expected);
        fs::write(sandbox.home().join("jwks.json"), manifest["jwks"].to_string()).unwrap();
        for verify_alg in ["EdDSA", "Ed25519"] {
            let verify = ["token", "verify", token, "--jwks", "jwks.json", "--alg", verify_alg];
            sandbox.run(&verify).ok();
        }
    }
}
