//! `login` killed before every file-system call that is not read-only: the session file is
//! complete, and contains the old session or the new session.

use super::{
    READ_ONLY_CALLS, assert_intact, call_names, check_files_and_find_partial,
    kill_before_each_call, query_value, require_strace, run_killed,
};
use crate::sandbox::Sandbox;

#[test]
#[ignore = "needs strace"]
fn killed_login_can_be_repeated() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let password = sandbox.home().join("password");
    std::fs::write(&password, "lovelace").unwrap();
    let login = ["login", "ada", "--password-file", password.to_str().unwrap()];
    let mut calls = call_names(&sandbox, &login);
    calls.retain(|name| !READ_ONLY_CALLS.contains(&name.as_str()));
    let (mut old_sessions, mut new_sessions, mut pending_logins) = (0, 0, 0);
    let kills = kill_before_each_call(
        &calls,
        |call, nth| {
            let old_sid = sandbox.session_member("sid");
            let was_killed = run_killed(&sandbox, &login, call, nth);
            let text = std::fs::read_to_string(sandbox.session_file()).unwrap();
            // While a login is pending, the session file has the member `beginning`.
            pending_logins += usize::from(text.contains("beginning"));
            // The user is logged in with the old or the new session at every instant.
            match (sandbox.run(&["whoami"]).code, sandbox.session_member("sid") == old_sid) {
                (0, true) => old_sessions += 1,
                (0, false) => new_sessions += 1,
                state => panic!("killed before {call} {nth}: {state:?}"),
            }
            let sessions = sandbox.json(&["sessions", "list"]);
            assert_eq!(
                sessions["items"].as_array().unwrap().len(),
                1,
                "killed before {call} {nth}"
            );
            was_killed
        },
        |when| {
            check_files_and_find_partial(&sandbox, when);
            let output = sandbox.run(&login);
            assert_eq!(output.code, 0, "{when}: {output:?}");
            assert!(
                !check_files_and_find_partial(&sandbox, when),
                "{when}: partial session file left"
            );
            assert_eq!(sandbox.run(&["whoami"]).code, 0, "{when}");
        },
    );
    println!(
        "{kills} kills: {old_sessions} with the old session, {new_sessions} with the new session, \
         {pending_logins} with a pending login"
    );
    let all = [old_sessions, new_sessions, pending_logins];
    assert!(kills > 50 && all.iter().all(|count| *count > 0), "{kills} kills, {all:?}");
    assert_eq!(query_value(&sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_intact(&sandbox);
}
