//! Key rotation while other processes sign and verify tokens or rotate the key.

use super::kids;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Returns a function that counts the active app keys.
fn active_key_counter(sandbox: &Sandbox) -> Box<dyn FnMut() -> i64 + Send> {
    let query = "SELECT count(*) FROM keys WHERE purpose = 'app' AND state = 'active'";
    if let Some(schema) = sandbox.schema() {
        let mut session = schema.start_session();
        return Box::new(move || session.run(query)[0].parse().unwrap());
    }
    let connection = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    Box::new(move || connection.query_row(query, [], |row| row.get(0)).unwrap())
}

/// Counts the active app keys continuously while `work` runs. Returns the distinct counts and the
/// number of samples.
fn count_active_keys(sandbox: &Sandbox, work: impl FnOnce()) -> (BTreeSet<i64>, usize) {
    let is_done = AtomicBool::new(false);
    let mut count = active_key_counter(sandbox);
    thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let (mut observed_counts, mut sample_count) = (BTreeSet::new(), 0);
            while !is_done.load(Ordering::Relaxed) {
                observed_counts.insert(count());
                sample_count += 1;
            }
            (observed_counts, sample_count)
        });
        // The sampling must stop even after a panic in `work`.
        let work_result = catch_unwind(AssertUnwindSafe(work));
        is_done.store(true, Ordering::Relaxed);
        let counts_and_samples = sampler.join().unwrap();
        if let Err(panic) = work_result {
            resume_unwind(panic);
        }
        counts_and_samples
    })
}

#[test]
fn tokens_created_during_rotation_are_valid_and_one_key_is_always_active() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    let mut tokens = vec![sandbox.stdout_of(&["token", "create", "first"])];
    let (observed_counts, sample_count) =
        count_active_keys(&sandbox, || rotate_in_rounds(&sandbox, &mut tokens));
    assert_eq!(observed_counts, BTreeSet::from([1]), "exactly one active app key");
    assert!(sample_count > 100, "{sample_count}");
    for token in &tokens {
        sandbox.run(&["token", "verify", token]).ok();
    }
    let query = "SELECT CAST(count(DISTINCT key_id) > 2 AS INTEGER) FROM tokens";
    assert_eq!(sandbox.sql(query), ["1"], "more than two keys signed tokens");
}

/// Runs four rounds. Each round runs sixteen `token create`, one `keys rotate` and up to sixteen
/// `token verify` processes at once, and adds the created tokens to `tokens`.
fn rotate_in_rounds(sandbox: &Sandbox, tokens: &mut Vec<String>) {
    let command = |words: &[&str]| sandbox.command(words);
    for round in 0..4 {
        let mut commands: Vec<Command> =
            (0..16).map(|_| command(&["token", "create", "app"])).collect();
        commands.insert(5, command(&["keys", "rotate"]));
        commands
            .extend(tokens.iter().rev().take(16).map(|token| command(&["token", "verify", token])));
        let outputs = Sandbox::run_in_parallel(commands);
        for output in &outputs {
            assert_eq!(output.code, 0, "round {round}: {output:?}");
        }
        let created =
            outputs.iter().map(|output| output.stdout.trim()).filter(|out| out.starts_with("eyJ"));
        let previous_count = tokens.len();
        tokens.extend(created.map(str::to_owned));
        assert_eq!(tokens.len(), previous_count + 16);
        assert_eq!(kids(sandbox, "app", "active").len(), 1);
        assert_eq!(kids(sandbox, "app", "retired").len(), round + 1);
    }
}

#[test]
fn concurrent_rotations_leave_one_active_key() {
    let sandbox = Sandbox::with_admin();
    for _ in 0..3 {
        let outputs =
            Sandbox::run_in_parallel((0..6).map(|_| sandbox.command(&["keys", "rotate"])));
        assert!(outputs.iter().all(|output| output.code == 0), "{outputs:?}");
        assert_eq!(kids(&sandbox, "app", "active").len(), 1);
    }
    sandbox.run(&["whoami"]).ok();
    assert_eq!(kids(&sandbox, "app", "standby"), [""; 0], "no standby key left");
}
