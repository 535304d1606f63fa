//! Untrusted text is escaped in every output, so that no terminal interprets its control
//! characters. Errors do not repeat a misplaced token.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// Text with ESC, a C1 control character, a bidirectional override, a line break, a zero-width
/// space, DEL and a tag character.
pub(super) const HOSTILE_TEXT: &str = "x\u{1b}[31m\u{9b}2J\u{202e}\n\u{200b}\u{7f}\u{e0041}y";
/// [`HOSTILE_TEXT`] as it appears in text output.
pub(super) const ESCAPED_TEXT: &str =
    "x\\u{1b}[31m\\u{9b}2J\\u{202e}\\n\\u{200b}\\u{7f}\\u{e0041}y";
/// [`HOSTILE_TEXT`] as it appears in JSON output.
const ESCAPED_JSON: &str = r"x\u001b[31m\u009b2J\u202e\n\u200b\u007f\udb40\udc41y";

/// Returns whether a text contains none of the control and invisible characters of
/// [`HOSTILE_TEXT`], except line breaks.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !HOSTILE_TEXT.contains(c) || c.is_ascii_graphic())
}

/// Creates a store in which the name and e-mail address of the admin, and the app and permission of
/// a token, are [`HOSTILE_TEXT`]. SQL changes the rows, because the commands refuse such a text.
pub(super) fn sandbox_with_hostile_rows() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "create", "app", "--permission", "p"]);
    let sql_literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let text = sql_literal(HOSTILE_TEXT);
    let permissions = sql_literal(&serde_json::json!([HOSTILE_TEXT]).to_string());
    sandbox.sql(&format!(
        "UPDATE users SET name = {text}, name_key = {text}, email = {text}, email_key = {text}"
    ));
    sandbox.sql(&format!("UPDATE grants SET app = {text}, permissions = {permissions}"));
    sandbox
}

#[test]
fn hostile_rows_are_escaped_in_text_and_csv() {
    let sandbox = sandbox_with_hostile_rows();
    for (arguments, count) in [
        (&["users", "show", "ada"][..], 2),
        (&["users", "list"], 1),
        (&["users", "export", "-o", "csv"], 2),
        (&["whoami"], 2),
        (&["token", "list"], 2),
        (&["token", "show", "1"], 2),
    ] {
        let output = sandbox.run(arguments).ok();
        assert_eq!(
            output.stdout.matches(ESCAPED_TEXT).count(),
            count,
            "{arguments:?}: {}",
            output.stdout
        );
        assert!(is_harmless(&output.stdout) && is_harmless(&output.stderr), "{arguments:?}");
    }
    let list = sandbox.run(&["users", "list"]).ok();
    assert_eq!(list.stdout.lines().count(), 2, "each row is one line: {}", list.stdout);
}

#[test]
fn hostile_rows_are_escaped_in_json() {
    let sandbox = sandbox_with_hostile_rows();
    for (arguments, paths) in [
        (&["users", "show", "ada"][..], &["/name", "/email"][..]),
        (&["users", "list"], &["/items/0/email"]),
        (&["users", "export"], &["/items/0/email", "/items/0/name"]),
        (&["whoami"], &["/user/name", "/user/email"]),
        (&["token", "list"], &["/items/0/app", "/items/0/permissions/0"]),
        (&["token", "show", "1"], &["/app", "/permissions/0"]),
    ] {
        let output = sandbox.run(&[arguments, &["-o", "json"]].concat()).ok();
        assert!(is_harmless(&output.stdout), "{arguments:?}");
        assert_eq!(
            output.stdout.matches(ESCAPED_JSON).count(),
            paths.len(),
            "{arguments:?}: {}",
            output.stdout
        );
        let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        for path in paths {
            assert_eq!(json.pointer(path).unwrap(), HOSTILE_TEXT, "{arguments:?} {path}");
        }
    }
}

