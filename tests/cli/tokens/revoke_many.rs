//! `jeton token revoke` of many tokens at once

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// John has tokens 1 (a), 2 (b), 3 (b, renewed by 4 with a grace) and 5 (a test token of b); ada
/// has 6 (b). John is a minter and logged in.
fn several() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    for app in ["a", "b", "b"] {
        sandbox.run(&["token", "create", app]).ok();
    }
    sandbox.run(&["token", "renew", "3", "--grace", "1h"]).ok();
    sandbox.run(&["token", "mint", "--record", "--sub", "b"]).ok();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "create", "b"]).ok();
    sandbox.log_in("john", "123456");
    sandbox
}

fn live(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql("SELECT id FROM tokens WHERE revoked_at IS NULL ORDER BY id")
}

fn revoke<'w>(words: &[&'w str]) -> Vec<&'w str> {
    [&["token", "revoke"], words, &["--yes"]].concat()
}

#[test]
fn ones_own_go_by_kind_by_application_or_all_of_them() {
    let sandbox = several();
    let kind = revoke(&["--kind", "test", "--app", "b"]);
    assert_snapshot!(sandbox.run(&kind), @"
    --- stderr
    revoked 1 token
    ");
    assert_eq!(live(&sandbox), ["1", "2", "3", "4", "6"]);
    let app = revoke(&["--app", "b"]);
    assert_snapshot!(sandbox.run(&app), @"
    --- stderr
    revoked 3 tokens
    ");
    assert_eq!(live(&sandbox), ["1", "6"]);
    assert_snapshot!(sandbox.run(&app), @"
    --- stderr
    no tokens to revoke
    ");
    let all = revoke(&["--all"]);
    assert_snapshot!(sandbox.run_json(&all), @r#"{"changed":true,"count":1}"#);
    assert_snapshot!(sandbox.run_json(&all), @r#"{"changed":false,"count":0}"#);
    assert_eq!(live(&sandbox), ["6"]);
    let audit = "SELECT target || ', ' || count FROM audit WHERE action = 'token revoke'";
    assert_eq!(
        sandbox.sql(audit),
        ["test tokens of user 2 for b, 1", "tokens of user 2 for b, 3", "tokens of user 2, 1"],
        "one row a command"
    );
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn the_rows_stay_and_the_tokens_are_dead() {
    let sandbox = several();
    let token = sandbox.get(&["token", "renew", "1"]);
    sandbox.run(&revoke(&["--all"])).ok();
    let output = sandbox.run(&["token", "verify", &token]);
    assert_snapshot!(output, @"
    invalid: token_revoked
    --- exit code 12, stderr
    error: token revoked
    ");
    assert_eq!(sandbox.json(&["token", "list", "--status", "revoked"])["total"], 6);
}

#[test]
fn what_was_made_before_a_time_goes() {
    let sandbox = several();
    sandbox.sql("UPDATE tokens SET issued_at = issued_at - 864000 WHERE id IN (1, 4, 6)");
    assert_snapshot!(sandbox.run(&revoke(&["--before", "2020-01-01T00:00:00Z"])), @"
    --- stderr
    no tokens to revoke
    ");
    assert_snapshot!(sandbox.run(&revoke(&["--before", "1w", "--app", "a"])), @"
    --- stderr
    revoked 1 token
    ");
    sandbox.log_in("ada", "lovelace");
    let every = revoke(&["--all-users", "--before", "1w"]);
    assert_snapshot!(sandbox.run(&every), @"
    --- stderr
    revoked 2 tokens
    ");
    assert_eq!(live(&sandbox), ["2", "3", "5"]);
}

#[test]
fn test_tokens_go_by_the_time_that_they_name() {
    let sandbox = Sandbox::with_admin();
    let mint = |claim: &[&str]| {
        let words = [&["token", "mint", "--record"], claim].concat();
        sandbox.run(&words).ok();
    };
    mint(&["--claim-json", "iat=1000"]);
    mint(&["--issued-at", "1000", "--expires-at", "2100-01-01", "--claim-json", "iat=null"]);
    mint(&["--claim-json", "iat=\"1000\""]);
    mint(&[]);
    sandbox
        .run_with_input(
            &["token", "mint", "--record", "--from", "-"],
            "iat,sub\n2000-01-01,a\n2020-01-01,b\n",
        )
        .ok();
    let gone = sandbox.run(&revoke(&["--before", "2001-01-01T00:00:00Z"]));
    assert_snapshot!(gone, @"
    --- stderr
    revoked 3 tokens
    ");
    assert_eq!(live(&sandbox), ["3", "4", "6"]);
}

#[test]
fn those_of_others_are_for_admins() {
    let sandbox = several();
    assert_snapshot!(sandbox.run(&revoke(&["--all-users", "--all"])), @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens
    ");
    for user in ["ada", "nobody"] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["token", "revoke", "--user", user]), @"
        --- exit code 7, stderr
        error: only admins can see other accounts
        "));
    }
    assert_snapshot!(sandbox.run(&revoke(&["--user", "john", "--app", "a"])), @"
    --- stderr
    revoked 1 token
    ");
    sandbox.log_in("ada", "lovelace");
    let nobody = sandbox.run(&revoke(&["--user", "nobody"]));
    assert_snapshot!(nobody, @"
    --- exit code 3, stderr
    error: user `nobody` not found
    ");
    assert_snapshot!(sandbox.run(&revoke(&["--user", "john"])), @"
    --- stderr
    revoked 4 tokens
    ");
    assert_snapshot!(sandbox.run(&revoke(&["--all-users", "--all"])), @"
    --- stderr
    revoked 1 token
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&revoke(&["--all"])), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn nobody_there_to_confirm_it_stops_it() {
    let sandbox = several();
    assert_snapshot!(sandbox.run(&["token", "revoke", "--app", "b"]), @"
    --- exit code 2, stderr
    error: confirmation required, and no terminal to ask on
    hint: add `--yes`
    ");
    assert_eq!(live(&sandbox).len(), 6);
    assert_snapshot!(sandbox.run(&["token", "revoke", "--app", "nothing"]), @"
    --- stderr
    no tokens to revoke
    ");
}

#[test]
fn which_must_be_said_and_in_one_way() {
    let sandbox = several();
    for words in [&[][..], &["--all-users"], &["1", "--all"], &["1", "--user", "john"]] {
        let output = sandbox.run(&revoke(words)).fails(2);
        assert!(
            output.stderr.contains("<ID|JTI|TOKEN|--kind <KIND>|--app <APP>|"),
            "{}",
            output.stderr
        );
    }
    assert_eq!(live(&sandbox).len(), 6);
}
