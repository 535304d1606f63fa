//! `jeton token renew`

use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};

#[test]
fn renewal_keeps_the_attributes_of_the_token() {
    let sandbox = Sandbox::with_john();
    let old_token = sandbox.stdout_of(&[
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
    let new_token = output.stdout.trim_end();
    assert_snapshot!(output, @"
    <token>
    --- stderr
    revoked token 1
    created token 2 for app, expires <time>, 1 of 3 tokens in use
    ");
    let (before, after) = (payload(&old_token), payload(new_token));
    for claim in ["id", "permissions", "aud", "t", "app", "sub"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert_ne!(before["jti"], after["jti"]);
    let lifetime = |claims: &serde_json::Value| {
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    assert_eq!((lifetime(&before), lifetime(&after)), (7_200, 7_200));
    assert_eq!(sandbox.run(&["token", "verify", &old_token]).code, 12);
    sandbox.run(&["token", "verify", new_token]).ok();
}

#[test]
fn both_tokens_are_valid_in_the_grace_period_which_the_next_renewal_ends() {
    let sandbox = Sandbox::with_john();
    let first = sandbox.stdout_of(&["token", "create", "app"]);
    let renewal = sandbox.run(&["token", "renew", "1", "--grace", "1h", "--ttl", "1d"]).ok();
    assert_snapshot!(renewal, @"
    <token>
    --- stderr
    token 1 stays valid until <time>
    created token 2 for app, expires <time>, 1 of 3 tokens in use
    ");
    for token in [first.as_str(), renewal.stdout.trim_end()] {
        sandbox.run(&["token", "verify", token]).ok();
    }
    let status = |id: &str| sandbox.json(&["token", "show", id])["status"].clone();
    assert_eq!((status("1"), status("2")), ("superseded".into(), "live".into()));
    // The renewal of token 2 with a grace period ends the grace period of token 1.
    sandbox.run(&["token", "renew", "2", "--grace", "1h"]).ok();
    assert_eq!((status("1"), status("2")), ("revoked".into(), "superseded".into()));
    assert_eq!(sandbox.run(&["token", "verify", &first]).code, 12);
}

#[test]
fn renewal_is_possible_when_the_quota_is_used_up() {
    let sandbox = Sandbox::with_john();
    for app in ["a", "b", "c"] {
        sandbox.stdout_of(&["token", "create", app]);
    }
    sandbox.run(&["token", "create", "d"]).fails(8);
    sandbox.run(&["token", "renew", "1"]).ok();
    sandbox.run(&["token", "renew", "2", "--grace", "1h"]).ok();
    sandbox.run(&["token", "create", "d"]).fails(8);
}

#[test]
fn bearer_renews_the_token_without_a_login_but_not_by_id() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["logout"]).ok();
    sandbox.run_with_input(&["token", "rotate", "-"], &token).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", "2"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn bearer_cannot_extend_the_lifetime_or_renew_a_minting_credential() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "app", "--ttl", "1h"]);
    let minting_credential =
        sandbox.stdout_of(&["token", "create", "ci", "-p", "jeton:mint", "--ttl", "1h"]);
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", &token, "--ttl", "2h"]), @"
    --- exit code 7, stderr
    error: only the owner or an admin can extend the lifetime of a token, by its id
    ");
    let new_token = sandbox.stdout_of(&["token", "renew", &token, "--ttl", "30m"]);
    assert_snapshot!(sandbox.run(&["token", "renew", &new_token, "--ttl", "31m"]), @"
    --- exit code 7, stderr
    error: only the owner or an admin can extend the lifetime of a token, by its id
    ");
    assert_snapshot!(sandbox.run(&["token", "renew", &minting_credential]), @"
    --- exit code 7, stderr
    error: only the owner or an admin can renew a token with `jeton:mint`, by its id
    ");
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "renew", "2", "--ttl", "2h"]).ok();
}

#[test]
fn renewal_with_grace_period_ends_the_grace_period_of_the_previous_renewal() {
    let sandbox = Sandbox::with_john();
    let first = sandbox.stdout_of(&["token", "create", "app"]);
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
    revoked token 1: this renewal ended the grace period of that token
    created token 3 for app, expires <time>, 1 of 3 tokens in use
    ");
    assert_eq!(sandbox.run(&["token", "verify", &first]).code, 12);
}

#[test]
fn revoked_expired_and_inaccessible_tokens_are_not_renewed() {
    let sandbox = Sandbox::with_john();
    sandbox.stdout_of(&["token", "create", "a"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_snapshot!(sandbox.run(&["token", "renew", "1"]), @"
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
    sandbox.stdout_of(&["token", "create", "b", "--ttl", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_snapshot!(sandbox.run(&["token", "renew", "2"]), @"
    --- exit code 11, stderr
    error: token expired: <time> (<ago>)
    ");
    assert_snapshot!(sandbox.run(&["token", "renew", "9"]), @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.stdout_of(&["token", "create", "c"]);
    sandbox.register("eve", "123456");
    sandbox.log_in("eve", "123456");
    assert_snapshot!(sandbox.run(&["token", "renew", "3"]), @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens: logged in as `eve` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
}

#[test]
fn old_token_expires_at_the_end_of_its_grace_period() {
    let sandbox = Sandbox::with_john();
    let old_token = sandbox.stdout_of(&["token", "create", "app"]);
    let token_without_expiry = sandbox.stdout_of(&["token", "create", "app", "--no-expiry"]);
    for id in ["1", "2"] {
        sandbox.run(&["token", "renew", id, "--grace", "10m"]).ok();
    }
    let grace_until =
        |id: &str| sandbox.sql(&format!("SELECT grace_until FROM tokens WHERE id = {id}"));
    for (id, token) in [("1", &old_token), ("2", &token_without_expiry)] {
        let introspection = sandbox.json(&["token", "introspect", token]);
        assert_eq!(introspection["exp"].to_string(), grace_until(id)[0]);
        sandbox.run(&["token", "verify", token, "--min-ttl", "5m"]).ok();
        let output = sandbox.run(&["token", "verify", token, "--min-ttl", "1h"]);
        allow_duplicates!(assert_snapshot!(output, @"
        invalid: min_ttl: found 10m (expires <time>), expected at least 1h
        --- exit code 9, stderr
        error: remaining lifetime too short: found 10m (expires <time>), expected at least 1h
        "));
    }
}

#[test]
fn only_recorded_app_tokens_are_renewed() {
    let sandbox = Sandbox::with_admin();
    for kind in ["access", "refresh"] {
        allow_duplicates!(
            assert_snapshot!(sandbox.run(&["token", "renew", &sandbox.session_member(kind)]), @"
        --- exit code 10, stderr
        error: session token not accepted: only app tokens can be renewed
        ")
        );
    }
    for options in [&[][..], &["--record"]] {
        let test_token = sandbox.stdout_of(&[&["token", "mint"], options].concat());
        allow_duplicates!(assert_snapshot!(sandbox.run(&["token", "renew", &test_token]), @"
        --- exit code 10, stderr
        error: token type mismatch: only app tokens can be renewed
        "));
        assert_eq!(
            sandbox.json_error(&["token", "renew", &test_token])["details"]["reason"],
            "wrong_type"
        );
    }
    assert_snapshot!(sandbox.run(&["token", "renew", "1"]), @"
    --- exit code 2, stderr
    error: only app tokens can be renewed
    ");
    let app_token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.sql("DELETE FROM tokens WHERE id = 2");
    assert_snapshot!(sandbox.run(&["token", "renew", &app_token]), @"
    --- exit code 10, stderr
    error: token not found in the store
    ");
}
