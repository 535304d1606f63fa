//! Stores whose schema another program changed: every command refuses such a store in bounded time,
//! before a statement can use a view or trigger of the other program.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Maximum duration of a command.
const MAX_DURATION: Duration = Duration::from_secs(10);

/// Changes the store with SQLite, not with jeton, and without checks of constraints.
pub(super) fn change_store_unchecked(sandbox: &Sandbox, sql: &str) {
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    store
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
             PRAGMA writable_schema = ON; {sql}"
        ))
        .unwrap();
}

/// Runs a command, and fails the test if the command takes longer than `MAX_DURATION`. Kills the
/// command after 20 seconds.
pub(super) fn run_within_time_limit(
    sandbox: &Sandbox,
    arguments: &[&str],
    input: &str,
) -> RunOutput {
    let start = Instant::now();
    let mut command = std::process::Command::new("timeout");
    let jeton = sandbox.command(arguments);
    command.args(["20", env!("CARGO_BIN_EXE_jeton")]).args(jeton.get_args()).env_clear();
    command.env("HOME", sandbox.home()).current_dir(sandbox.home());
    let output = Sandbox::run_command_with_input(command, input);
    assert!(start.elapsed() < MAX_DURATION, "{arguments:?}: {output:?}");
    output
}

/// Commands that must refuse a store with a changed schema.
const COMMANDS: &[&[&str]] = &[
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

/// Changes a new store by `sql`. Asserts that all `COMMANDS` refuse the store with the same error
/// and have no effect. Returns the error and the output of `store check`.
#[track_caller]
fn assert_refused_by_every_command(sql: &str) -> String {
    let sandbox = Sandbox::with_admin();
    change_store_unchecked(&sandbox, sql);
    let user_count_and_role = || sandbox.sql("SELECT count(*) || max(role) FROM users");
    let before = user_count_and_role();
    let outputs: BTreeSet<String> = COMMANDS
        .iter()
        .map(|arguments| {
            run_within_time_limit(&sandbox, arguments, "lovelace").with_heading("$ every command")
        })
        .collect();
    assert_eq!(outputs.len(), 1, "{outputs:?}");
    let check = run_within_time_limit(&sandbox, &["store", "check"], "")
        .with_heading("$ jeton store check");
    assert_eq!(sandbox.json_error(&["store", "info"])["code"], "store_damaged");
    assert_eq!(user_count_and_role(), before);
    assert!(!sandbox.home().join("copy.db").exists());
    outputs.into_iter().next().unwrap() + &check
}

#[test]
fn endless_view_in_place_of_a_table_is_refused() {
    let output = assert_refused_by_every_command(
        "DROP TABLE settings;
         CREATE VIEW settings AS WITH RECURSIVE n (name) AS (SELECT '' UNION ALL SELECT '' FROM n)
             SELECT name, name AS value, 1 AS changed_at FROM n",
    );
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: missing table `settings`, unknown view `settings`
    $ jeton store check
    store_damaged: store damaged: missing table `settings`
    store_damaged: store damaged: unknown view `settings`
    --- exit code 78, stderr
    error: the store has 2 faults
    ");
}

#[test]
fn trigger_that_grants_admin_is_refused() {
    let output = assert_refused_by_every_command(
        "CREATE TRIGGER helpful AFTER INSERT ON users BEGIN UPDATE users SET role = 'admin'; END",
    );
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: unknown trigger `helpful`
    $ jeton store check
    store_damaged: store damaged: unknown trigger `helpful`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn trigger_with_a_hostile_name_and_message_is_refused_and_escaped() {
    let output = assert_refused_by_every_command(
        "CREATE TRIGGER \"a\u{1b}]0;x\u{7}\nerror: fine\" BEFORE INSERT ON audit BEGIN
             SELECT raise(ABORT, 'x\n\u{1b}[2J'); END",
    );
    assert_snapshot!(output, @r"
    $ every command
    --- exit code 78, stderr
    error: store damaged: unknown trigger `a\u{1b}]0;x\u{7}\nerror: fine`
    $ jeton store check
    store_damaged: store damaged: unknown trigger `a\u{1b}]0;x\u{7}\nerror: fine`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn store_with_dropped_index_trigger_or_table_is_refused() {
    let output = assert_refused_by_every_command("DROP INDEX keys_one_active_app");
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: missing index `keys_one_active_app`
    $ jeton store check
    store_damaged: store damaged: missing index `keys_one_active_app`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let output = assert_refused_by_every_command("DROP TRIGGER users_added");
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: missing trigger `users_added`
    $ jeton store check
    store_damaged: store damaged: missing trigger `users_added`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let output = assert_refused_by_every_command("DROP TABLE blocklist");
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: missing table `blocklist`
    $ jeton store check
    store_damaged: store damaged: missing table `blocklist`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn store_with_changed_or_added_table_or_index_is_refused() {
    let output = assert_refused_by_every_command("ALTER TABLE settings ADD COLUMN note TEXT");
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: changed table `settings`
    $ jeton store check
    store_damaged: store damaged: changed table `settings`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let output = assert_refused_by_every_command("CREATE TABLE notes (x)");
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: unknown table `notes`
    $ jeton store check
    store_damaged: store damaged: unknown table `notes`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let output = assert_refused_by_every_command("CREATE INDEX fast ON users (role)");
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: unknown index `fast`
    $ jeton store check
    store_damaged: store damaged: unknown index `fast`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let output = assert_refused_by_every_command(
        "UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE INDEX', 'INDEX')
             WHERE name = 'keys_one_active_app'",
    );
    assert_snapshot!(output, @"
    $ every command
    --- exit code 78, stderr
    error: store damaged: changed index `keys_one_active_app`
    $ jeton store check
    store_damaged: store damaged: changed index `keys_one_active_app`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn unparsable_schema_is_refused() {
    let sandbox = Sandbox::with_admin();
    change_store_unchecked(
        &sandbox,
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE \u{1b}[2J\n(' WHERE name = 'audit'",
    );
    for arguments in COMMANDS.iter().chain(&[&["store", "check"][..]]) {
        let output = run_within_time_limit(&sandbox, arguments, "lovelace");
        assert_eq!(output.code, 78, "{arguments:?}: {output:?}");
        assert!(
            !output.stderr.contains('\u{1b}') && output.stderr.lines().count() == 1,
            "{output:?}"
        );
    }
}

#[test]
fn vacuumed_store_is_accepted() {
    let sandbox = Sandbox::with_admin();
    rusqlite::Connection::open(sandbox.store_path()).unwrap().execute_batch("VACUUM").unwrap();
    assert_snapshot!(sandbox.run(&["store", "check"]), @"ok");
    sandbox.run(&["whoami"]).ok();
}
