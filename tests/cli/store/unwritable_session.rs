//! A session file that cannot be written is detected before a refresh token is spent.

use super::mount_namespace::MountNamespace;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// Returns the numbers of open sessions and of spent refresh tokens.
fn count_open_and_spent(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT (SELECT count(*) FROM sessions WHERE ended_at IS NULL) || ' '
             || (SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL)",
    )
}

#[test]
fn read_only_session_directory_spends_no_token() {
    let sandbox = Sandbox::with_admin();
    let Some(mut mounted) = MountNamespace::start(&sandbox) else { return };
    let before = std::fs::read(sandbox.session_file()).unwrap();
    let sessions = ".config/jeton/sessions";
    mounted.run_line_ok(&format!("mount --bind {sessions} {sessions}"));
    mounted.run_line_ok(&format!("mount -o remount,bind,ro {sessions}"));
    for arguments in ["refresh", "login ada"] {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
        --- exit code 78, stderr
        error: the session file cannot be used: Read-only file system (os error 30)
        hint: set `JETON_CONFIG_DIR` to another directory
        "));
        assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before, "{arguments}");
        assert_eq!(count_open_and_spent(&sandbox), ["1 0"], "{arguments}");
    }
    mounted.run("whoami").ok();
    mounted.run("sessions token").ok();
    mounted.run_line_ok(&format!("umount {sessions}"));
    mounted.run("refresh").ok();
    assert_eq!(count_open_and_spent(&sandbox), ["1 1"]);
    mounted.run("whoami").ok();
}

#[test]
fn read_only_session_directory_prevents_automatic_refresh() {
    let sandbox = Sandbox::with_admin();
    let Some(mut mounted) = MountNamespace::start(&sandbox) else { return };
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    let before = std::fs::read(sandbox.session_file()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    mounted.run_line_ok("mount --bind .config .config && mount -o remount,bind,ro .config");
    assert_snapshot!(mounted.run("whoami"), @"
    --- exit code 78, stderr
    error: the session file cannot be used: Read-only file system (os error 30)
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before);
    assert_eq!(count_open_and_spent(&sandbox), ["1 0"]);
    mounted.run_line_ok("umount .config");
    mounted.run("whoami").ok();
    assert_eq!(count_open_and_spent(&sandbox), ["1 1"]);
}

#[test]
fn session_directory_below_a_file_is_refused() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("file"), "").unwrap();
    let run_below_file = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        let directory = sandbox.home().join("file/config");
        command.env("JETON_CONFIG_DIR", directory).env("JETON_PASSWORD", "lovelace");
        RunOutput::capture(command)
    };
    assert_snapshot!(run_below_file(&["login", "ada"]), @"
    --- exit code 78, stderr
    error: the session file cannot be used: Not a directory (os error 20)
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_snapshot!(run_below_file(&["init", "eve", "--store", "new/store.db"]), @"
    --- exit code 78, stderr
    error: the session file cannot be used: Not a directory (os error 20)
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert!(!sandbox.home().join("new").exists(), "no store is created without a session file");
    assert_snapshot!(run_below_file(&["refresh"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_eq!(count_open_and_spent(&sandbox), ["1 0"]);
    sandbox.run(&["refresh"]).ok();
}
