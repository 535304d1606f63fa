//! `jeton audit list`

use crate::mask::{json_says, masked, refuses, says};
use crate::world::World;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

/// Ada registered john (2), who made two tokens, was refused one thing and revoked nothing; nobody
/// could log in as kim.
fn several() -> World {
    let world = World::with_john();
    world.run(&["token", "create", "app"]).ok();
    world.run(&["token", "create", "app"]).ok();
    let _ = world.run(&["users", "delete", "ada", "--yes"]).fails(7);
    let _ = world.run_with_input(&["login", "kim", "--password-stdin"], "x").fails(6);
    world.log_in("ada", "lovelace");
    world
}

fn ids(world: &World, arguments: &[&str]) -> String {
    let answer = world.json(&[&["audit", "list"], arguments].concat());
    let items = answer["items"].as_array().unwrap().iter();
    let ids: Vec<_> = items.map(|event| event["id"].to_string()).collect();
    format!("{} of {}", ids.join(","), answer["total"])
}

/// The ids of a result of many lines.
fn lines(world: &World, arguments: &[&str]) -> Vec<i64> {
    let ran = world.run(&[&["audit", "list", "-o", "jsonl"], arguments].concat()).ok();
    assert_eq!(ran.err, "");
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap();
    ran.out.lines().map(id).collect()
}

#[test]
fn the_newest_comes_first() {
    let world = several();
    let uid = rustix::process::getuid().as_raw().to_string();
    let ran = world.run(&["audit", "list"]).ok();
    let out = masked(&world, &ran.out).replace("<uuid>", "S");
    let cells: Vec<Vec<&str>> = out
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let row = |id, user, action, target, outcome, count| {
        vec![id, "<time>", user, uid.as_str(), action, target, outcome, count]
    };
    assert_eq!(
        cells,
        [
            vec!["ID", "TIME", "USER", "OS USER", "ACTION", "TARGET", "OUTCOME", "COUNT"],
            row("8", "ada", "login", "session S", "done", "1"),
            row("7", "-", "login", "-", "login_invalid", "0"),
            row("6", "john", "users delete", "user 1", "forbidden", "0"),
            row("5", "john", "token create", "token 2", "done", "1"),
            row("4", "john", "token create", "token 1", "done", "1"),
            row("3", "john", "login", "session S", "done", "1"),
            row("2", "ada", "register", "user 2", "done", "1"),
            row("1", "ada", "init", "user 1", "done", "1"),
        ]
    );
    json_says(
        &world,
        &["audit", "list", "--outcome", "login_invalid"],
        &format!(
            "{{\"items\":[{{\"id\":7,\"at\":\"<time>\",\"user_id\":null,\"user\":null,\
             \"os_uid\":{uid},\"action\":\"login\",\"target\":null,\"outcome\":\"login_invalid\",\
             \"count\":0}}],\"page\":1,\"per_page\":20,\"total\":1,\"pages\":1,\"next\":null}}"
        ),
    );
}

#[test]
fn a_list_is_cut_by_time_user_action_and_outcome() {
    let world = several();
    world.sql("UPDATE audit SET at = at - 100000 * (9 - id)");
    for (filter, expected) in [
        (&[][..], "8,7,6,5,4,3,2,1 of 8"),
        (&["--since", "2d"], "8 of 1"),
        (&["--since", "350000s", "--until", "150000s"], "7,6 of 2"),
        (&["--until", "P8D"], "2,1 of 2"),
        (&["--since", "2099-01-01T00:00:00Z"], " of 0"),
        (&["--until", "0"], " of 0"),
        (&["--user", "john"], "6,5,4,3 of 4"),
        (&["--user", "2", "--outcome", "forbidden"], "6 of 1"),
        (&["--action", "token"], "5,4 of 2"),
        (&["--action", "users delete"], "6 of 1"),
        (&["--action", "tokens"], "5,4 of 2"),
        (&["--action", "users  rm"], "6 of 1"),
        (&["--action", "key"], " of 0"),
        (&["--outcome", "done", "--reverse"], "1,2,3,4,5,8 of 6"),
        (&["--page", "2", "--per-page", "3"], "5,4,3 of 8"),
        (&["--after", "4", "--per-page", "2"], "3,2 of 8"),
        (&["--after", "4", "--per-page", "2", "--reverse"], "5,6 of 8"),
        (&["--all", "--user", "ada"], "8,2,1 of 3"),
    ] {
        assert_eq!(ids(&world, filter), expected, "{filter:?}");
    }
    let ran = world.run(&["audit", "ls", "--per-page", "5"]).ok();
    assert_eq!(ran.err, "5 of 8 events, page 1 of 2; next: --page 2\n");
    for words in ["nothing", "token crate", "token create my-app"] {
        let talk = format!("warning: no command of this jeton is called `{words}`\nno events\n");
        says(&world, &world.run(&["audit", "list", "--action", words]), "", &talk);
    }
}

