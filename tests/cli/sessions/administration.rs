//! `jeton sessions …`, `jeton logout --all`, `jeton whoami --require-role`

use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;

/// John's second session, in a configuration directory of its own.
fn elsewhere(sandbox: &Sandbox, words: &[&str], input: &str) -> crate::run_output::RunOutput {
    let mut command = sandbox.command(words);
    command.env("JETON_CONFIG_DIR", sandbox.home().join("elsewhere"));
    Sandbox::run_with(command, input)
}

fn twice_john() -> Sandbox {
    let sandbox = Sandbox::with_john();
    elsewhere(&sandbox, &["login", "john", "--password-stdin"], "123456").ok();
    sandbox
}

#[test]
fn open_sessions_are_listed_with_this_one_marked() {
    let sandbox = twice_john();
    let list = sandbox.json(&["sessions", "list"]);
    let items = list["items"].as_array().unwrap();
    let current: Vec<bool> = items.iter().map(|item| item["current"] == true).collect();
    assert_eq!(current, [true, false]);
    assert_eq!(items[0]["sid"], sandbox.session("sid"));
    let names: Vec<_> = items[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        [
            "sid",
            "user_id",
            "user",
            "created_at",
            "refreshed_at",
            "usable_until",
            "expires_at",
            "current"
        ]
    );
    let text = sandbox.run(&["session", "ls"]).ok().stdout;
    assert!(text.lines().nth(1).unwrap().ends_with("  yes"), "{text}");
    assert_snapshot!(sandbox.run(&["sessions", "list", "--all-users"]), @"
    --- exit code 7, stderr
    error: only admins can see sessions of other users
    ");
}

#[test]
fn a_session_is_ended_by_its_id() {
    let sandbox = twice_john();
    let list = sandbox.json(&["sessions", "list"]);
    let other = list["items"][1]["sid"].as_str().unwrap().to_owned();
    assert_snapshot!(sandbox.run(&["sessions", "revoke", &other]), @"
    --- stderr
    ended 1 session
    ");
    assert_snapshot!(elsewhere(&sandbox, &["whoami"], ""), @"
    --- exit code 12, stderr
    error: session ended
    hint: log in again: jeton login
    ");
    sandbox.run(&["whoami"]).ok();
    let other = other.to_uppercase();
    assert_snapshot!(sandbox.run_json(&["sessions", "revoke", &other]), @r#"{"changed":false,"count":0}"#);
    let unknown = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    assert_snapshot!(sandbox.run(&["sessions", "revoke", &sandbox.session("sid"), unknown]), @"
    --- exit code 7, stderr
    error: only admins can end sessions of other users
    ");
    sandbox.run(&["whoami"]).ok();
    assert_eq!(sandbox.run(&["sessions", "revoke", "1"]).code, 2);
}

#[test]
fn the_session_of_another_is_ended_by_admins_only() {
    let sandbox = twice_john();
    let own = sandbox.session("sid");
    let admin = |words: &[&str]| {
        let mut command = sandbox.command(words);
        command.env("JETON_CONFIG_DIR", sandbox.home().join("admin"));
        Sandbox::run_with(command, "lovelace")
    };
    admin(&["login", "ada", "--password-stdin"]).ok();
    let ada = admin(&["sessions", "list", "-o", "json"]).ok().stdout;
    let ada: serde_json::Value = serde_json::from_str(&ada).unwrap();
    let hers = ada["items"][0]["sid"].as_str().unwrap();
    assert_snapshot!(sandbox.run(&["sessions", "revoke", hers]), @"
    --- exit code 7, stderr
    error: only admins can end sessions of other users
    ");
    let nobody = ["sessions", "revoke", "--user", "nobody", "--all"];
    assert_snapshot!(sandbox.run(&nobody), @"
    --- exit code 7, stderr
    error: only admins can see other accounts
    ");
    admin(&["sessions", "revoke", &own]).ok();
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: session ended
    hint: log in again: jeton login
    ");
    let all = ["sessions", "revoke", "--user", "john", "--all"];
    let output = admin(&all);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: confirmation required, and no terminal to ask on
    hint: add `--yes`
    ");
    assert_snapshot!(admin(&[&all[..], &["--yes"]].concat()), @"
    --- stderr
    ended 1 session
    ");
    assert_snapshot!(elsewhere(&sandbox, &["whoami"], ""), @"
    --- exit code 12, stderr
    error: session ended
    hint: log in again: jeton login
    ");
}

#[test]
fn logging_out_everywhere_ends_every_session() {
    let sandbox = twice_john();
    assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
    --- stderr
    ended 1 other session
    logged out
    ");
    assert_snapshot!(elsewhere(&sandbox, &["whoami"], ""), @"
    --- exit code 12, stderr
    error: session ended
    hint: log in again: jeton login
    ");
    sandbox.run(&["whoami"]).fails(4);
}

#[test]
fn a_lasting_access_token_is_printed_and_refreshed_if_need_be() {
    let sandbox = Sandbox::with_admin();
    let first = sandbox.get(&["sessions", "token"]);
    assert_eq!(first, sandbox.session("access"));
    assert_eq!(payload(&first)["type"], "access");
    sandbox.run(&["settings", "set", "session.access_ttl", "30s"]).ok();
    sandbox.run(&["refresh"]).ok();
    let short = sandbox.session("access");
    sandbox.run(&["settings", "unset", "session.access_ttl"]).ok();
    let long = sandbox.get(&["sessions", "token"]);
    assert_ne!(long, short, "half a minute is not enough");
    assert_eq!(long, sandbox.session("access"));
    let mut command = sandbox.command(&["sessions", "token"]);
    command.env("JETON_TOKEN", &short);
    let given = Sandbox::run_with(command, "");
    assert_eq!(given.ok().stdout, format!("{short}\n"), "a given token cannot be refreshed");
}

#[test]
fn a_role_that_is_not_there_fails_the_check() {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["whoami", "--require-role", "user", "-q"]).ok();
    let output = sandbox.run(&["whoami", "--require-role", "minter", "-q"]);
    assert_snapshot!(output, @"
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
    --- exit code 9, stderr
    error: role `minter` required, found `user`
    ");
    let error = sandbox.json_error(&["whoami", "--require-role", "admin"]);
    assert_eq!(error["code"], "check_failed");
}
