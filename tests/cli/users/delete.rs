//! `jeton users delete`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

#[test]
fn user_deletion_frees_the_names_and_revokes_the_tokens() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.log_in("ada", "lovelace");
    let output = sandbox.run(&["users", "delete", "john", "--yes"]);
    assert_snapshot!(output, @"
    --- stderr
    deleted john, revoked 1 token
    ");
    let output = sandbox.run(&["token", "verify", &token]);
    assert_snapshot!(output, @"
    invalid: token_revoked: <time> (<ago>)
    invalid: owner_deleted: user 2, <time> (<ago>)
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
    let output = sandbox.run_with_input(&["login", "john", "--password-stdin"], "123456");
    assert_snapshot!(output, @"
    --- exit code 6, stderr
    error: wrong name or password
    ");
    sandbox.register("john", "123456");
    assert_eq!(sandbox.sql("SELECT id FROM users ORDER BY id"), ["1", "2", "3"]);
    assert_snapshot!(sandbox.run_json(&["users", "rm", "john", "--yes"]), @r#"{"changed":true,"user_id":3,"tokens_revoked":0}"#);
}

#[test]
fn user_deletion_checks_role_and_user_before_confirmation() {
    let sandbox = Sandbox::with_john();
    for login in ["ada", "john", "nobody"] {
        let output = sandbox.run(&["users", "delete", login]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can delete accounts: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.log_in("ada", "lovelace");
    let output = sandbox.run(&["users", "delete", "nobody"]);
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: user `nobody` not found
    ");
    let output = sandbox.run(&["users", "delete", "ada"]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: `ada` is the last active admin
    hint: make another user an admin first: jeton users set-role LOGIN admin
    ");
    let output = sandbox.run(&["users", "delete", "john"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    sandbox.run(&["users", "show", "john"]).ok();
}

#[test]
fn admin_deletes_own_account_only_while_another_admin_exists() {
    let sandbox = Sandbox::with_admin();
    let arguments = ["register", "eve", "--role", "admin", "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox.run(&["users", "delete", "ada", "--yes"]).ok();
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: your account was deleted: user 1, <time> (<ago>)
    hint: log in as another user: jeton login
    ");
    sandbox.log_in("eve", "123456");
    let output = sandbox.run(&["users", "delete", "eve", "--yes"]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: `eve` is the last active admin
    hint: make another user an admin first: jeton users set-role LOGIN admin
    ");
}
