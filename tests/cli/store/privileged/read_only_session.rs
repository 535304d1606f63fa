//! A session directory on a read-only file system is detected before a refresh token is spent.

use super::mount_namespace::MountNamespace;
use crate::sandbox::Sandbox;
use crate::store::unwritable_session::open_session_and_spent_token_counts;
use insta::{allow_duplicates, assert_snapshot};

#[test]
#[ignore = "needs mounts"]
fn read_only_session_directory_keeps_refresh_token_unspent() {
    let sandbox = Sandbox::with_admin();
    let mut mounted = MountNamespace::start(&sandbox);
    let before = std::fs::read(sandbox.session_file()).unwrap();
    let directory = ".config/jeton/sessions";
    mounted.run_line_ok(&format!("mount --bind {directory} {directory}"));
    mounted.run_line_ok(&format!("mount -o remount,bind,ro {directory}"));
    for arguments in ["refresh", "login ada"] {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
        --- exit code 78, stderr
        error: `~/.config/jeton/sessions`: the session file cannot be used: Read-only file system
        hint: set `JETON_CONFIG_DIR` to another directory
        "));
        assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before, "{arguments}");
        assert_eq!(open_session_and_spent_token_counts(&sandbox), ["1 0"], "{arguments}");
    }
    mounted.run("whoami").ok();
    mounted.run("sessions token").ok();
    mounted.run_line_ok(&format!("umount {directory}"));
    mounted.run("refresh").ok();
    assert_eq!(open_session_and_spent_token_counts(&sandbox), ["1 1"]);
    mounted.run("whoami").ok();
}

#[test]
#[ignore = "needs mounts"]
fn read_only_session_directory_prevents_automatic_refresh() {
    let sandbox = Sandbox::with_admin();
    let mut mounted = MountNamespace::start(&sandbox);
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    let before = std::fs::read(sandbox.session_file()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    mounted.run_line_ok("mount --bind .config .config && mount -o remount,bind,ro .config");
    assert_snapshot!(mounted.run("whoami"), @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file cannot be used: Read-only file system
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), before);
    assert_eq!(open_session_and_spent_token_counts(&sandbox), ["1 0"]);
    mounted.run_line_ok("umount .config");
    mounted.run("whoami").ok();
    assert_eq!(open_session_and_spent_token_counts(&sandbox), ["1 1"]);
}
