//! The session file: modes, symbolic links and damage.

use super::{mode_of, set_mode};
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

#[test]
fn session_file_and_directory_readable_by_other_users_are_made_private() {
    let sandbox = Sandbox::with_admin();
    let session_file = sandbox.session_file();
    set_mode(&session_file, 0o640);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    id            1
    uid           <uuid>
    username      ada
    email         -
    name          -
    role          admin
    status        active
    quota         default
    created       <time>
    session       <uuid>
    session ends  <time>
    credential    ~/.config/jeton/sessions/<uuid>.json
    --- stderr
    warning: the session file was accessible to other users; its permissions are now fixed
    ");
    assert_eq!(mode_of(&session_file), 0o600);
    assert_eq!(sandbox.run(&["whoami"]).ok().stderr, "");
    set_mode(&sandbox.session_directory(), 0o755);
    sandbox.run(&["refresh"]).ok();
    assert_eq!(mode_of(&sandbox.session_directory()), 0o700);
}

#[test]
fn symlinked_session_file_is_refused() {
    let sandbox = Sandbox::with_admin();
    let session_file = sandbox.session_file();
    let elsewhere = sandbox.home().join("elsewhere.json");
    fs::rename(&session_file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &session_file).unwrap();
    assert_snapshot!(sandbox.run_json(&["whoami"]), @r#"
    --- exit code 78, stderr
    {"error":{"kind":"StoreUnusable","code":"insecure_permissions","exit_code":78,"message":"`~/.config/jeton/sessions`: the session file or its lock file is a symbolic link","hint":"set `JETON_CONFIG_DIR` to another directory","details":{}}}
    "#);
}

#[test]
fn damaged_session_file_requires_a_login() {
    let sandbox = Sandbox::with_admin();
    for text in ["", "{", "[]", "{\"store\": 1}", "\u{0}\u{0}"] {
        fs::write(sandbox.session_file(), text).unwrap();
        allow_duplicates!(assert_snapshot!(sandbox.run(&["whoami"]), @"
        --- exit code 4, stderr
        error: `~/.config/jeton/sessions`: the session file is damaged
        hint: log in again: jeton login
        "));
    }
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["whoami"]).ok();
}
