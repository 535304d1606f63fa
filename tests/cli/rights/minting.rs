//! Minting credentials (app tokens with the permission `jeton:mint`): owners, rights, revocation
//! and expiry.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

/// Runs `token mint` with the credential in `JETON_TOKEN`.
fn mint(sandbox: &Sandbox, credential: &str) -> RunOutput {
    let mut command = sandbox.command(&["token", "mint"]);
    command.env("JETON_TOKEN", credential);
    Sandbox::run_command_with_input(command, "")
}

#[test]
fn minting_credential_mints_but_is_no_access_token() {
    let mut sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "ci", "-p", "jeton:mint"]);
    mint(&sandbox, &token).ok();
    let minting_user_sql = "SELECT user_id FROM audit WHERE action = 'token mint'";
    assert_eq!(sandbox.sql(minting_user_sql), ["1"]);
    sandbox.set_variable("JETON_TOKEN", &token);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 10, stderr
    error: token type mismatch: found `app`, expected `access`
    hint: replace the token in JETON_TOKEN with the access token of a session
    ");
}

#[test]
fn mint_permission_requires_minter_or_admin_as_caller_and_owner() {
    let sandbox = Sandbox::with_john();
    let create = ["token", "create", "ci", "-p", "read,jeton:mint"];
    assert_snapshot!(sandbox.run(&create), @"
    --- exit code 7, stderr
    error: only minters and admins can grant `jeton:mint`: logged in as `john` with role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
    sandbox.log_in("ada", "lovelace");
    let create_for_john = [&create[..], &["--user", "john"]].concat();
    assert_snapshot!(sandbox.run(&create_for_john), @"
    --- exit code 7, stderr
    error: only minters and admins can own a token with `jeton:mint`: token owner `john` has role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
    let error = sandbox.run_json(&create_for_john).error();
    let details = json!({"owner": "john", "role": "user", "required_role": "minter"});
    assert_eq!(error["details"], details);
    sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    sandbox.run(&[&create[..], &["--user", "john"]].concat()).ok();
    sandbox.log_in("john", "123456");
    let output = sandbox.run(&create);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    created token 2 for ci, expires <time>, 2 of 3 tokens in use
    ");
    sandbox.sql("UPDATE users SET role = 'user' WHERE username = 'john'");
    assert_snapshot!(sandbox.run(&["token", "renew", "2"]), @"
    --- exit code 7, stderr
    error: only minters and admins can grant `jeton:mint`: logged in as `john` with role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&["token", "renew", "2"]), @"
    --- exit code 7, stderr
    error: only minters and admins can own a token with `jeton:mint`: token owner `john` has role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
}

#[test]
fn minting_credential_requires_an_enabled_minter_or_admin_as_owner() {
    let sandbox = Sandbox::with_john();
    sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    let create = ["token", "create", "ci", "-p", "jeton:mint"];
    let (token, ordinary_token) =
        (sandbox.stdout_of(&create), sandbox.stdout_of(&["token", "create", "app"]));
    let short_lived_token = sandbox.stdout_of(&[&create[..], &["--ttl", "1s"]].concat());
    mint(&sandbox, &token).ok();
    assert_snapshot!(mint(&sandbox, &ordinary_token), @"
    --- exit code 7, stderr
    error: the app token lacks the permission `jeton:mint`
    ");
    let mut outputs = String::new();
    for assignments in [
        "role = 'user'",
        "role = 'minter', disabled_at = 1",
        "disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL, email_key = NULL, \
         name = NULL, password = NULL",
    ] {
        sandbox.sql(&format!("UPDATE users SET {assignments} WHERE id = 2"));
        let output = mint(&sandbox, &token);
        outputs += &output.with_command();
        // In the session of john, a command that requires no credential still succeeds.
        sandbox.run(&["keys", "export", "--jwks", "--purpose", "test"]).ok();
    }
    assert_snapshot!(outputs, @"
    $ jeton token mint
    --- exit code 7, stderr
    error: only minters and admins can mint test tokens: token owner `john` has role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    $ jeton token mint
    --- exit code 10, stderr
    error: token owner disabled: `john`, since <time> (<ago>)
    hint: check the token in JETON_TOKEN
    $ jeton token mint
    --- exit code 12, stderr
    error: token owner deleted: user 2, <time> (<ago>)
    hint: check the token in JETON_TOKEN
    ");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        mint(&sandbox, &short_lived_token).code,
        12,
        "the deletion of the owner is reported, not the expiry"
    );
}

#[test]
fn revoked_or_expired_credential_and_test_token_cannot_mint() {
    let sandbox = Sandbox::with_admin();
    let create = ["token", "create", "ci", "-p", "jeton:mint"];
    let (token, short_lived_token) =
        (sandbox.stdout_of(&create), sandbox.stdout_of(&[&create[..], &["--ttl", "1s"]].concat()));
    sandbox.run(&["token", "revoke", "1"]).ok();
    std::thread::sleep(Duration::from_secs(2));
    let test_token = sandbox.stdout_of(&["token", "mint"]);
    let mut outputs = String::new();
    for token in [token, short_lived_token] {
        outputs += &mint(&sandbox, &token).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token mint
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    hint: check the token in JETON_TOKEN
    $ jeton token mint
    --- exit code 11, stderr
    error: token expired: <time> (<ago>)
    hint: check the token in JETON_TOKEN
    ");
    assert_eq!(mint(&sandbox, &test_token).code, 10, "test tokens cannot mint");
}
