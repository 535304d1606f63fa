//! Commands whose result is a secret, with a standard output that loses it.

use crate::world::{Ran, World};
use std::process::Command;

/// The commands; `REFRESH` is a file with the refresh token, `KEY` the id of a key.
const SECRETS: &[&str] = &[
    "token create app",
    "token renew 1",
    "token mint",
    "token mint --record",
    "token mint --record --count 3",
    "token mint --count 3 -o json",
    "token fixtures",
    "sessions token",
    "refresh --token-stdin",
    "login ada --password-file password -o json",
    "keys export --yes --private KEY",
];

/// Redirections of standard output to where nothing can be written.
const CLOSED: &[&str] = &[">&-", "1</dev/null"];

fn run(world: &World, words: &str, redirection: &str) -> Ran {
    let mut command = Command::new("sh");
    let jeton = env!("CARGO_BIN_EXE_jeton");
    let line = format!("exec {jeton} {words} {redirection} <refresh");
    command.args(["-c", &line]).env_clear().env("HOME", world.home()).current_dir(world.home());
    Ran::from(command.output().unwrap())
}

fn rows(world: &World) -> Vec<String> {
    world.sql(
        "SELECT 'tokens ' || count(*) FROM tokens UNION ALL
         SELECT 'pairs ' || count(*) || ' ' || count(spent_at) FROM pairs UNION ALL
         SELECT 'sessions ' || count(*) || ' ' || count(ended_at) FROM sessions UNION ALL
         SELECT 'keys ' || count(*) FROM keys UNION ALL
         SELECT 'changes ' || count(*) FROM audit WHERE outcome = 'done'",
    )
}

#[test]
fn secret_for_a_closed_standard_output_is_not_created() {
    let world = World::with_admin();
    std::fs::write(world.home().join("password"), "lovelace").unwrap();
    std::fs::write(world.home().join("refresh"), world.session("refresh")).unwrap();
    world.get(&["token", "create", "app"]);
    let key = world.get(&["keys", "generate"]);
    let before = rows(&world);
    for words in SECRETS {
        for closed in CLOSED {
            let ran = run(&world, &words.replace("KEY", &key), closed).fails(1);
            assert!(ran.err.contains("standard output is closed"), "{words} {closed}: {ran:?}");
            assert_eq!(rows(&world), before, "{words} {closed}");
        }
    }
}

#[test]
fn other_results_may_be_discarded() {
    let world = World::with_admin();
    std::fs::write(world.home().join("refresh"), "").unwrap();
    for closed in CLOSED {
        let ran = run(&world, "whoami", closed).ok();
        assert_eq!(ran.err, "");
    }
    // A user who asks for it may throw a token away.
    run(&world, "token create app", ">/dev/null").ok();
    run(&world, "token create app", "<>/dev/null >&0").ok();
    assert_eq!(world.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["2"]);
}
