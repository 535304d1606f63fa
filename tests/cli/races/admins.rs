//! Admins who take each other's place away at the same moment: one of them stays an admin.

use super::{command_of, ended, log_in, number, race};
use crate::sandbox::Sandbox;

const ADMINS: &str = "SELECT count(*) FROM users
    WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL";

const ARMS: [&[&str]; 3] = [&["set-role", "minter"], &["disable"], &["delete", "--yes"]];

const ROUNDS: usize = 40;

/// Both are admins again and logged in, whatever one of them suffered: as the file's owner may.
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
fn two_admins_who_duel_leave_one() {
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
        // The loser would have struck the last admin, or came so late that it was none any more.
        late += ended(&all, 7) + ended(&all, 12);
        assert_eq!(ended(&all, 5) + ended(&all, 7) + ended(&all, 12), 1, "{all:?}");
    }
    println!("{} of {ROUNDS} were decided inside the transaction", ROUNDS - late);
}
