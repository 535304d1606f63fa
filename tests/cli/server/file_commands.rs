//! Commands that need the file of a store.

use super::create_schema;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
#[ignore = "needs a PostgreSQL server"]
fn backup_and_restore_are_refused() {
    let _server = create_schema();
    let sandbox = Sandbox::with_john();
    std::fs::write(sandbox.home().join("copy.db"), "copy").unwrap();
    let [backup, restore] = [["store", "backup", "new.db"], ["store", "restore", "copy.db"]];
    for words in [backup, restore] {
        assert!(!sandbox.has_command(&words.join(" ")));
        assert_eq!(sandbox.run(&words).code, 7, "{words:?}");
    }
    sandbox.log_in("ada", "lovelace");
    let rows = sandbox.all_rows();
    assert_snapshot!(sandbox.run(&backup), @"
    --- exit code 2, stderr
    error: backups of a store in PostgreSQL are made with the tools of PostgreSQL
    hint: back up the database with `pg_dump`
    ");
    assert_snapshot!(sandbox.run(&restore), @"
    --- exit code 2, stderr
    error: this command works on a SQLite file, not on a database server
    hint: restore a database with `pg_restore`
    ");
    assert!(sandbox.all_rows() == rows && !sandbox.home().join("new.db").exists());
}
