//! `login` killed at every system call: the session file holds the old session or the new session,
//! never a partial one.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, no_litter, one};
use crate::sandbox::Sandbox;

#[test]
fn killed_login_can_be_repeated() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let password = sandbox.home().join("password");
    std::fs::write(&password, "lovelace").unwrap();
    let login = ["login", "ada", "--password-file", password.to_str().unwrap()];
    let mut names = calls(&sandbox, &login);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    let (mut before, mut after, mut in_doubt) = (0, 0, 0);
    let kills = kill_at_each(
        &names,
        |call, nth| {
            let old = sandbox.session("sid");
            let hit = killed(&sandbox, &login, call, nth);
            let text = std::fs::read_to_string(sandbox.session_file()).unwrap();
            in_doubt += usize::from(text.contains("beginning"));
            // A session is logged in at every instant.
            match (sandbox.run(&["whoami"]).code, sandbox.session("sid") == old) {
                (0, true) => before += 1,
                (0, false) => after += 1,
                other => panic!("killed before {call} {nth}: {other:?}"),
            }
            let open = sandbox.json(&["sessions", "list"]);
            assert_eq!(open["items"].as_array().unwrap().len(), 1, "killed before {call} {nth}");
            hit
        },
        |when| {
            no_litter(&sandbox, when);
            let again = sandbox.run(&login);
            assert_eq!(again.code, 0, "{when}: {again:?}");
            assert!(!no_litter(&sandbox, when), "{when}: the half file is still there");
            assert_eq!(sandbox.run(&["whoami"]).code, 0, "{when}");
        },
    );
    println!("{kills} kills: {before} before, {after} after, {in_doubt} in doubt");
    assert!(kills > 50 && before > 0 && after > 0 && in_doubt > 0, "{before} {after} {in_doubt}");
    assert_eq!(one(&sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    is_sound(&sandbox);
}
