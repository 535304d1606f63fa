//! Rows that no command writes: a command that reads such a row reports a damaged store, in bounded
//! time and memory. `store check` reports the damage too.

use super::crafted_schema::{change_store_unchecked, run_within_time_limit};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// Runs a command on a damaged store, and returns the output below the command line. Asserts that
/// `store check` reports damage.
#[track_caller]
pub(super) fn run_on_damaged_store(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = run_within_time_limit(sandbox, arguments, "lovelace\n");
    let error = sandbox.json_error(&["store", "check"]);
    assert_eq!(error["code"], "store_damaged", "{arguments:?}");
    output.with_heading(format_args!("$ jeton {}", arguments.join(" ")))
}

pub(super) fn run_store_check(sandbox: &Sandbox) -> String {
    run_within_time_limit(sandbox, &["store", "check"], "").with_heading("$ jeton store check")
}

pub(super) fn log_in(sandbox: &Sandbox) -> RunOutput {
    run_within_time_limit(sandbox, &["login", "ada", "--password-stdin"], "lovelace")
}

#[test]
fn damaged_app_key_is_reported() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "x"]);
    change_store_unchecked(&sandbox, "UPDATE keys SET public = '{\"kty\":\"EC\"}'");
    assert_snapshot!(run_on_damaged_store(&sandbox, &["token", "verify", &token]), @"
    $ jeton token verify <token>
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    ");
    assert_snapshot!(run_store_check(&sandbox), @"
    $ jeton store check
    store_damaged: store damaged: row 1 of `keys`: unusable key `<key>`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let sandbox = Sandbox::with_admin();
    change_store_unchecked(&sandbox, "UPDATE keys SET material = x'00'");
    let mut outputs = String::new();
    for arguments in [
        &["token", "create", "x"][..],
        &["keys", "export", "--pem"],
        &["keys", "export", "--private", &sandbox.sql("SELECT kid FROM keys")[0]],
        &["login", "ada", "--password-stdin"],
        &["refresh"],
    ] {
        outputs += &run_on_damaged_store(&sandbox, arguments);
    }
    assert_snapshot!(outputs + &run_store_check(&sandbox), @"
    $ jeton token create x
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton keys export --pem
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton keys export --private <key>
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton refresh
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton store check
    store_damaged: store damaged: row 1 of `keys`: unusable key `<key>`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn damaged_test_key_is_reported() {
    let mut outputs = String::new();
    for assignment in ["material = x''", "material = x'00'", "algorithm = 'EdDSA'"] {
        let sandbox = Sandbox::with_admin();
        sandbox.run(&["token", "mint"]).ok();
        change_store_unchecked(
            &sandbox,
            &format!("UPDATE keys SET {assignment} WHERE purpose = 'test'"),
        );
        let algorithm = if assignment.contains("EdDSA") { "EdDSA" } else { "ES256" };
        outputs += &run_on_damaged_store(&sandbox, &["token", "mint", "--alg", algorithm]);
    }
    assert_snapshot!(outputs, @"
    $ jeton token mint --alg ES256
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton token mint --alg ES256
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    $ jeton token mint --alg EdDSA
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    ");
}

#[test]
fn empty_shared_secret_neither_signs_nor_verifies() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "mint", "--alg", "HS256"]);
    change_store_unchecked(&sandbox, "UPDATE keys SET material = x'' WHERE purpose = 'test'");
    let mut outputs = String::new();
    for arguments in
        [&["token", "mint", "--alg", "HS256"][..], &["token", "verify", "--type", "test", &token]]
    {
        outputs += &run_on_damaged_store(&sandbox, arguments);
    }
    assert_snapshot!(outputs, @"
    $ jeton token mint --alg HS256
    --- exit code 78, stderr
    error: store damaged: unusable key `<uuid>`
    $ jeton token verify --type test <token>
    --- exit code 78, stderr
    error: store damaged: unusable key `<uuid>`
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn exhausted_row_ids_are_reported_as_damage() {
    let mut outputs = String::new();
    for (table, arguments) in [
        ("grants", &["token", "create", "x"][..]),
        ("tokens", &["token", "create", "x"]),
        ("users", &["register", "eve", "--email", "eve@example.com", "--password-stdin"]),
        ("sessions", &["login", "ada", "--password-stdin"]),
        ("pairs", &["refresh"]),
        ("keys", &["keys", "generate"]),
    ] {
        let sandbox = Sandbox::with_admin();
        change_store_unchecked(
            &sandbox,
            &format!(
                "DELETE FROM sqlite_sequence WHERE name = '{table}';
                 INSERT INTO sqlite_sequence VALUES ('{table}', 9223372036854775807)"
            ),
        );
        outputs += &run_on_damaged_store(&sandbox, arguments);
        outputs += &run_store_check(&sandbox);
    }
    assert_snapshot!(outputs, @"
    $ jeton token create x
    --- exit code 78, stderr
    error: store damaged: ids of table `grants` exhausted
    $ jeton store check
    store_damaged: store damaged: ids of table `grants` exhausted
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton token create x
    --- exit code 78, stderr
    error: store damaged: ids of table `tokens` exhausted
    $ jeton store check
    store_damaged: store damaged: ids of table `tokens` exhausted
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton register eve --email eve@example.com --password-stdin
    --- exit code 78, stderr
    error: store damaged: ids of table `users` exhausted
    $ jeton store check
    store_damaged: store damaged: ids of table `users` exhausted
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: ids of table `sessions` exhausted
    $ jeton store check
    store_damaged: store damaged: ids of table `sessions` exhausted
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton refresh
    --- exit code 78, stderr
    error: store damaged: ids of table `pairs` exhausted
    $ jeton store check
    store_damaged: store damaged: ids of table `pairs` exhausted
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton keys generate
    --- exit code 78, stderr
    error: store damaged: ids of table `keys` exhausted
    $ jeton store check
    store_damaged: store damaged: ids of table `keys` exhausted
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn damaged_row_is_reported_by_command_and_by_store_check() {
    for (sql, arguments, message_start) in [
        ("UPDATE users SET role = 'boss'", &["users", "list"][..], "role: "),
        ("UPDATE users SET created_at = -1", &["users", "list"], "invalid time -1"),
        ("UPDATE users SET uid = x'00'", &["whoami"], ""),
        (
            "UPDATE keys SET public = 'x'",
            &["keys", "list"],
            "the public key of a signing key is not JSON",
        ),
        ("UPDATE keys SET algorithm = 'x'", &["keys", "list"], "algorithm: "),
        ("UPDATE keys SET state = 'x'", &["keys", "list"], ""),
        (
            "UPDATE sessions SET expires_at = 9000000000000000000",
            &["whoami"],
            "invalid time 9000000000000000000",
        ),
        ("UPDATE pairs SET issued_at = -1", &["sessions", "list"], "invalid time -1"),
        ("UPDATE tokens SET issued_at = -1", &["token", "list"], "invalid time -1"),
        (
            "UPDATE grants SET permissions = '{'",
            &["token", "list"],
            "permissions or audience of a grant is not a JSON array of strings",
        ),
        (
            "UPDATE grants SET claims = '['",
            &["token", "list"],
            "claims of a grant are not a valid JSON object",
        ),
        ("UPDATE grants SET kind = 'x'", &["token", "list"], ""),
        ("UPDATE audit SET at = -1", &["audit", "list"], "invalid time -1"),
        ("UPDATE store SET store_id = x'00'", &["whoami"], ""),
        ("INSERT INTO settings VALUES ('token.quota', 'x', 1)", &["token", "create", "y"], ""),
        (
            "UPDATE user_blocks SET present = 9223372036854775807;
             INSERT INTO user_blocks VALUES (7, 9223372036854775807)",
            &["users", "list"],
            "integer overflow",
        ),
    ] {
        let sandbox = Sandbox::with_admin();
        sandbox.stdout_of(&["token", "create", "x"]);
        change_store_unchecked(&sandbox, sql);
        let output = run_within_time_limit(&sandbox, arguments, "");
        let start = format!("error: store damaged: {message_start}");
        assert!(output.code == 78 && output.stderr.starts_with(&start), "{sql}: {output:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{sql}: {output:?}");
        let output = run_within_time_limit(&sandbox, &["store", "check"], "");
        assert!(
            output.code == 78 && output.stdout.starts_with("store_damaged: "),
            "{sql}: {output:?}"
        );
    }
}

#[test]
fn too_large_and_too_many_settings_are_refused() {
    let mut outputs = String::new();
    for sql in [
        "INSERT INTO settings VALUES ('issuer', printf('%.*c', 60000000, 'x'), 1)",
        "INSERT INTO settings SELECT 'x' || value, 'x', 1
             FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n
                       WHERE value < 5000) SELECT value FROM n)",
    ] {
        let sandbox = Sandbox::with_admin();
        change_store_unchecked(&sandbox, sql);
        let output = Sandbox::run_command_with_input(
            sandbox.memory_limited_command(&["token", "create", "x"]),
            "",
        );
        outputs += &output.with_command();
        assert_eq!(sandbox.json_error(&["store", "check"])["code"], "store_damaged");
    }
    assert_snapshot!(outputs, @r#"
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton token create x
    --- exit code 78, stderr
    error: store damaged: string or blob too big
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton token create x
    --- exit code 78, stderr
    error: store damaged: too many rows in table `settings`
    "#);
}

#[test]
fn invalid_end_reason_and_audit_values_are_reported_by_store_check() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["logout"]).ok();
    change_store_unchecked(&sandbox, "UPDATE sessions SET end_reason = 'boredom'");
    change_store_unchecked(&sandbox, "UPDATE audit SET target_kind = 'house' WHERE id = 1");
    change_store_unchecked(&sandbox, "UPDATE audit SET detail = '{\"a\":1}' WHERE id = 2");
    assert_snapshot!(run_store_check(&sandbox), @"
    $ jeton store check
    store_damaged: store damaged: row 1 of `sessions`: session end reason: unknown
    store_damaged: store damaged: row 1 of `audit`: target: expected `user`, `token`, `session`, `key`, `setting` or `store`
    store_damaged: store damaged: row 2 of `audit`: invalid detail of an audit event
    --- exit code 78, stderr
    error: the store has 3 faults
    ");
}
