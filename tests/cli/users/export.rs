//! `jeton users export`, and the import of its output

use super::import::HASH;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;

/// Display names: names that a spreadsheet would interpret as formulas, names that look similar,
/// and the name `plain`.
const DISPLAY_NAMES: [&str; 9] = [
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

/// Creates a sandbox with accounts that have different roles, quotas, passwords and states. One of
/// the accounts is deleted.
fn sandbox_with_varied_accounts() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let mut rows = String::new();
    for (number, name) in DISPLAY_NAMES.iter().enumerate() {
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

/// Imports the content of an exported file into a new store. Returns the output of `export_command`
/// for the new store.
fn export_after_import(content: &str, export_command: &[&str]) -> String {
    let target = Sandbox::new();
    target.run_with_input(&["users", "import", "-"], content).ok();
    target.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
    target.log_in("ada", "lovelace");
    target.run(export_command).ok().stdout
}

#[test]
fn user_import_restores_all_exported_values() {
    let sandbox = sandbox_with_varied_accounts();
    for (format, line_count) in [("csv", 13), ("jsonl", 12), ("text", 12), ("json", 1)] {
        let export = ["users", "export", "-o", format];
        let file = sandbox.run(&export).ok().stdout;
        assert_eq!(file.lines().count(), line_count, "{file}");
        assert!(!file.contains("argon2") && !file.contains("gone"), "{file}");
        assert_eq!(export_after_import(&file, &export), file, "{format}");
    }
    let [json_lines, text, json] = ["jsonl", "text", "json"]
        .map(|format| sandbox.run(&["users", "export", "-o", format]).ok().stdout);
    assert_eq!(json_lines, text);
    let items: Vec<Value> =
        json_lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({"items": items}));
    assert_eq!(
        items[11].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["uid", "username", "email", "name", "role", "quota", "disabled", "created_at"]
    );
}

#[test]
fn password_hashes_are_exported_on_request() {
    let sandbox = sandbox_with_varied_accounts();
    for format in ["csv", "jsonl"] {
        let export = ["users", "export", "--with-hashes", "--yes", "-o", format];
        let file = sandbox.run(&export).ok().stdout;
        assert!(file.contains(HASH), "{file}");
        let target = Sandbox::new();
        target.run_with_input(&["users", "import", "-"], &file).ok();
        target.log_in("ada", "lovelace");
        assert_eq!(target.run(&export).ok().stdout, file, "{format}");
        target.log_in("=john", "password");
    }
    let audit_sql =
        "SELECT (detail ->> 'objects') || ' ' || count FROM audit WHERE action = 'users export'";
    assert_eq!(sandbox.sql(audit_sql), ["password hashes 12"; 2]);
    sandbox.run(&["users", "export"]).ok();
    assert_eq!(sandbox.sql(audit_sql).len(), 2, "an export without hashes is not recorded");
}

#[test]
fn exported_csv_cells_are_no_spreadsheet_formulas() {
    let sandbox = sandbox_with_varied_accounts();
    let file = sandbox.run(&["users", "export", "-o", "csv"]).ok().stdout;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let mut cells_with_apostrophe = 0;
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell}");
            cells_with_apostrophe += usize::from(cell.starts_with('\''));
        }
    }
    // These cells start with `'`: the nine e-mail addresses `'+user…`, the eight display names
    // other than `plain`, the username `'=john`, and the e-mail address `'=Kim@x.org`. The export
    // added a `'` to each of these cells except the name that starts with `'tis`.
    assert_eq!(cells_with_apostrophe, 9 + 8 + 2);
    fs::write(sandbox.home().join("users.csv"), &file).unwrap();
    let output = sandbox.run(&["users", "import", "users.csv", "--exist-ok"]);
    assert_snapshot!(output, @"
    --- stderr
    imported 0 users, skipped 12 existing
    ");
}

#[test]
fn only_admins_export_users_and_hashes_require_confirmation() {
    let sandbox = Sandbox::with_john();
    let with_hashes = ["users", "export", "--with-hashes"];
    for arguments in [&["users", "export"][..], &with_hashes] {
        allow_duplicates!(assert_snapshot!(sandbox.run(arguments), @"
        --- exit code 7, stderr
        error: only admins can export accounts: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&with_hashes), @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    let output = sandbox.run(&["users", "export", "-q"]).ok();
    assert_eq!((output.stdout.lines().count(), output.stderr.as_str()), (2, ""));
    assert_snapshot!(sandbox.run(&["users", "export"]), @r#"
    {"uid":"<uuid>","username":"ada","email":null,"name":null,"role":"admin","quota":null,"disabled":false,"created_at":"<time>"}
    {"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","quota":null,"disabled":false,"created_at":"<time>"}
    --- stderr
    exported 2 users
    "#);
    // With `--yes`, the export fails only because standard output cannot be written.
    let full_device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(&with_hashes);
    let output = command.arg("--yes").stdout(full_device).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
