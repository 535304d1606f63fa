//! Options of `jeton run` for the token and the name of the environment variable, and reasons for
//! which the command is not started.

use super::{assert_all_revoked, run_shell};
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;

/// Runs a command that prints the token, and returns the claims of the token.
fn run_and_decode_claims(sandbox: &Sandbox, options: &[&str]) -> serde_json::Value {
    payload(run_shell(sandbox, options, "echo \"$API_TOKEN\"").ok().stdout.trim())
}

#[test]
fn token_options_set_the_header_and_the_claims() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("claims.json"), "{\"team\":7}").unwrap();
    let flags = "--sub alice --aud api --iss me --scope a -p read,write --claim email=a@b.c \
                 --claim-json roles=[] --claims claims.json --header typ=at+jwt --ttl 5m --alg RS256";
    let options: Vec<&str> = flags.split_whitespace().collect();
    let output = run_shell(&sandbox, &options, "echo \"$API_TOKEN\"").ok();
    let token = output.stdout.trim();
    let header = sandbox.json(&["token", "decode", token, "--part", "header"]);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("RS256")));
    let claims_from_flags = payload(token);
    let expected = json!({
        "sub": "alice", "aud": "api", "iss": "me", "scope": "a", "team": 7, "email": "a@b.c",
        "permissions": ["read", "write"], "roles": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&claims_from_flags[name], value, "{name}");
    }
    assert_eq!(
        claims_from_flags["exp"].as_i64().unwrap() - claims_from_flags["iat"].as_i64().unwrap(),
        300
    );
    let flask_claims = run_and_decode_claims(
        &sandbox,
        &["--preset", "flask", "--sub", "7", "--set", "fresh=true"],
    );
    assert_eq!((&flask_claims["fresh"], &flask_claims["sub"]), (&json!(true), &json!("7")));
    assert_eq!(
        flask_claims["exp"].as_i64().unwrap() - flask_claims["iat"].as_i64().unwrap(),
        3_600
    );
    assert_all_revoked(&sandbox, 2);
}

#[test]
fn tokens_of_every_preset_have_a_uuid_as_jti_and_are_revoked() {
    let sandbox = Sandbox::with_admin();
    let presets = sandbox.json(&["token", "presets"]);
    let names = presets["items"].as_array().unwrap().iter().map(|item| item["name"].as_str());
    let names: Vec<&str> = names.flatten().collect();
    for name in &names {
        let jti = run_and_decode_claims(&sandbox, &["--preset", name])["jti"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            sandbox.sql(&format!(
                "SELECT CAST(revoked_at IS NOT NULL AS INTEGER) FROM tokens WHERE \
            hex(jti) = upper(replace('{jti}', '-', ''))"
            )),
            ["1"],
            "{name}"
        );
    }
    assert_all_revoked(&sandbox, names.len());
    // A `jti` from the caller must be a UUID, because the token is recorded.
    let jti = "00000000-0000-7000-8000-000000000000";
    let jti_claim = format!("jti={jti}");
    assert_eq!(
        run_and_decode_claims(&sandbox, &["--preset", "okta", "--claim", &jti_claim])["jti"],
        jti
    );
    std::fs::write(sandbox.home().join("claims.json"), "{\"jti\":\"mine\"}").unwrap();
    let output = run_shell(&sandbox, &["--claims", "claims.json"], "true");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: a recorded token requires a lower-case UUID with hyphens as `jti`
    ");
}

#[test]
fn imported_secret_signs_the_token() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("JWT_SECRET_KEY", "a secret that is as long as the hash");
    run_shell(&sandbox, &["--preset", "flask"], "true").ok();
    let import = "keys import --from-env JWT_SECRET_KEY --alg HS256 --purpose test --activate";
    sandbox.stdout_of(&import.split(' ').collect::<Vec<_>>());
    let script = "printf %s \"$JWT_SECRET_KEY\" > secret; \
                 \"$0\" token verify \"$API_TOKEN\" --key secret --alg HS256";
    let output = run_shell(&sandbox, &["--preset", "flask", "--alg", "HS256"], script).ok();
    assert_snapshot!(output, @"valid");
    assert_all_revoked(&sandbox, 2);
}

