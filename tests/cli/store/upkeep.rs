//! `jeton store info`, `prune` and `migrate`

use crate::mask::{json_says, masked, refuses, says};
use crate::world::World;
use serde_json::{Value, json};
use std::process::Command;

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
         schema     2\n\
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
fn what_is_pruned_is_refused_as_before() {
    let world = World::with_admin();
    let create = |app| world.get(&["token", "create", app, "--ttl", "1s"]);
    let (token, revoked) = (create("a"), create("b"));
    let test = world.get(&["token", "mint", "--record", "--ttl", "1s"]);
    world.run(&["token", "revoke", "2", "3"]).ok();
    world.get(&["token", "create", "stays"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    says(
        &world,
        &world.run(&["store", "prune", "--keep", "1h"]),
        "",
        "removed 0 tokens, 0 sessions and 0 rows of the blocklist\n",
    );
    let gone = "{\"changed\":true,\"tokens\":3,\"sessions\":0,\"blocklist\":0,\"grants\":3}";
    json_says(&world, &["store", "prune"], gone);
    let nothing = "{\"changed\":false,\"tokens\":0,\"sessions\":0,\"blocklist\":0,\"grants\":0}";
    json_says(&world, &["store", "prune"], nothing);
    for token in [&token, &revoked, &test] {
        let ran = world.run(&["token", "verify", token, "--type", "any"]);
        assert_eq!((ran.code, &*ran.out), (11, "invalid: token_expired\n"));
        let ran = world.run(&["token", "verify", token, "--type", "any", "--leeway", "5m"]);
        assert_eq!((ran.code, &*ran.out), (10, "invalid: unknown_token\n"));
    }
    assert_eq!(world.run(&["token", "show", "1"]).code, 3);
    assert_eq!(world.json(&["token", "list", "--status", "all"])["total"], 1);
    assert_eq!(
        world.sql("SELECT count FROM audit WHERE action = 'store prune' ORDER BY id"),
        ["6"],
        "what removes nothing changes nothing"
    );
    says(&world, &world.run(&["store", "check"]), "ok\n", "");
}

#[test]
fn prune_long_after_the_newest_change_asks_for_confirmation() {
    let world = World::with_admin();
    world.get(&["token", "create", "app"]);
    let newest = "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', max(at) - 5184000, 'unixepoch') FROM audit";
    let [newest] = <[String; 1]>::try_from(world.sql(newest)).unwrap();
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute_batch("UPDATE audit SET at = at - 5184000").unwrap();
    let ran = world.run(&["store", "prune"]);
    let refusal = format!(
        "error: nobody is there to confirm it: the store was last changed at {newest}, and the \
         clock may be ahead\nhint: add `--yes`\n"
    );
    assert_eq!((ran.code, &*ran.out, &*ran.err), (2, "", &*refusal));
    world.run(&["store", "prune", "--keep", "60d"]).ok();
    world.run(&["store", "prune", "--yes"]).ok();
}

#[test]
fn prune_mark_of_a_key_is_shown_and_named_by_the_verdict() {
    let world = World::with_admin();
    let other = world.get(&["token", "mint", "--ttl", "1s"]);
    let recorded = world.get(&["token", "mint", "--record", "--ttl", "1s"]);
    assert_eq!(world.json(&["store", "info"])["pruned"], json!([]));
    assert!(!world.run(&["store", "info"]).ok().out.contains("pruned"));
    std::thread::sleep(std::time::Duration::from_secs(2));
    world.run(&["store", "prune"]).ok();
    let kid = world.sql("SELECT kid FROM keys WHERE purpose = 'test'").remove(0);
    let until = crate::world::payload(&recorded)["exp"].as_i64().unwrap();
    let until = world
        .sql(&format!("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', {until}, 'unixepoch')"))
        .remove(0);
    let mark = json!([{"kid": kid, "until": until}]);
    assert_eq!(world.json(&["store", "info"])["pruned"], mark);
    let out = world.run(&["store", "info"]).ok().out;
    let line = format!("test tokens of key {kid} that expired by {until}");
    assert!(out.lines().any(|row| row.starts_with("pruned ") && row.ends_with(&line)), "{out}");
    let ran = world.run(&["token", "verify", &other, "--type", "test", "--leeway", "5m"]);
    assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: unknown_token\n"));
    assert_eq!(
        ran.err,
        format!(
            "error: the token is not in the store: test tokens of key `{kid}` that expired by \
             {until} were pruned\n"
        )
    );
}

#[test]
fn many_are_pruned_while_others_create_and_mint() {
    const MANY: usize = 20_000;
    let world = World::with_admin();
    world.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    world.get(&["token", "create", "app"]);
    add_expired(&world, MANY);
    let create = || world.command(&["token", "create", "app"]);
    let mint = || world.command(&["token", "mint", "--record", "--sub", "alice"]);
    let mut commands: Vec<Command> = vec![world.command(&["store", "prune", "-o", "json"])];
    commands.extend((0..8).flat_map(|_| [create(), mint()]));
    let ran = World::run_at_once(commands);
    for ran in &ran {
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let answer: Value = serde_json::from_str(&ran[0].out).unwrap();
    assert_eq!(answer["tokens"], MANY);
    assert_eq!(world.sql("SELECT count(*) FROM tokens"), ["17"]);
    for token in &ran[1..] {
        world.run(&["token", "verify", token.out.trim(), "--type", "any"]).ok();
    }
    says(&world, &world.run(&["store", "check"]), "ok\n", "");
}

#[test]
fn grants_of_many_subjects_go_with_their_tokens() {
    let world = World::with_admin();
    let rows: Vec<String> = (0..6_000).map(|n| format!("user{n}")).collect();
    let mint = ["token", "mint", "--record", "--from", "-", "--expires-at", "1700000000"];
    world.run_with_input(&mint, &format!("sub\n{}", rows.join("\n"))).ok();
    world.get(&["token", "mint", "--record", "--sub", "alice"]);
    let gone = world.json(&["store", "prune"]);
    assert_eq!((&gone["tokens"], &gone["grants"]), (&json!(6_000), &json!(6_000)));
    assert_eq!(world.sql("SELECT app FROM grants"), ["alice"]);
    says(&world, &world.run(&["store", "check"]), "ok\n", "");
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
    for words in [&["prune"][..], &["backup", "copy.db"], &["migrate"]] {
        refuses(&world, &world.run(&[&["store"], words].concat()), 7, refusal);
    }
    assert!(!world.home().join("copy.db").exists());
    world.run(&["store", "info"]).ok();
    let rows = "SELECT action || ' ' || outcome FROM audit WHERE action LIKE 'store %'";
    let refused = ["store prune forbidden", "store backup forbidden", "store migrate forbidden"];
    assert_eq!(world.sql(rows), refused);
}
