//! `jeton keys generate`, `list`, `activate`, `rotate`, `retire` and `revoke`.

use super::{ALGORITHMS, kids};
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

#[test]
fn every_algorithm_signs_app_tokens_and_sessions() {
    for algorithm in ALGORITHMS {
        let sandbox = Sandbox::new();
        sandbox.run(&["init", "ada", "--alg", algorithm]).ok();
        let token = sandbox.stdout_of(&["token", "create", "app"]);
        sandbox.run(&["token", "verify", &token]).ok();
        sandbox.run(&["refresh"]).ok();
        assert_eq!(sandbox.json(&["token", "decode", &token])["header"]["alg"], algorithm);
    }
}

#[test]
fn every_algorithm_signs_test_tokens_and_shared_secrets_are_not_published() {
    let sandbox = Sandbox::with_admin();
    for algorithm in ALGORITHMS {
        let token = sandbox.stdout_of(&["token", "mint", "--alg", algorithm]);
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
        assert_eq!(sandbox.json(&["token", "decode", &token])["header"]["alg"], algorithm);
    }
    let public = sandbox.json(&["keys", "export", "--jwks", "--purpose", "test"]);
    assert_eq!(public["keys"].as_array().unwrap().len(), 11, "no shared secrets");
}

#[test]
fn new_key_is_standby_until_rotation_and_retired_key_can_be_activated() {
    let sandbox = Sandbox::with_admin();
    let [old_kid] = <[String; 1]>::try_from(kids(&sandbox, "app", "active")).unwrap();
    let token_before = sandbox.stdout_of(&["token", "create", "before"]);
    let output = sandbox.run(&["keys", "generate", "--alg", "EdDSA"]);
    assert_snapshot!(output, @"
    <key>
    --- stderr
    created EdDSA standby key for app tokens
    hint: activate the key with: jeton keys activate <key>
    ");
    let new_kid = output.stdout.trim().to_owned();
    assert_eq!(kids(&sandbox, "app", "standby"), std::slice::from_ref(&new_kid));
    let published_set = sandbox.json(&["keys", "export", "--jwks"]);
    assert_eq!(published_set["keys"][1]["kid"], json!(new_kid), "published before activation");
    let output = sandbox.run(&["keys", "rotate", "--overlap", "1d"]);
    assert_snapshot!(output, @"
    --- stderr
    key <key> is now the signing key for app tokens (EdDSA)
    key <key> is retired; its tokens are accepted until <time>
    warning: 1 valid token of the retired key will be refused before its own expiry
    ");
    assert_eq!(kids(&sandbox, "app", "active"), std::slice::from_ref(&new_kid));
    assert_eq!(kids(&sandbox, "app", "retired"), std::slice::from_ref(&old_kid));
    let token_after = sandbox.stdout_of(&["token", "create", "after"]);
    assert_eq!(sandbox.json(&["token", "decode", &token_after])["header"]["kid"], json!(new_kid));
    for token in [&token_before, &token_after] {
        sandbox.run(&["token", "verify", token]).ok();
    }
    sandbox.run(&["refresh"]).ok();
    assert_snapshot!(sandbox.run_json(&["keys", "activate", &new_kid]), @r#"{"changed":false,"active_kid":"<key>","retired":null}"#);
    sandbox.run(&["keys", "activate", &old_kid]).ok();
    assert_eq!(kids(&sandbox, "app", "active"), [old_kid]);
    sandbox.run(&["token", "verify", &token_after]).ok();
}

#[test]
fn rotation_without_standby_key_keeps_algorithm_by_default() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada", "--alg", "ES384"]).ok();
    let rotated = sandbox.json(&["keys", "rotate"]);
    assert_eq!(rotated["active_kid"], json!(kids(&sandbox, "app", "active")[0]));
    assert_eq!(rotated["retired"]["kid"], json!(kids(&sandbox, "app", "retired")[0]));
    let keys = sandbox.json(&["keys", "list"]);
    let algorithms: Vec<&Value> =
        keys["items"].as_array().unwrap().iter().map(|key| &key["alg"]).collect();
    assert_eq!(algorithms, ["ES384", "ES384"]);
    sandbox.run(&["keys", "rotate", "--alg", "HS256"]).ok();
    assert_eq!(sandbox.json(&["keys", "list"])["items"][2]["alg"], "HS256");
    sandbox.run(&["keys", "rotate", "--purpose", "test", "--alg", "RS256"]).ok();
    let first_kids = kids(&sandbox, "test", "active");
    sandbox.run(&["keys", "rotate", "--purpose", "test"]).ok();
    assert_eq!(kids(&sandbox, "test", "retired"), first_kids);
}

#[test]
fn rotation_to_a_new_key_pair_warns_about_cached_key_sets() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run(&["keys", "rotate"]), @"
    --- stderr
    key <key> is now the signing key for app tokens (ES256)
    key <key> is retired; its tokens are accepted until <time>
    warning: verifiers with a cached JWK Set do not know the new key yet
    hint: create the next key in advance: jeton keys generate --purpose app --alg ES256
    ");
    assert_snapshot!(sandbox.run(&["keys", "rotate", "--alg", "HS256"]), @"
    --- stderr
    key <uuid> is now the signing key for app tokens (HS256)
    key <key> is retired; its tokens are accepted until <time>
    ");
}

#[test]
fn retired_key_verifies_and_is_published_until_the_overlap_ends() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "mint", "--ttl", "1d"]);
    let [kid] = <[String; 1]>::try_from(kids(&sandbox, "test", "active")).unwrap();
    let output = sandbox.run(&["keys", "retire", &kid, "--overlap", "2s"]);
    assert_snapshot!(output, @"
    --- stderr
    key <key> is retired; its tokens are accepted until <time>
    ");
    sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    let published_keys =
        || sandbox.json(&["keys", "export", "--jwks", "--purpose", "test"])["keys"].take();
    assert_eq!(published_keys()[0]["kid"], json!(kid));
    std::thread::sleep(std::time::Duration::from_secs(3));
    let output = sandbox.run(&["token", "verify", &token, "--type", "test"]);
    assert_snapshot!(output, @"
    invalid: unknown_key: `<key>` was accepted until <time> (<ago>)
    --- exit code 10, stderr
    error: signing key retired: `<key>` was accepted until <time> (<ago>)
    ");
    assert_eq!(published_keys(), json!([]));
}

#[test]
fn revocation_of_active_key_requires_replace_and_revokes_tokens_and_sessions() {
    let sandbox = Sandbox::with_admin();
    let app = sandbox.stdout_of(&["token", "create", "app"]);
    let [kid] = <[String; 1]>::try_from(kids(&sandbox, "app", "active")).unwrap();
    let output = sandbox.run(&["keys", "revoke", &kid, "--yes"]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: active app key requires a replacement
    hint: use `--replace` to activate another key immediately
    ");
    assert_snapshot!(sandbox.run(&["keys", "retire", &kid]), @"
    --- exit code 5, stderr
    error: active app key requires a replacement
    hint: use `jeton keys rotate` to replace the key
    ");
    let output = sandbox.run(&["keys", "revoke", &kid, "--replace"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    let output = sandbox.run(&["keys", "revoke", &kid, "--replace", "--yes"]);
    assert_snapshot!(output, @"
    --- stderr
    revoked key <key>, 1 token and 1 session
    key <key> is now the signing key for app tokens
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
    let output = sandbox.run(&["token", "verify", &app]);
    assert_snapshot!(output, @"
    invalid: key_revoked: `<key>`
    --- exit code 12, stderr
    error: signing key revoked: `<key>`
    ");
    assert_snapshot!(sandbox.run(&["token", "inspect", &app]), @"
    --- exit code 12, stderr
    error: signing key revoked: `<key>`
    ");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: a token of your session was signed by a revoked key: `<key>`
    hint: log in again: jeton login
    ");
    sandbox.log_in("ada", "lovelace");
    assert_eq!(kids(&sandbox, "app", "revoked"), std::slice::from_ref(&kid));
    assert_snapshot!(sandbox.run_json(&["keys", "revoke", &kid, "--yes"]), @r#"{"changed":false,"kid":"<key>","active_kid":null,"tokens_revoked":0,"sessions_ended":0}"#);
    for verb in ["activate", "retire"] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["keys", verb, &kid]), @"
        --- exit code 5, stderr
        error: key revoked
        "));
    }
    let published_set = sandbox.json(&["keys", "export", "--jwks"]);
    assert_eq!(published_set["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn keys_list_needs_no_login_and_shows_status_and_end_of_verification() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "create", "app"]).ok();
    sandbox.run(&["keys", "rotate"]).ok();
    sandbox.run(&["keys", "generate"]).ok();
    sandbox.run(&["logout"]).ok();
    let output = sandbox.run(&["keys", "list"]).ok();
    let lines: Vec<String> = crate::redact::redact(&sandbox, &output.stdout)
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "KID PURPOSE ALG STATUS CREATED VERIFY UNTIL LIVE TOKENS",
            "<key> app ES256 retired <time> <time> 1",
            "<key> app ES256 active <time> - 0",
            "<key> app ES256 standby <time> - 0",
        ]
    );
    let keys = sandbox.json(&["keys", "list"]);
    let member_names: Vec<&String> = keys["items"][0].as_object().unwrap().keys().collect();
    let expected = ["kid", "purpose", "alg", "weak", "status", "created_at", "verify_until"];
    assert_eq!(member_names[..7], expected);
    assert_eq!(member_names[7..], ["live_tokens"]);
}

#[test]
fn key_management_requires_admin() {
    let sandbox = Sandbox::with_john();
    let kid = &kids(&sandbox, "app", "active")[0];
    for arguments in [
        ["keys", "generate"].as_slice(),
        &["keys", "rotate"],
        &["keys", "activate", kid],
        &["keys", "retire", kid],
        &["keys", "revoke", kid, "--replace", "--yes"],
    ] {
        allow_duplicates!(assert_snapshot!(sandbox.run(arguments), @"
        --- exit code 7, stderr
        error: only admins can manage keys: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM keys"), ["1"]);
}

#[test]
fn unknown_key_ids_and_unsuitable_options_are_refused() {
    let sandbox = Sandbox::with_admin();
    for verb in ["activate", "retire", "revoke"] {
        let output = sandbox.run(&["keys", verb, "nothing"]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 3, stderr
        error: key with this id not found
        hint: list the keys: jeton keys list
        "));
    }
    let output = sandbox.run(&["keys", "generate", "--bits", "4096"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `--bits` is for RSA keys
    ");
    let output = sandbox.run(&["keys", "generate", "--alg", "none"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'none' for '--alg <ALG>': algorithm: not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519
    hint: for an unsigned test token, use `jeton token mint --defect alg_none`
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM keys"), ["1"]);
}

#[test]
fn rotation_with_several_active_keys_requires_the_algorithm() {
    let sandbox = Sandbox::with_admin();
    for algorithm in ["ES256", "EdDSA"] {
        sandbox.stdout_of(&["token", "mint", "--alg", algorithm]);
    }
    assert_snapshot!(sandbox.run(&["keys", "rotate", "--purpose", "test"]), @"
    --- exit code 2, stderr
    error: multiple active keys (ES256, EdDSA): use `--alg`
    ");
    sandbox.run(&["keys", "rotate", "--purpose", "test", "--alg", "EdDSA"]).ok();
}

#[test]
fn key_id_with_leading_hyphen_is_not_a_flag() {
    let sandbox = Sandbox::with_admin();
    // The default id of a key pair is a thumbprint in base64url. On average, one of 64
    // such ids starts with a hyphen.
    let kid = sandbox.stdout_of(&["keys", "generate"]);
    sandbox.sql(&format!("UPDATE keys SET kid = '-C-s' WHERE kid = '{kid}'"));
    for words in [
        &["keys", "activate", "-C-s"][..],
        &["keys", "rotate"],
        &["keys", "retire", "-C-s"],
        &["keys", "revoke", "-C-s", "--yes"],
    ] {
        sandbox.run(words).ok();
    }
    assert_eq!(sandbox.run(&["keys", "revoke", "--yess", "-C-s"]).code, 2);
}
