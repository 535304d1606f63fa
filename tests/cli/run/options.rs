//! What the token says, and the variable it is in.

use super::{nothing_lives, run_shell};
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;

fn claims(sandbox: &Sandbox, options: &[&str]) -> serde_json::Value {
    payload(run_shell(sandbox, options, "echo \"$API_TOKEN\"").ok().stdout.trim())
}

#[test]
fn it_says_what_a_test_token_can_say() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("claims.json"), "{\"team\":7}").unwrap();
    let flags = "--sub alice --aud api --iss me --scope a -p read,write --claim email=a@b.c \
                 --claim-json roles=[] --claims claims.json --header typ=at+jwt --ttl 5m --alg RS256";
    let said = claims(&sandbox, &flags.split_whitespace().collect::<Vec<_>>());
    let expected = json!({
        "sub": "alice", "aud": "api", "iss": "me", "scope": "a", "team": 7, "email": "a@b.c",
        "permissions": ["read", "write"], "roles": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&said[name], value, "{name}");
    }
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 300);
    let flask = claims(&sandbox, &["--preset", "flask", "--sub", "7", "--set", "fresh=true"]);
    assert_eq!((&flask["fresh"], &flask["sub"]), (&json!(true), &json!("7")));
    assert_eq!(flask["exp"].as_i64().unwrap() - flask["iat"].as_i64().unwrap(), 3_600);
    nothing_lives(&sandbox, 2);
}

#[test]
fn a_token_of_any_preset_can_be_revoked() {
    let sandbox = Sandbox::with_admin();
    let presets = sandbox.json(&["token", "presets"]);
    let names = presets["items"].as_array().unwrap().iter().map(|item| item["name"].as_str());
    let names: Vec<&str> = names.flatten().collect();
    for name in &names {
        let jti = claims(&sandbox, &["--preset", name])["jti"].as_str().unwrap().to_owned();
        assert_eq!(
            sandbox.sql(&format!(
                "SELECT revoked_at IS NOT NULL FROM tokens WHERE \
            hex(jti) = upper(replace('{jti}', '-', ''))"
            )),
            ["1"],
            "{name}"
        );
    }
    nothing_lives(&sandbox, names.len());
    let said = "00000000-0000-7000-8000-000000000000";
    let own = format!("jti={said}");
    assert_eq!(claims(&sandbox, &["--preset", "okta", "--claim", &own])["jti"], said);
    std::fs::write(sandbox.home().join("claims.json"), "{\"jti\":\"mine\"}").unwrap();
    let output = run_shell(&sandbox, &["--claims", "claims.json"], "true");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: a recorded token requires a UUID as `jti`
    ");
}

#[test]
fn a_service_with_a_secret_of_its_own_takes_it_once_that_is_a_test_key() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set("JWT_SECRET_KEY", "a secret that is as long as the hash");
    run_shell(&sandbox, &["--preset", "flask"], "true").ok();
    let import = "keys import --from-env JWT_SECRET_KEY --alg HS256 --purpose test --activate";
    sandbox.get(&import.split(' ').collect::<Vec<_>>());
    let check = "printf %s \"$JWT_SECRET_KEY\" > secret; \
                 \"$0\" token verify \"$API_TOKEN\" --key secret --alg HS256";
    let output = run_shell(&sandbox, &["--preset", "flask", "--alg", "HS256"], check).ok();
    assert_snapshot!(output, @"valid");
    nothing_lives(&sandbox, 2);
}

