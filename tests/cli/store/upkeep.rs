//! `jeton store info` and `migrate`

use crate::mask::{json_says, masked, refuses, says};
use crate::world::World;
use serde_json::json;

/// Adds so many tokens of app 1 that ended long ago, every other one revoked before.
fn add_expired(world: &World, tokens: usize) {
    world.sql(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {tokens})
         INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, revoked_at)
         SELECT unhex(printf('%032x', n)), 1, 1, 1700000000, 1700003600,
             CASE n % 2 WHEN 0 THEN 1700001800 END FROM n RETURNING id"
    ));
}

#[test]
fn what_is_in_the_store_is_told_to_anybody() {
    let world = World::with_john();
    world.get(&["token", "create", "app"]);
    world.get(&["token", "create", "other"]);
    world.run(&["token", "renew", "1", "--grace", "1h"]).ok();
    world.run(&["token", "revoke", "2"]).ok();
    add_expired(&world, 3);
    world.run(&["logout"]).ok();
    let info = world.run(&["store", "info"]).ok();
    let lines: Vec<_> = info.out.lines().filter(|line| !line.starts_with("size ")).collect();
    assert_eq!(
        masked(&world, &lines.join("\n")),
        "path       ~/.local/share/jeton/jeton.db\n\
         store id   <uuid>\n\
         created    <time>\n\
         schema     1\n\
         journal    wal\n\
         read-only  no\n\
         modes      0600, directory 0700\n\
         users      2\n\
         sessions   0\n\
         tokens     1 live, 1 superseded, 2 expired, 2 revoked\n\
         keys       0 standby, 1 active, 0 retired, 0 revoked\n\
         audit      8"
    );
    let info = world.json(&["store", "info"]);
    let bytes = |end| std::fs::metadata(world.store().with_extension(end)).unwrap().len();
    assert_eq!(info["size"], json!({"file": bytes("db"), "wal": bytes("db-wal")}));
    assert_eq!(info["modes"], json!({"file": "0600", "directory": "0700"}));
    let tokens = json!({"live": 1, "superseded": 1, "expired": 2, "revoked": 2});
    assert_eq!(info["tokens"], tokens);
}

#[test]
fn a_store_of_today_needs_no_migration() {
    let world = World::with_admin();
    let backup = ["store", "migrate", "--backup", "before.db"];
    says(&world, &world.run(&backup), "", "the store is up to date: nothing was changed\n");
    json_says(&world, &["store", "migrate"], "{\"changed\":false,\"backup\":null}");
    assert!(!world.home().join("before.db").exists());
}

#[test]
fn only_admins_look_after_the_store() {
    let world = World::with_john();
    let refusal = "error: only admins administer the store\n";
    for words in [&["backup", "copy.db"][..], &["migrate"]] {
        refuses(&world, &world.run(&[&["store"], words].concat()), 7, refusal);
    }
    assert!(!world.home().join("copy.db").exists());
    world.run(&["store", "info"]).ok();
    let rows = "SELECT action || ' ' || outcome FROM audit WHERE action LIKE 'store %'";
    let refused = ["store backup forbidden", "store migrate forbidden"];
    assert_eq!(world.sql(rows), refused);
}
