//! `jeton run`: other processes can use the store while the command runs.

use super::{RunProcess, assert_all_revoked, assert_revoked, run_shell, shell_command};
use crate::sandbox::Sandbox;

#[test]
fn command_can_change_the_store_of_the_token() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" token create app -q >app && \"$0\" token revoke \"$(cat app)\" -q && \
                \"$0\" keys rotate -q && \"$0\" settings set issuer other -q && \
                \"$0\" run -- \"$0\" run --app inner -- \"$0\" whoami -q >/dev/null";
    let output = run_shell(&sandbox, &["--wait", "1s"], line).ok();
    let warning = "warning: verifiers with a cached JWK Set do not know the new key yet\n";
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", warning));
    assert_all_revoked(&sandbox, 4);
}

#[test]
fn command_may_revoke_its_token() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" token revoke \"$API_TOKEN\" -q; echo \"$API_TOKEN\"";
    let output = run_shell(&sandbox, &[], line).ok();
    assert_revoked(&sandbox, &output.stdout);
    assert_eq!(super::run_events(&sandbox), ["1 test token done 1", "1 token 1 revoked 0"]);
}

#[test]
fn command_may_revoke_the_key_or_delete_the_owner_of_its_token() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" keys revoke --yes -q \"$(\"$0\" keys list -o json | \
                sed 's/.*\"kid\":\"\\([^\"]*\\)\",\"purpose\":\"test\".*/\\1/')\"";
    let output = run_shell(&sandbox, &[], line).ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    assert_all_revoked(&sandbox, 1);
    sandbox
        .run_with_input(&["register", "eve", "--role", "admin", "--password-stdin"], "123456")
        .ok();
    let output = run_shell(&sandbox, &[], "\"$0\" users delete ada --yes -q").ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    assert_all_revoked(&sandbox, 2);
}

#[test]
fn store_is_closed_while_the_command_runs() {
    let sandbox = Sandbox::with_admin();
    let mut run = RunProcess::start(shell_command(&sandbox, &[], "echo \"$API_TOKEN\"; read line"));
    let token = run.read_line();
    let connection = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    // SQLite leaves the journal mode `wal` only while no other connection to the store is open. The
    // second statement restores the mode.
    for mode in ["delete", "wal"] {
        let set_mode_sql = format!("PRAGMA journal_mode = {mode}");
        let journal_mode: String =
            connection.query_row(&set_mode_sql, [], |row| row.get(0)).unwrap();
        assert_eq!(journal_mode, mode);
    }
    drop(connection);
    run.send_line("continue");
    assert_eq!(run.finish(), (Some(0), String::new()));
    assert_revoked(&sandbox, &token);
}
