//! Commands with limited memory: input that is larger than the memory limit, and long output.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::Stdio;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const IMPORT: &[&str] = &["users", "import"];

const MINT: &[&str] = &["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"];

/// A number of bytes that exceeds the address space of a command with limited memory.
const LARGE_BYTES: usize = 70 << 20;

fn sandbox_with_secret() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", SECRET);
    sandbox
}

/// Runs a command with limited memory. The command reads `file`, by name or as standard input.
fn run_limited(sandbox: &Sandbox, command: &[&str], file: &str, uses_stdin: bool) -> RunOutput {
    let name = if uses_stdin { "-" } else { file };
    let mut command = sandbox.memory_limited_command(&[command, &[name]].concat());
    if uses_stdin {
        command.stdin(File::open(sandbox.home().join(file)).unwrap());
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    RunOutput::new(&command, child.wait_with_output().unwrap())
}

#[test]
fn row_larger_than_the_memory_limit_is_refused() {
    let sandbox = sandbox_with_secret();
    fs::write(sandbox.home().join("text"), "a".repeat(LARGE_BYTES)).unwrap();
    fs::write(sandbox.home().join("json"), format!("{{\"sub\":\"{}", "a".repeat(LARGE_BYTES)))
        .unwrap();
    let array = format!("{{\"items\":[{}", "[],".repeat(LARGE_BYTES / 3));
    fs::write(sandbox.home().join("list"), array).unwrap();
    fs::write(sandbox.home().join("quote"), format!("sub\n\"{}", "a\n".repeat(LARGE_BYTES / 2)))
        .unwrap();
    let mut outputs = String::new();
    for command in [IMPORT, MINT] {
        for file in ["text", "json", "list", "/dev/zero", "quote"] {
            // `users import` refuses the column `sub` before it reads the quote.
            if file == "quote" && command == IMPORT {
                continue;
            }
            let from_file = run_limited(&sandbox, command, file, false);
            let from_stdin = run_limited(&sandbox, command, file, true);
            assert_eq!(from_file.to_string(), from_stdin.to_string());
            outputs += &from_file.with_heading(format_args!("{command:?} {file}"));
        }
    }
    assert_snapshot!(outputs, @r#"
    ["users", "import"] text
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["users", "import"] json
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["users", "import"] list
    --- exit code 65, stderr
    error: line 1: not a list of JSON objects
    ["users", "import"] /dev/zero
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"] text
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"] json
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"] list
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"] /dev/zero
    --- exit code 65, stderr
    error: line 1: longer than 128 KiB
    ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"] quote
    --- exit code 65, stderr
    error: line 2: unclosed quote
    "#);
    assert!(!sandbox.has_store());
}

#[test]
fn length_limit_applies_to_later_rows_and_to_the_blank_lines_before_a_row() {
    let sandbox = sandbox_with_secret();
    let long = "a".repeat(128 * 1024);
    let mut outputs = String::new();
    for rows in [
        format!("sub\na\n{long}\n"),
        format!("{{\"sub\":\"a\"}}\n\n{{\"sub\":\"{long}\"}}\n"),
        format!("sub\na\n{}b\n", "\n".repeat(128 * 1024 + 1)),
    ] {
        fs::write(sandbox.home().join("rows"), rows).unwrap();
        let output = run_limited(&sandbox, MINT, "rows", false);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r#"
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton token mint --secret-env SECRET --alg HS256 --from rows
    --- exit code 65, stderr
    error: line 3: longer than 128 KiB
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton token mint --secret-env SECRET --alg HS256 --from rows
    --- exit code 65, stderr
    error: line 3: longer than 128 KiB
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton token mint --secret-env SECRET --alg HS256 --from rows
    --- exit code 65, stderr
    error: line 131075: longer than 128 KiB
    "#);
    let row = format!("{{\"sub\":\"{}\"}}\n", "a".repeat(40_000));
    fs::write(sandbox.home().join("rows"), row).unwrap();
    assert_eq!(run_limited(&sandbox, MINT, "rows", false).code, 0);
}

#[test]
fn input_of_valid_rows_can_be_larger_than_the_memory_limit() {
    let sandbox = sandbox_with_secret();
    let padding = " ".repeat(100 << 10);
    let mut rows = BufWriter::new(File::create(sandbox.home().join("rows")).unwrap());
    let count = LARGE_BYTES / padding.len();
    for number in 0..count {
        let role = if number == 0 { "admin" } else { "user" };
        writeln!(rows, "{{{padding}\"username\":\"user{number}\",\"role\":\"{role}\"}}").unwrap();
    }
    rows.into_inner().unwrap().sync_all().unwrap();
    let output = run_limited(&sandbox, MINT, "rows", false).ok();
    assert_eq!(output.stdout.lines().count(), count);
    run_limited(&sandbox, IMPORT, "rows", true).ok();
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), [count.to_string()]);
}

#[test]
fn long_claims_are_minted_with_limited_memory() {
    let sandbox = sandbox_with_secret();
    let claims = format!("{{\"a\":[{}1]}}", "[],".repeat(15_000));
    fs::write(sandbox.home().join("claims"), &claims).unwrap();
    fs::write(sandbox.home().join("rows"), format!("{claims}\n").repeat(60)).unwrap();
    let output = run_limited(&sandbox, MINT, "rows", false).ok();
    assert_eq!(output.stdout.lines().count(), 60);
    let sandbox_with_store = Sandbox::with_admin();
    fs::write(sandbox_with_store.home().join("rows"), format!("{claims}\n").repeat(60)).unwrap();
    let output =
        run_limited(&sandbox_with_store, &["token", "mint", "--record", "--from"], "rows", false)
            .ok();
    assert_eq!(output.stdout.lines().count(), 60);
    let mint_500_tokens =
        ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--count", "500"];
    let child = Sandbox::start(
        sandbox
            .memory_limited_command(&[&mint_500_tokens[..], &["--claims", "claims"]].concat())
            .stdin(Stdio::null()),
    );
    let output = RunOutput::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(output.stdout.lines().count(), 500);
}

#[test]
fn long_json_list_is_checked_and_imported() {
    let sandbox = Sandbox::with_admin();
    // A comma precedes each user; `users[1..]` is without the first comma.
    let user = |number: usize| format!(", {{\"username\":\"user{number}\"}}");
    let users: String = (0..6_000).map(user).collect();
    let mut outputs = String::new();
    for rows in [
        format!("{{\"items\":[{{}}{users}]}}"),
        format!("{{\"items\":[{}]}} x", &users[1..]),
        format!("{{\"items\":[{}", &users[1..]),
        format!("{{\"items\":[{} {{}}]}}", &users[1..]),
        format!("{{\"items\":[{}, 1]}}", &users[1..]),
        format!("{{\"items\":[{}, {{\"a\":1,\"a\":1}}]}}", &users[1..]),
        format!("{{\"items\":[{}, {{\"a\":\"{users}\"}}]}}", &users[1..]),
        format!("{{\"items\":[{}, {{\"a\":\"{}\"}}]}}", &users[1..], "a".repeat(LARGE_BYTES)),
    ] {
        fs::write(sandbox.home().join("rows"), rows).unwrap();
        let output = run_limited(&sandbox, IMPORT, "rows", false);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r#"
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: username or e-mail address required
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: not a list of JSON objects
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: not a list of JSON objects
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: not a list of JSON objects
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: not a list of JSON objects
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: an item is ambiguous: duplicate member name
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: an item is not well-formed JSON
    $ sh -c 'ulimit -v 65536 && exec "$0" "$@"' jeton users import rows
    --- exit code 65, stderr
    error: line 1: an item is longer than 128 KiB
    "#);
    fs::write(sandbox.home().join("rows"), format!("{{\"items\":[{}]}}\n\n", &users[1..])).unwrap();
    run_limited(&sandbox, IMPORT, "rows", false).ok();
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["6001"]);
}

#[test]
fn temporary_file_of_mint_is_deleted_while_open() {
    let mut sandbox = sandbox_with_secret();
    let tmp = sandbox.home().join("tmp");
    fs::create_dir(&tmp).unwrap();
    sandbox.set_variable("TMPDIR", tmp.to_str().unwrap());
    let row = format!("{{\"sub\":\"{}\"}}\n", "a".repeat(30_000));
    fs::write(sandbox.home().join("rows"), row.repeat(400)).unwrap();
    let mut command = sandbox.command(&[MINT, &["rows"]].concat());
    let mut child = Sandbox::start(command.stdin(Stdio::null()));
    let mut first_line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first_line).unwrap();
    let open_files = fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
    let open_files: Vec<_> =
        open_files.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).collect();
    let is_deleted = |path: &std::path::PathBuf| path.to_string_lossy().ends_with(" (deleted)");
    assert!(
        open_files.iter().any(|path| path.starts_with(&tmp) && is_deleted(path)),
        "{open_files:?}"
    );
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn lists_of_12000_rows_are_complete_with_limited_memory() {
    let sandbox = Sandbox::with_admin();
    let user_count = 12_000;
    let zeros = "0".repeat(300);
    sandbox.sql(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {user_count})
         INSERT INTO users (uid, username, name, name_key, role, created_at, password_at)
         SELECT randomblob(16), 'user' || i, '{zeros}' || i, '{zeros}' || i, 'user', 0, 0 FROM n"
    ));
    sandbox.sql(&format!(
        "INSERT INTO audit (at, os_uid, action, outcome, count)
         SELECT id, 0, '{zeros}{zeros}' || id, 'done', 1 FROM users"
    ));
    let run_list = |words: &[&str]| {
        let child = Sandbox::start(sandbox.memory_limited_command(words).stdin(Stdio::null()));
        RunOutput::from(child.wait_with_output().unwrap()).ok().stdout
    };
    for noun in ["users", "audit"] {
        let all = run_list(&[noun, "list", "-o", "json"]);
        let all: serde_json::Value = serde_json::from_str(&all).unwrap();
        let items = all["items"].as_array().unwrap();
        assert!(items.len() > user_count && all["total"] == items.len(), "{noun}");
        let ids: BTreeSet<i64> = items.iter().map(|item| item["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), items.len());
        let paging = (&all["page"], &all["per_page"], &all["pages"], &all["next"]);
        let null = serde_json::Value::Null;
        assert_eq!(paging, (&1.into(), &null, &1.into(), &null));
        let page = run_list(&[noun, "list", "--per-page", "3", "-o", "json"]);
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["items"].as_array().unwrap()[..], items[..3]);
        let text = run_list(&[noun, "list", "--all"]);
        let starts_with_id = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
        assert_eq!(text.lines().filter(starts_with_id).count(), items.len());
        assert_eq!(text.lines().filter(|line| line.starts_with("ID ")).count(), 1);
    }
    for sort_key in ["id", "username", "email", "created"] {
        let words = ["users", "list", "-o", "json", "--desc", "--sort", sort_key];
        let all: serde_json::Value = serde_json::from_str(&run_list(&words)).unwrap();
        let items = all["items"].as_array().unwrap();
        let ids: BTreeSet<_> = items.iter().map(|user| user["id"].as_i64()).collect();
        assert_eq!((ids.len(), items.len()), (user_count + 1, user_count + 1), "{sort_key}");
        let page = [&words[..], &["--page", "1201", "--per-page", "10"]].concat();
        let page: serde_json::Value = serde_json::from_str(&run_list(&page)).unwrap();
        assert_eq!(page["items"].as_array().unwrap()[..], items[12_000..], "{sort_key}");
    }
    let json = run_list(&["users", "export", "-o", "json"]);
    let items = serde_json::from_str::<serde_json::Value>(&json).unwrap()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), user_count + 1);
    for format in ["jsonl", "csv"] {
        let lines = run_list(&["users", "export", "-o", format]);
        let header_lines = usize::from(format == "csv");
        assert_eq!(lines.lines().count(), user_count + 1 + header_lines, "{format}");
    }
    let no_match = ["users", "list", "--search", "nobody", "-o", "json"];
    let empty =
        "{\"items\":[],\"page\":1,\"per_page\":null,\"total\":0,\"pages\":0,\"next\":null}\n";
    assert_eq!(run_list(&no_match), empty);
}