#[test]
fn run_with_a_new_secret_prints_the_same_warning_as_mint() {
    let sandbox = Sandbox::with_admin();
    let output = run_shell(&sandbox, &["--alg", "HS256"], "true").ok();
    let mint_output = Sandbox::with_admin().run(&["token", "mint", "--alg", "HS256"]).ok();
    assert_eq!(output.stderr, mint_output.stderr);
    assert_snapshot!(output, @"
    --- stderr
    warning: signed with a newly generated secret; import the secret of your service with `jeton keys import`
    ");
}

#[test]
fn app_token_has_the_requested_claims_and_unsuitable_options_are_refused() {
    let sandbox = Sandbox::with_admin();
    let app_claims = run_and_decode_claims(
        &sandbox,
        &["--app", "ci", "--ttl", "2h", "--claim", "team=7", "-p", "a,b"],
    );
    assert_eq!(app_claims["exp"].as_i64().unwrap() - app_claims["iat"].as_i64().unwrap(), 7_200);
    assert_eq!(
        (&app_claims["team"], &app_claims["permissions"]),
        (&json!("7"), &json!(["a", "b"]))
    );
    for (options, message) in [
        (&["--preset", "flask"][..], "with '--preset <NAME>'"),
        (
            &["--preset", "flask", "--set", "fresh=true"],
            "with '--preset <NAME>' or '--set <NAME=VALUE>'",
        ),
        (&["--set", "nope=1"], "with '--set <NAME=VALUE>'"),
        (&["--sub", "alice"], "with '--sub <SUB>'"),
        (&["--iss", "me"], "with '--iss <ISSUER>'"),
        (&["--scope", "a"], "with '--scope <SCOPE>'"),
        (&["--claims", "claims.json"], "with '--claims <JSON|FILE>'"),
        (&["--header", "typ=x"], "with '--header <NAME=VALUE>'"),
        (&["--alg", "ES256"], "with '--alg <ALG>'"),
        (&["--key", "x"], "with '--key <KID>'"),
        (&["--app", "another"], "'--app <NAME>' cannot be used multiple times"),
        (&["--claim", "sub=alice"], "claim `sub` is reserved"),
        (&["-p", ""], "permission: must not be empty"),
    ] {
        let output = run_shell(&sandbox, &[&["--app", "ci"], options].concat(), "true").fails(2);
        assert!(output.stderr.contains(message), "{options:?}: {output:?}");
    }
    assert_all_revoked(&sandbox, 1);
}

#[test]
fn app_token_counts_toward_the_quota_until_exit() {
    let sandbox = Sandbox::with_john();
    sandbox.stdout_of(&["token", "create", "a"]);
    sandbox.stdout_of(&["token", "create", "b"]);
    let nested_run = "\"$0\" run --app d -- /bin/true";
    let output = run_shell(&sandbox, &["--app", "c"], nested_run).fails(8);
    assert_snapshot!(output, @"
    --- exit code 8, stderr
    error: token quota exceeded: 3 of 3 tokens in use
    hint: revoke a token that is no longer used; list the tokens: jeton token list --user john
    ");
    run_shell(&sandbox, &["--app", "d"], "true").ok();
}

#[test]
fn command_is_not_run_without_minter_role_or_login() {
    let sandbox = Sandbox::with_john();
    let touch_command = ["run", "--", "/bin/touch", "output"];
    assert_snapshot!(sandbox.run(&touch_command), @"
    --- exit code 7, stderr
    error: only minters and admins can mint test tokens: logged in as `john` with role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
    sandbox.run(&["logout"]).ok();
    sandbox.run(&touch_command).fails(4);
    sandbox.run(&["run", "--app", "ci", "--", "/bin/touch", "output"]).fails(4);
    assert!(!sandbox.home().join("output").exists());
}

#[test]
fn variable_name_is_accepted_unless_reserved_or_malformed() {
    let sandbox = Sandbox::with_admin();
    // If another variable contains the token, `API_TOKEN` is not set.
    for name in ["TOKEN", "_t", "a1", "JETON"] {
        let line = format!("\"$0\" token verify \"${name}\" --type test; echo \"${{API_TOKEN-}}\"");
        let output = run_shell(&sandbox, &["--env", name], &line).ok();
        assert_eq!(output.stdout, "valid\n\n", "{name}");
    }
    let reserved_for_jeton = "reserved for jeton";
    let reserved_for_system = "reserved for other programs";
    let malformed = "expected letters, digits and `_`, not starting with a digit";
    for (name, message) in [
        ("JETON_TOKEN", reserved_for_jeton),
        ("JETON_STORE", reserved_for_jeton),
        ("JETON_", reserved_for_jeton),
        ("PATH", reserved_for_system),
        ("LD_PRELOAD", reserved_for_system),
        ("BASH_ENV", reserved_for_system),
        ("NODE_OPTIONS", reserved_for_system),
        ("GITHUB_TOKEN", reserved_for_system),
        ("http_proxy", reserved_for_system),
        ("", malformed),
        ("1A", malformed),
        ("A=B", malformed),
        ("A B", malformed),
        ("Ä", malformed),
    ] {
        let output = run_shell(&sandbox, &["--env", name], "true").fails(2);
        assert!(output.stderr.contains(message), "{name}: {output:?}");
    }
    assert_all_revoked(&sandbox, 4);
}

#[test]
fn command_is_required_after_two_dashes() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for arguments in [&["run"][..], &["run", "--"], &["run", "true"]] {
        outputs += &sandbox.run(arguments).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton run
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <COMMAND>...
    hint: usage: jeton run -- <COMMAND>...
    $ jeton run --
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <COMMAND>...
    hint: usage: jeton run -- <COMMAND>...
    $ jeton run true
    --- exit code 2, stderr
    error: unexpected argument found
    hint: put `--` before the command: jeton run -- COMMAND
    ");
    assert_all_revoked(&sandbox, 0);
}
