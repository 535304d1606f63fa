//! `jeton token renew`

use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};

#[test]
fn a_token_is_replaced_by_one_with_the_same_attributes() {
    let sandbox = Sandbox::with_john();
    let old = sandbox.get(&[
        "token",
        "create",
        "app",
        "-p",
        "read,write",
        "--ttl",
        "2h",
        "--aud",
        "a",
        "--claim",
        "t=g",
    ]);
    let output = sandbox.run(&["token", "renew", "1"]).ok();
    let new = output.stdout.trim_end();
    assert_snapshot!(output, @"
    <token>
    --- stderr
    revoked token 1
    created token 2 for app, expires <time>, 1 of 3 in use
    ");
    let (before, after) = (payload(&old), payload(new));
    for same in ["id", "permissions", "aud", "t", "app", "sub"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_ne!(before["jti"], after["jti"]);
    let lives = |claims: &serde_json::Value| {
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    assert_eq!((lives(&before), lives(&after)), (7_200, 7_200));
    assert_eq!(sandbox.run(&["token", "verify", &old]).code, 12);
    sandbox.run(&["token", "verify", new]).ok();
}

#[test]
fn with_a_grace_both_work_and_one_counts() {
    let sandbox = Sandbox::with_john();
    let first = sandbox.get(&["token", "create", "app"]);
    let second = sandbox.run(&["token", "renew", "1", "--grace", "1h", "--ttl", "1d"]).ok();
    assert_snapshot!(second, @"
    <token>
    --- stderr
    token 1 stays valid until <time>
    created token 2 for app, expires <time>, 1 of 3 in use
    ");
    for token in [first.as_str(), second.stdout.trim_end()] {
        sandbox.run(&["token", "verify", token]).ok();
    }
    let status = |id: &str| sandbox.json(&["token", "show", id])["status"].clone();
    assert_eq!((status("1"), status("2")), ("superseded".into(), "live".into()));
    // At most one is superseded: the next renewal ends the first.
    sandbox.run(&["token", "renew", "2", "--grace", "1h"]).ok();
    assert_eq!((status("1"), status("2")), ("revoked".into(), "superseded".into()));
    assert_eq!(sandbox.run(&["token", "verify", &first]).code, 12);
}

#[test]
fn a_full_quota_is_no_hindrance() {
    let sandbox = Sandbox::with_john();
    for app in ["a", "b", "c"] {
        sandbox.get(&["token", "create", app]);
    }
    sandbox.run(&["token", "create", "d"]).fails(8);
    sandbox.run(&["token", "renew", "1"]).ok();
    sandbox.run(&["token", "renew", "2", "--grace", "1h"]).ok();
    sandbox.run(&["token", "create", "d"]).fails(8);
}

#[test]
fn whoever_holds_a_token_may_renew_it() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
    sandbox.run(&["logout"]).ok();
    sandbox.run_with_input(&["token", "rotate", "-"], &token).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", "2"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn whoever_only_holds_a_token_gets_no_longer_life_out_of_it() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "create", "app", "--ttl", "1h"]);
    let ci = sandbox.get(&["token", "create", "ci", "-p", "jeton:mint", "--ttl", "1h"]);
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", &token, "--ttl", "2h"]), @"
    --- exit code 7, stderr
    error: only the owner can extend the lifetime of a token, by id
    ");
    let new = sandbox.get(&["token", "renew", &token, "--ttl", "30m"]);
    assert_snapshot!(sandbox.run(&["token", "renew", &new, "--ttl", "31m"]), @"
    --- exit code 7, stderr
    error: only the owner can extend the lifetime of a token, by id
    ");
    assert_snapshot!(sandbox.run(&["token", "renew", &ci]), @"
    --- exit code 7, stderr
    error: minting credentials can only be renewed by the owner, by id
    ");
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "renew", "2", "--ttl", "2h"]).ok();
}

#[test]
fn there_is_one_grace_at_a_time() {
    let sandbox = Sandbox::with_john();
    let first = sandbox.get(&["token", "create", "app"]);
    sandbox.run(&["token", "renew", "1", "--grace", "1h"]).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", "1"]), @"
    --- exit code 12, stderr
    error: token revoked: already renewed
    ");
    let output = sandbox.run(&["token", "renew", "2", "--grace", "1h"]);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    token 2 stays valid until <time>
    token 1 revoked: its grace period ended early, only one may run
    created token 3 for app, expires <time>, 1 of 3 in use
    ");
    assert_eq!(sandbox.run(&["token", "verify", &first]).code, 12);
}

#[test]
fn what_does_not_work_any_more_is_not_renewed() {
    let sandbox = Sandbox::with_john();
    sandbox.get(&["token", "create", "a"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", "1"]), @"
    --- exit code 12, stderr
    error: token revoked
    ");
    sandbox.get(&["token", "create", "b", "--ttl", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_snapshot!(sandbox.run(&["token", "renew", "2"]), @"
    --- exit code 11, stderr
    error: token expired
    ");
    assert_snapshot!(sandbox.run(&["token", "renew", "9"]), @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens
    ");
    sandbox.get(&["token", "create", "c"]);
    sandbox.register("eve", "123456");
    sandbox.log_in("eve", "123456");
    assert_snapshot!(sandbox.run(&["token", "renew", "3"]), @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens
    ");
}

#[test]
fn the_end_of_a_grace_is_the_end_of_the_token() {
    let sandbox = Sandbox::with_john();
    let old = sandbox.get(&["token", "create", "app"]);
    let endless = sandbox.get(&["token", "create", "app", "--no-expiry"]);
    for id in ["1", "2"] {
        sandbox.run(&["token", "renew", id, "--grace", "10m"]).ok();
    }
    let grace = |id: &str| sandbox.sql(&format!("SELECT grace_until FROM tokens WHERE id = {id}"));
    for (id, token) in [("1", &old), ("2", &endless)] {
        let answer = sandbox.json(&["token", "introspect", token]);
        assert_eq!(answer["exp"].to_string(), grace(id)[0]);
        sandbox.run(&["token", "verify", token, "--min-ttl", "5m"]).ok();
        let output = sandbox.run(&["token", "verify", token, "--min-ttl", "1h"]);
        allow_duplicates!(assert_snapshot!(output, @"
        invalid: min_ttl
        --- exit code 9, stderr
        error: remaining lifetime too short
        "));
    }
}

#[test]
fn a_token_of_another_kind_is_not_renewed() {
    let sandbox = Sandbox::with_admin();
    for kind in ["access", "refresh"] {
        allow_duplicates!(
            assert_snapshot!(sandbox.run(&["token", "renew", &sandbox.session(kind)]), @"
        --- exit code 10, stderr
        error: session token not accepted: only app tokens can be renewed
        ")
        );
    }
    for more in [&[][..], &["--record"]] {
        let test = sandbox.get(&[&["token", "mint"], more].concat());
        allow_duplicates!(assert_snapshot!(sandbox.run(&["token", "renew", &test]), @"
        --- exit code 10, stderr
        error: token type mismatch: only app tokens can be renewed
        "));
        assert_eq!(
            sandbox.json_error(&["token", "renew", &test])["details"]["reason"],
            "wrong_type"
        );
    }
    assert_snapshot!(sandbox.run(&["token", "renew", "1"]), @"
    --- exit code 2, stderr
    error: only app tokens can be renewed
    ");
    let app = sandbox.get(&["token", "create", "app"]);
    rusqlite::Connection::open(sandbox.store())
        .unwrap()
        .execute_batch("DELETE FROM tokens WHERE id = 2")
        .unwrap();
    assert_snapshot!(sandbox.run(&["token", "renew", &app]), @"
    --- exit code 10, stderr
    error: token not found in the store
    ");
}
