//! Text from outside is never executed by the terminal, wherever it comes from.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// ESC, C1, a bidirectional override, a line break, a zero-width space, DEL, a tag.
pub(super) const HOSTILE: &str = "x\u{1b}[31m\u{9b}2J\u{202e}\n\u{200b}\u{7f}\u{e0041}y";
pub(super) const SHOWN: &str = "x\\u{1b}[31m\\u{9b}2J\\u{202e}\\n\\u{200b}\\u{7f}\\u{e0041}y";
const IN_JSON: &str = r"x\u001b[31m\u009b2J\u202e\n\u200b\u007f\udb40\udc41y";

/// Whether a terminal would act on something in it, or hide it.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !HOSTILE.contains(c) || c.is_ascii_graphic())
}

/// A sandbox whose rows say what the door would never let in.
pub(super) fn with_hostile_rows() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.get(&["token", "create", "app", "--permission", "p"]);
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    let set = "UPDATE users SET name = ?1, name_key = ?1, email = ?1, email_key = ?1";
    let changed = store.execute(set, [HOSTILE]);
    assert_eq!(changed.unwrap(), 1);
    let permissions = serde_json::json!([HOSTILE]).to_string();
    let changed =
        store.execute("UPDATE grants SET app = ?1, permissions = ?2", [HOSTILE, &permissions]);
    assert_eq!(changed.unwrap(), 1);
    sandbox
}

#[test]
fn hostile_rows_are_spelled_out_in_text() {
    let sandbox = with_hostile_rows();
    for (words, times) in [
        (&["users", "show", "ada"][..], 2),
        (&["users", "list"], 1),
        (&["users", "export", "-o", "csv"], 2),
        (&["whoami"], 2),
        (&["token", "list"], 2),
        (&["token", "show", "1"], 2),
    ] {
        let output = sandbox.run(words).ok();
        assert_eq!(output.stdout.matches(SHOWN).count(), times, "{words:?}: {}", output.stdout);
        assert!(is_harmless(&output.stdout) && is_harmless(&output.stderr), "{words:?}");
    }
    let list = sandbox.run(&["users", "list"]).ok();
    assert_eq!(list.stdout.lines().count(), 2, "a row is a line: {}", list.stdout);
}

#[test]
fn hostile_rows_keep_their_value_in_json_and_do_no_harm() {
    let sandbox = with_hostile_rows();
    for (words, path) in [
        (&["users", "show", "ada"][..], &["/name", "/email"][..]),
        (&["users", "list"], &["/items/0/email"]),
        (&["users", "export"], &["/items/0/email", "/items/0/name"]),
        (&["whoami"], &["/user/name", "/user/email"]),
        (&["token", "list"], &["/items/0/app", "/items/0/permissions/0"]),
        (&["token", "show", "1"], &["/app", "/permissions/0"]),
    ] {
        let output = sandbox.run(&[words, &["-o", "json"]].concat()).ok();
        assert!(is_harmless(&output.stdout), "{words:?}");
        assert_eq!(
            output.stdout.matches(IN_JSON).count(),
            path.len(),
            "{words:?}: {}",
            output.stdout
        );
        let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        for path in path {
            assert_eq!(json.pointer(path).unwrap(), HOSTILE, "{words:?} {path}");
        }
    }
}

