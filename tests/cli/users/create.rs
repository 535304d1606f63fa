//! `jeton users create`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
fn admin_creates_an_account_with_a_password() {
    let sandbox = Sandbox::with_admin();
    let arguments = ["users", "create", "kim", "--email", "kim@x.org", "--role", "minter"];
    let create_with_password = [&arguments[..], &["--password-stdin"]].concat();
    assert_snapshot!(sandbox.run_with_input(&create_with_password, "long enough"), @"
    --- stderr
    created kim (id 2, minter)
    ");
    assert_snapshot!(sandbox.run_with_input(&create_with_password, "long enough"), @"
    --- exit code 5, stderr
    error: user with this username or e-mail address already exists
    ");
    assert_eq!(sandbox.json(&["whoami"])["user"]["username"], "ada");
    sandbox.log_in("kim", "long enough");
}

#[test]
fn generated_password_is_printed_once() {
    let sandbox = Sandbox::with_admin();
    let arguments = ["users", "create", "kim", "--generate-password", "--exist-ok"];
    let output = sandbox.run(&arguments).ok();
    assert_eq!(output.stderr, "created kim (id 2, user)\n");
    let password = output.stdout.trim_end();
    assert_eq!((password.len(), output.stdout.lines().count()), (23, 1));
    assert_snapshot!(sandbox.run(&arguments), @"
    --- stderr
    already exists: kim (id 2, user)
    ");
    let output = sandbox.json(&["users", "create", "lee", "--generate-password"]);
    assert_eq!(output["user"]["username"], "lee");
    for (login, password) in [("kim", password), ("lee", output["password"].as_str().unwrap())] {
        sandbox.log_in(login, password);
    }
    let conflict = ["users", "create", "eve", "--generate-password", "--password-stdin"];
    assert_eq!(sandbox.run(&conflict).code, 2);
}

#[test]
fn account_creation_requires_an_admin_and_a_store() {
    let sandbox = Sandbox::with_john();
    let create = ["users", "create", "kim", "--generate-password"];
    assert_snapshot!(sandbox.run(&create), @"
    --- exit code 7, stderr
    error: only admins can create accounts: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.run(&["logout"]).ok();
    assert_eq!(sandbox.run(&create).code, 4);
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&create).code, 3);
    assert!(!sandbox.has_store());
}
