//! Key rotation during concurrent signing and verification.

use super::kids;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Counts the active app keys continuously while `work` runs. Returns the distinct counts and the
/// number of samples.
fn watched(sandbox: &Sandbox, work: impl FnOnce()) -> (BTreeSet<i64>, usize) {
    let is_done = AtomicBool::new(false);
    let store = sandbox.store();
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let store = rusqlite::Connection::open(store).unwrap();
            let count = "SELECT count(*) FROM keys WHERE purpose = 'app' AND state = 'active'";
            let (mut seen, mut looks) = (BTreeSet::new(), 0);
            while !is_done.load(Ordering::Relaxed) {
                seen.insert(store.query_row(count, [], |row| row.get(0)).unwrap());
                looks += 1;
            }
            (seen, looks)
        });
        // The sampling must stop even after a panic in `work`.
        let worked = catch_unwind(AssertUnwindSafe(work));
        is_done.store(true, Ordering::Relaxed);
        let saw = watch.join().unwrap();
        if let Err(failure) = worked {
            resume_unwind(failure);
        }
        saw
    })
}

#[test]
fn tokens_created_during_rotation_verify() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    let mut tokens = vec![sandbox.get(&["token", "create", "first"])];
    let (seen, looks) = watched(&sandbox, || rounds(&sandbox, &mut tokens));
    assert_eq!(seen, BTreeSet::from([1]), "one app key signs at every instant");
    assert!(looks > 100, "{looks}");
    for token in &tokens {
        sandbox.run(&["token", "verify", token]).ok();
    }
    let several = "SELECT count(DISTINCT key_id) > 2 FROM tokens";
    assert_eq!(sandbox.sql(several), ["1"], "they are of several keys");
}

/// Runs sixteen `token create`, one `keys rotate` and up to sixteen `token verify` processes, four
/// times.
fn rounds(sandbox: &Sandbox, tokens: &mut Vec<String>) {
    let command = |words: &[&str]| sandbox.command(words);
    for round in 0..4 {
        let mut commands: Vec<Command> =
            (0..16).map(|_| command(&["token", "create", "app"])).collect();
        commands.insert(5, command(&["keys", "rotate"]));
        commands
            .extend(tokens.iter().rev().take(16).map(|token| command(&["token", "verify", token])));
        let all = Sandbox::run_at_once(commands);
        for output in &all {
            assert_eq!(output.code, 0, "round {round}: {output:?}");
        }
        let made =
            all.iter().map(|output| output.stdout.trim()).filter(|out| out.starts_with("eyJ"));
        let before = tokens.len();
        tokens.extend(made.map(str::to_owned));
        assert_eq!(tokens.len(), before + 16);
        assert_eq!(kids(sandbox, "app", "active").len(), 1);
        assert_eq!(kids(sandbox, "app", "retired").len(), round + 1);
    }
}

#[test]
fn concurrent_rotations_leave_one_active_key() {
    let sandbox = Sandbox::with_admin();
    for _ in 0..3 {
        let all = Sandbox::run_at_once((0..6).map(|_| sandbox.command(&["keys", "rotate"])));
        assert!(all.iter().all(|output| output.code == 0), "{all:?}");
        assert_eq!(kids(&sandbox, "app", "active").len(), 1);
    }
    sandbox.run(&["whoami"]).ok();
    assert_eq!(kids(&sandbox, "app", "standby"), [""; 0], "none is left over");
}