#[test]
fn a_deleted_user_did_what_it_did() {
    let world = several();
    world.run(&["users", "delete", "john", "--yes"]).ok();
    assert_eq!(ids(&world, &["--user", "2"]), "6,5,4,3 of 4");
    let event = &world.json(&["audit", "list", "--user", "2"])["items"][0];
    assert_eq!((&event["user_id"], &event["user"]), (&Value::from(2), &Value::Null));
    let shown = world.get(&["audit", "list", "--user", "2", "--per-page", "1", "-q"]);
    assert!(shown.lines().nth(1).unwrap().contains("Z  2     "), "{shown}");
    for (who, hint) in [("john", "hint: a deleted user is named by its id\n"), ("9", "")] {
        let ran = world.run(&["audit", "list", "--user", who]);
        refuses(&world, &ran, 3, &format!("error: there is no user `{who}`\n{hint}"));
    }
}

#[test]
fn a_filter_that_nothing_can_pass_is_told() {
    let world = World::with_admin();
    for word in ["failed", "refused"] {
        let talk = format!("warning: nothing ends as `{word}`\nno events\n");
        says(&world, &world.run(&["audit", "list", "--outcome", word]), "", &talk);
    }
    for word in ["login_invalid", "store_newer", "undelivered", "revoked", "token_reused"] {
        says(&world, &world.run(&["audit", "list", "--outcome", word]), "", "no events\n");
    }
    let ran = world.run(&["audit", "list", "--since", "1h", "--until", "2h"]);
    refuses(&world, &ran, 2, "error: `--since` is later than `--until`\n");
}

#[test]
fn all_lines_are_written_unless_a_page_is_asked_for() {
    let world = several();
    world.sql(
        "WITH RECURSIVE n (i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
         INSERT INTO audit (id, at, os_uid, action, outcome) SELECT i, i, 0, 'x', 'y' FROM n",
    );
    assert_eq!(lines(&world, &[]), (1..=2500).rev().collect::<Vec<_>>());
    assert_eq!(lines(&world, &["--reverse", "--all"]), (1..=2500).collect::<Vec<_>>());
    assert_eq!(lines(&world, &["--reverse", "--after", "7"]), (8..=2500).collect::<Vec<_>>());
    assert_eq!(lines(&world, &["--after", "4"]), [3, 2, 1]);
    assert_eq!(lines(&world, &["--per-page", "2"]), [2500, 2499]);
    assert_eq!(lines(&world, &["--page", "2", "--per-page", "2"]), [2498, 2497]);
    assert_eq!(lines(&world, &["--after", "4", "--per-page", "2"]), [3, 2]);
    assert_eq!(lines(&world, &["--action", "nothing"]), [0; 0]);
    let mut command = world.command(&["audit", "list", "-o", "jsonl"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"id\":2500,"), "{first}");
    assert!(child.wait().unwrap().success(), "a reader who leaves has heard enough");
}

#[test]
fn it_is_for_admins() {
    let world = World::with_john();
    for words in [&["audit", "list"][..], &["audit", "list", "--user", "nobody"]] {
        refuses(&world, &world.run(words), 7, "error: only admins see the audit\n");
    }
    let ran = world.run(&["audit", "list", "--since", "yesterday"]);
    let talk = "error: invalid value 'yesterday' for '--since <TIME>': time: neither RFC 3339 \
                (`<time>`), nor Unix seconds, nor how long ago (`7d`)\n\
                hint: see `jeton audit list --help`\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn what_stands_in_it_reaches_no_terminal_as_it_is() {
    let world = World::with_admin();
    world.sql("UPDATE audit SET target = 'a' || char(27) || '[31m', action = 'b' || char(8238)");
    let ran = world.run(&["audit", "list"]).ok();
    assert!(ran.out.contains("a\\u{1b}[31m") && ran.out.contains("b\\u{202e}"), "{}", ran.out);
    let line = world.run(&["audit", "list", "-o", "jsonl"]).ok().out;
    assert!(line.contains("a\\u001b[31m") && line.contains("b\\u202e"), "{line}");
}

#[test]
fn a_refusal_that_cannot_be_written_down_ends_as_it_would() {
    let world = World::with_john();
    let count = "SELECT count(*) FROM audit";
    let before = world.sql(count);
    let other = rusqlite::Connection::open(world.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ran = world.run(&["users", "delete", "ada", "--yes", "--wait", "0s"]);
    refuses(&world, &ran, 7, "error: only admins delete accounts\n");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(world.sql(count), before);
}

#[test]
fn a_session_that_is_refreshed_on_the_way_is_a_change_of_its_own() {
    let world = World::with_admin();
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    world.run(&["refresh"]).ok();
    let before = world.sql("SELECT id FROM audit").len();
    let rows =
        || world.sql("SELECT action || ' ' || outcome FROM audit ORDER BY id").split_off(before);
    std::thread::sleep(Duration::from_secs(2));
    world.run(&["whoami"]).ok();
    assert_eq!(rows(), ["refresh done"]);
    std::thread::sleep(Duration::from_secs(2));
    world.run(&["token", "create", "app"]).ok();
    assert_eq!(rows()[1..], ["refresh done", "token create done"]);
}
