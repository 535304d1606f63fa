//! `jeton token revoke`

use crate::sandbox::{Sandbox, payload, tampered};
use insta::{allow_duplicates, assert_snapshot};

fn jti(token: &str) -> String {
    payload(token)["jti"].as_str().unwrap().to_owned()
}

/// Asserts the verdict of `token verify`, such as `valid` or `invalid: CODE`, for tokens of any
/// kind.
#[track_caller]
fn assert_verdict(sandbox: &Sandbox, token: &str, expected: &str) {
    let output = sandbox.run(&["token", "verify", token, "--type", "any"]);
    assert_eq!(output.verdict(), expected);
}

const REVOKED_VERDICT: &str = "invalid: token_revoked";
const SESSION_ENDED_VERDICT: &str = "invalid: session_ended";

#[test]
fn app_token_is_revoked_by_id_jti_or_value() {
    let sandbox = Sandbox::with_john();
    let create = |app: &str| sandbox.stdout_of(&["token", "create", app]);
    let (first, second, third) = (create("a"), create("b"), create("c"));
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- stderr
    revoked token 1
    ");
    assert_snapshot!(sandbox.run(&["token", "revoke", &jti(&second)]), @"
    --- stderr
    revoked token 2
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", &third]), @"
    --- stderr
    revoked token 3
    ");
    let output = sandbox.run_with_input(&["token", "revoke", "-"], &third);
    assert_snapshot!(output, @"
    --- stderr
    already revoked: token 3
    ");
    for token in [first, second, third] {
        assert_verdict(&sandbox, &token, REVOKED_VERDICT);
    }
}

#[test]
fn token_past_its_grace_period_is_already_revoked() {
    let sandbox = Sandbox::with_john();
    sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["token", "renew", "1", "--grace", "1h"]).ok();
    sandbox.sql("UPDATE tokens SET grace_until = 1 WHERE id = 1");
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- stderr
    already revoked: token 1
    ");
    assert_eq!(sandbox.sql("SELECT count(revoked_at) FROM tokens"), ["0"]);
    assert_eq!(sandbox.sql("SELECT count(*) FROM audit WHERE action = 'token revoke'"), ["0"]);
}

#[test]
fn revoke_json_reports_the_outcome_of_each_token() {
    let sandbox = Sandbox::with_john();
    let (first, second) = (
        sandbox.stdout_of(&["token", "create", "a"]),
        sandbox.stdout_of(&["token", "create", "b"]),
    );
    sandbox.run(&["token", "revoke", "1"]).ok();
    let access = sandbox.session_member("access");
    assert_snapshot!(sandbox.run_json(&["token", "revoke", "1", &second, &access]), @r#"{"changed":true,"tokens":[{"id":1,"jti":"<uuid>","kind":"app","changed":false},{"id":2,"jti":"<uuid>","kind":"app","changed":true},{"id":null,"jti":"<uuid>","kind":"access","changed":true}]}"#);
    assert_snapshot!(sandbox.run_json(&["token", "revoke", &first]), @r#"{"changed":false,"tokens":[{"id":1,"jti":"<uuid>","kind":"app","changed":false}]}"#);
}

#[test]
fn revocation_of_refresh_token_but_not_of_access_token_ends_the_session() {
    let sandbox = Sandbox::with_john();
    let (access, refresh) = (sandbox.session_member("access"), sandbox.session_member("refresh"));
    let output = sandbox.run(&["token", "revoke", &access]);
    assert_snapshot!(output, @"
    --- stderr
    revoked access token <uuid>
    ");
    assert_verdict(&sandbox, &access, REVOKED_VERDICT);
    assert_verdict(&sandbox, &refresh, "valid");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: a token of your session was revoked: <time> (<ago>)
    hint: log in again: jeton login
    ");
    sandbox.run(&["refresh"]).ok();
    sandbox.run(&["whoami"]).ok();
    let refresh = sandbox.session_member("refresh");
    let output = sandbox.run(&["token", "revoke", &refresh]);
    assert_snapshot!(output, @"
    --- stderr
    revoked session of refresh token <uuid>
    ");
    assert_verdict(&sandbox, &refresh, SESSION_ENDED_VERDICT);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: your session has ended: revoked, <time> (<ago>)
    hint: log in again: jeton login
    ");
}

#[test]
fn revocation_of_unrecorded_test_token_adds_a_blocklist_row() {
    let sandbox = Sandbox::with_admin();
    let (first, second) =
        (sandbox.stdout_of(&["token", "mint"]), sandbox.stdout_of(&["token", "mint"]));
    assert_snapshot!(sandbox.run(&["token", "revoke", &first]), @"
    --- stderr
    revoked test token <uuid>
    ");
    let output = sandbox.run(&["token", "revoke", &first]);
    assert_snapshot!(output, @"
    --- stderr
    already revoked: test token <uuid>
    ");
    assert_verdict(&sandbox, &first, REVOKED_VERDICT);
    assert_verdict(&sandbox, &second, "valid");
    let exp = payload(&first)["exp"].to_string();
    assert_eq!(sandbox.sql("SELECT jti FROM blocklist"), [jti(&first)]);
    assert_eq!(sandbox.sql("SELECT expires_at FROM blocklist"), [exp]);
}

#[test]
fn invalid_argument_prevents_every_revocation() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    let unknown_jti = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    let mut outputs = String::new();
    for invalid_argument in ["99", unknown_jti, "nonsense", &tampered(&token, 2)] {
        let output = sandbox.run(&["token", "revoke", "1", invalid_argument]);
        outputs += &output.with_command();
        assert_verdict(&sandbox, &token, "valid");
    }
    assert_snapshot!(outputs, @"
    $ jeton token revoke 1 99
    --- exit code 7, stderr
    error: only admins can act on other users' tokens: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    $ jeton token revoke 1 '<uuid>'
    --- exit code 7, stderr
    error: only admins can act on other users' tokens: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    $ jeton token revoke 1 nonsense
    --- exit code 2, stderr
    error: token: expected an id, a `jti` or a token
    $ jeton token revoke 1 '<token>'
    --- exit code 10, stderr
    error: token signature invalid
    ");
}

#[test]
fn only_admins_revoke_tokens_of_other_users_by_id_or_jti() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.register("kim", "123456");
    sandbox.log_in("kim", "123456");
    for id in ["1", &jti(&token)] {
        let output = sandbox.run(&["token", "revoke", id]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can act on other users' tokens: logged in as `kim` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_verdict(&sandbox, &token, "valid");
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&["token", "revoke", "1"]), @"
    --- stderr
    revoked token 1
    ");
}

/// Creates a sandbox with the admin ada, who is logged in, and the minter mia.
fn sandbox_with_minter() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let arguments = ["register", "mia", "--role", "minter", "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox
}

/// Value of `--claim` that sets a fixed `jti`.
const JTI_CLAIM: &str = "jti=018f4f5e-7a3b-7c1d-8e2f-0123456789ab";

#[test]
fn minter_does_not_revoke_recorded_token_of_another_user_by_its_jti() {
    let sandbox = sandbox_with_minter();
    let mint = ["token", "mint", "--claim", JTI_CLAIM];
    let recorded_token =
        sandbox.stdout_of(&[&mint[..], &["--record", "--sub", "bob", "--ttl", "1d"]].concat());
    sandbox.log_in("mia", "123456");
    let output = sandbox.run(&["token", "revoke", &jti(&recorded_token)]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens: logged in as `mia` with role `minter`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    // An unrecorded token with the same `jti` can be revoked. This does not revoke the recorded
    // token.
    let unrecorded_token = sandbox.stdout_of(&mint);
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "revoke", &unrecorded_token]), @"
    --- stderr
    revoked test token <uuid>
    ");
    assert_verdict(&sandbox, &unrecorded_token, REVOKED_VERDICT);
    assert_verdict(&sandbox, &recorded_token, "valid");
    // The bearer of the recorded token can revoke it.
    assert_snapshot!(sandbox.run(&["token", "revoke", &recorded_token]), @"
    --- stderr
    revoked test token 1
    ");
    assert_verdict(&sandbox, &recorded_token, REVOKED_VERDICT);
}

#[test]
fn jti_of_a_revoked_token_cannot_be_recorded() {
    let sandbox = sandbox_with_minter();
    let mint = ["token", "mint", "--claim", JTI_CLAIM];
    let revoked_token = sandbox.stdout_of(&[&mint[..], &["--ttl", "1d"]].concat());
    sandbox.run(&["token", "revoke", &revoked_token]).ok();
    sandbox.log_in("mia", "123456");
    for options in [&["--ttl", "2d"][..], &["--claims", "same.json"]] {
        std::fs::write(sandbox.home().join("same.json"), payload(&revoked_token).to_string())
            .unwrap();
        let output = sandbox.run(&[&mint[..], &["--record"], options].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: a token with this `jti` has been revoked
        "));
        assert_verdict(&sandbox, &revoked_token, REVOKED_VERDICT);
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn revocation_by_shared_jti_revokes_both_test_token_and_access_token() {
    let sandbox = sandbox_with_minter();
    sandbox.log_in("mia", "123456");
    let access = sandbox.session_member("access");
    let claim = format!("jti={}", jti(&access));
    sandbox.run(&["token", "mint", "--record", "--claim", &claim]).ok();
    // Without the session file, the login of ada does not end the session of mia.
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("ada", "lovelace");
    let output = sandbox.run(&["token", "revoke", &jti(&access)]);
    assert_snapshot!(output, @"
    --- stderr
    revoked test token 1
    revoked access token <uuid>
    ");
    assert_verdict(&sandbox, &access, REVOKED_VERDICT);
}