#[test]
fn hostile_token_is_omitted_in_text_error_and_escaped_in_json_error() {
    let sandbox = sandbox_with_hostile_rows();
    sandbox.stdout_of(&["token", "create", "b"]);
    sandbox.stdout_of(&["token", "create", "c"]);
    assert_snapshot!(sandbox.run(&["token", "create", "d"]), @"
    --- exit code 8, stderr
    error: token quota exceeded: 3 of 3 tokens in use
    hint: revoke a token that is no longer used; list the tokens: jeton token list --user ada
    ");
    let error = sandbox.run(&["token", "create", "d", "-o", "json"]).fails(8);
    assert!(is_harmless(&error.stderr));
    assert_eq!(error.error()["details"]["tokens"][0]["app"], HOSTILE_TEXT);
}

#[test]
fn hostile_claims_are_escaped() {
    let sandbox = Sandbox::with_admin();
    let claim = format!("note={HOSTILE_TEXT}");
    let token = sandbox.stdout_of(&["token", "create", "x", "--claim", &claim]);
    for arguments in [&["token", "inspect"][..], &["token", "decode", "--part", "payload"]] {
        for format in ["text", "json"] {
            let output = sandbox.run(&[arguments, &[&token, "-o", format]].concat()).ok();
            assert!(is_harmless(&output.stdout), "{arguments:?}");
            let claims: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
            assert_eq!(claims["note"], HOSTILE_TEXT);
        }
    }
}

#[test]
fn hostile_arguments_are_escaped_in_errors() {
    let sandbox = Sandbox::with_admin();
    let flag = format!("--{HOSTILE_TEXT}");
    let file = format!("@{HOSTILE_TEXT}");
    for arguments in [
        &[HOSTILE_TEXT][..],
        &[&flag],
        &["help", HOSTILE_TEXT],
        &["users", HOSTILE_TEXT],
        &["users", "show", HOSTILE_TEXT],
        &["users", "show", &flag],
        &["users", "list", "--page", HOSTILE_TEXT],
        &["token", "list", "--status", HOSTILE_TEXT],
        &["settings", "get", HOSTILE_TEXT],
        &["whoami", "--wait", HOSTILE_TEXT],
        &["whoami", "-o", HOSTILE_TEXT],
        &["whoami", "--store", HOSTILE_TEXT],
        &["whoami", "--token-file", HOSTILE_TEXT],
        &["login", "ada", "--password-file", HOSTILE_TEXT],
        &["token", "inspect", &file],
    ] {
        for format in ["text", "json"] {
            let output = sandbox.run(&[&["--output", format], arguments].concat());
            assert_ne!(output.code, 0, "{arguments:?}");
            assert_ne!(output.code, 101, "{arguments:?}");
            assert!(is_harmless(&output.stderr), "{arguments:?}: {:?}", output.stderr);
            for line in output.stderr.lines().filter(|_| format == "text") {
                let prefixes = ["error: ", "hint: ", "  ", "possible"];
                let is_expected =
                    line.is_empty() || prefixes.iter().any(|prefix| line.starts_with(prefix));
                assert!(is_expected, "{arguments:?}: unexpected line: {line}");
            }
        }
    }
    assert_snapshot!(sandbox.run(&["whoami", "--store", "/\u{1b}[31m\nerror: x"]), @r#"
    --- exit code 3, stderr
    error: store `/\u{1b}[31m\nerror: x` not found
    hint: create a store: jeton --store "/\\u{1b}[31m\\nerror: x" init
    "#);
    assert_snapshot!(sandbox.run(&["\u{1b}[31m\nerror: x"]), @r"
    --- exit code 2, stderr
    error: unrecognized subcommand '\u{1b}[31m\nerror: x'
    hint: usage: jeton [OPTIONS] <COMMAND>
    ");
}

#[test]
fn non_utf8_argument_is_a_usage_error() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with_admin();
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for arguments in [&[][..], &["users", "show"], &["token", "inspect"], &["settings", "get"]] {
        let output = sandbox.command(arguments).arg(bytes).output().unwrap();
        assert_eq!(crate::run_output::RunOutput::from(output).fails(2).code, 2, "{arguments:?}");
    }
}

#[test]
fn misplaced_token_is_not_repeated_in_errors() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "x"]);
    let flag = format!("--{token}");
    for arguments in [
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
        for format in ["text", "json"] {
            let output = sandbox.run(&[&["-o", format], arguments].concat()).fails(2);
            let payload = token.split('.').nth(1).unwrap();
            assert!(!output.stderr.contains(&payload[..20]), "{arguments:?}: {}", output.stderr);
        }
    }
}
