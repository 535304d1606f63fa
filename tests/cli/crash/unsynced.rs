//! A commit whose fsync fails may be applied and may not: 74, with what to look for.

use super::{can_kill, is_sound, traced};
use crate::world::{Ran, World};
use std::path::Path;

/// Runs the command with every fsync of the log failing, from the `nth` on.
fn unsynced(world: &World, store: &Path, nth: usize, words: &[&str]) -> Ran {
    let log = store.with_extension("db-wal");
    let inject = format!("inject=fsync,fdatasync:error=EIO:when={nth}+");
    let calls = ["-e", "trace=fsync,fdatasync", "-e", &inject];
    let options = [&["-o", "/dev/null", "-P", log.to_str().unwrap()], &calls[..]].concat();
    traced(world, &options, words)
}

/// The `jti` that a message names, in backticks or not.
fn jti(message: &str) -> Option<&str> {
    message.split("`jti` ").nth(1).map(|rest| rest.split([';', ' ']).next().unwrap())
}

#[test]
fn commit_that_cannot_be_synced_has_an_unknown_outcome() {
    if !can_kill() {
        return;
    }
    let world = World::with_admin();
    let home = world.home().canonicalize().unwrap();
    let store = home.join(".local/share/jeton/jeton.db");
    world.register("john", "123456");
    world.register("kim", "123456");
    world.get(&["token", "create", "first", "--user", "john"]);
    let key = world.json(&["keys", "generate"])["kid"].as_str().unwrap().to_owned();
    world.run(&["settings", "set", "issuer", "me"]).ok();
    let write = |name: &str, text: &str| std::fs::write(world.home().join(name), text).unwrap();
    write("password", "lovelace");
    write("users.csv", "username\numa\nulf\n");
    for (words, target) in [
        (&["register", "bob", "--password-file", "password"][..], "user 4"),
        (&["login", "ada", "--password-file", "password"], "session "),
        (&["token", "create", "x"], "jti"),
        (&["token", "renew", "1"], "jti"),
        (&["token", "mint"], "test token"),
        (&["token", "mint", "--record"], "test token"),
        (&["run", "--app", "x", "--", "echo", "never"], "jti"),
        (&["token", "revoke", "1"], "token 1"),
        (&["users", "set-role", "john", "minter"], "user 2"),
        (&["users", "set-quota", "john", "7"], "user 2"),
        (&["users", "rename", "john", "johnny"], "user 2"),
        (&["users", "disable", "3"], "user 3"),
        (&["users", "delete", "3", "--yes"], "user 3"),
        (&["users", "import", "users.csv"], "users"),
        (&["recover", "2", "--password-file", "password"], "user 2"),
        (&["keys", "activate", "--", &key], "key "),
        (&["keys", "rotate"], "key "),
        (&["settings", "set", "token.ttl", "8d"], "setting token.ttl"),
        (&["settings", "unset", "issuer"], "setting issuer"),
        (&["store", "backup", "copy.db"], "store"),
        (&["sessions", "revoke", "--all", "--yes"], "session"),
        (&["refresh"], "session "),
        (&["logout"], "session "),
    ] {
        let ran = unsynced(&world, &store, 1, words).fails(74);
        let first = ran.err.lines().next().unwrap();
        let start =
            "error: the disk failed during the commit, which may have been applied: look for ";
        let named = first.strip_prefix(start).unwrap_or_else(|| panic!("{words:?}: {ran:?}"));
        if target == "jti" {
            let shown = world.run(&["token", "show", jti(named).unwrap()]);
            assert!([0, 3].contains(&shown.code), "{words:?}: {shown:?}");
        } else {
            assert!(named.starts_with(target), "{words:?}: {named}");
        }
        assert!(!world.home().join("copy.db").exists());
        is_sound(&world);
        world.run(&["store", "check"]).ok();
        if world.run(&["whoami"]).code != 0 {
            world.log_in("ada", "lovelace");
        }
    }
    assert_eq!(world.sql("SELECT count(*) FROM audit WHERE count = 0"), ["0"], "refused");
}

#[test]
fn first_commit_that_cannot_be_synced_has_an_unknown_outcome() {
    if !can_kill() {
        return;
    }
    let world = World::new();
    let store = world.home().canonicalize().unwrap().join(".local/share/jeton/jeton.db");
    let ran = unsynced(&world, &store, 1, &["init", "ada"]).fails(74);
    assert!(ran.err.contains("look for the new store"), "{ran:?}");
    assert!([0, 5].contains(&world.run(&["init", "ada"]).code));
    world.run(&["store", "check"]).ok();
}

/// A recorded test token follows the commit that records who mints.
#[test]
fn recorded_test_token_of_unknown_outcome_is_named() {
    if !can_kill() {
        return;
    }
    let world = World::with_admin();
    let store = world.home().canonicalize().unwrap().join(".local/share/jeton/jeton.db");
    world.get(&["token", "mint"]);
    for words in [
        &["token", "mint", "--record", "-o", "json"][..],
        &["run", "-o", "json", "--", "echo", "never"],
    ] {
        let mut named = 0;
        for nth in 1.. {
            let ran = unsynced(&world, &store, nth, words);
            if ran.code == 0 {
                break;
            }
            let error = ran.error();
            // The command of `run` had its token, which was recorded, and may not be revoked.
            let has_run = !error["details"]["token_id"].is_null();
            assert_eq!((ran.code, ran.out.as_str()), (74, if has_run { "never\n" } else { "" }));
            assert_eq!(error["kind"], "OutcomeUnknown");
            assert_eq!(error["code"], "outcome_unknown");
            if let Some(jti) = error["details"]["jti"].as_str() {
                assert!(error["message"].as_str().unwrap().contains(jti), "{error}");
                let shown = world.run(&["token", "show", jti]);
                assert!([0, 3].contains(&shown.code), "{words:?}: {shown:?}");
                named += 1;
            }
            is_sound(&world);
        }
        assert!(named > 0, "{words:?}");
    }
}