#[test]
fn a_new_secret_is_warned_of_as_by_mint() {
    let sandbox = Sandbox::with_admin();
    let output = run_shell(&sandbox, &["--alg", "HS256"], "true").ok();
    let mint = Sandbox::with_admin().run(&["token", "mint", "--alg", "HS256"]).ok();
    assert_eq!(output.stderr, mint.stderr);
    assert_snapshot!(output, @"
    --- stderr
    warning: signed with a newly generated secret; import your service's with `jeton keys import`
    ");
}

#[test]
fn an_app_token_has_an_app_tokens_options_only() {
    let sandbox = Sandbox::with_admin();
    let says = claims(&sandbox, &["--app", "ci", "--ttl", "2h", "--claim", "team=7", "-p", "a,b"]);
    assert_eq!(says["exp"].as_i64().unwrap() - says["iat"].as_i64().unwrap(), 7_200);
    assert_eq!((&says["team"], &says["permissions"]), (&json!("7"), &json!(["a", "b"])));
    for options in [
        &["--preset", "flask"][..],
        &["--preset", "flask", "--set", "fresh=true"],
        &["--set", "nope=1"],
        &["--sub", "alice"],
        &["--iss", "me"],
        &["--scope", "a"],
        &["--claims", "claims.json"],
        &["--header", "typ=x"],
        &["--alg", "ES256"],
        &["--key", "x"],
        &["--app", "another"],
        &["--claim", "sub=alice"],
        &["-p", ""],
    ] {
        let output = run_shell(&sandbox, &[&["--app", "ci"], options].concat(), "true");
        assert_eq!(output.fails(2).code, 2, "{options:?}");
    }
    nothing_lives(&sandbox, 1);
}

#[test]
fn an_app_token_takes_a_place_while_it_lives() {
    let sandbox = Sandbox::with_john();
    sandbox.get(&["token", "create", "a"]);
    sandbox.get(&["token", "create", "b"]);
    let inner = "\"$0\" run --app d -- /bin/true";
    let output = run_shell(&sandbox, &["--app", "c"], inner).fails(8);
    assert_snapshot!(output, @"
    --- exit code 8, stderr
    error: token quota exceeded: 3 of 3 in use
    hint: revoke one of the live tokens 1 (a), 2 (b), 3 (c): jeton token revoke 1
    ");
    run_shell(&sandbox, &["--app", "d"], "true").ok();
}

#[test]
fn test_tokens_are_for_minters_and_nothing_is_run_without_a_token() {
    let sandbox = Sandbox::with_john();
    let touch = ["run", "--", "/bin/touch", "output"];
    assert_snapshot!(sandbox.run(&touch), @"
    --- exit code 7, stderr
    error: only minters and admins can mint test tokens
    ");
    sandbox.run(&["logout"]).ok();
    sandbox.run(&touch).fails(4);
    sandbox.run(&["run", "--app", "ci", "--", "/bin/touch", "output"]).fails(4);
    assert!(!sandbox.home().join("output").exists());
}

#[test]
fn the_variable_can_be_named() {
    let sandbox = Sandbox::with_admin();
    for name in ["TOKEN", "_t", "a1", "JETON"] {
        let line = format!("\"$0\" token verify \"${name}\" --type test; echo \"${{API_TOKEN-}}\"");
        let output = run_shell(&sandbox, &["--env", name], &line).ok();
        assert_eq!(output.stdout, "valid\n\n", "{name}");
    }
    let own = "reserved for jeton";
    let acted_on = "reserved for the loader, a shell or a runtime";
    let bad = "expected letters, digits and `_`, not starting with a digit";
    for (name, why) in [
        ("JETON_TOKEN", own),
        ("JETON_STORE", own),
        ("JETON_", own),
        ("PATH", acted_on),
        ("LD_PRELOAD", acted_on),
        ("BASH_ENV", acted_on),
        ("NODE_OPTIONS", acted_on),
        ("GITHUB_TOKEN", acted_on),
        ("http_proxy", acted_on),
        ("", bad),
        ("1A", bad),
        ("A=B", bad),
        ("A B", bad),
        ("Ä", bad),
    ] {
        let output = run_shell(&sandbox, &["--env", name], "true").fails(2);
        assert!(output.stderr.contains(why), "{name}: {output:?}");
    }
    nothing_lives(&sandbox, 4);
}

#[test]
fn a_command_is_needed_behind_two_dashes() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for words in [&["run"][..], &["run", "--"], &["run", "true"]] {
        outputs += &sandbox.run(words).with_command();
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
    hint: usage: jeton run [OPTIONS] -- <COMMAND>...
    ");
    nothing_lives(&sandbox, 0);
}
