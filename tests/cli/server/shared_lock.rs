//! The shared write lock: commands that run at the same time, and commands that wait for all others.

use super::create_schema;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;

/// Returns a sandbox with a recorded token, and the shared lock of another process.
fn sandbox_with_shared_lock() -> (Sandbox, WriteLock) {
    let _schema = create_schema();
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint", "--record"]).ok();
    let lock = WriteLock::acquire_shared(&sandbox);
    (sandbox, lock)
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn frequent_changes_do_not_wait_for_each_other() {
    let (sandbox, _lock) = sandbox_with_shared_lock();
    for arguments in [
        &["token", "create", "shop"][..],
        &["token", "mint"],
        &["token", "mint", "--record"],
        &["token", "revoke", "1"],
        &["refresh"],
        &["login", "ada"],
        &["logout"],
    ] {
        let mut command = sandbox.command(arguments);
        command.args(["--wait", "1s"]).env("JETON_PASSWORD", "lovelace");
        RunOutput::capture(command).ok();
    }
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn other_changes_and_audit_list_wait_for_all_transactions() {
    let (sandbox, lock) = sandbox_with_shared_lock();
    let commands = [
        &["settings", "set", "token.ttl", "2d"][..],
        &["users", "disable", "ada"],
        &["keys", "rotate"],
        &["token", "revoke", "--all", "--yes"],
        // The revocation of an unrecorded token with the same `jti` must not run at the same time.
        &["token", "mint", "--record", "--claim", "jti=0192d6a4-0000-7000-8000-000000000001"],
        // A running transaction may commit an event with a lower id.
        &["audit", "list"],
    ];
    for arguments in commands {
        let output = sandbox.run(&[arguments, &["--wait", "1s"]].concat()).fails(75);
        assert!(output.stderr.contains("timed out waiting for a lock"), "{output:?}");
    }
    drop(lock);
    sandbox.run(&["audit", "list"]).ok();
    sandbox.run(commands[4]).ok();
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn equal_claims_recorded_at_the_same_time_share_a_grant() {
    let (sandbox, _lock) = sandbox_with_shared_lock();
    let mut lines: Vec<_> = (0..500).map(|number| format!("{{\"tenant\":{number}}}\n")).collect();
    let (up, down) = (sandbox.home().join("up.jsonl"), sandbox.home().join("down.jsonl"));
    std::fs::write(&up, lines.concat()).unwrap();
    lines.reverse();
    std::fs::write(&down, lines.concat()).unwrap();
    let mint = |file: &std::path::Path| {
        sandbox.command(&["token", "mint", "--record", "--from", file.to_str().unwrap()])
    };
    for output in Sandbox::run_at_once([mint(&up), mint(&down), mint(&up), mint(&down)]) {
        assert_eq!(output.ok().stdout.lines().count(), 500);
    }
    let counts = "SELECT count(*) || ' ' || count(DISTINCT grant_id) FROM tokens WHERE id > 1";
    assert_eq!(sandbox.sql(counts), ["2000 500"]);
}