#[test]
fn hostile_rows_are_spelled_out_in_errors_and_talk() {
    let sandbox = with_hostile_rows();
    sandbox.get(&["token", "create", "b"]);
    sandbox.get(&["token", "create", "c"]);
    assert_snapshot!(sandbox.run(&["token", "create", "d"]), @r"
    --- exit code 8, stderr
    error: token quota exceeded: 3 of 3 in use
    hint: revoke one of the live tokens 1 (x\u{1b}[31m\u{9b}2J\u{202e}\n\u{200b}\u{7f}\u{e0041}y), 2 (b), 3 (c): jeton token revoke 1
    ");
    let error = sandbox.run(&["token", "create", "d", "-o", "json"]).fails(8);
    assert!(is_harmless(&error.stderr));
    assert_eq!(error.error()["details"]["tokens"][0]["app"], HOSTILE);
}

#[test]
fn hostile_claims_are_spelled_out() {
    let sandbox = Sandbox::with_admin();
    let claim = format!("note={HOSTILE}");
    let token = sandbox.get(&["token", "create", "x", "--claim", &claim]);
    for words in [&["token", "inspect"][..], &["token", "decode", "--part", "payload"]] {
        for form in ["text", "json"] {
            let output = sandbox.run(&[words, &[&token, "-o", form]].concat()).ok();
            assert!(is_harmless(&output.stdout), "{words:?}");
            let claims: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
            assert_eq!(claims["note"], HOSTILE);
        }
    }
}

#[test]
fn hostile_words_are_spelled_out_in_errors() {
    let sandbox = Sandbox::with_admin();
    let flag = format!("--{HOSTILE}");
    let file = format!("@{HOSTILE}");
    for words in [
        &[HOSTILE][..],
        &[&flag],
        &["help", HOSTILE],
        &["users", HOSTILE],
        &["users", "show", HOSTILE],
        &["users", "show", &flag],
        &["users", "list", "--page", HOSTILE],
        &["token", "list", "--status", HOSTILE],
        &["settings", "get", HOSTILE],
        &["whoami", "--wait", HOSTILE],
        &["whoami", "-o", HOSTILE],
        &["whoami", "--store", HOSTILE],
        &["whoami", "--token-file", HOSTILE],
        &["login", "ada", "--password-file", HOSTILE],
        &["token", "inspect", &file],
    ] {
        for form in ["text", "json"] {
            let output = sandbox.run(&[&["--output", form], words].concat());
            assert_ne!(output.code, 0, "{words:?}");
            assert_ne!(output.code, 101, "{words:?}");
            assert!(is_harmless(&output.stderr), "{words:?}: {:?}", output.stderr);
            for line in output.stderr.lines().filter(|_| form == "text") {
                let begins = ["error: ", "hint: ", "  ", "possible"];
                let ours = line.is_empty() || begins.iter().any(|begin| line.starts_with(begin));
                assert!(ours, "{words:?} wrote a line of its own: {line}");
            }
        }
    }
    assert_snapshot!(sandbox.run(&["whoami", "--store", "/\u{1b}[31m\nerror: x"]), @r"
    --- exit code 3, stderr
    error: store `/\u{1b}[31m\nerror: x` not found
    hint: create a store: jeton init
    ");
    assert_snapshot!(sandbox.run(&["\u{1b}[31m\nerror: x"]), @r"
    --- exit code 2, stderr
    error: unrecognized subcommand '\u{1b}[31m\nerror: x'
    hint: usage: jeton [OPTIONS] <COMMAND>
    ");
}

#[test]
fn a_word_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with_admin();
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for words in [&[][..], &["users", "show"], &["token", "inspect"], &["settings", "get"]] {
        let output = sandbox.command(words).arg(bytes).output().unwrap();
        assert_eq!(crate::run_output::RunOutput::from(output).fails(2).code, 2, "{words:?}");
    }
}

#[test]
fn a_long_word_in_the_wrong_place_may_be_a_token_and_is_not_repeated() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "create", "x"]);
    let flag = format!("--{token}");
    for words in [
        &[&token[..]][..],
        &[&flag],
        &["users", &token],
        &["users", "show", &token],
        &["users", "show", "ada", &token],
        &["users", "show", &flag],
        &["users", "list", "--page", &token],
        &["token", "show", &token],
        &["token", "list", "--status", &token],
        &["token", "list", "--all", &token],
        &["token", "create", "x", "--ttl", &token],
        &["settings", "get", &token],
        &["whoami", "--wait", &token],
        &["whoami", "-o", &token],
        &["whoami", "--quiet", &token],
    ] {
        for form in ["text", "json"] {
            let output = sandbox.run(&[&["-o", form], words].concat()).fails(2);
            let part = token.split('.').nth(1).unwrap();
            assert!(!output.stderr.contains(&part[..20]), "{words:?}: {}", output.stderr);
        }
    }
}
