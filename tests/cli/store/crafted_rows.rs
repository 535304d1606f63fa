//! Rows that no command writes: each command that needs one refuses it as damage of the store, in
//! bounded time and memory, and `store check` names it.

use super::crafted::{bounded, craft};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// The refusal of a command that needs what is damaged.
#[track_caller]
fn damage(sandbox: &Sandbox, words: &[&str]) -> String {
    let output = bounded(sandbox, words, "lovelace\n");
    let error = sandbox.json_error(&["store", "check"]);
    assert_eq!(error["code"], "store_damaged", "{words:?}");
    output.with_heading(format_args!("$ jeton {}", words.join(" ")))
}

fn check(sandbox: &Sandbox) -> String {
    bounded(sandbox, &["store", "check"], "").with_heading("$ jeton store check")
}

fn log_in(sandbox: &Sandbox) -> RunOutput {
    bounded(sandbox, &["login", "ada", "--password-stdin"], "lovelace")
}

#[test]
fn damaged_key_is_damage_wherever_it_is_used() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "create", "x"]);
    craft(&sandbox, "UPDATE keys SET public = '{\"kty\":\"EC\"}'");
    assert_snapshot!(damage(&sandbox, &["token", "verify", &token]), @"
    $ jeton token verify <token>
    --- exit code 78, stderr
    error: store damaged: unusable key `<key>`
    ");
    assert_snapshot!(check(&sandbox), @"
    $ jeton store check
    store_damaged: store damaged: row 1 of `keys`: unusable key `<key>`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let sandbox = Sandbox::with_admin();
    craft(&sandbox, "UPDATE keys SET material = x'00'");
    let mut outputs = String::new();
    for words in [
        &["token", "create", "x"][..],
        &["keys", "export", "--pem"],
        &["keys", "export", "--private", &sandbox.sql("SELECT kid FROM keys")[0]],
        &["login", "ada", "--password-stdin"],
        &["refresh"],
    ] {
        outputs += &damage(&sandbox, words);
    }
    assert_snapshot!(outputs + &check(&sandbox), @"
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
fn damaged_test_key_is_damage() {
    let mut outputs = String::new();
    for sql in ["material = x''", "material = x'00'", "algorithm = 'EdDSA'"] {
        let sandbox = Sandbox::with_admin();
        sandbox.run(&["token", "mint"]).ok();
        craft(&sandbox, &format!("UPDATE keys SET {sql} WHERE purpose = 'test'"));
        let algorithm = if sql.contains("EdDSA") { "EdDSA" } else { "ES256" };
        outputs += &damage(&sandbox, &["token", "mint", "--alg", algorithm]);
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
fn empty_secret_neither_signs_nor_verifies() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "mint", "--alg", "HS256"]);
    craft(&sandbox, "UPDATE keys SET material = x'' WHERE purpose = 'test'");
    let mut outputs = String::new();
    for words in
        [&["token", "mint", "--alg", "HS256"][..], &["token", "verify", "--type", "test", &token]]
    {
        outputs += &damage(&sandbox, words);
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

/// Hashes that take 4 GiB, hours, or nothing at all.
const COSTLY: [&str; 4] = [
    "$argon2id$v=19$m=4194304,t=1,p=1$",
    "$argon2id$v=19$m=8,t=4294967295,p=1$",
    "$argon2id$v=19$m=134217728,t=1,p=16777215$",
    "\u{1b}[2J$scrypt$",
];

#[test]
fn costly_password_hash_is_damage_and_not_computed() {
    let mut outputs = String::new();
    for head in COSTLY {
        let sandbox = Sandbox::with_admin();
        let hash = format!("{head}c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        craft(&sandbox, &format!("UPDATE users SET password = '{hash}'"));
        let output = log_in(&sandbox);
        outputs += &output.with_command();
        let passwd = ["passwd", "--password-stdin"];
        let output = bounded(&sandbox, &passwd, "lovelace\nturing mathison\n");
        outputs += &output.with_command();
        outputs += &check(&sandbox);
        let recover = ["recover", "ada", "--password-stdin", "--yes"];
        assert_eq!(bounded(&sandbox, &recover, "lovelace\n").code, 0);
        log_in(&sandbox).ok();
        assert_eq!(sandbox.run(&["store", "check"]).ok().stdout, "ok\n");
    }
    assert_snapshot!(outputs, @"
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: cost too high: expected at most 256 MiB and 4 passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn costly_hash_class_is_damage_and_not_computed() {
    let mut outputs = String::new();
    for head in COSTLY {
        let sandbox = Sandbox::with_admin();
        let class = head.trim_end_matches('$');
        craft(&sandbox, &format!("UPDATE store SET costliest_hash = '{class}'"));
        outputs += &damage(&sandbox, &["login", "ada", "--password-stdin"]);
        outputs += &damage(&sandbox, &["login", "nobody", "--password-stdin"]);
        outputs += &check(&sandbox);
        sandbox.run(&["store", "prune"]).ok();
        log_in(&sandbox).ok();
        assert_eq!(sandbox.run(&["store", "check"]).ok().stdout, "ok\n");
    }
    assert_snapshot!(outputs, @"
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: cost too high: expected at most 256 MiB and 4 passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn used_up_ids_are_no_full_disk() {
    let mut outputs = String::new();
    for (table, words) in [
        ("grants", &["token", "create", "x"][..]),
        ("tokens", &["token", "create", "x"]),
        ("users", &["register", "eve", "--email", "eve@example.com", "--password-stdin"]),
        ("sessions", &["login", "ada", "--password-stdin"]),
        ("pairs", &["refresh"]),
        ("keys", &["keys", "generate"]),
    ] {
        let sandbox = Sandbox::with_admin();
        craft(
            &sandbox,
            &format!(
                "DELETE FROM sqlite_sequence WHERE name = '{table}';
                 INSERT INTO sqlite_sequence VALUES ('{table}', 9223372036854775807)"
            ),
        );
        outputs += &damage(&sandbox, words);
        outputs += &check(&sandbox);
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
fn rows_of_every_table_are_refused_as_damage() {
    for (sql, words, what) in [
        ("UPDATE users SET role = 'boss'", &["users", "list"][..], "role: "),
        ("UPDATE users SET created_at = -1", &["users", "list"], "invalid time -1"),
        ("UPDATE users SET uid = x'00'", &["whoami"], ""),
        ("UPDATE keys SET public = 'x'", &["keys", "list"], "public key is not JSON"),
        ("UPDATE keys SET algorithm = 'x'", &["keys", "list"], "algorithm: "),
        ("UPDATE keys SET state = 'x'", &["keys", "list"], ""),
        (
            "UPDATE sessions SET expires_at = 9000000000000000000",
            &["whoami"],
            "invalid time 9000000000000000000",
        ),
        ("UPDATE pairs SET issued_at = -1", &["sessions", "list"], "invalid time -1"),
        ("UPDATE tokens SET issued_at = -1", &["token", "list"], "invalid time -1"),
        ("UPDATE grants SET permissions = '{'", &["token", "list"], "list of a grant is not JSON"),
        ("UPDATE grants SET claims = '['", &["token", "list"], "claims of a grant are not JSON"),
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
        sandbox.get(&["token", "create", "x"]);
        craft(&sandbox, sql);
        let output = bounded(&sandbox, words, "");
        let start = format!("error: store damaged: {what}");
        assert!(output.code == 78 && output.stderr.starts_with(&start), "{sql}: {output:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{sql}: {output:?}");
        let output = bounded(&sandbox, &["store", "check"], "");
        assert!(
            output.code == 78 && output.stdout.starts_with("store_damaged: "),
            "{sql}: {output:?}"
        );
    }
}

#[test]
fn large_and_many_values_are_bounded() {
    let mut outputs = String::new();
    for sql in [
        "INSERT INTO settings VALUES ('issuer', printf('%.*c', 60000000, 'x'), 1)",
        "INSERT INTO settings
             SELECT 'x' || value, 'x', 1 FROM generate_series(1, 5000)",
    ] {
        let sandbox = Sandbox::with_admin();
        let sql = sql.replace(
            "FROM generate_series(1, 5000)",
            "FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n
                       WHERE value < 5000) SELECT value FROM n)",
        );
        craft(&sandbox, &sql);
        let output = Sandbox::run_with(sandbox.confined(&["token", "create", "x"]), "");
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
