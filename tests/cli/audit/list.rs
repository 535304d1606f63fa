//! `jeton audit list`

use crate::redact::redact;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Returns a sandbox with an audit log: ada (user 1) registered john (user 2). John logged in,
/// created two tokens, and was refused the deletion of ada. A login as kim failed. Then ada logged
/// in.
fn sandbox_with_events() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["token", "create", "app"]).ok();
    sandbox.run(&["token", "create", "app"]).ok();
    let _ = sandbox.run(&["users", "delete", "ada", "--yes"]).fails(7);
    let _ = sandbox.run_with_input(&["login", "kim", "--password-stdin"], "x").fails(6);
    sandbox.log_in("ada", "lovelace");
    sandbox
}

/// Returns the ids of the events that `audit list` shows, and the number of all matching events,
/// such as `8,7 of 9`.
fn event_ids(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let page = sandbox.json(&[&["audit", "list"], arguments].concat());
    let items = page["items"].as_array().unwrap().iter();
    let ids: Vec<_> = items.map(|event| event["id"].to_string()).collect();
    format!("{} of {}", ids.join(","), page["total"])
}

/// Returns the event ids of the JSON Lines output.
fn jsonl_ids(sandbox: &Sandbox, arguments: &[&str]) -> Vec<i64> {
    let output = sandbox.run(&[&["audit", "list", "-o", "jsonl"], arguments].concat()).ok();
    assert_eq!(output.stderr, "");
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap();
    output.stdout.lines().map(id).collect()
}

