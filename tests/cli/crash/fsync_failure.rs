//! Failing fsync calls at a commit: the commit may or may not have been applied. So the command
//! exits with 74, and the message names the object whose state the user must check.

use super::{assert_intact, require_strace, run_traced};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::path::Path;

/// Runs the command. The `nth` fsync of the WAL and every later fsync of the WAL fail.
fn run_with_failing_fsync(
    sandbox: &Sandbox,
    store: &Path,
    nth: usize,
    words: &[&str],
) -> RunOutput {
    let wal = store.with_extension("db-wal");
    let inject = format!("inject=fsync,fdatasync:error=EIO:when={nth}+");
    let calls = ["-e", "trace=fsync,fdatasync", "-e", &inject];
    let options = [&["-o", "/dev/null", "-P", wal.to_str().unwrap()], &calls[..]].concat();
    run_traced(sandbox, &options, words)
}

/// Returns the `jti` that a message names.
fn jti_in_message(message: &str) -> Option<&str> {
    message.split("`jti` ").nth(1).map(|rest| rest.split([';', ' ']).next().unwrap())
}

#[test]
#[ignore = "needs strace"]
fn failed_fsync_exits_74_and_names_the_object_to_check() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let home = sandbox.home().canonicalize().unwrap();
    let store = home.join(".local/share/jeton/jeton.db");
    sandbox.register("john", "123456");
    sandbox.register("kim", "123456");
    sandbox.stdout_of(&["token", "create", "first", "--user", "john"]);
    let kid = sandbox.json(&["keys", "generate"])["kid"].as_str().unwrap().to_owned();
    sandbox.run(&["settings", "set", "issuer", "me"]).ok();
    let write = |name: &str, text: &str| std::fs::write(sandbox.home().join(name), text).unwrap();
    write("password", "lovelace");
    write("users.csv", "username\numa\nulf\n");
    // The expected object `jti` means that the message contains the `jti` of a token.
    for (words, expected_object) in [
        (&["register", "bob", "--password-file", "password"][..], "user 4"),
        (&["login", "ada", "--password-file", "password"], "session "),
        (&["token", "create", "x"], "jti"),
        (&["token", "renew", "1"], "jti"),
        (&["token", "mint"], "test token"),
        (&["token", "mint", "--record"], "test token"),
        (&["run", "--app", "x", "--", "echo", "never"], "jti"),
        (&["token", "revoke", "1"], "token 1"),
        (&["users", "set-role", "john", "minter"], "user 2"),
        (&["users", "set-quota", "john", "7"], "user 2"),
        (&["users", "rename", "john", "johnny"], "user 2"),
        (&["users", "disable", "3"], "user 3"),
        (&["users", "delete", "3", "--yes"], "user 3"),
        (&["users", "import", "users.csv"], "users"),
        (&["recover", "2", "--password-file", "password"], "user 2"),
        (&["keys", "activate", "--", &kid], "key "),
        (&["keys", "rotate"], "key "),
        (&["settings", "set", "token.ttl", "8d"], "setting token.ttl"),
        (&["settings", "unset", "issuer"], "setting issuer"),
        (&["store", "backup", "copy.db"], "store"),
        (&["sessions", "revoke", "--all", "--yes"], "session"),
        (&["refresh"], "session "),
        (&["logout"], "session "),
    ] {
        let output = run_with_failing_fsync(&sandbox, &store, 1, words).fails(74);
        let first_line = output.stderr.lines().next().unwrap();
        let prefix = "error: disk failure during a commit that may have been applied: check for ";
        let object =
            first_line.strip_prefix(prefix).unwrap_or_else(|| panic!("{words:?}: {output:?}"));
        if expected_object == "jti" {
            let show = sandbox.run(&["token", "show", jti_in_message(object).unwrap()]);
            assert!([0, 3].contains(&show.code), "{words:?}: {show:?}");
        } else {
            assert!(object.starts_with(expected_object), "{words:?}: {object}");
        }
        assert!(!sandbox.home().join("copy.db").exists());
        assert_intact(&sandbox);
        sandbox.run(&["store", "check"]).ok();
        if sandbox.run(&["whoami"]).code != 0 {
            sandbox.log_in("ada", "lovelace");
        }
    }
    assert_eq!(
        sandbox.sql("SELECT count(*) FROM audit WHERE count = 0"),
        ["0"],
        "the audit log has no refusals"
    );
}

#[test]
#[ignore = "needs strace"]
fn failed_fsync_of_init_exits_74_and_names_the_new_store() {
    require_strace();
    let sandbox = Sandbox::new();
    let store = sandbox.home().canonicalize().unwrap().join(".local/share/jeton/jeton.db");
    let output = run_with_failing_fsync(&sandbox, &store, 1, &["init", "ada"]);
    assert_snapshot!(output, @"
    --- exit code 74, stderr
    error: disk failure during a commit that may have been applied: check for the new store
    hint: check the contents of the store before you retry
    ");
    assert!([0, 5].contains(&sandbox.run(&["init", "ada"]).code));
    sandbox.run(&["store", "check"]).ok();
}

/// The first commit of each command adds the audit event, and the second commit records the test
/// token.
#[test]
#[ignore = "needs strace"]
fn unknown_outcome_error_names_recorded_test_token() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let store = sandbox.home().canonicalize().unwrap().join(".local/share/jeton/jeton.db");
    sandbox.stdout_of(&["token", "mint"]);
    for words in [
        &["token", "mint", "--record", "-o", "json"][..],
        &["run", "-o", "json", "--", "echo", "child-output"],
    ] {
        let mut errors_with_jti = 0;
        for nth in 1.. {
            let output = run_with_failing_fsync(&sandbox, &store, nth, words);
            if output.code == 0 {
                break;
            }
            let error = output.error();
            // A `token_id` means that the child process has run with the token, and that the
            // revocation of the token may have failed.
            let child_has_run = !error["details"]["token_id"].is_null();
            assert_eq!(
                (output.code, output.stdout.as_str()),
                (74, if child_has_run { "child-output\n" } else { "" })
            );
            assert_eq!(error["kind"], "OutcomeUnknown");
            assert_eq!(error["code"], "outcome_unknown");
            if let Some(jti) = error["details"]["jti"].as_str() {
                assert!(error["message"].as_str().unwrap().contains(jti), "{error}");
                let show = sandbox.run(&["token", "show", jti]);
                assert!([0, 3].contains(&show.code), "{words:?}: {show:?}");
                errors_with_jti += 1;
            }
            assert_intact(&sandbox);
        }
        assert!(errors_with_jti > 0, "{words:?}");
    }
}
