//! `jeton token list` and `jeton token show`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// John has tokens 1 (a), 2 (b, revoked), 3 (b, ended); ada has 4 (b).
fn several() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["token", "create", "a", "-p", "read,write", "--aud", "x", "--claim", "k=v"]).ok();
    sandbox.run(&["token", "create", "b"]).ok();
    sandbox.run(&["token", "create", "b", "--no-expiry"]).ok();
    sandbox.run(&["token", "revoke", "2"]).ok();
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store.execute_batch("UPDATE tokens SET expires_at = issued_at WHERE id = 3").unwrap();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "create", "b", "--no-expiry"]).ok();
    sandbox
}

fn ids(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let answer = sandbox.json(&[&["token", "list"], arguments].concat());
    let items = answer["items"].as_array().unwrap().iter();
    let ids: Vec<_> = items.map(|token| token["id"].to_string()).collect();
    format!("{} of {}", ids.join(","), answer["total"])
}

#[test]
fn a_list_tells_everything_but_the_token() {
    let sandbox = several();
    let output = sandbox.run(&["token", "list", "--all-users", "--status", "all"]);
    assert_snapshot!(output, @"
    ID  KIND  APP  OWNER  PERMISSIONS  STATUS   EXPIRES
    1   app   a    john   read,write   live     <time>
    2   app   b    john   -            revoked  <time>
    3   app   b    john   -            expired  <time>
    4   app   b    ada    -            live     never
    ");
    assert_snapshot!(sandbox.run_json(&["token", "list", "--user", "john"]), @r#"{"items":[{"id":1,"jti":"<uuid>","kind":"app","app":"a","owner_id":2,"owner":"john","permissions":["read","write"],"audience":["x"],"claims":{"k":"v"},"status":"live","issued_at":"<time>","expires_at":"<time>","grace_until":null,"revoked_at":null}],"page":1,"per_page":20,"total":1,"pages":1,"next":null}"#);
}

#[test]
fn a_list_is_cut_by_owner_application_and_status() {
    let sandbox = several();
    assert_eq!(ids(&sandbox, &[]), "4 of 1");
    assert_eq!(ids(&sandbox, &["--user", "john"]), "1 of 1");
    assert_eq!(ids(&sandbox, &["--user", "2", "--status", "all"]), "1,2,3 of 3");
    assert_eq!(ids(&sandbox, &["--all-users"]), "1,4 of 2");
    assert_eq!(ids(&sandbox, &["--all-users", "--status", "expired"]), "3 of 1");
    assert_eq!(ids(&sandbox, &["--all-users", "--status", "revoked"]), "2 of 1");
    assert_eq!(ids(&sandbox, &["--all-users", "--status", "all", "--app", "b"]), "2,3,4 of 3");
    assert_eq!(ids(&sandbox, &["--all-users", "--app", "nothing"]), " of 0");
    let all = ["--all-users", "--status", "all", "--per-page", "2"];
    assert_eq!(ids(&sandbox, &[all.as_slice(), &["--page", "2"]].concat()), "3,4 of 4");
    assert_eq!(ids(&sandbox, &[all.as_slice(), &["--after", "1"]].concat()), "2,3 of 4");
    let output = sandbox.run(&[&["token", "list"], all.as_slice()].concat()).ok();
    assert_snapshot!(output, @"
    ID  KIND  APP  OWNER  PERMISSIONS  STATUS   EXPIRES
    1   app   a    john   read,write   live     <time>
    2   app   b    john   -            revoked  <time>
    --- stderr
    2 of 4 tokens, page 1 of 2, next: --page 2
    ");
    assert_snapshot!(sandbox.run(&["token", "ls", "--app", "nothing"]), @"
    --- stderr
    no tokens
    ");
}

#[test]
fn the_tokens_of_others_are_for_admins() {
    let sandbox = several();
    sandbox.log_in("john", "123456");
    assert_eq!(ids(&sandbox, &["--user", "john"]), "1 of 1");
    let output = sandbox.run(&["token", "list", "--all-users"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users
    ");
    for other in ["ada", "nobody"] {
        let output = sandbox.run(&["token", "list", "--user", other]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can see other accounts
        "));
    }
    let output = sandbox.run(&["token", "show", "4"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "list"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_snapshot!(sandbox.run(&["token", "show", "1"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run(&["token", "list", "--status", "dead"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'dead' for '--status <STATUS>': status: `live`, `expired`, `revoked` or `all`
    hint: see `jeton token list --help`
    ");
    let output = sandbox.run(&["token", "list", "--all-users", "--user", "ada"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--all-users' cannot be used with '--user <USER>'
    hint: usage: jeton token list --all-users
    ");
    let output = sandbox.run(&["token", "list", "--expiring-within", "7d", "--status", "all"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `--expiring-within` requires `--status live`
    ");
    let output = sandbox.run(&["token", "list", "--fail-if-any"]).fails(2);
    assert!(output.stderr.contains("--expiring-within"), "{}", output.stderr);
}

#[test]
fn a_token_is_shown_by_its_id() {
    let sandbox = several();
    assert_snapshot!(sandbox.run(&["token", "show", "1"]), @"
    id           1
    jti          <uuid>
    kind         app
    app          a
    owner        john
    permissions  read,write
    audience     x
    status       live
    issued       <time>
    expires      <time>
    revoked      -
    ");
    assert_snapshot!(sandbox.run_json(&["token", "show", "2"]), @r#"{"id":2,"jti":"<uuid>","kind":"app","app":"b","owner_id":2,"owner":"john","permissions":[],"audience":[],"claims":{},"status":"revoked","issued_at":"<time>","expires_at":"<time>","grace_until":null,"revoked_at":"<time>"}"#);
    assert_snapshot!(sandbox.run(&["token", "show", "99"]), @"
    --- exit code 3, stderr
    error: token `99` not found
    ");
    assert_snapshot!(sandbox.run(&["token", "show", "x"]), @"
    --- exit code 2, stderr
    error: invalid value 'x' for '<ID|JTI>': id: neither a number from `jeton token list` nor a `jti`
    hint: see `jeton token show --help`
    ");
}

#[test]
fn a_token_is_shown_by_its_jti_in_capitals_too() {
    let sandbox = several();
    let show = |which: &str| sandbox.run(&["token", "show", which]);
    let out = show("1").ok().stdout;
    let jti = sandbox.json(&["token", "show", "1"])["jti"].as_str().unwrap().to_owned();
    for spelled in [jti.clone(), jti.to_uppercase()] {
        assert_eq!(show(&spelled).ok().stdout, out);
    }
    sandbox.run(&["token", "revoke", &jti.to_uppercase()]).ok();
    assert_eq!(sandbox.json(&["token", "show", &jti])["status"], "revoked");
    let unknown = show("018f4f5e-7a3b-7c1d-8e2f-0123456789ab");
    assert_snapshot!(unknown, @"
    --- exit code 3, stderr
    error: token `<uuid>` not found
    ");
    sandbox.log_in("john", "123456");
    let hers = sandbox.sql("SELECT lower(hex(jti)) FROM tokens WHERE id = 4").remove(0);
    let hers = [&hers[..8], &hers[8..12], &hers[12..16], &hers[16..20], &hers[20..]].join("-");
    assert_snapshot!(show(&hers), @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users
    ");
    let token = sandbox.get(&["token", "create", "x"]);
    show(&token).fails(2);
}

#[test]
fn what_was_issued_before_is_listed_as_it_would_be_revoked() {
    let sandbox = several();
    sandbox.sql("UPDATE tokens SET issued_at = 1000 WHERE id = 1 RETURNING id");
    assert_eq!(ids(&sandbox, &["--all-users", "--before", "1001"]), "1 of 1");
    assert_eq!(ids(&sandbox, &["--all-users", "--before", "1000"]), " of 0");
    assert_eq!(ids(&sandbox, &["--all-users", "--before", "1d"]), "1 of 1");
    assert_eq!(ids(&sandbox, &["--before", "2100-01-01"]), "4 of 1");
    let words = ["token", "revoke", "--all-users", "--before", "1001", "--yes"];
    assert_snapshot!(sandbox.run(&words), @"
    --- stderr
    revoked 1 token
    ");
    let mut outputs = String::new();
    for verb in ["list", "revoke"] {
        let output = sandbox.run(&["token", verb, "--before", "2026-11-21T12:00:00"]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token list --before 2026-11-21T12:00:00
    --- exit code 2, stderr
    error: invalid value '2026-11-21T12:00:00' for '--before <TIME>': time: time zone missing; for UTC use `<time>`
    hint: see `jeton token list --help`
    $ jeton token revoke --before 2026-11-21T12:00:00
    --- exit code 2, stderr
    error: invalid value '2026-11-21T12:00:00' for '--before <TIME>': time: time zone missing; for UTC use `<time>`
    hint: see `jeton token revoke --help`
    ");
}

#[test]
fn what_expires_soon_fails_a_job_and_is_listed_all_the_same() {
    let sandbox = Sandbox::with_john();
    sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    sandbox.run(&["token", "create", "a", "--ttl", "3d"]).ok();
    sandbox.run(&["token", "create", "b", "--no-expiry"]).ok();
    sandbox.run(&["token", "create", "c", "--ttl", "30d"]).ok();
    sandbox.run(&["token", "mint", "--record"]).ok();
    assert_eq!(ids(&sandbox, &["--expiring-within", "7d"]), "1,4 of 2");
    assert_eq!(ids(&sandbox, &["--expiring-within", "7d", "--kind", "app"]), "1 of 1");
    assert_eq!(ids(&sandbox, &["--kind", "test"]), "4 of 1");
    let soon = ["token", "list", "--kind", "app", "--fail-if-any", "--expiring-within"];
    let output = sandbox.run(&[&soon[..], &["7d"]].concat());
    assert_snapshot!(output, @"
    ID  KIND  APP  OWNER  PERMISSIONS  STATUS  EXPIRES
    1   app   a    john   -            live    <time>
    --- exit code 9, stderr
    error: 1 token expires within 7d
    ");
    assert_eq!(output.stdout.lines().count(), 2, "{}", output.stdout);
    assert_snapshot!(sandbox.run(&[&soon[..], &["2d"]].concat()), @"
    --- stderr
    no tokens
    ");
    sandbox.run(&["token", "renew", "3", "--grace", "1d"]).ok();
    assert_snapshot!(sandbox.run(&[&soon[..], &["2d"]].concat()), @"
    --- stderr
    no tokens
    ");
    sandbox.run(&["token", "revoke", "2"]).ok();
    sandbox.run(&["token", "create", "d", "--ttl", "1d"]).ok();
    let output = sandbox.run(&[&soon[..], &["7d", "-o", "json", "--per-page", "1"]].concat());
    assert_snapshot!(output.diagnostics(), @r#"
    --- exit code 9, stderr
    {"error":{"kind":"CheckFailed","code":"check_failed","exit_code":9,"message":"2 tokens expire within 7d","hint":null,"details":{"total":2}}}
    "#);
    let list: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["total"]), (1, &2.into()));
}

#[test]
fn an_owner_is_a_name_an_address_or_once_deleted_an_id() {
    let sandbox = Sandbox::with_admin();
    let words = ["register", "--email", "mia@example.com", "--password-stdin"];
    sandbox.run_with_input(&words, "123456").ok();
    sandbox.register("kim", "123456");
    for who in ["mia@example.com", "kim"] {
        sandbox.get(&["token", "create", "ci", "--user", who]);
    }
    sandbox.run(&["users", "delete", "kim", "--yes"]).ok();
    let list = sandbox.json(&["token", "list", "--all-users", "--status", "all"]);
    let owners: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["owner_id"], &item["owner"]))
        .collect();
    assert_eq!(owners, [(&json!(2), &json!("mia@example.com")), (&json!(3), &Value::Null)]);
    assert_snapshot!(sandbox.run(&["token", "list", "--all-users", "--status", "all"]), @"
    ID  KIND  APP  OWNER            PERMISSIONS  STATUS   EXPIRES
    1   app   ci   mia@example.com  -            live     <time>
    2   app   ci   3                -            revoked  <time>
    ");
}
