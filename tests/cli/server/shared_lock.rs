//! Shared use of the write lock of a store on a server: transactions with frequent changes can hold
//! the lock at the same time. Transactions with other changes, and `audit list`, wait until no
//! transaction holds the lock.

use super::create_schema;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;

/// Returns a sandbox with a recorded token, and the write lock, which another process holds as a
/// shared lock.
fn sandbox_with_shared_lock() -> (Sandbox, WriteLock) {
    // Fails the test with an explanation if the test run has no server.
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
    let mint_with_jti =
        ["token", "mint", "--record", "--claim", "jti=0192d6a4-0000-7000-8000-000000000001"];
    for arguments in [
        &["settings", "set", "token.ttl", "2d"][..],
        &["users", "disable", "ada"],
        &["keys", "rotate"],
        &["token", "revoke", "--all", "--yes"],
        // No concurrent revocation of an unrecorded token may add this `jti` to the blocklist.
        &mint_with_jti,
        // A running transaction may later commit an event with a lower id than the listed events.
        &["audit", "list"],
    ] {
        let output = sandbox.run(&[arguments, &["--wait", "1s"]].concat()).fails(75);
        assert!(output.stderr.contains("timed out waiting for a lock"), "{output:?}");
    }
    drop(lock);
    sandbox.run(&["audit", "list"]).ok();
    sandbox.run(&mint_with_jti).ok();
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn tokens_with_equal_claims_minted_at_the_same_time_share_a_grant() {
    // A grant is a row with the common properties of several tokens. Two of the commands add the
    // grants in the opposite order.
    let (sandbox, _lock) = sandbox_with_shared_lock();
    let mut lines: Vec<_> = (0..500).map(|number| format!("{{\"tenant\":{number}}}\n")).collect();
    let [ascending, descending] = ["up.jsonl", "down.jsonl"].map(|name| sandbox.home().join(name));
    std::fs::write(&ascending, lines.concat()).unwrap();
    lines.reverse();
    std::fs::write(&descending, lines.concat()).unwrap();
    let mint = |file: &std::path::Path| {
        sandbox.command(&["token", "mint", "--record", "--from", file.to_str().unwrap()])
    };
    let commands = [mint(&ascending), mint(&descending), mint(&ascending), mint(&descending)];
    for output in Sandbox::run_in_parallel(commands) {
        assert_eq!(output.ok().stdout.lines().count(), 500);
    }
    let counts_sql = "SELECT count(*) || ' ' || count(DISTINCT grant_id) FROM tokens WHERE id > 1";
    assert_eq!(sandbox.sql(counts_sql), ["2000 500"]);
}
