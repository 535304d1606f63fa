//! `jeton register`

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// Runs `jeton register` with the password `long enough`.
fn register(sandbox: &Sandbox, arguments: &[&str]) -> RunOutput {
    sandbox.run_with_input(&[&["register", "--password-stdin"], arguments].concat(), "long enough")
}

#[test]
fn register_creates_account_but_does_not_log_in() {
    let sandbox = Sandbox::with_admin();
    let output = register(&sandbox, &["john", "--email", "john@example.com", "--name", "John Doe"]);
    assert_snapshot!(output, @"
    --- stderr
    registered john (id 2, user)
    ");
    assert_eq!(sandbox.json(&["whoami"])["user"]["username"], "ada");
    sandbox.log_in("john", "long enough");
    sandbox.log_in("john@example.com", "long enough");
}

#[test]
fn register_json_output_describes_user() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("JETON_PASSWORD", "long enough");
    let arguments = ["register", "john", "--email", "john@example.com", "--name", "John Doe"];
    assert_snapshot!(sandbox.run_json(&arguments), @r#"{"changed":true,"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":"John Doe","role":"user","status":"active","quota":null,"created_at":"<time>"}}"#);
    let with_exist_ok = [arguments.as_slice(), &["--exist-ok"]].concat();
    assert_snapshot!(sandbox.run_json(&with_exist_ok), @r#"{"changed":false,"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":"John Doe","role":"user","status":"active","quota":null,"created_at":"<time>"}}"#);
}

#[test]
fn first_account_creates_store_and_is_admin() {
    let sandbox = Sandbox::new();
    // The first account is an admin regardless of `--role`.
    let output = register(&sandbox, &["--email", "ada@example.com", "--role", "user"]);
    assert_snapshot!(output, @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    registered ada@example.com (id 1, admin)
    ");
    assert_eq!(sandbox.run(&["whoami"]).code, 4);
    sandbox.log_in("ada@example.com", "long enough");
}

#[test]
fn existing_username_or_email_is_refused_unless_exist_ok_finds_both_in_one_account() {
    let sandbox = Sandbox::with_john();
    for arguments in [
        ["JOHN", "--email", "other@example.com"],
        ["other", "--email", "John@EXAMPLE.com"],
        ["john", "--email", "john@example.com"],
    ] {
        let output = register(&sandbox, &arguments);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 5, stderr
        error: user with this username or e-mail address already exists
        "));
    }
    let output = register(&sandbox, &["john", "--email", "john@example.com", "--exist-ok"]);
    assert_snapshot!(output, @"
    --- stderr
    already registered: john (id 2, user)
    ");
    let output = register(&sandbox, &["john", "--email", "other@example.com", "--exist-ok"]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: user with this username or e-mail address already exists
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["2"]);
}

#[test]
fn register_with_role_requires_admin() {
    let sandbox = Sandbox::with_john();
    for role in ["admin", "minter"] {
        let output = register(&sandbox, &["kim", "--role", role]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can assign roles: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.run(&["logout"]).ok();
    let output = register(&sandbox, &["kim", "--role", "admin"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can assign roles: not logged in
    hint: log in: jeton login
    ");
    sandbox.log_in("ada", "lovelace");
    let output = register(&sandbox, &["kim", "--role", "minter"]);
    assert_snapshot!(output, @"
    --- stderr
    registered kim (id 3, minter)
    ");
}

#[test]
fn closed_registration_requires_admin() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["settings", "set", "register.open", "false"]).ok();
    assert_snapshot!(register(&sandbox, &["kim"]), @"
    --- stderr
    registered kim (id 3, user)
    ");
    sandbox.log_in("john", "123456");
    let output = register(&sandbox, &["lee"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can register accounts: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    assert_eq!(
        sandbox.sql("SELECT outcome FROM audit WHERE action = 'register' ORDER BY id DESC LIMIT 1"),
        ["forbidden"],
        "the refusal is recorded"
    );
}

#[test]
fn invalid_arguments_are_refused() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for arguments in [
        ["a@b"].as_slice(),
        &["7"],
        &["--email", "kim"],
        &["kim", "--role", "king"],
        &["kim", "--name", ""],
    ] {
        let output = register(&sandbox, arguments);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton register --password-stdin a@b
    --- exit code 2, stderr
    error: invalid value 'a@b' for '[USERNAME]': username: `@` is only allowed in e-mail addresses (`--email`, in files `email`)
    hint: see `jeton register --help`
    $ jeton register --password-stdin 7
    --- exit code 2, stderr
    error: invalid value '7' for '[USERNAME]': username: could be mistaken for an id
    hint: see `jeton register --help`
    $ jeton register --password-stdin --email kim
    --- exit code 2, stderr
    error: invalid value 'kim' for '--email <EMAIL>': e-mail: not an address like `ada@example.com`
    hint: see `jeton register --help`
    $ jeton register --password-stdin kim --role king
    --- exit code 2, stderr
    error: invalid value 'king' for '--role <ROLE>': role: expected `user`, `minter` or `admin`
    hint: see `jeton register --help`
    $ jeton register --password-stdin kim --name ''
    --- exit code 2, stderr
    error: invalid value '' for '--name <NAME>': name: expected 1 to 200 visible characters
    hint: see `jeton register --help`
    ");
    let output = register(&sandbox, &[]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <USERNAME>
    hint: usage: jeton register --password-stdin <USERNAME>
    ");
}

#[test]
fn missing_empty_or_short_password_is_refused() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run(&["register", "kim"]), @"
    --- exit code 2, stderr
    error: password required, but standard input is not a terminal
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    ");
    let output = sandbox.run_with_input(&["register", "kim", "--password-stdin"], "\n");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: password: must not be empty
    ");
    sandbox.run(&["settings", "set", "password.min_length", "12"]).ok();
    let output = register(&sandbox, &["kim"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: password shorter than 12 characters
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["1"]);
}

#[test]
fn ended_session_allows_registration_only_without_role() {
    let sandbox = Sandbox::with_john();
    // `recover` ends the session of john, and the session file remains.
    sandbox.run_with_input(&["recover", "john", "--password-stdin"], "x").ok();
    assert_snapshot!(register(&sandbox, &["kim"]), @"
    --- stderr
    registered kim (id 3, user)
    ");
    let output = register(&sandbox, &["lee", "--role", "admin"]);
    assert_snapshot!(output, @"
    --- exit code 12, stderr
    error: your session has ended: password changed, <time> (<ago>)
    hint: log in again: jeton login
    ");
}
