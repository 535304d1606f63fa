//! Rows that no command writes: each command that needs one refuses it as damage of the store, in
//! bounded time and memory, and `store check` names it.

use super::crafted::{bounded, craft};
use crate::mask::{masked, refuses};
use crate::world::{Ran, World};

#[track_caller]
fn is_damage(world: &World, words: &[&str], what: &str) {
    let ran = bounded(world, words, "lovelace\n");
    refuses(world, &ran, 78, &format!("error: the store is damaged: {what}\n"));
    let error = world.json_error(&["store", "check"]);
    assert_eq!(error["code"], "store_damaged", "{words:?}");
}

#[track_caller]
fn check_names(world: &World, faults: &[&str]) {
    let ran = bounded(world, &["store", "check"], "");
    let line = |fault: &&str| format!("store_damaged: the store is damaged: {fault}\n");
    let expected: String = faults.iter().map(line).collect();
    assert_eq!((ran.code, masked(world, &ran.out)), (78, expected), "{ran:?}");
}

fn log_in(world: &World) -> Ran {
    bounded(world, &["login", "ada", "--password-stdin"], "lovelace")
}

#[test]
fn damaged_key_is_damage_wherever_it_is_used() {
    let world = World::with_admin();
    let token = world.get(&["token", "create", "x"]);
    let unusable = "key `<key>` is unusable";
    craft(&world, "UPDATE keys SET public = '{\"kty\":\"EC\"}'");
    is_damage(&world, &["token", "verify", &token], unusable);
    check_names(&world, &["row 1 of `keys`: key `<key>` is unusable"]);
    let world = World::with_admin();
    craft(&world, "UPDATE keys SET material = x'00'");
    for words in [
        &["token", "create", "x"][..],
        &["keys", "export", "--pem"],
        &["keys", "export", "--private", &world.sql("SELECT kid FROM keys")[0]],
        &["login", "ada", "--password-stdin"],
        &["refresh"],
    ] {
        is_damage(&world, words, unusable);
    }
    check_names(&world, &["row 1 of `keys`: key `<key>` is unusable"]);
}

#[test]
fn damaged_test_key_is_damage() {
    for sql in ["material = x''", "material = x'00'", "algorithm = 'EdDSA'"] {
        let world = World::with_admin();
        world.run(&["token", "mint"]).ok();
        craft(&world, &format!("UPDATE keys SET {sql} WHERE purpose = 'test'"));
        let algorithm = if sql.contains("EdDSA") { "EdDSA" } else { "ES256" };
        is_damage(&world, &["token", "mint", "--alg", algorithm], "key `<key>` is unusable");
    }
}

#[test]
fn empty_secret_neither_signs_nor_verifies() {
    let world = World::with_admin();
    let token = world.get(&["token", "mint", "--alg", "HS256"]);
    craft(&world, "UPDATE keys SET material = x'' WHERE purpose = 'test'");
    for words in
        [&["token", "mint", "--alg", "HS256"][..], &["token", "verify", "--type", "test", &token]]
    {
        is_damage(&world, words, "key `<uuid>` is unusable");
    }
}

/// Hashes that take 4 GiB, hours, or nothing at all.
const COSTLY: [(&str, &str); 4] = [
    (
        "$argon2id$v=19$m=4194304,t=1,p=1$",
        "each login would take too long: 256 MiB and 4 passes at most",
    ),
    (
        "$argon2id$v=19$m=8,t=4294967295,p=1$",
        "each login would take too long: 256 MiB and 4 passes at most",
    ),
    (
        "$argon2id$v=19$m=134217728,t=1,p=16777215$",
        "each login would take too long: 256 MiB and 4 passes at most",
    ),
    ("\u{1b}[2J$scrypt$", "not a hash in PHC form, like `$argon2id$v=19$m=…,t=…,p=…$…$…`"),
];

