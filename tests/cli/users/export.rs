//! `jeton users export`, and the way back

use super::import::HASH;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
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
fn with_many() -> Sandbox {
    let sandbox = Sandbox::with_admin();
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
    sandbox.run_with_input(&["users", "import", "-"], &rows).ok();
    sandbox.run_with_input(&["register", "gone", "--password-stdin"], "123456").ok();
    sandbox.run(&["users", "delete", "gone", "--yes"]).ok();
    sandbox
}

/// An import of that file as the first command of a new store, by whose admin ada all is exported.
fn moved(file: &str, export: &[&str]) -> String {
    let there = Sandbox::new();
    there.run_with_input(&["users", "import", "-"], file).ok();
    there.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
    there.log_in("ada", "lovelace");
    there.run(export).ok().stdout
}

#[test]
fn what_one_store_exports_another_has_after_the_import() {
    let sandbox = with_many();
    for (form, lines) in [("csv", 13), ("jsonl", 12), ("text", 12), ("json", 1)] {
        let export = ["users", "export", "-o", form];
        let file = sandbox.run(&export).ok().stdout;
        assert_eq!(file.lines().count(), lines, "{file}");
        assert!(!file.contains("argon2") && !file.contains("gone"), "{file}");
        assert_eq!(moved(&file, &export), file, "{form}");
    }
    let [lines, text, json] = ["jsonl", "text", "json"]
        .map(|form| sandbox.run(&["users", "export", "-o", form]).ok().stdout);
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
    let sandbox = with_many();
    for form in ["csv", "jsonl"] {
        let export = ["users", "export", "--with-hashes", "--yes", "-o", form];
        let file = sandbox.run(&export).ok().stdout;
        assert!(file.contains(HASH), "{file}");
        let there = Sandbox::new();
        there.run_with_input(&["users", "import", "-"], &file).ok();
        there.log_in("ada", "lovelace");
        assert_eq!(there.run(&export).ok().stdout, file, "{form}");
        there.log_in("=john", "password");
    }
    let audit = "SELECT target || ' ' || count FROM audit WHERE action = 'users export'";
    assert_eq!(sandbox.sql(audit), ["password hashes 12"; 2]);
    sandbox.run(&["users", "export"]).ok();
    assert_eq!(sandbox.sql(audit).len(), 2, "what is only read is not written down");
}

#[test]
fn no_cell_runs_in_a_spreadsheet() {
    let sandbox = with_many();
    let file = sandbox.run(&["users", "export", "-o", "csv"]).ok().stdout;
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
    fs::write(sandbox.home().join("users.csv"), &file).unwrap();
    let output = sandbox.run(&["users", "import", "users.csv", "--exist-ok"]);
    assert_snapshot!(output, @"
    --- stderr
    imported 0 users, skipped 12 existing
    ");
}

#[test]
fn only_admins_export_and_hashes_are_confirmed() {
    let sandbox = Sandbox::with_john();
    let with_hashes = ["users", "export", "--with-hashes"];
    for words in [&["users", "export"][..], &with_hashes] {
        allow_duplicates!(assert_snapshot!(sandbox.run(words), @"
        --- exit code 7, stderr
        error: only admins can export accounts
        "));
    }
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&with_hashes), @"
    --- exit code 2, stderr
    error: confirmation required, and no terminal to ask on
    hint: add `--yes`
    ");
    let ran = sandbox.run(&["users", "export", "-q"]).ok();
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (2, ""));
    assert_snapshot!(sandbox.run(&["users", "export"]), @r#"
    {"uid":"<uuid>","username":"ada","email":null,"name":null,"role":"admin","quota":null,"disabled":false,"created_at":"<time>"}
    {"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","quota":null,"disabled":false,"created_at":"<time>"}
    --- stderr
    exported 2 users
    "#);
    for words in [&["users", "list", "-o", "csv"][..], &["users", "export", "-o", "xml"]] {
        assert_eq!(sandbox.run(words).code, 2, "{words:?}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(&with_hashes);
    let output = command.arg("--yes").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