#[test]
fn table_lists_newest_event_first_and_json_has_all_members() {
    let sandbox = sandbox_with_events();
    let os_uid = rustix::process::getuid().as_raw().to_string();
    // For an OS user without a name, `id` prints the number of the user to standard output, and an
    // error message to standard error.
    let os_user =
        String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let output = sandbox.run(&["audit", "list"]).ok();
    let table = redact(&sandbox, &output.stdout).replace("<uuid>", "S");
    let cells: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let row = |id, user, action, target, outcome, count| {
        vec![id, "<time>", user, os_user.trim(), action, target, outcome, count]
    };
    assert_eq!(
        cells,
        [
            vec!["ID", "CREATED", "USER", "OS USER", "ACTION", "TARGET", "OUTCOME", "COUNT"],
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
    let output = sandbox.run_json(&["audit", "list", "--outcome", "login_invalid"]).to_string();
    let output = output.replace(&format!("\"os_uid\":{os_uid},"), "\"os_uid\":<uid>,");
    assert_snapshot!(output, @r#"{"items":[{"id":7,"created_at":"<time>","user_id":null,"user":null,"os_uid":<uid>,"action":"login","target":null,"detail":null,"outcome":"login_invalid","count":0}],"page":1,"per_page":null,"total":1,"pages":1,"next":null}"#);
}

#[test]
fn filters_and_pages_select_events_and_unknown_action_is_reported() {
    let sandbox = sandbox_with_events();
    // Event 8 becomes 100,000 seconds older, event 7 becomes 200,000 seconds older, and so on.
    sandbox.sql("UPDATE audit SET at = at - 100000 * (9 - id)");
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
        assert_eq!(event_ids(&sandbox, filter), expected, "{filter:?}");
    }
    let output = sandbox.run(&["audit", "ls", "--per-page", "5"]).ok();
    assert_snapshot!(output.diagnostics(), @"
    --- stderr
    5 of 8 events, page 1 of 2, next: --page 2
    ");
    let mut outputs = String::new();
    for words in ["nothing", "token crate", "token create my-app"] {
        let output = sandbox.run(&["audit", "list", "--action", words]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton audit list --action nothing
    --- stderr
    warning: unknown action `nothing`
    no events
    $ jeton audit list --action 'token crate'
    --- stderr
    warning: unknown action `token crate`
    no events
    $ jeton audit list --action 'token create my-app'
    --- stderr
    warning: unknown action `token create my-app`
    no events
    ");
}

#[test]
fn events_of_deleted_user_remain_and_are_found_only_by_id() {
    let sandbox = sandbox_with_events();
    sandbox.run(&["users", "delete", "john", "--yes"]).ok();
    assert_eq!(event_ids(&sandbox, &["--user", "2"]), "6,5,4,3 of 4");
    let event = &sandbox.json(&["audit", "list", "--user", "2"])["items"][0];
    assert_eq!((&event["user_id"], &event["user"]), (&Value::from(2), &Value::Null));
    let table = sandbox.stdout_of(&["audit", "list", "--user", "2", "--per-page", "1", "-q"]);
    assert!(table.lines().nth(1).unwrap().contains("Z  2     "), "{table}");
    let mut outputs = String::new();
    for user in ["john", "9"] {
        let output = sandbox.run(&["audit", "list", "--user", user]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton audit list --user john
    --- exit code 3, stderr
    error: user `john` not found
    hint: for a deleted user, use the id
    $ jeton audit list --user 9
    --- exit code 3, stderr
    error: user `9` not found
    ");
}

#[test]
fn unknown_outcome_or_reversed_period_is_reported() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for word in ["failed", "refused"] {
        let output = sandbox.run(&["audit", "list", "--outcome", word]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton audit list --outcome failed
    --- stderr
    warning: unknown outcome `failed`
    no events
    $ jeton audit list --outcome refused
    --- stderr
    warning: unknown outcome `refused`
    no events
    ");
    for word in ["login_invalid", "store_newer", "undelivered", "revoked", "token_reused"] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["audit", "list", "--outcome", word]), @"
        --- stderr
        no events
        "));
    }
    let output = sandbox.run(&["audit", "list", "--since", "1h", "--until", "2h"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `--since` is later than `--until`
    ");
}

#[test]
fn jsonl_output_is_unpaged_by_default_and_may_be_closed_early() {
    let sandbox = sandbox_with_events();
    sandbox.sql(
        "WITH RECURSIVE n (i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
         INSERT INTO audit (id, at, os_uid, action, outcome) SELECT i, i, 0, 'x', 'y' FROM n",
    );
    assert_eq!(jsonl_ids(&sandbox, &[]), (1..=2500).rev().collect::<Vec<_>>());
    assert_eq!(jsonl_ids(&sandbox, &["--reverse", "--all"]), (1..=2500).collect::<Vec<_>>());
    assert_eq!(jsonl_ids(&sandbox, &["--reverse", "--after", "7"]), (8..=2500).collect::<Vec<_>>());
    assert_eq!(jsonl_ids(&sandbox, &["--after", "4"]), [3, 2, 1]);
    assert_eq!(jsonl_ids(&sandbox, &["--per-page", "2"]), [2500, 2499]);
    assert_eq!(jsonl_ids(&sandbox, &["--page", "2", "--per-page", "2"]), [2498, 2497]);
    assert_eq!(jsonl_ids(&sandbox, &["--after", "4", "--per-page", "2"]), [3, 2]);
    assert_eq!(jsonl_ids(&sandbox, &["--action", "nothing"]), [0; 0]);
    let mut command = sandbox.command(&["audit", "list", "-o", "jsonl"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first_line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
    assert!(first_line.starts_with("{\"id\":2500,"), "{first_line}");
    assert!(child.wait().unwrap().success(), "jeton exits with 0 if standard output is closed");
}

#[test]
fn audit_list_requires_admin_and_valid_time() {
    let sandbox = Sandbox::with_john();
    for words in [&["audit", "list"][..], &["audit", "list", "--user", "nobody"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(words), @"
        --- exit code 7, stderr
        error: only admins can see the audit log: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    let output = sandbox.run(&["audit", "list", "--since", "yesterday"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'yesterday' for '--since <TIME>': time: expected RFC 3339 (`<time>`), a date, Unix seconds, `now`, or an age (`7d`)
    hint: see `jeton audit list --help`
    ");
}

#[test]
fn control_characters_in_events_are_escaped() {
    let sandbox = Sandbox::with_admin();
    sandbox.sql(
        "UPDATE audit SET target_kind = 'token', target_id = 'a' || char(27) || '[31m',
             action = 'b' || char(8238)",
    );
    let output = sandbox.run(&["audit", "list"]).ok();
    assert!(
        output.stdout.contains("a\\u{1b}[31m") && output.stdout.contains("b\\u{202e}"),
        "{}",
        output.stdout
    );
    let line = sandbox.run(&["audit", "list", "-o", "jsonl"]).ok().stdout;
    assert!(line.contains("a\\u001b[31m") && line.contains("b\\u202e"), "{line}");
}

#[test]
fn refusal_is_reported_even_if_its_audit_event_cannot_be_written() {
    let sandbox = Sandbox::with_john();
    let event_count_query = "SELECT count(*) FROM audit";
    let event_count = sandbox.sql(event_count_query);
    let lock = WriteLock::acquire(&sandbox);
    let output = sandbox.run(&["users", "delete", "ada", "--yes", "--wait", "0s"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can delete accounts: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    drop(lock);
    assert_eq!(sandbox.sql(event_count_query), event_count);
}

#[test]
fn automatic_refresh_adds_an_event_of_its_own() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.run(&["refresh"]).ok();
    let old_event_count = sandbox.sql("SELECT id FROM audit").len();
    let new_events = || {
        sandbox
            .sql("SELECT action || ' ' || outcome FROM audit ORDER BY id")
            .split_off(old_event_count)
    };
    std::thread::sleep(Duration::from_secs(2));
    sandbox.run(&["whoami"]).ok();
    assert_eq!(new_events(), ["refresh done"]);
    std::thread::sleep(Duration::from_secs(2));
    sandbox.run(&["token", "create", "app"]).ok();
    assert_eq!(new_events()[1..], ["refresh done", "token create done"]);
}
