//! `jeton whoami`, and bearer tokens in place of the session.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// Returns a sandbox in which ada is logged in, and an access token of john. The file `john.txt`
/// contains `Bearer`, the token and whitespace.
fn sandbox_with_token_file() -> (Sandbox, String) {
    let sandbox = Sandbox::with_john();
    let john_token = sandbox.session_member("access");
    std::fs::remove_file(sandbox.session_file()).unwrap();
    std::fs::write(sandbox.home().join("john.txt"), format!("  Bearer {john_token}\n\n")).unwrap();
    sandbox.log_in("ada", "lovelace");
    (sandbox, john_token)
}

/// Returns the username and the credential source that `whoami` reports.
fn whoami(sandbox: &Sandbox, arguments: &[&str]) -> (String, String) {
    let result = sandbox.json(&[&["whoami"], arguments].concat());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&result["user"]["username"]), text(&result["credential"]["source"]))
}

#[test]
fn whoami_shows_user_session_and_credential() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    id            2
    uid           <uuid>
    username      john
    email         john@example.com
    name          -
    role          user
    status        active
    quota         default
    created       <time>
    session       <uuid>
    session ends  <time>
    credential    ~/.config/jeton/sessions/<uuid>.json
    ");
    assert_snapshot!(sandbox.run_json(&["whoami"]), @r#"{"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"active","quota":null,"created_at":"<time>"},"session":{"sid":"<uuid>","expires_at":"<time>","access_expires_at":"<time>"},"credential":{"source":"~/.config/jeton/sessions/<uuid>.json"}}"#);
}

#[test]
fn credential_is_chosen_by_the_precedence_of_its_source() {
    // The order of precedence is `--token-file`, `JETON_TOKEN`, `JETON_TOKEN_FILE`, the session.
    let (mut sandbox, john_token) = sandbox_with_token_file();
    assert_eq!(whoami(&sandbox, &[]).0, "ada");
    let user_and_source = |user: &str, source: &str| (user.to_owned(), source.to_owned());
    assert_eq!(
        whoami(&sandbox, &["--token-file", "john.txt"]),
        user_and_source("john", "file john.txt")
    );
    let output =
        sandbox.run_with_input(&["whoami", "--token-file", "-", "-o", "json"], &john_token);
    assert_snapshot!(output, @r#"{"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"active","quota":null,"created_at":"<time>"},"session":{"sid":"<uuid>","expires_at":"<time>","access_expires_at":"<time>"},"credential":{"source":"standard input"}}"#);
    sandbox.set_variable("JETON_TOKEN_FILE", "john.txt");
    assert_eq!(whoami(&sandbox, &[]), user_and_source("john", "JETON_TOKEN_FILE"));
    sandbox.set_variable("JETON_TOKEN", &format!(" bearer {john_token} "));
    assert_eq!(whoami(&sandbox, &[]), user_and_source("john", "JETON_TOKEN"));
    assert_eq!(
        whoami(&sandbox, &["--token-file", "john.txt"]),
        user_and_source("john", "file john.txt")
    );
    sandbox.set_variable("JETON_TOKEN", "");
    assert_eq!(whoami(&sandbox, &[]), user_and_source("john", "JETON_TOKEN_FILE"));
    sandbox.set_variable("JETON_TOKEN_FILE", "");
    assert_eq!(whoami(&sandbox, &[]).0, "ada", "an empty variable counts as unset");
}

#[test]
fn bearer_token_has_the_rights_of_its_user() {
    let (mut sandbox, john_token) = sandbox_with_token_file();
    sandbox.set_variable("JETON_TOKEN", &john_token);
    let output = sandbox.run(&["settings", "set", "token.quota", "9"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can change settings: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    let output = sandbox.run(&["token", "create", "app"]);
    assert_snapshot!(output, @"
    <token>
    --- stderr
    created token 1 for app, expires <time>, 1 of 3 tokens in use
    ");
    assert_eq!(sandbox.sql("SELECT owner_id FROM grants"), ["2"]);
}

#[test]
fn bearer_token_must_be_a_valid_access_token() {
    let (mut sandbox, john_token) = sandbox_with_token_file();
    let app_token = sandbox.stdout_of(&["token", "create", "app"]);
    let refresh_token = sandbox.session_member("refresh");
    let mut outputs = String::new();
    for token in
        [app_token, refresh_token, "nonsense".to_owned(), crate::sandbox::tampered(&john_token, 2)]
    {
        sandbox.set_variable("JETON_TOKEN", &token);
        let output = sandbox.run(&["whoami"]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton whoami
    --- exit code 10, stderr
    error: token type mismatch: found `app`, expected `access`
    hint: replace the token in JETON_TOKEN with the access token of a session
    $ jeton whoami
    --- exit code 10, stderr
    error: token type mismatch: found `refresh`, expected `access`
    hint: replace the token in JETON_TOKEN with the access token of a session
    $ jeton whoami
    --- exit code 10, stderr
    error: token malformed: expected three parts
    hint: check the token in JETON_TOKEN
    $ jeton whoami
    --- exit code 10, stderr
    error: token signature invalid
    hint: check the token in JETON_TOKEN
    ");
    let output = sandbox.run(&["whoami", "--token-file", "nowhere"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the file with the token (value of `--token-file`) cannot be read: No such file or directory
    ");
}

#[test]
fn bearer_token_is_never_refreshed() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    let session_bytes = std::fs::read(sandbox.session_file()).unwrap();
    sandbox.set_variable("JETON_TOKEN", &sandbox.session_member("access"));
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 11, stderr
    error: token expired: <time> (<ago>)
    hint: check the token in JETON_TOKEN
    ");
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), session_bytes);
}

#[test]
fn login_warns_that_commands_use_the_bearer_token() {
    let (mut sandbox, john_token) = sandbox_with_token_file();
    sandbox.set_variable("JETON_TOKEN", &john_token);
    let output = sandbox.run_with_input(&["login", "ada", "--password-stdin"], "lovelace");
    assert_snapshot!(output, @"
    --- stderr
    warning: commands with the token in JETON_TOKEN do not use this session
    ended the previous session
    logged in as ada
    ");
    assert_eq!(whoami(&sandbox, &[]).0, "john");
    // An unusable bearer token does not affect the login, because `login` does not use the token.
    for (variable, value) in [("JETON_TOKEN", "@x"), ("JETON_TOKEN_FILE", "missing")] {
        let mut command = sandbox.command(&["login", "ada"]);
        command.env_remove("JETON_TOKEN").env("JETON_PASSWORD", "lovelace").env(variable, value);
        let output = RunOutput::capture(command).ok();
        let expected = format!("commands with the token in {variable} do not use");
        assert!(output.stderr.contains(&expected), "{output:?}");
    }
}
