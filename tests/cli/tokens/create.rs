//! `jeton token create`

use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;

#[test]
fn create_prints_only_the_token_on_stdout() {
    let sandbox = Sandbox::with_john();
    let output = sandbox.run(&["token", "create", "my-app", "-p", "read,write"]);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    created token 1 for my-app, expires <time>, 1 of 3 tokens in use
    ");
    let claims = payload(output.stdout.trim());
    assert_eq!(
        (&claims["app"], &claims["permissions"]),
        (&json!("my-app"), &json!(["read", "write"]))
    );
    let output = sandbox.run(&["token", "create", "other", "--quiet"]);
    assert_snapshot!(output, @"<token>");
}

#[test]
fn create_json_has_the_token_and_its_attributes() {
    let sandbox = Sandbox::with_john();
    let output =
        sandbox.run_json(&["token", "create", "my-app", "-p", "read", "--permission", "write"]);
    assert_snapshot!(output, @r#"{"token":"<token>","id":1,"jti":"<uuid>","app":"my-app","permissions":["read","write"],"issued_at":"<time>","expires_at":"<time>","quota_usage":{"used":1,"limit":3}}"#);
    assert_snapshot!(sandbox.run_json(&["token", "create", "permanent", "--no-expiry"]), @r#"{"token":"<token>","id":2,"jti":"<uuid>","app":"permanent","permissions":[],"issued_at":"<time>","expires_at":null,"quota_usage":{"used":2,"limit":3}}"#);
}

#[test]
fn create_options_set_the_claims() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&[
        "token",
        "create",
        "app",
        "--ttl",
        "1d12h",
        "--aud",
        "https://a.example",
        "--aud",
        "b",
        "--claim",
        "tier=gold",
        "--claim",
        "note=a=b",
        "--claim-json",
        "limits={\"n\":[1,2]}",
    ]);
    let claims = payload(&token);
    let iat = claims["iat"].as_i64().unwrap();
    assert_eq!(claims["exp"], iat + 129_600);
    assert_eq!(claims["aud"], json!(["https://a.example", "b"]));
    assert_eq!((&claims["tier"], &claims["note"]), (&json!("gold"), &json!("a=b")));
    assert_eq!(claims["limits"], json!({"n": [1, 2]}));
    let token_with_one_audience = sandbox.stdout_of(&[
        "token",
        "create",
        "app",
        "--aud",
        "b",
        "--expires-at",
        "2100-01-01T00:00:00Z",
    ]);
    assert_eq!(
        (&payload(&token_with_one_audience)["aud"], &payload(&token_with_one_audience)["exp"]),
        (&json!("b"), &json!(4_102_444_800_i64))
    );
    let claims_without_expiry =
        payload(&sandbox.stdout_of(&["token", "create", "app", "--no-expiry"]));
    assert_eq!((claims_without_expiry.get("exp"), claims_without_expiry.get("aud")), (None, None));
}

