//! Admins who remove each other concurrently: one admin remains.

use super::{command_of, ended, log_in, number, race};
use crate::sandbox::Sandbox;

const ADMINS: &str = "SELECT count(*) FROM users
    WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL";

const ARMS: [&[&str]; 3] = [&["set-role", "minter"], &["disable"], &["delete", "--yes"]];

const ROUNDS: usize = 40;

/// Makes both users admins again and logs them in, directly in the database where necessary.
fn make_up(sandbox: &Sandbox) {
    for name in ["eve", "zoe"] {
        let mut register = sandbox.command(&["register", name, "--exist-ok"]);
        register.env("JETON_PASSWORD", "123456");
        race([register]).remove(0).ok();
    }
    sandbox.sql("UPDATE users SET role = 'admin', disabled_at = NULL WHERE username IS NOT NULL");
    for output in race([log_in(sandbox, "eve"), log_in(sandbox, "zoe")]) {
        output.ok();
    }
    assert_eq!(number(sandbox, ADMINS), 2);
}

#[test]
fn mutual_admin_removal_leaves_one_admin() {
    let sandbox = Sandbox::new();
    let mut late = 0;
    for round in 0..ROUNDS {
        make_up(&sandbox);
        let strike = |who, whom, arm: &[&str]| {
            let words = [&["users", arm[0], whom], &arm[1..]].concat();
            command_of(&sandbox, who, &words)
        };
        let (one, other) = (ARMS[round % 3], ARMS[round / 3 % 3]);
        let all = race([strike("eve", "zoe", one), strike("zoe", "eve", other)]);
        assert_eq!(ended(&all, 0), 1, "{one:?} against {other:?}: {all:?}");
        assert_eq!(number(&sandbox, ADMINS), 1, "{one:?} against {other:?}: {all:?}");
        // The losing command is refused: it would remove the last admin (5), or its user has lost
        // the role (7) or the session (12).
        late += ended(&all, 7) + ended(&all, 12);
        assert_eq!(ended(&all, 5) + ended(&all, 7) + ended(&all, 12), 1, "{all:?}");
    }
    println!("{} of {ROUNDS} were decided inside the transaction", ROUNDS - late);
}
