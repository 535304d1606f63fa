//! `jeton users export`, and the way back

use super::import::HASH;
use crate::mask::{refuses, says};
use crate::world::World;
use serde_json::{Value, json};
use std::fs;

/// Names that a spreadsheet would run, and some that are close to those.
const NAMES: [&str; 9] = [
    "=HYPERLINK(\"http://x.org\",\"click\")",
    "+1-2",
    "-2+3",
    "@SUM(A1:A9)",
    "'=1",
    "''quoted''",
    "'tis, \"quoted\"",
    "＝1+1",
    "plain",
];

/// All kinds of accounts.
fn with_many() -> World {
    let world = World::with_admin();
    let mut rows = String::new();
    for (number, name) in NAMES.iter().enumerate() {
        let email = format!("+user{number}@x.org");
        rows += &(json!({"email": email, "name": name}).to_string() + "\n");
    }
    for row in [
        json!({"username": "=john", "role": "minter", "quota": 7, "password_hash": HASH}),
        json!({"username": "kim", "email": "=Kim@x.org", "quota": "unlimited", "disabled": true,
            "created_at": "2020-01-01T00:00:00Z"}),
    ] {
        rows += &(row.to_string() + "\n");
    }
    world.run_with_input(&["users", "import", "-"], &rows).ok();
    world.run_with_input(&["register", "gone", "--password-stdin"], "123456").ok();
    world.run(&["users", "delete", "gone", "--yes"]).ok();
    world
}

/// An import of that file as the first command of a new store, by whose admin ada all is exported.
fn moved(file: &str, export: &[&str]) -> String {
    let there = World::new();
    there.run_with_input(&["users", "import", "-"], file).ok();
    there.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
    there.log_in("ada", "lovelace");
    there.run(export).ok().out
}

#[test]
fn what_one_store_exports_another_has_after_the_import() {
    let world = with_many();
    for (form, lines) in [("csv", 13), ("jsonl", 12), ("text", 12), ("json", 1)] {
        let export = ["users", "export", "-o", form];
        let file = world.run(&export).ok().out;
        assert_eq!(file.lines().count(), lines, "{file}");
        assert!(!file.contains("argon2") && !file.contains("gone"), "{file}");
        assert_eq!(moved(&file, &export), file, "{form}");
    }
    let [lines, text, json] =
        ["jsonl", "text", "json"].map(|form| world.run(&["users", "export", "-o", form]).ok().out);
    assert_eq!(lines, text);
    let items: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({"items": items}));
    assert_eq!(
        items[11].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["uid", "username", "email", "name", "role", "quota", "disabled", "created_at"]
    );
}

#[test]
fn hashes_move_if_that_is_said() {
    let world = with_many();
    for form in ["csv", "jsonl"] {
        let export = ["users", "export", "--with-hashes", "--yes", "-o", form];
        let file = world.run(&export).ok().out;
        assert!(file.contains(HASH), "{file}");
        let there = World::new();
        there.run_with_input(&["users", "import", "-"], &file).ok();
        there.log_in("ada", "lovelace");
        assert_eq!(there.run(&export).ok().out, file, "{form}");
        there.log_in("=john", "password");
    }
    let audit = "SELECT target || ' ' || count FROM audit WHERE action = 'users export'";
    assert_eq!(world.sql(audit), ["password hashes 12"; 2]);
    world.run(&["users", "export"]).ok();
    assert_eq!(world.sql(audit).len(), 2, "what is only read is not written down");
}

#[test]
fn no_cell_runs_in_a_spreadsheet() {
    let world = with_many();
    let file = world.run(&["users", "export", "-o", "csv"]).ok().out;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let mut guarded = 0;
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell}");
            guarded += usize::from(cell.starts_with('\''));
        }
    }
    // Nine addresses, seven names and an eighth with a sign of its own, a username, an address.
    assert_eq!(guarded, 9 + 8 + 2);
    fs::write(world.home().join("users.csv"), &file).unwrap();
    let ran = world.run(&["users", "import", "users.csv", "--exist-ok"]);
    says(&world, &ran, "", "imported 0 users, 12 there before\n");
}

#[test]
fn only_admins_export_and_hashes_are_confirmed() {
    let world = World::with_john();
    let with_hashes = ["users", "export", "--with-hashes"];
    for words in [&["users", "export"][..], &with_hashes] {
        refuses(&world, &world.run(words), 7, "error: only admins export accounts\n");
    }
    world.log_in("ada", "lovelace");
    let talk = "error: nobody is there to confirm it\nhint: add `--yes`\n";
    refuses(&world, &world.run(&with_hashes), 2, talk);
    let ran = world.run(&["users", "export", "-q"]).ok();
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (2, ""));
    assert_eq!(world.run(&["users", "export"]).ok().err, "exported 2 users\n");
    for words in [&["users", "list", "-o", "csv"][..], &["users", "export", "-o", "xml"]] {
        assert_eq!(world.run(words).code, 2, "{words:?}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = world.command(&with_hashes);
    let output = command.arg("--yes").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
