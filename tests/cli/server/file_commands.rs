//! `store restore` and `store migrate` with a store on a server.

use super::create_schema;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
#[ignore = "needs a PostgreSQL server"]
fn restore_is_refused_and_a_store_with_current_schema_needs_no_migration() {
    // Fails the test with an explanation if the test run has no server.
    let _schema = create_schema();
    let sandbox = Sandbox::with_john();
    std::fs::write(sandbox.home().join("backup.db"), "content").unwrap();
    let restore = ["store", "restore", "backup.db"];
    assert!(!sandbox.supports_command(&restore.join(" ")));
    sandbox.run(&restore).fails(7);
    sandbox.log_in("ada", "lovelace");
    let rows = sandbox.all_rows();
    assert_snapshot!(sandbox.run(&restore), @"
    --- exit code 2, stderr
    error: this command works on a SQLite file, not on a database server
    hint: copy the backup to a new schema: jeton store copy FILE ADDRESS
    ");
    assert_snapshot!(sandbox.run(&["store", "migrate"]), @"
    --- stderr
    the store is already up to date
    ");
    assert!(sandbox.all_rows() == rows);
}
