//! While the command runs, the store is everybody's.

use super::{Running, is_dead, nothing_lives, run_shell, shell};
use crate::sandbox::Sandbox;

#[test]
fn the_command_may_use_it() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" token create app -q >app && \"$0\" token revoke \"$(cat app)\" -q && \
                \"$0\" keys rotate -q && \"$0\" settings set issuer other -q && \
                \"$0\" run -- \"$0\" run --app inner -- \"$0\" whoami -q >/dev/null";
    let output = run_shell(&sandbox, &["--wait", "1s"], line).ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    nothing_lives(&sandbox, 4);
}

#[test]
fn the_token_may_be_revoked_in_the_command() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" token revoke \"$API_TOKEN\" -q; echo \"$API_TOKEN\"";
    let output = run_shell(&sandbox, &[], line).ok();
    is_dead(&sandbox, &output.stdout);
    assert_eq!(super::audit(&sandbox), ["1 test token done 1", "1 token 1 revoked 0"]);
}

#[test]
fn its_key_and_its_owner_may_be_gone() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" keys revoke --yes -q \"$(\"$0\" keys list -o json | \
                sed 's/.*\"kid\":\"\\([^\"]*\\)\",\"purpose\":\"test\".*/\\1/')\"";
    let output = run_shell(&sandbox, &[], line).ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    nothing_lives(&sandbox, 1);
    sandbox
        .run_with_input(&["register", "eve", "--role", "admin", "--password-stdin"], "123456")
        .ok();
    let output = run_shell(&sandbox, &[], "\"$0\" users delete ada --yes -q").ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    nothing_lives(&sandbox, 2);
}

#[test]
fn nothing_of_it_is_held() {
    let sandbox = Sandbox::with_admin();
    let mut run = Running::start(shell(&sandbox, &[], "echo \"$API_TOKEN\"; read line"));
    let token = run.line();
    let other = rusqlite::Connection::open(sandbox.store()).unwrap();
    // SQLite grants this to nobody who is not alone.
    for mode in ["delete", "wal"] {
        let set = format!("PRAGMA journal_mode = {mode}");
        let is: String = other.query_row(&set, [], |row| row.get(0)).unwrap();
        assert_eq!(is, mode);
    }
    drop(other);
    run.answer("go on");
    assert_eq!(run.ends(), (Some(0), String::new()));
    is_dead(&sandbox, &token);
}
