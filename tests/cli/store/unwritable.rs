//! A session file that cannot be written: it is found out before a refresh token is spent.

use super::mounted::Mounted;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// Open sessions and spent refresh tokens.
fn left(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT (SELECT count(*) FROM sessions WHERE ended_at IS NULL) || ' '
             || (SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL)",
    )
}

#[test]
fn in_a_read_only_directory_no_token_is_spent_and_no_session_begun() {
    let sandbox = Sandbox::with_admin();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    let before = std::fs::read(sandbox.session_file()).unwrap();
    let sessions = ".config/jeton/sessions";
    mounted.must(&format!("mount --bind {sessions} {sessions}"));
    mounted.must(&format!("mount -o remount,bind,ro {sessions}"));
    for words in ["refresh", "login ada"] {
        allow_duplicates!(assert_snapshot!(mounted.run(words), @"
        --- exit code 78, stderr
        error: the session file cannot be used: Read-only file system (os error 30)
        hint: set `JETON_CONFIG_DIR` to another directory
        "));
        assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before, "{words}");
        assert_eq!(left(&sandbox), ["1 0"], "{words}");
    }
    mounted.run("whoami").ok();
    mounted.run("sessions token").ok();
    mounted.must(&format!("umount {sessions}"));
    mounted.run("refresh").ok();
    assert_eq!(left(&sandbox), ["1 1"]);
    mounted.run("whoami").ok();
}

#[test]
fn in_a_read_only_directory_an_expired_access_token_is_not_refreshed() {
    let sandbox = Sandbox::with_admin();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    let before = std::fs::read(sandbox.session_file()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    mounted.must("mount --bind .config .config && mount -o remount,bind,ro .config");
    assert_snapshot!(mounted.run("whoami"), @"
    --- exit code 78, stderr
    error: the session file cannot be used: Read-only file system (os error 30)
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before);
    assert_eq!(left(&sandbox), ["1 0"]);
    mounted.must("umount .config");
    mounted.run("whoami").ok();
    assert_eq!(left(&sandbox), ["1 1"]);
}

#[test]
fn below_a_file_no_session_is_begun() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("file"), "").unwrap();
    let below = |words: &[&str]| {
        let mut command = sandbox.command(words);
        let directory = sandbox.home().join("file/config");
        command.env("JETON_CONFIG_DIR", directory).env("JETON_PASSWORD", "lovelace");
        RunOutput::of(command)
    };
    assert_snapshot!(below(&["login", "ada"]), @"
    --- exit code 78, stderr
    error: the session file cannot be used: Not a directory (os error 20)
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_snapshot!(below(&["init", "eve", "--store", "new/store.db"]), @"
    --- exit code 78, stderr
    error: the session file cannot be used: Not a directory (os error 20)
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert!(
        !sandbox.home().join("new").exists(),
        "no store is made for a session nobody could have"
    );
    assert_snapshot!(below(&["refresh"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_eq!(left(&sandbox), ["1 0"]);
    sandbox.run(&["refresh"]).ok();
}
