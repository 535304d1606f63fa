//! `jeton store info`, `prune` and `migrate`

use crate::redact::redact;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::process::Command;

/// Adds expired tokens with the same grant as token 1. A grant is a row with the common properties
/// of several tokens. Every second added token was revoked before it expired.
fn add_expired_tokens(sandbox: &Sandbox, count: usize) {
    sandbox.sql(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
         INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, revoked_at)
         SELECT randomblob(16), 1, 1, 1700000000, 1700003600,
             CASE n % 2 WHEN 0 THEN 1700001800 END FROM n RETURNING id"
    ));
}

#[test]
fn store_info_needs_no_login() {
    let sandbox = Sandbox::with_john();
    sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.stdout_of(&["token", "create", "other"]);
    sandbox.run(&["token", "renew", "1", "--grace", "1h"]).ok();
    sandbox.run(&["token", "revoke", "2"]).ok();
    add_expired_tokens(&sandbox, 3);
    sandbox.run(&["logout"]).ok();
    // The lines with sizes, in KiB or MiB, differ between runs.
    let info = sandbox.run(&["store", "info"]).ok();
    let lines: Vec<_> = info.stdout.lines().filter(|line| !line.contains("iB")).collect();
    assert_eq!(
        redact(&sandbox, &lines.join("\n")),
        "store           ~/.local/share/jeton/jeton.db\n\
         store id        <uuid>\n\
         created         <time>\n\
         schema version  3\n\
         journal mode    wal\n\
         read-only       no\n\
         modes           0600, directory 0700\n\
         users           2\n\
         sessions        0\n\
         tokens          1 live, 1 superseded, 2 expired, 2 revoked\n\
         keys            0 standby, 1 active, 0 retired, 0 revoked\n\
         audit events    8"
    );
    let info = sandbox.json(&["store", "info"]);
    let bytes = |extension| {
        std::fs::metadata(sandbox.store_path().with_extension(extension)).unwrap().len()
    };
    assert_eq!(info["size_bytes"], json!({"file": bytes("db"), "wal": bytes("db-wal")}));
    assert_eq!(info["modes"], json!({"file": "0600", "directory": "0700"}));
    let tokens = json!({"live": 1, "superseded": 1, "expired": 2, "revoked": 2});
    assert_eq!(info["tokens"], tokens);
}

