//! Migration of stores that earlier versions created.

use super::set_mode;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use rusqlite::Connection;
use std::fs;
use std::process::Stdio;

/// The migrations of schema versions 1 and 2.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../src/store/migrations/0001_first.sql"),
    include_str!("../../../src/store/migrations/0002_bounds.sql"),
];

/// Replaces the store with a store of schema `version`. The new store has the rows of the old
/// store, except the audit events. The new store has one audit event for each row of `audit_query`,
/// which returns id, action and target.
fn downgrade(sandbox: &Sandbox, version: usize, audit_query: &str) {
    let older = sandbox.home().join("older.db");
    let connection = Connection::open(&older).unwrap();
    connection.execute_batch(&MIGRATIONS[..version].concat()).unwrap();
    connection
        .execute_batch(&format!(
            "ATTACH '{}' AS current; PRAGMA foreign_keys = OFF; DELETE FROM user_blocks;",
            sandbox.store_path().display()
        ))
        .unwrap();
    for table in
        ["store", "users", "keys", "sessions", "pairs", "grants", "tokens", "blocklist", "settings"]
    {
        let sql = format!("SELECT group_concat(name) FROM pragma_table_info('{table}', 'main')");
        let columns: String = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        let sql = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM current.{table}");
        connection.execute_batch(&sql).unwrap();
    }
    connection
        .execute_batch(&format!(
            "INSERT INTO audit (id, at, os_uid, action, target, outcome)
                 SELECT id, 1800000000, 1000, action, target, 'done' FROM ({audit_query});
             DETACH current;
             PRAGMA user_version = {version}; PRAGMA application_id = 0x6A65746E;"
        ))
        .unwrap();
    drop(connection);
    for extension in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(sandbox.store_path().with_extension(extension));
    }
    fs::rename(older, sandbox.store_path()).unwrap();
    set_mode(&sandbox.store_path(), 0o600);
}

#[test]
fn migrated_audit_events_are_found_by_target() {
    let event_rows = "VALUES (1, 'init', 'user 1'), (2, 'token create', 'token 7'),
        (3, 'token revoke', 'token 7, token 8'), (4, 'token renew', 'token 8 by token 9'),
        (5, 'token revoke', 'app tokens of user 1 for shop'), (6, 'token mint', 'test tokens'),
        (7, 'token fixtures', 'test tokens as fixtures, and the secret of key k1'),
        (8, 'keys revoke', 'key k1'), (9, 'users import', 'users'), (10, 'store prune', 'store'),
        (11, 'settings set', 'setting issuer'), (12, 'login', NULL),
        (13, 'sessions revoke', 'sessions of user 1'), (14, 'logout', 'session S')";
    let audit_query = format!("WITH e (id, action, target) AS ({event_rows}) SELECT * FROM e");
    for version in [1, 2] {
        let sandbox = Sandbox::with_admin();
        downgrade(&sandbox, version, &audit_query);
        assert_eq!(sandbox.run(&["audit", "list"]).code, 78);
        sandbox.run(&["store", "migrate"]).ok();
        for (target, expected) in [
            ("user 1", "1 5 13"),
            ("token 7", "2 3"),
            ("token 8", "3 4"),
            ("token 9", "4"),
            ("key k1", "7 8"),
            ("setting issuer", "11"),
            ("session S", "14"),
            ("store", "10 15"),
            ("token 1", ""),
        ] {
            let list = sandbox.json(&["audit", "list", "--reverse", "--target", target]);
            let events = list["items"].as_array().unwrap();
            let ids: Vec<_> = events.iter().map(|event| event["id"].to_string()).collect();
            assert_eq!(ids.join(" "), expected, "{target}");
        }
        sandbox.run(&["store", "check"]).ok();
        let output = sandbox.run(&["audit", "list", "--reverse", "-o", "jsonl"]).ok();
        let target_and_detail = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {}", event["target"], event["detail"])
        };
        let lines: Vec<_> = output.stdout.lines().take(5).map(target_and_detail).collect();
        allow_duplicates! {
            assert_snapshot!(lines.join("\n"), @r#"
            {"kind":"user","id":"1"} null
            {"kind":"token","id":"7"} null
            {"kind":"token","id":"7"} {"targets":[{"kind":"token","id":"8"}]}
            {"kind":"token","id":"8"} {"targets":[{"kind":"token","id":"9"}],"text":"token 8 by token 9"}
            {"kind":"token","id":null} {"targets":[{"kind":"user","id":"1"}],"text":"app tokens of user 1 for shop"}
            "#);
        }
    }
}

#[test]
fn many_audit_events_are_migrated_in_bounded_memory() {
    let sandbox = Sandbox::with_admin();
    // 60 MB of events; each hundredth event has two targets.
    let audit_query = "WITH RECURSIVE n (id) AS
            (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 200000)
        SELECT id, 'token revoke' AS action, printf('token %.290d', id)
            || iif(id % 100, '', ', token b' || id) AS target FROM n";
    downgrade(&sandbox, 2, audit_query);
    let mut command = sandbox.memory_limited_command(&["store", "migrate"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    RunOutput::new(&command, child.wait_with_output().unwrap()).ok();
    let list = sandbox.json(&["audit", "list", "--target", "token b123400"]);
    assert_eq!(list["items"][0]["id"], 123_400);
}