#[test]
fn costly_password_hash_is_damage_and_not_computed() {
    for (head, why) in COSTLY {
        let world = World::with_admin();
        let hash = format!("{head}c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        craft(&world, &format!("UPDATE users SET password = '{hash}'"));
        let error = format!("error: the store is damaged: a password hash is unusable: {why}\n");
        refuses(&world, &log_in(&world), 78, &error);
        let passwd = ["passwd", "--password-stdin"];
        refuses(&world, &bounded(&world, &passwd, "lovelace\nturing mathison\n"), 78, &error);
        check_names(&world, &[&format!("row 1 of `users`: a password hash is unusable: {why}")]);
        let recover = ["recover", "ada", "--password-stdin", "--yes"];
        assert_eq!(bounded(&world, &recover, "lovelace\n").code, 0);
        log_in(&world).ok();
        assert_eq!(world.run(&["store", "check"]).ok().out, "ok\n");
    }
}

#[test]
fn costly_hash_class_is_damage_and_not_computed() {
    for (head, why) in COSTLY {
        let world = World::with_admin();
        let class = head.trim_end_matches('$');
        craft(&world, &format!("UPDATE store SET costliest_hash = '{class}'"));
        let what = format!("`costliest_hash` is unusable: {why}");
        is_damage(&world, &["login", "ada", "--password-stdin"], &what);
        is_damage(&world, &["login", "nobody", "--password-stdin"], &what);
        check_names(&world, &[&what]);
        world.run(&["store", "prune"]).ok();
        log_in(&world).ok();
        assert_eq!(world.run(&["store", "check"]).ok().out, "ok\n");
    }
}

#[test]
fn used_up_ids_are_no_full_disk() {
    for (table, words) in [
        ("grants", &["token", "create", "x"][..]),
        ("tokens", &["token", "create", "x"]),
        ("users", &["register", "eve", "--email", "eve@example.com", "--password-stdin"]),
        ("sessions", &["login", "ada", "--password-stdin"]),
        ("pairs", &["refresh"]),
        ("keys", &["keys", "generate"]),
    ] {
        let world = World::with_admin();
        craft(
            &world,
            &format!(
                "DELETE FROM sqlite_sequence WHERE name = '{table}';
                 INSERT INTO sqlite_sequence VALUES ('{table}', 9223372036854775807)"
            ),
        );
        is_damage(&world, words, &format!("table `{table}` has no id left"));
        check_names(&world, &[&format!("table `{table}` has no id left")]);
    }
}

#[test]
fn rows_of_every_table_are_refused_as_damage() {
    for (sql, words, what) in [
        ("UPDATE users SET role = 'boss'", &["users", "list"][..], "role: "),
        ("UPDATE users SET created_at = -1", &["users", "list"], "-1 is not a time"),
        ("UPDATE users SET uid = x'00'", &["whoami"], ""),
        ("UPDATE keys SET public = 'x'", &["keys", "list"], "a public key is not JSON"),
        ("UPDATE keys SET algorithm = 'x'", &["keys", "list"], "algorithm: "),
        ("UPDATE keys SET state = 'x'", &["keys", "list"], ""),
        (
            "UPDATE sessions SET expires_at = 9000000000000000000",
            &["whoami"],
            "9000000000000000000 is not a time",
        ),
        ("UPDATE pairs SET issued_at = -1", &["sessions", "list"], "-1 is not a time"),
        ("UPDATE tokens SET issued_at = -1", &["token", "list"], "-1 is not a time"),
        ("UPDATE grants SET permissions = '{'", &["token", "list"], "a grant's list is not JSON"),
        ("UPDATE grants SET claims = '['", &["token", "list"], "a grant's claims are not JSON"),
        ("UPDATE grants SET kind = 'x'", &["token", "list"], ""),
        ("UPDATE audit SET at = -1", &["audit", "list"], "-1 is not a time"),
        ("UPDATE store SET store_id = x'00'", &["whoami"], ""),
        ("INSERT INTO settings VALUES ('token.quota', 'x', 1)", &["token", "create", "y"], ""),
        (
            "UPDATE user_blocks SET present = 9223372036854775807;
             INSERT INTO user_blocks VALUES (7, 9223372036854775807)",
            &["users", "list"],
            "integer overflow",
        ),
    ] {
        let world = World::with_admin();
        world.get(&["token", "create", "x"]);
        craft(&world, sql);
        let ran = bounded(&world, words, "");
        let start = format!("error: the store is damaged: {what}");
        assert!(ran.code == 78 && ran.err.starts_with(&start), "{sql}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{sql}: {ran:?}");
        let ran = bounded(&world, &["store", "check"], "");
        assert!(ran.code == 78 && ran.out.starts_with("store_damaged: "), "{sql}: {ran:?}");
    }
}

#[test]
fn large_and_many_values_are_bounded() {
    let long = "string or blob too big";
    for (sql, what) in [
        ("INSERT INTO settings VALUES ('issuer', printf('%.*c', 60000000, 'x'), 1)", long),
        (
            "INSERT INTO settings
                 SELECT 'x' || value, 'x', 1 FROM generate_series(1, 5000)",
            "table `settings` is too long",
        ),
    ] {
        let world = World::with_admin();
        let sql = sql.replace(
            "FROM generate_series(1, 5000)",
            "FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n
                       WHERE value < 5000) SELECT value FROM n)",
        );
        craft(&world, &sql);
        let error = format!("error: the store is damaged: {what}\n");
        let ran = World::run_with(world.confined(&["token", "create", "x"]), "");
        refuses(&world, &ran, 78, &error);
        assert_eq!(world.json_error(&["store", "check"])["code"], "store_damaged");
    }
}
