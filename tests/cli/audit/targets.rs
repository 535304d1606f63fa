//! Targets of audit events: the targets of refused changes, and the filter `--target`.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Returns a sandbox with the users john (user 2) and mia (user 3), who owns token 1. John is
/// logged in, and the audit log is empty.
fn sandbox_with_users() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.register("mia", "meitner-3");
    sandbox.log_in("mia", "meitner-3");
    sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.log_in("john", "123456");
    sandbox.sql("DELETE FROM audit");
    sandbox
}

#[test]
fn audit_event_of_a_refused_change_names_only_an_existing_target() {
    let sandbox = sandbox_with_users();
    let kid = sandbox.json(&["keys", "list"])["items"][0]["kid"].as_str().unwrap().to_owned();
    let jti = sandbox.sql("SELECT lower(hex(jti)) FROM tokens").remove(0);
    let jti = uuid::Uuid::parse_str(&jti).unwrap().to_string();
    let (key, abbreviated_kid) = (format!("key {kid}"), format!("{}…", &kid[..8]));
    let sid = sandbox.sql("SELECT lower(hex(sid)) FROM sessions WHERE user_id = 3").remove(0);
    let sid = uuid::Uuid::parse_str(&sid).unwrap().to_string();
    let session = format!("session {sid}");
    for (words, input, target) in [
        (&["users", "delete", "mia", "--yes"][..], "", "user 3"),
        (&["users", "set-role", "mia@example.com", "admin"], "", "user 3"),
        (&["users", "set-role", "3", "admin"], "", "user 3"),
        (&["users", "delete", "nobody", "--yes"], "", "-"),
        (&["token", "create", "app", "--user", "mia"], "", "user 3"),
        (&["token", "revoke", "1"], "", "token 1"),
        (&["token", "revoke", &jti], "", "token 1"),
        (&["token", "revoke", "99"], "", "-"),
        (&["token", "revoke", "1", "2"], "", "-"),
        (&["token", "renew", "1"], "", "token 1"),
        (&["token", "revoke", "--user", "mia", "--yes"], "", "user 3"),
        (&["sessions", "revoke", "--user", "mia", "--all"], "", "user 3"),
        (&["keys", "revoke", "--yes", "--", &kid], "", &key),
        (&["keys", "retire", "no-such-key"], "", "-"),
        (&["keys", "export", "--yes", "--private", &kid], "", &key),
        (&["token", "mint", "--key", &kid], "", &key),
        (&["keys", "retire", "--", &abbreviated_kid], "", &key),
        (&["sessions", "revoke", &sid], "", &session),
        (&["settings", "set", "issuer", "x"], "", "setting issuer"),
        (&["login", "mia", "--password-stdin"], "wrong-333", "user 3"),
        (&["login", "mia@example.com", "--password-stdin"], "wrong-333", "user 3"),
        (&["login", "hunter-2", "--password-stdin"], "wrong-333", "-"),
    ] {
        let output = sandbox.run_with_input(words, input);
        assert_ne!(output.code, 0, "{words:?}");
        let rows = "SELECT ifnull(nullif(concat_ws(' ', target_kind, target_id), ''), '-')
            FROM audit WHERE outcome <> 'done'";
        assert_eq!(sandbox.sql(rows), [target], "{words:?}");
        sandbox.sql("DELETE FROM audit");
    }
}

#[test]
fn target_filter_finds_events_of_one_object_or_kind() {
    let sandbox = sandbox_with_users();
    for _ in 0..2 {
        sandbox.stdout_of(&["token", "create", "app"]);
    }
    sandbox.run(&["token", "revoke", "2", "3"]).ok();
    assert_eq!(sandbox.run(&["token", "revoke", "1"]).code, 7);
    sandbox.log_in("ada", "lovelace");
    let actions_and_outcomes = |target| {
        let list = sandbox.json(&["audit", "list", "--target", target]);
        let events = list["items"].as_array().unwrap().iter();
        let lines = events.map(|event| format!("{} {}", event["action"], event["outcome"]));
        lines.collect::<Vec<_>>().join(", ").replace('"', "")
    };
    assert_eq!(actions_and_outcomes("token 3"), "token revoke done, token create done");
    assert_eq!(actions_and_outcomes("token 2"), "token revoke done, token create done");
    assert_eq!(actions_and_outcomes("token 1"), "token revoke forbidden");
    assert_eq!(
        actions_and_outcomes("token"),
        "token revoke forbidden, token revoke done, token create done, token create done"
    );
    assert_eq!(actions_and_outcomes("token 33"), "");
}

#[test]
fn target_filter_searches_event_details_and_refuses_unknown_kind() {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "create", "shop"]);
    sandbox.run(&["token", "renew", "1"]).ok();
    sandbox.run(&["token", "mint"]).ok();
    sandbox.run(&["token", "revoke", "--app", "shop", "--user", "ada", "--yes"]).ok();
    let kid = sandbox.sql("SELECT kid FROM keys WHERE purpose = 'test'").remove(0);
    let events = |target: &str| {
        let list = sandbox.json(&["audit", "list", "--target", target]);
        let events = list["items"].as_array().unwrap().iter();
        let lines = events.map(|event| {
            let [action, target, detail] =
                ["action", "target", "detail"].map(|name| event[name].to_string());
            format!("{action} {target} {detail}").replace(&kid, "<kid>")
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(events("token 2"), @r#""token renew" {"kind":"token","id":"1"} {"successor":{"kind":"token","id":"2"}}"#);
    assert_snapshot!(events(&format!("key {kid}")), @r#""token mint" {"kind":"token","id":null} {"objects":"test token","new_key":{"kind":"key","id":"<kid>"}}"#);
    assert_snapshot!(events("user 1"), @r#"
    "token revoke" {"kind":"token","id":null} {"objects":"tokens","owner":{"kind":"user","id":"1"},"app":"shop"}
    "init" {"kind":"user","id":"1"} null
    "#);
    let output = sandbox.run(&["audit", "list", "--target", "token 2"]).ok();
    assert!(output.stdout.contains("token 1 replaced by token 2"), "{output:?}");
    let output = sandbox.run(&["audit", "list", "--target", "tokens 2"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'tokens 2' for '--target <TARGET>': target: expected `user`, `token`, `session`, `key`, `setting` or `store`
    hint: see `jeton audit list --help`
    ");
}

#[test]
fn target_filter_finds_event_with_nul_in_details() {
    let sandbox = Sandbox::with_admin();
    let tokens = ["a\0b", "c\\u0000\0"].map(|jti| {
        let claims = json!({"jti": jti}).to_string();
        sandbox.stdout_of(&["token", "mint", "--claims", &claims])
    });
    sandbox.run(&["token", "revoke", &tokens[0], &tokens[1]]).ok();
    let events = sandbox.json(&["audit", "list", "--target", "token"])["items"].take();
    let is_revocation = |event: &&Value| event["action"] == "token revoke";
    assert_eq!(events.as_array().unwrap().iter().filter(is_revocation).count(), 1);
}
