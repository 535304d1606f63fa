//! `token fixtures` killed while it replaces a set: the next run always completes the set.

use super::{calls, can_kill, kill_at_each, killed, names_in};
use crate::sandbox::Sandbox;
use std::cell::RefCell;

/// A set with a secret.
const ONE: [&str; 8] =
    ["token", "fixtures", "--out", "set", "--preset", "flask", "--key-file", "key"];

/// A set with public keys and with tokens that `FLASK_SET` lacks.
const OTHER: [&str; 8] = [
    "token",
    "fixtures",
    "--out",
    "set",
    "--preset",
    "rfc9068",
    "--key-file",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/hostile/samples/p256.pem"),
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.home().join("key"), "a secret that is as long as its hash").unwrap();
    sandbox
}

/// Creates a set and returns the names of its files.
fn files(sandbox: &Sandbox, words: &[&str], when: &str) -> Vec<String> {
    let output = sandbox.run(words);
    assert_eq!(output.code, 0, "{when}: {output:?}");
    names_in(&sandbox.home().join("set"))
}

#[test]
fn killed_fixtures_command_can_be_repeated() {
    if !can_kill() {
        return;
    }
    let [one, other] = [ONE, OTHER].map(|words| files(&sandbox(), &words, "alone"));
    let stood = sandbox();
    files(&stood, &ONE, "first");
    let mut names = calls(&stood, &OTHER);
    names.retain(|name| ["rename", "unlink"].iter().any(|call| name.starts_with(call)));
    for is_first in [true, false] {
        let sandbox = RefCell::new(sandbox());
        let kill = |call: &str, nth| {
            *sandbox.borrow_mut() = self::sandbox();
            if !is_first {
                files(&sandbox.borrow(), &ONE, "first");
            }
            killed(&sandbox.borrow(), &OTHER, call, nth)
        };
        let mut turn = 0;
        let look = |when: &str| {
            turn += 1;
            let (words, all) = if turn % 2 == 0 { (ONE, &one) } else { (OTHER, &other) };
            assert_eq!(&files(&sandbox.borrow(), &words, when), all, "{when}");
        };
        let kills = kill_at_each(&names, kill, look);
        assert!(kills > 30, "{kills} kills");
    }
}