#[test]
fn invalid_or_conflicting_expiry_options_are_refused() {
    let sandbox = Sandbox::with_john();
    let mut outputs = String::new();
    for (flag, value) in [("--ttl", "7"), ("--expires-at", "soon")] {
        let output = sandbox.run(&["token", "create", "app", flag, value]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token create app --ttl 7
    --- exit code 2, stderr
    error: invalid value '7' for '--ttl <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `7s` for seconds
    $ jeton token create app --expires-at soon
    --- exit code 2, stderr
    error: invalid value 'soon' for '--expires-at <TIME>': time: expected RFC 3339 (`<time>`), a date, Unix seconds, `now`, `+1h` or `-1h`
    hint: see `jeton token create --help`
    ");
    let output = sandbox.run(&["token", "create", "app", "--expires-at", "1000000000"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: expiry time is in the past
    ");
    let mut outputs = String::new();
    for (options, other_options) in [
        (["--ttl", "1h"].as_slice(), ["--expires-at", "4102444800"].as_slice()),
        (&["--no-expiry"], &["--ttl", "1h"]),
        (&["--no-expiry"], &["--expires-at", "4102444800"]),
    ] {
        let output = sandbox.run(&[&["token", "create", "app"], options, other_options].concat());
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token create app --ttl 1h --expires-at 4102444800
    --- exit code 2, stderr
    error: the argument '--ttl <DURATION>' cannot be used with '--expires-at <TIME>'
    hint: omit `--ttl` or `--expires-at`
    $ jeton token create app --no-expiry --ttl 1h
    --- exit code 2, stderr
    error: the argument '--no-expiry' cannot be used with '--ttl <DURATION>'
    hint: omit `--no-expiry` or `--ttl`
    $ jeton token create app --no-expiry --expires-at 4102444800
    --- exit code 2, stderr
    error: the argument '--no-expiry' cannot be used with '--expires-at <TIME>'
    hint: omit `--no-expiry` or `--expires-at`
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn invalid_app_names_claims_and_permissions_are_refused() {
    let sandbox = Sandbox::with_john();
    let mut outputs = String::new();
    for arguments in [
        ["--claim", "sub=x"],
        ["--claim-json", "exp=1"],
        ["--claim", "permissions=root"],
        ["--claim", "nonsense"],
        ["--claim-json", "a={"],
    ] {
        let output = sandbox.run(&[&["token", "create", "app"], arguments.as_slice()].concat());
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token create app --claim 'sub=x'
    --- exit code 2, stderr
    error: claim `sub` is reserved
    $ jeton token create app --claim-json 'exp=1'
    --- exit code 2, stderr
    error: claim `exp` is reserved
    $ jeton token create app --claim 'permissions=root'
    --- exit code 2, stderr
    error: claim `permissions` is reserved
    $ jeton token create app --claim nonsense
    --- exit code 2, stderr
    error: claim: not in the format `name=value`
    $ jeton token create app --claim-json 'a={'
    --- exit code 2, stderr
    error: claim: `a` is not well-formed JSON: column 1: the text ends within an object
    ");
    let output = sandbox.run(&["token", "create", "app", "--claim", "a=1", "--claim-json", "a=1"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: claim: `a` is set more than once
    ");
    let mut outputs = String::new();
    for arguments in [[""].as_slice(), &["app", "-p", "a b"], &["app", "-p", "jeton:admin"]] {
        let output = sandbox.run(&[&["token", "create"], arguments].concat());
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token create ''
    --- exit code 2, stderr
    error: invalid value '' for '<APP>': app name: must not be empty, and must not start or end with whitespace
    hint: see `jeton token create --help`
    $ jeton token create app -p 'a b'
    --- exit code 2, stderr
    error: invalid value 'a b' for '--permission <P[,P]>': permission: must not contain whitespace
    hint: see `jeton token create --help`
    $ jeton token create app -p jeton:admin
    --- exit code 2, stderr
    error: invalid value 'jeton:admin' for '--permission <P[,P]>': permission: the only permission with the prefix `jeton:` is `jeton:mint`
    hint: see `jeton token create --help`
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn exceeded_quota_is_an_error_that_lists_the_live_tokens() {
    let sandbox = Sandbox::with_john();
    for app in ["a", "b", "b"] {
        sandbox.run(&["token", "create", app]).ok();
    }
    assert_snapshot!(sandbox.run(&["token", "create", "c"]), @"
    --- exit code 8, stderr
    error: token quota exceeded: 3 of 3 tokens in use
    hint: revoke a token that is no longer used; list the tokens: jeton token list --user john
    ");
    let error = sandbox.json_error(&["token", "create", "c"]);
    assert_eq!(
        (&error["kind"], &error["code"]),
        (&json!("QuotaExceeded"), &json!("quota_exceeded"))
    );
    assert_eq!(error["details"]["quota_usage"]["limit"], 3);
    let apps: Vec<_> =
        error["details"]["tokens"].as_array().unwrap().iter().map(|token| &token["app"]).collect();
    assert_eq!(apps, ["a", "b", "b"]);
    // A revoked token no longer counts.
    sandbox.run(&["token", "revoke", "2"]).ok();
    let output = sandbox.run(&["token", "create", "c"]);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    created token 4 for c, expires <time>, 3 of 3 tokens in use
    ");
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    sandbox.log_in("john", "123456");
    let output = sandbox.run(&["token", "create", "d"]);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    created token 5 for d, expires <time>
    ");
}

#[test]
fn only_admins_create_tokens_for_other_users() {
    let sandbox = Sandbox::with_john();
    for user in ["ada", "nobody"] {
        let output = sandbox.run(&["token", "create", "app", "--user", user]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can create tokens for other users: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.log_in("ada", "lovelace");
    let token = sandbox.stdout_of(&["token", "create", "app", "--user", "john"]);
    assert_eq!(payload(&token)["id"], 2);
    let output = sandbox.run(&["token", "create", "app", "--user", "nobody"]);
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: user `nobody` not found
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "create", "app"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}
