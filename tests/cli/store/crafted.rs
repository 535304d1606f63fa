//! Stores that another program changed: every command refuses them, in bounded time, before one of
//! its own statements can run through a foreign view or trigger.

use crate::mask::{masked, refuses};
use crate::world::{Ran, World};
use std::time::{Duration, Instant};

/// The longest that a refusal may take.
const BOUND: Duration = Duration::from_secs(10);

/// Changes the store with a stock SQLite that keeps no constraint.
pub(super) fn craft(world: &World, sql: &str) {
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
             PRAGMA writable_schema = ON; {sql}"
        ))
        .unwrap();
}

/// Runs it and fails the test if it takes longer than a refusal may.
pub(super) fn bounded(world: &World, words: &[&str], input: &str) -> Ran {
    let begun = Instant::now();
    let mut command = std::process::Command::new("timeout");
    let run = world.command(words);
    command.args(["20", env!("CARGO_BIN_EXE_jeton")]).args(run.get_args()).env_clear();
    command.env("HOME", world.home()).current_dir(world.home());
    let ran = World::run_with(command, input);
    assert!(begun.elapsed() < BOUND, "{words:?}: {ran:?}");
    ran
}

const EVERY_WAY: &[&[&str]] = &[
    &["whoami"],
    &["token", "create", "x"],
    &["token", "verify", "x"],
    &["token", "list"],
    &["users", "list"],
    &["login", "ada", "--password-stdin"],
    &["register", "eve", "--email", "eve@example.com", "--password-stdin"],
    &["init", "eve", "--password-stdin"],
    &["recover", "ada", "--password-stdin", "--yes"],
    &["keys", "export", "--jwks"],
    &["settings", "list"],
    &["store", "info"],
    &["store", "backup", "copy.db"],
    &["store", "migrate"],
    &["store", "prune", "--yes"],
    &["logout"],
];

/// Every command refuses the crafted store, `store check` names the differences.
#[track_caller]
fn is_refused(sql: &str, differences: &[&str]) {
    let world = World::with_admin();
    craft(&world, sql);
    let rows = || world.sql("SELECT count(*) || max(role) FROM users");
    let before = rows();
    let error = format!("error: the store is damaged: {}\n", differences.join(", "));
    for words in EVERY_WAY {
        let ran = bounded(&world, words, "lovelace");
        refuses(&world, &ran, 78, &error);
    }
    let ran = bounded(&world, &["store", "check"], "");
    let found: Vec<_> = differences
        .iter()
        .map(|difference| format!("store_damaged: the store is damaged: {difference}\n"))
        .collect();
    assert_eq!((ran.code, masked(&world, &ran.out)), (78, found.concat()), "{ran:?}");
    assert_eq!(world.json_error(&["store", "info"])["code"], "store_damaged");
    assert_eq!(rows(), before);
    assert!(!world.home().join("copy.db").exists());
}

#[test]
fn endless_view_in_place_of_a_table_is_refused() {
    is_refused(
        "DROP TABLE settings;
         CREATE VIEW settings AS WITH RECURSIVE n (name) AS (SELECT '' UNION ALL SELECT '' FROM n)
             SELECT name, name AS value, 1 AS changed_at FROM n",
        &["missing table `settings`", "unknown view `settings`"],
    );
}

#[test]
fn trigger_that_makes_admins_is_refused() {
    is_refused(
        "CREATE TRIGGER helpful AFTER INSERT ON users BEGIN UPDATE users SET role = 'admin'; END",
        &["unknown trigger `helpful`"],
    );
}

#[test]
fn trigger_with_a_hostile_name_and_message_is_refused_and_escaped() {
    is_refused(
        "CREATE TRIGGER \"a\u{1b}]0;x\u{7}\nerror: fine\" BEFORE INSERT ON audit BEGIN
             SELECT raise(ABORT, 'x\n\u{1b}[2J'); END",
        &["unknown trigger `a\\u{1b}]0;x\\u{7}\\nerror: fine`"],
    );
}

#[test]
fn dropped_index_trigger_and_table_are_refused() {
    is_refused("DROP INDEX keys_one_active_app", &["missing index `keys_one_active_app`"]);
    is_refused("DROP TRIGGER users_added", &["missing trigger `users_added`"]);
    is_refused("DROP TABLE blocklist", &["missing table `blocklist`"]);
}

#[test]
fn changed_table_and_additional_objects_are_refused() {
    is_refused("ALTER TABLE settings ADD COLUMN note TEXT", &["changed table `settings`"]);
    is_refused("CREATE TABLE notes (x)", &["unknown table `notes`"]);
    is_refused("CREATE INDEX fast ON users (role)", &["unknown index `fast`"]);
    is_refused(
        "UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE INDEX', 'INDEX')
             WHERE name = 'keys_one_active_app'",
        &["changed index `keys_one_active_app`"],
    );
}

#[test]
fn statement_that_sqlite_cannot_parse_is_damage() {
    let world = World::with_admin();
    craft(
        &world,
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE \u{1b}[2J\n(' WHERE name = 'audit'",
    );
    for words in EVERY_WAY.iter().chain(&[&["store", "check"][..]]) {
        let ran = bounded(&world, words, "lovelace");
        assert_eq!(ran.code, 78, "{words:?}: {ran:?}");
        assert!(!ran.err.contains('\u{1b}') && ran.err.lines().count() == 1, "{ran:?}");
    }
}

#[test]
fn vacuumed_store_is_the_same_store() {
    let world = World::with_admin();
    rusqlite::Connection::open(world.store()).unwrap().execute_batch("VACUUM").unwrap();
    assert_eq!(world.run(&["store", "check"]).ok().out, "ok\n");
    world.run(&["whoami"]).ok();
}
