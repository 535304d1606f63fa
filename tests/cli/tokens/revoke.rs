//! `jeton token revoke`

use crate::sandbox::{Sandbox, payload, tampered};
use insta::{allow_duplicates, assert_snapshot};

fn jti(token: &str) -> String {
    payload(token)["jti"].as_str().unwrap().to_owned()
}

#[track_caller]
fn judged(sandbox: &Sandbox, token: &str, expected: &str) {
    let output = sandbox.run(&["token", "verify", token, "--type", "any"]);
    assert_eq!(output.stdout, format!("{expected}\n"));
}

const REVOKED: &str = "invalid: token_revoked";
const ENDED: &str = "invalid: session_ended";

#[test]
fn an_app_token_is_revoked_by_id_by_jti_and_by_value() {
    let sandbox = Sandbox::with_john();
    let token = |app: &str| sandbox.get(&["token", "create", app]);
    let (one, two, three) = (token("a"), token("b"), token("c"));
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- stderr
    revoked token 1
    ");
    assert_snapshot!(sandbox.run(&["token", "revoke", &jti(&two)]), @"
    --- stderr
    revoked token 2
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", &three]), @"
    --- stderr
    revoked token 3
    ");
    let output = sandbox.run_with_input(&["token", "revoke", "-"], &three);
    assert_snapshot!(output, @"
    --- stderr
    already revoked: token 3
    ");
    for token in [one, two, three] {
        judged(&sandbox, &token, REVOKED);
    }
}

#[test]
fn programs_are_told_what_became_of_each() {
    let sandbox = Sandbox::with_john();
    let (one, two) =
        (sandbox.get(&["token", "create", "a"]), sandbox.get(&["token", "create", "b"]));
    sandbox.run(&["token", "revoke", "1"]).ok();
    let access = sandbox.session("access");
    assert_snapshot!(sandbox.run_json(&["token", "revoke", "1", &two, &access]), @r#"{"changed":true,"tokens":[{"id":1,"jti":"<uuid>","kind":"app","changed":false},{"id":2,"jti":"<uuid>","kind":"app","changed":true},{"id":null,"jti":"<uuid>","kind":"access","changed":true}]}"#);
    assert_snapshot!(sandbox.run_json(&["token", "revoke", &one]), @r#"{"changed":false,"tokens":[{"id":1,"jti":"<uuid>","kind":"app","changed":false}]}"#);
}

#[test]
fn an_access_token_goes_alone_and_a_refresh_token_with_its_session() {
    let sandbox = Sandbox::with_john();
    let (access, refresh) = (sandbox.session("access"), sandbox.session("refresh"));
    let output = sandbox.run(&["token", "revoke", &access]);
    assert_snapshot!(output, @"
    --- stderr
    revoked access token <uuid>
    ");
    judged(&sandbox, &access, REVOKED);
    judged(&sandbox, &refresh, "valid");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: token revoked
    hint: log in again: jeton login
    ");
    sandbox.run(&["refresh"]).ok();
    sandbox.run(&["whoami"]).ok();
    let refresh = sandbox.session("refresh");
    let output = sandbox.run(&["token", "revoke", &refresh]);
    assert_snapshot!(output, @"
    --- stderr
    revoked the session of refresh token <uuid>
    ");
    judged(&sandbox, &refresh, ENDED);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: session ended
    hint: log in again: jeton login
    ");
}

#[test]
fn a_test_token_goes_on_the_blocklist() {
    let sandbox = Sandbox::with_admin();
    let (one, two) = (sandbox.get(&["token", "mint"]), sandbox.get(&["token", "mint"]));
    assert_snapshot!(sandbox.run(&["token", "revoke", &one]), @"
    --- stderr
    revoked test token <uuid>
    ");
    let output = sandbox.run(&["token", "revoke", &one]);
    assert_snapshot!(output, @"
    --- stderr
    already revoked: test token <uuid>
    ");
    judged(&sandbox, &one, REVOKED);
    judged(&sandbox, &two, "valid");
    let exp = payload(&one)["exp"].to_string();
    assert_eq!(sandbox.sql("SELECT jti FROM blocklist"), [jti(&one)]);
    assert_eq!(sandbox.sql("SELECT expires_at FROM blocklist"), [exp]);
}

#[test]
fn one_unknown_token_stops_all() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
    let unknown = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    let mut outputs = String::new();
    for other in ["99", unknown, "nonsense", &tampered(&token, 2)] {
        let output = sandbox.run(&["token", "revoke", "1", other]);
        outputs += &output.with_command();
        judged(&sandbox, &token, "valid");
    }
    assert_snapshot!(outputs, @"
    $ jeton token revoke 1 99
    --- exit code 7, stderr
    error: only admins can act on other users' tokens
    $ jeton token revoke 1 '<uuid>'
    --- exit code 7, stderr
    error: only admins can act on other users' tokens
    $ jeton token revoke 1 nonsense
    --- exit code 2, stderr
    error: token: expected an id, a `jti` or a token
    $ jeton token revoke 1 '<token>'
    --- exit code 10, stderr
    error: token signature invalid
    ");
}

#[test]
fn the_tokens_of_others_are_for_admins_unless_one_holds_them() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
    sandbox.register("kim", "123456");
    sandbox.log_in("kim", "123456");
    for name in ["1", &jti(&token)] {
        let output = sandbox.run(&["token", "revoke", name]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can act on other users' tokens
        "));
    }
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    judged(&sandbox, &token, "valid");
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- stderr
    revoked token 1
    ");
}

/// A sandbox with mia besides, who is a minter; ada is logged in.
fn with_minter() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let arguments = ["register", "mia", "--role", "minter", "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox
}

const JTI: &str = "jti=018f4f5e-7a3b-7c1d-8e2f-0123456789ab";

#[test]
fn whoever_mints_takes_back_no_recorded_token_of_others() {
    let sandbox = with_minter();
    let mint = ["token", "mint", "--claim", JTI];
    let hers = sandbox.get(&[&mint[..], &["--record", "--sub", "bob", "--ttl", "1d"]].concat());
    sandbox.log_in("mia", "123456");
    let output = sandbox.run(&["token", "revoke", &jti(&hers)]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens
    ");
    let own = sandbox.get(&mint);
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", &own]), @"
    --- stderr
    revoked test token <uuid>
    ");
    judged(&sandbox, &own, REVOKED);
    judged(&sandbox, &hers, "valid");
    assert_snapshot!(sandbox.run(&["token", "revoke", &hers]), @"
    --- stderr
    revoked test token 1
    ");
    judged(&sandbox, &hers, REVOKED);
}

#[test]
fn what_was_taken_back_is_not_recorded_again() {
    let sandbox = with_minter();
    let mint = ["token", "mint", "--claim", JTI];
    let revoked = sandbox.get(&[&mint[..], &["--ttl", "1d"]].concat());
    sandbox.run(&["token", "revoke", &revoked]).ok();
    sandbox.log_in("mia", "123456");
    for same in [&["--ttl", "2d"][..], &["--claims", "same.json"]] {
        std::fs::write(sandbox.home().join("same.json"), payload(&revoked).to_string()).unwrap();
        let output = sandbox.run(&[&mint[..], &["--record"], same].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: a token with this `jti` has been revoked
        "));
        judged(&sandbox, &revoked, REVOKED);
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn no_test_token_hides_the_session_whose_jti_it_bears() {
    let sandbox = with_minter();
    sandbox.log_in("mia", "123456");
    let access = sandbox.session("access");
    let claim = format!("jti={}", jti(&access));
    sandbox.run(&["token", "mint", "--record", "--claim", &claim]).ok();
    // Her session goes on elsewhere.
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("ada", "lovelace");
    let output = sandbox.run(&["token", "revoke", &jti(&access)]);
    assert_snapshot!(output, @"
    --- stderr
    revoked test token 1
    revoked access token <uuid>
    ");
    judged(&sandbox, &access, REVOKED);
}