#[test]
fn pruned_tokens_stay_invalid() {
    let sandbox = Sandbox::with_admin();
    let create = |app| sandbox.stdout_of(&["token", "create", app, "--ttl", "1s"]);
    let (expired_token, revoked_token) = (create("a"), create("b"));
    let test_token = sandbox.stdout_of(&["token", "mint", "--record", "--ttl", "1s"]);
    sandbox.run(&["token", "revoke", "2", "3"]).ok();
    sandbox.stdout_of(&["token", "create", "stays"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_snapshot!(sandbox.run(&["store", "prune", "--keep", "1h"]), @"
    --- stderr
    removed 0 tokens, 0 sessions and 0 revocation entries
    ");
    assert_snapshot!(sandbox.run_json(&["store", "prune"]), @r#"{"changed":true,"tokens_deleted":3,"sessions_deleted":0,"revocations_deleted":0,"grants_deleted":3}"#);
    assert_snapshot!(sandbox.run_json(&["store", "prune"]), @r#"{"changed":false,"tokens_deleted":0,"sessions_deleted":0,"revocations_deleted":0,"grants_deleted":0}"#);
    for token in [&expired_token, &revoked_token, &test_token] {
        let output = sandbox.run(&["token", "verify", token, "--type", "any"]);
        assert_eq!((output.code, &*output.verdict()), (11, "invalid: token_expired"));
        let output = sandbox.run(&["token", "verify", token, "--type", "any", "--leeway", "5m"]);
        assert_eq!((output.code, &*output.verdict()), (10, "invalid: unknown_token"));
    }
    assert_eq!(sandbox.run(&["token", "show", "1"]).code, 3);
    assert_eq!(sandbox.json(&["token", "list", "--status", "all"])["total"], 1);
    assert_eq!(
        sandbox.sql("SELECT count FROM audit WHERE action = 'store prune' ORDER BY id"),
        ["6"],
        "a prune without removals is not recorded"
    );
    assert_snapshot!(sandbox.check_store(), @"ok");
}

#[test]
fn prune_long_after_the_newest_change_asks_for_confirmation() {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "create", "app"]);
    // 5184000 seconds are 60 days.
    let newest_change_sql =
        "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', max(at) - 5184000, 'unixepoch') FROM audit";
    let [newest_change] = <[String; 1]>::try_from(sandbox.sql(newest_change_sql)).unwrap();
    sandbox.sql("UPDATE audit SET at = at - 5184000");
    let output = sandbox.run(&["store", "prune"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the clock may be ahead (the store was last changed at <time>): confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    assert!(output.stderr.contains(&newest_change), "{output:?}");
    sandbox.run(&["store", "prune", "--keep", "60d"]).ok();
    sandbox.run(&["store", "prune", "--yes"]).ok();
}

#[test]
fn latest_expiry_of_pruned_tokens_is_reported_per_key() {
    let sandbox = Sandbox::with_admin();
    let unrecorded_token = sandbox.stdout_of(&["token", "mint", "--ttl", "1s"]);
    let recorded_token = sandbox.stdout_of(&["token", "mint", "--record", "--ttl", "1s"]);
    assert_eq!(sandbox.json(&["store", "info"])["pruned"], json!([]));
    assert!(!sandbox.run(&["store", "info"]).ok().stdout.contains("pruned"));
    std::thread::sleep(std::time::Duration::from_secs(2));
    sandbox.run(&["store", "prune"]).ok();
    let kid = sandbox.sql("SELECT kid FROM keys WHERE purpose = 'test'").remove(0);
    let exp = crate::sandbox::payload(&recorded_token)["exp"].as_i64().unwrap();
    let expiry = sandbox
        .sql(&format!("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', {exp}, 'unixepoch')"))
        .remove(0);
    let pruned_keys = json!([{"kid": kid, "latest_expires_at": expiry}]);
    assert_eq!(sandbox.json(&["store", "info"])["pruned"], pruned_keys);
    let stdout = sandbox.run(&["store", "info"]).ok().stdout;
    let line_end = format!("test tokens of key {kid} that expired by {expiry}");
    assert!(
        stdout.lines().any(|line| line.starts_with("pruned ") && line.ends_with(&line_end)),
        "{stdout}"
    );
    // The store cannot distinguish an unrecorded token from a pruned token.
    let output =
        sandbox.run(&["token", "verify", &unrecorded_token, "--type", "test", "--leeway", "5m"]);
    assert!(
        output.stderr.contains(&format!("`{kid}`")) && output.stderr.contains(&expiry),
        "{output:?}"
    );
    assert_snapshot!(output, @"
    invalid: unknown_token: `jti` `<uuid>`, perhaps pruned: test tokens of key `<key>` with `exp` up to <time> were removed
    --- exit code 10, stderr
    error: token not found in the store: `jti` `<uuid>`, perhaps pruned: test tokens of key `<key>` with `exp` up to <time> were removed
    ");
}

#[test]
fn prune_runs_during_create_and_mint() {
    const EXPIRED_COUNT: usize = 20_000;
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    sandbox.stdout_of(&["token", "create", "app"]);
    add_expired_tokens(&sandbox, EXPIRED_COUNT);
    let create = || sandbox.command(&["token", "create", "app"]);
    let mint = || sandbox.command(&["token", "mint", "--record", "--sub", "alice"]);
    let mut commands: Vec<Command> = vec![sandbox.command(&["store", "prune", "-o", "json"])];
    commands.extend((0..8).flat_map(|_| [create(), mint()]));
    let outputs = Sandbox::run_in_parallel(commands);
    for output in &outputs {
        assert_eq!(output.code, 0, "{output:?}");
    }
    let pruned: Value = serde_json::from_str(&outputs[0].stdout).unwrap();
    assert_eq!(pruned["tokens_deleted"], EXPIRED_COUNT);
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["17"]);
    for token in &outputs[1..] {
        sandbox.run(&["token", "verify", token.stdout.trim(), "--type", "any"]).ok();
    }
    assert_snapshot!(sandbox.check_store(), @"ok");
}

#[test]
fn prune_deletes_grants_without_tokens() {
    let sandbox = Sandbox::with_admin();
    let subjects: Vec<String> = (0..6_000).map(|n| format!("user{n}")).collect();
    let mint = ["token", "mint", "--record", "--from", "-", "--expires-at", "1700000000"];
    sandbox.run_with_input(&mint, &format!("sub\n{}", subjects.join("\n"))).ok();
    sandbox.stdout_of(&["token", "mint", "--record", "--sub", "alice"]);
    let pruned = sandbox.json(&["store", "prune"]);
    assert_eq!(
        (&pruned["tokens_deleted"], &pruned["grants_deleted"]),
        (&json!(6_000), &json!(6_000))
    );
    assert_eq!(sandbox.sql("SELECT app FROM grants"), ["alice"]);
    assert_snapshot!(sandbox.check_store(), @"ok");
}

#[test]
fn store_with_current_schema_needs_no_migration() {
    let sandbox = Sandbox::with_admin();
    let migrate_with_backup = ["store", "migrate", "--backup", "before.db"];
    assert_snapshot!(sandbox.run(&migrate_with_backup), @"
    --- stderr
    the store is already up to date
    ");
    assert_snapshot!(sandbox.run_json(&["store", "migrate"]), @r#"{"changed":false,"backup":null}"#);
    assert!(!sandbox.home().join("before.db").exists());
}

#[test]
fn maintenance_with_a_session_requires_an_admin() {
    let sandbox = Sandbox::with_john();
    for arguments in [&["prune"][..], &["backup", "copy.db"], &["migrate"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&[&["store"], arguments].concat()), @"
        --- exit code 7, stderr
        error: only admins can administer the store: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    assert!(!sandbox.home().join("copy.db").exists());
    sandbox.run(&["store", "info"]).ok();
    let audit_sql = "SELECT action || ' ' || outcome FROM audit WHERE action LIKE 'store %'";
    let refused = ["store prune forbidden", "store backup forbidden", "store migrate forbidden"];
    assert_eq!(sandbox.sql(audit_sql), refused);
}

#[test]
fn owner_of_the_file_maintains_the_store_without_login() {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["logout"]).ok();
    sandbox.run(&["store", "backup", "copy.db"]).ok();
    sandbox.run(&["store", "prune"]).ok();
    assert_snapshot!(sandbox.check_store(), @"ok");
    let audit_sql = "SELECT action || ' ' || outcome || ' ' || (user_id IS NULL) FROM audit
        WHERE action LIKE 'store %'";
    assert_eq!(sandbox.sql(audit_sql), ["store backup done 1"]);
    for arguments in [&["prune"][..], &["backup", "copy.db"]] {
        let with_missing_store = [&["store"], arguments, &["--store", "missing.db"]].concat();
        assert_eq!(sandbox.run(&with_missing_store).code, 3, "{arguments:?}");
    }
}
