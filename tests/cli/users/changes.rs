//! `jeton users show`, `set-role`, `set-quota`, `rename`, `disable` and `enable`

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// Creates a sandbox with the user john and the admin ada. Ada is logged in.
fn sandbox_with_john_and_logged_in_ada() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    sandbox
}

/// Runs a command with a separate configuration directory, which contains only the session file of
/// john. Passes the password of john on standard input.
fn run_as_john(sandbox: &Sandbox, arguments: &[&str]) -> RunOutput {
    let mut command = sandbox.command(arguments);
    command.env("JETON_CONFIG_DIR", sandbox.home().join("john"));
    Sandbox::run_command_with_input(command, "123456")
}

#[test]
fn account_is_shown_only_to_its_owner_and_admins() {
    let sandbox = Sandbox::with_john();
    let uid = sandbox.json(&["whoami"])["user"]["uid"].as_str().unwrap().to_owned();
    for login in ["john", "JOHN", "2", &uid, "john@example.com"] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["users", "show", login]), @"
        id        2
        uid       <uuid>
        username  john
        email     john@example.com
        name      -
        role      user
        status    active
        quota     default
        created   <time>
        "));
    }
    for login in ["ada", "1", "nobody"] {
        let output = sandbox.run(&["users", "show", login]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can see other accounts: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&["users", "show", "john"]), @"
    id        2
    uid       <uuid>
    username  john
    email     john@example.com
    name      -
    role      user
    status    active
    quota     default
    created   <time>
    ");
    assert_snapshot!(sandbox.run_json(&["users", "show", "john"]), @r#"{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"active","quota":null,"created_at":"<time>"}"#);
    let output = sandbox.run(&["users", "show", "nobody"]);
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: user `nobody` not found
    ");
}

#[test]
fn role_change_takes_effect_immediately() {
    let sandbox = sandbox_with_john_and_logged_in_ada();
    run_as_john(&sandbox, &["login", "john", "--password-stdin"]).ok();
    run_as_john(&sandbox, &["token", "mint"]).fails(7);
    let set_role = ["users", "set-role", "john", "minter"];
    assert_snapshot!(sandbox.run(&set_role), @"
    --- stderr
    john has the role minter
    ");
    assert_snapshot!(sandbox.run(&set_role), @"
    --- stderr
    john has the role minter (unchanged)
    ");
    assert_snapshot!(sandbox.run_json(&set_role), @r#"{"changed":false,"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"minter","status":"active","quota":null,"created_at":"<time>"}}"#);
    let audit_counts_sql = "SELECT count FROM audit WHERE action = 'users set-role'";
    assert_eq!(sandbox.sql(audit_counts_sql), ["1"]);
    run_as_john(&sandbox, &["token", "mint"]).ok();
}

#[test]
fn quota_of_a_user_overrides_the_default_quota() {
    let sandbox = Sandbox::with_john();
    for app in ["a", "b", "c"] {
        sandbox.stdout_of(&["token", "create", app]);
    }
    sandbox.log_in("ada", "lovelace");
    let mut outputs = String::new();
    for (quota, code) in
        [("4", 0), ("2", 8), ("unlimited", 0), ("default", 8), ("default", 8), ("0", 8)]
    {
        let output = sandbox.run(&["users", "set-quota", "john", quota]);
        outputs += &output.with_command();
        let output = sandbox.run(&["token", "create", "d", "--user", "john"]);
        assert_eq!(output.code, code, "{quota}: {output:?}");
    }
    assert_snapshot!(outputs, @"
    $ jeton users set-quota john 4
    --- stderr
    john has the quota 4
    $ jeton users set-quota john 2
    --- stderr
    john has the quota 2
    $ jeton users set-quota john unlimited
    --- stderr
    john has the quota unlimited
    $ jeton users set-quota john default
    --- stderr
    john has the quota default
    $ jeton users set-quota john default
    --- stderr
    john has the quota default (unchanged)
    $ jeton users set-quota john 0
    --- stderr
    john has the quota 0
    ");
    assert_eq!(sandbox.json(&["users", "show", "john"])["quota"], 0);
    assert_eq!(
        sandbox.json(&["token", "list", "--user", "john"])["total"],
        5,
        "no token is revoked"
    );
    let output = sandbox.run(&["users", "set-quota", "john", "few"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'few' for '<N|unlimited|default>': quota: expected a number from 0 to 4294967295, `unlimited` or `default`
    hint: see `jeton users set-quota --help`
    ");
}

#[test]
fn renamed_user_keeps_tokens_and_password_and_frees_the_old_name() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.log_in("ada", "lovelace");
    let rename = |arguments: &[&str]| sandbox.run(&[&["users", "rename"], arguments].concat());
    assert_snapshot!(rename(&["john", "Johnny"]), @"
    --- stderr
    johnny (id 2) has the names johnny, john@example.com
    ");
    assert_snapshot!(rename(&["johnny", "johnny"]), @"
    --- stderr
    johnny (id 2) has the names johnny, john@example.com (unchanged)
    ");
    let output = rename(&["johnny", "--email", "j@example.com", "--name", "John Doe"]);
    assert_snapshot!(output, @"
    --- stderr
    johnny (id 2) has the names johnny, j@example.com, John Doe
    ");
    let output = rename(&["j@example.com", "", "--name", ""]);
    assert_snapshot!(output, @"
    --- stderr
    j@example.com (id 2) has the names j@example.com
    ");
    assert_eq!(sandbox.stdout_of(&["token", "verify", &token]), "valid");
    sandbox.register("john", "654321");
    sandbox.log_in("j@example.com", "123456");
}

#[test]
fn rename_refuses_missing_invalid_and_existing_names() {
    let sandbox = sandbox_with_john_and_logged_in_ada();
    let rename = |arguments: &[&str]| sandbox.run(&[&["users", "rename"], arguments].concat());
    assert_snapshot!(rename(&["john"]), @"
    --- exit code 2, stderr
    error: a new username, `--email` or `--name` is required
    ");
    assert_snapshot!(rename(&["john", "ADA"]), @"
    --- exit code 5, stderr
    error: user with this username or e-mail address already exists
    ");
    assert_snapshot!(rename(&["ada", "--email", "John@Example.com"]), @"
    --- exit code 5, stderr
    error: user with this username or e-mail address already exists
    ");
    assert_snapshot!(rename(&["ada", ""]), @"
    --- exit code 2, stderr
    error: username or e-mail address required
    ");
    let mut outputs = String::new();
    for arguments in [["john", "a@b"], ["john", "--name=\u{7}"]] {
        let output = rename(&arguments);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r"
    $ jeton users rename john a@b
    --- exit code 2, stderr
    error: invalid value 'a@b' for '[USERNAME]': username: `@` is only allowed in e-mail addresses (`--email`, in files `email`)
    hint: see `jeton users rename --help`
    $ jeton users rename john '--name=\u{7}'
    --- exit code 2, stderr
    error: invalid value '\u{7}' for '--name <NAME>': name: expected 1 to 200 visible characters
    hint: see `jeton users rename --help`
    ");
}

#[test]
fn disabling_a_user_suspends_login_and_tokens_and_ends_sessions() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.log_in("ada", "lovelace");
    run_as_john(&sandbox, &["login", "john", "--password-stdin"]).ok();
    let disable = ["users", "disable", "john"];
    assert_snapshot!(sandbox.run(&disable), @"
    --- stderr
    disabled john, ended 1 session
    ");
    assert_snapshot!(sandbox.run(&disable), @"
    --- stderr
    john is already disabled
    ");
    let output = sandbox.run_with_input(&["login", "john", "--password-stdin"], "123456");
    assert_snapshot!(output, @"
    --- exit code 6, stderr
    error: wrong name or password
    ");
    let output = sandbox.run(&["token", "verify", &token]);
    assert_snapshot!(output, @"
    invalid: user_disabled: `john`, since <time> (<ago>)
    --- exit code 10, stderr
    error: token owner disabled: `john`, since <time> (<ago>)
    ");
    assert_eq!(sandbox.json(&["users", "show", "john"])["status"], "disabled");
    assert_snapshot!(sandbox.run(&["users", "enable", "john"]), @"
    --- stderr
    john is enabled
    ");
    assert_snapshot!(sandbox.run(&["users", "enable", "john"]), @"
    --- stderr
    john is enabled (unchanged)
    ");
    assert_eq!(sandbox.stdout_of(&["token", "verify", &token]), "valid");
    assert_snapshot!(sandbox.run_json(&disable), @r#"{"changed":true,"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"disabled","quota":null,"created_at":"<time>"},"sessions_ended":0}"#);
    sandbox.run(&["users", "enable", "john"]).ok();
    assert_snapshot!(run_as_john(&sandbox, &["whoami"]), @"
    --- exit code 12, stderr
    error: your session has ended: user disabled, <time> (<ago>)
    hint: log in again: jeton login
    ");
}

#[test]
fn caller_is_checked_before_the_user_to_change() {
    let sandbox = Sandbox::with_john();
    let changes: [&[&str]; 5] = [
        &["users", "set-role", "USER", "user"],
        &["users", "set-quota", "USER", "1"],
        &["users", "rename", "USER", "other"],
        &["users", "disable", "USER"],
        &["users", "enable", "USER"],
    ];
    let run_for = |arguments: &[&str], login: &str| {
        let arguments: Vec<_> =
            arguments.iter().map(|word| if *word == "USER" { login } else { word }).collect();
        sandbox.run(&arguments)
    };
    for arguments in changes {
        for login in ["john", "ada", "nobody"] {
            allow_duplicates!(assert_snapshot!(run_for(arguments, login), @"
            --- exit code 7, stderr
            error: only admins can change accounts: logged in as `john` with role `user`
            hint: log in as a user with the role `admin`: jeton login LOGIN
            "));
        }
    }
    let count_refusals_sql =
        "SELECT count(*) FROM audit WHERE outcome = 'forbidden' AND user_id = 2";
    assert_eq!(sandbox.sql(count_refusals_sql), ["15"]);
    sandbox.log_in("ada", "lovelace");
    for arguments in changes {
        allow_duplicates!(assert_snapshot!(run_for(arguments, "nobody"), @"
        --- exit code 3, stderr
        error: user `nobody` not found
        "));
    }
    // `users set-role` and `users disable`.
    for arguments in [changes[0], changes[3]] {
        allow_duplicates!(assert_snapshot!(run_for(arguments, "ada"), @"
        --- exit code 5, stderr
        error: `ada` is the last active admin
        hint: make another user an admin first: jeton users set-role LOGIN admin
        "));
    }
    sandbox.run(&["logout"]).ok();
    for arguments in changes {
        assert_eq!(run_for(arguments, "john").code, 4, "{arguments:?}");
    }
}
