//! `jeton token mint`

use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::{Value, json};

#[test]
fn mint_prints_only_an_unrecorded_token_with_default_claims() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run(&["token", "mint"]);
    assert_snapshot!(output, @"<token>");
    assert_snapshot!(sandbox.run_json(&["token", "mint"]), @r#"{"token":"<token>","jti":"<uuid>","id":null}"#);
    let claims = payload(output.stdout.trim());
    let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["iss", "sub", "iat", "exp", "jti"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(claims["sub"], sandbox.json(&["whoami"])["user"]["uid"]);
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"], "the token is not recorded");
}

#[test]
fn mint_options_set_the_claims() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&[
        "token",
        "mint",
        "--sub",
        "alice",
        "--iss",
        "https://idp.example",
        "--aud",
        "api",
        "--claim",
        "email=alice@example.com",
        "--claim-json",
        "roles=[\"admin\"]",
        "--ttl",
        "2h",
    ]);
    let claims = payload(&token);
    assert_eq!((&claims["sub"], &claims["iss"]), (&json!("alice"), &json!("https://idp.example")));
    assert_eq!((&claims["aud"], &claims["email"]), (&json!("api"), &json!("alice@example.com")));
    assert_eq!(claims["roles"], json!(["admin"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7_200);
    let expired_token =
        sandbox.stdout_of(&["token", "mint", "--expires-at", "2020-01-01T00:00:00Z"]);
    let output = sandbox.run(&["token", "verify", &expired_token, "--type", "test"]);
    assert_snapshot!(output, @"
    invalid: token_expired: <time> (<ago>)
    --- exit code 11, stderr
    error: token expired: <time> (<ago>)
    ");
    let token_with_claims =
        sandbox.stdout_of(&["token", "mint", "--claim", "sub=bob", "--claim-json", "iat=5"]);
    assert_eq!(
        (&payload(&token_with_claims)["sub"], &payload(&token_with_claims)["iat"]),
        (&json!("bob"), &json!(5))
    );
    let output = sandbox.json(&["token", "mint", "--claim", "jti=mine"]);
    assert_eq!(output["jti"], "mine", "the printed `jti` is the `jti` of the token");
    assert_eq!(sandbox.json(&["token", "mint", "--claim-json", "jti=7"])["jti"], json!(null));
}

#[test]
fn only_minters_and_admins_mint_tokens_with_keys_of_the_store() {
    let sandbox = Sandbox::with_john();
    let output = sandbox.run(&["token", "mint"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only minters and admins can mint test tokens: logged in as `john` with role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
    sandbox.log_in("ada", "lovelace");
    let arguments = ["register", "mia", "--role", "minter", "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox.log_in("mia", "123456");
    sandbox.run(&["token", "mint"]).ok();
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "mint"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn test_token_with_claims_of_access_token_is_no_credential() {
    let mut sandbox = Sandbox::with_admin();
    let access_claims = payload(&sandbox.session_member("access"));
    let claims: Vec<String> = access_claims
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(name, value)| ["--claim-json".to_owned(), format!("{name}={value}")])
        .collect();
    let arguments: Vec<_> =
        ["token", "mint"].into_iter().chain(claims.iter().map(String::as_str)).collect();
    let token = sandbox.stdout_of(&arguments);
    sandbox.set_variable("JETON_TOKEN", &token);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 10, stderr
    error: token type mismatch: found `test`, expected `access`
    hint: replace the token in JETON_TOKEN with the access token of a session
    ");
}

#[test]
fn invalid_mint_options_are_refused() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run(&["token", "mint", "--claim", "nonsense"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: claim: not in the format `name=value`
    ");
    let output = sandbox.run(&["token", "mint", "--ttl", "60"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value '60' for '--ttl <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `60s` for seconds
    ");
}

#[test]
fn recorded_token_is_listed_and_can_be_revoked() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run(&["token", "mint", "--record", "--sub", "alice"]);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    recorded as token 1
    ");
    let token = output.stdout.trim();
    assert_snapshot!(sandbox.run(&["token", "list"]), @"
    ID  KIND  APP    USER  PERMISSIONS  STATUS  EXPIRES
    1   test  alice  ada   -            live    <time>
    ");
    let details = sandbox.json(&["token", "show", "1"]);
    assert_eq!((&details["kind"], &details["claims"]["sub"]), (&json!("test"), &json!("alice")));
    assert_snapshot!(sandbox.run(&["token", "renew", "1"]), @"
    --- exit code 2, stderr
    error: only app tokens can be renewed
    ");
    sandbox.run(&["token", "verify", token, "--type", "test"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- stderr
    revoked test token 1
    ");
    let output = sandbox.run(&["token", "verify", token, "--type", "test"]);
    assert_snapshot!(output, @"
    invalid: token_revoked: <time> (<ago>)
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
    // A recorded token that cannot be written is revoked.
    let full_device = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(&["token", "mint", "--record"]);
    let output = crate::run_output::RunOutput::capture(command.stdout(full_device));
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the token could not be written; token 2 was revoked
    ");
    // An unrecorded token cannot be revoked without a `jti` that is a string.
    let token_with_numeric_jti = sandbox.stdout_of(&["token", "mint", "--claim-json", "jti=1"]);
    assert_snapshot!(sandbox.run(&["token", "revoke", &token_with_numeric_jti]), @"
    --- exit code 2, stderr
    error: revocation and renewal require a string as `jti` of the token
    ");
}

#[test]
fn first_mint_creates_the_test_key() {
    let sandbox = Sandbox::with_admin();
    let count_keys_sql = "SELECT count(*) FROM keys WHERE purpose = 'test'";
    let mint_without_expiry = ["token", "mint", "--record", "--claim-json", "exp=null"];
    assert_snapshot!(sandbox.run(&mint_without_expiry), @"
    --- exit code 2, stderr
    error: a recorded token requires `exp` in whole seconds
    ");
    assert_eq!(sandbox.sql(count_keys_sql), ["0"]);
    sandbox.run(&["token", "mint", "--alg", "ES384"]).ok();
    sandbox.run(&["token", "mint", "--alg", "ES384"]).ok();
    assert_eq!(sandbox.sql(count_keys_sql), ["1"]);
    let kid = sandbox.sql("SELECT kid FROM keys WHERE purpose = 'test'").remove(0);
    let audit = sandbox.sql("SELECT detail FROM audit WHERE action = 'token mint' ORDER BY id");
    let new_key = format!(r#","new_key":{{"kind":"key","id":"{kid}"}}"#);
    assert_eq!(audit, [&new_key, ""].map(|key| format!(r#"{{"objects":"test token"{key}}}"#)));
}

#[test]
fn retired_test_key_signs_only_while_its_tokens_are_accepted() {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "mint"]);
    let kid = sandbox.stdout_of(&["keys", "generate", "--purpose", "test"]);
    // The new key is standby, and can sign, too.
    let token = sandbox.stdout_of(&["token", "mint", "--key", &kid]);
    sandbox.run(&["token", "verify", "--type", "test", &token]).ok();
    sandbox.run(&["keys", "activate", "--", &kid]).ok();
    sandbox.run(&["keys", "retire", "--overlap", "1h", "--", &kid]).ok();
    let token = sandbox.stdout_of(&["token", "mint", "--key", &kid]);
    sandbox.run(&["token", "verify", "--type", "test", &token]).ok();
    sandbox.sql("UPDATE keys SET verify_until = 1 WHERE state = 'retired'");
    let output = sandbox.run(&["token", "mint", "--key", &kid]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: key `<key>` is retired, and its tokens are no longer accepted
    ");
}

#[test]
fn claim_text_that_looks_like_json_causes_a_hint() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "a secret of at least thirty-two bytes");
    let mint = |claim: &str| {
        let command = ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256"];
        sandbox.run(&[&command[..], &["--claim", claim]].concat()).ok().stderr
    };
    for (claim, name) in [
        ("roles=[\"admin\"]", "roles"),
        ("realm={\"roles\":[]}", "realm"),
        ("admin=true", "admin"),
        // `exp` must be a number. In contrast, `level` below may be text.
        ("exp=5", "exp"),
    ] {
        let hint = format!("hint: the claim `{name}` is text; for JSON, use `--claim-json`\n");
        assert_eq!(mint(claim), hint, "{claim}");
    }
    for claim in ["roles=admin", "level=5", "note=[draft"] {
        assert_eq!(mint(claim), "", "{claim}");
    }
}

#[test]
fn contradicting_mint_options_are_refused() {
    let sandbox = Sandbox::with_admin();
    for arguments in [
        &["--claim", "jti=x", "--no-jti"][..],
        &["--claim-json", "iat=1", "--no-iat"],
        // Several tokens must differ in their `jti`.
        &["--count", "2", "--no-jti"],
    ] {
        let output = sandbox.run(&[&["token", "mint"], arguments].concat());
        assert_eq!(output.code, 2, "{arguments:?}: {output:?}");
    }
}

#[test]
fn verification_refuses_a_token_with_any_applicable_defect() {
    let sandbox = Sandbox::with_admin();
    let help = sandbox.run(&["token", "mint", "--help"]).ok().stdout;
    let (_, values) = help.split_once("[possible values: expired,").unwrap();
    let (values, _) = values.split_once(']').unwrap();
    let defects: Vec<_> = values.split(',').map(str::trim).chain(["expired"]).collect();
    assert!(defects.len() > 15 && defects.contains(&"revoked"), "{defects:?}");
    let claims = ["--iss", "idp", "--aud", "api", "--scope", "read"];
    let expectations = ["--type", "test", "--iss", "idp", "--aud", "api", "--permission", "read"];
    for defect in defects {
        // `wrong_type` is not applicable: without a preset, no claim states the type of the token.
        if defect == "wrong_type" {
            continue;
        }
        let mint = [&["token", "mint", "--defect", defect, "--count", "2"], &claims[..]].concat();
        let tokens = sandbox.stdout_of(&mint);
        let verify = [&["token", "verify", "--batch", "-o", "json"], &expectations[..]].concat();
        let output = sandbox.run_with_input(&verify, &tokens);
        let reports: Vec<Value> =
            output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(reports.len(), 2, "{defect}");
        for report in reports {
            assert_eq!(report["valid"], false, "{defect}: {report}");
        }
    }
}
