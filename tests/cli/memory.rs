//! Input and output that are larger than the memory of the program.

use crate::mask::refuses;
use crate::world::{Ran, World};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::Stdio;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const IMPORT: &[&str] = &["users", "import"];

const MINT: &[&str] = &["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--from"];

/// More than the address space of a confined command.
const LARGE: usize = 70 << 20;

fn world() -> World {
    let mut world = World::new();
    world.set("SECRET", SECRET);
    world
}

/// Runs a confined command that reads rows from a file, or from standard input.
fn confined(world: &World, command: &[&str], file: &str, is_piped: bool) -> Ran {
    let name = if is_piped { "-" } else { file };
    let mut command = world.confined(&[command, &[name]].concat());
    if is_piped {
        command.stdin(File::open(world.home().join(file)).unwrap());
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn endless_line_is_refused() {
    let world = world();
    fs::write(world.home().join("text"), "a".repeat(LARGE)).unwrap();
    fs::write(world.home().join("json"), format!("{{\"sub\":\"{}", "a".repeat(LARGE))).unwrap();
    let array = format!("{{\"items\":[{}", "[],".repeat(LARGE / 3));
    fs::write(world.home().join("list"), array).unwrap();
    fs::write(world.home().join("quote"), format!("sub\n\"{}", "a\n".repeat(LARGE / 2))).unwrap();
    let long = "line 1: it is longer than 128 KiB";
    for (command, list) in [(IMPORT, "line 1: it is not a list of JSON objects"), (MINT, long)] {
        for (file, why) in [
            ("text", long),
            ("json", long),
            ("list", list),
            ("/dev/zero", long),
            ("quote", "line 2: a quote is not closed"),
        ] {
            if file == "quote" && command == IMPORT {
                continue;
            }
            for is_piped in [false, true] {
                let ran = confined(&world, command, file, is_piped);
                refuses(&world, &ran, 65, &format!("error: {why}\n"));
            }
        }
    }
    assert!(!world.store().exists());
}

#[test]
fn row_after_a_good_one_has_the_limit_too() {
    let world = world();
    let long = "a".repeat(128 * 1024);
    for (rows, line) in [
        (format!("sub\na\n{long}\n"), 3),
        (format!("{{\"sub\":\"a\"}}\n\n{{\"sub\":\"{long}\"}}\n"), 3),
        (format!("sub\na\n{}b\n", "\n".repeat(128 * 1024 + 1)), 131_075),
    ] {
        fs::write(world.home().join("rows"), rows).unwrap();
        let ran = confined(&world, MINT, "rows", false);
        refuses(&world, &ran, 65, &format!("error: line {line}: it is longer than 128 KiB\n"));
    }
    let row = format!("{{\"sub\":\"{}\"}}\n", "a".repeat(40_000));
    fs::write(world.home().join("rows"), row).unwrap();
    assert_eq!(confined(&world, MINT, "rows", false).code, 0);
}

#[test]
fn any_number_of_rows_is_taken() {
    let world = world();
    let space = " ".repeat(100 << 10);
    let mut rows = BufWriter::new(File::create(world.home().join("rows")).unwrap());
    let count = LARGE / space.len();
    for number in 0..count {
        let role = if number == 0 { "admin" } else { "user" };
        writeln!(rows, "{{{space}\"username\":\"user{number}\",\"role\":\"{role}\"}}").unwrap();
    }
    rows.into_inner().unwrap().sync_all().unwrap();
    let ran = confined(&world, MINT, "rows", false).ok();
    assert_eq!(ran.out.lines().count(), count);
    confined(&world, IMPORT, "rows", true).ok();
    assert_eq!(world.sql("SELECT count(*) FROM users"), [count.to_string()]);
}

#[test]
fn tokens_of_long_claims_are_signed_a_few_at_a_time() {
    let mut world = world();
    let claims = format!("{{\"a\":[{}1]}}", "[],".repeat(15_000));
    fs::write(world.home().join("claims"), &claims).unwrap();
    let rows = format!("{claims}\n").repeat(60);
    fs::write(world.home().join("rows"), rows).unwrap();
    let ran = confined(&world, MINT, "rows", false).ok();
    assert_eq!(ran.out.lines().count(), 60);
    let store = World::with_admin();
    fs::write(store.home().join("rows"), format!("{claims}\n").repeat(60)).unwrap();
    let ran = confined(&store, &["token", "mint", "--record", "--from"], "rows", false).ok();
    assert_eq!(ran.out.lines().count(), 60);
    world.set("SECRET", SECRET);
    let alike = ["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--count", "500"];
    let child = World::start(
        world.confined(&[&alike[..], &["--claims", "claims"]].concat()).stdin(Stdio::null()),
    );
    let ran = Ran::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(ran.out.lines().count(), 500);
}

#[test]
fn long_list_of_json_is_imported() {
    let world = World::with_admin();
    let user = |number: usize| format!(", {{\"username\":\"user{number}\"}}");
    let users: String = (0..6_000).map(user).collect();
    for (rows, why) in [
        (format!("{{\"items\":[{{}}{users}]}}"), "a username or an e-mail address is needed"),
        (format!("{{\"items\":[{}]}} x", &users[1..]), "it is not a list of JSON objects"),
        (format!("{{\"items\":[{}", &users[1..]), "it is not a list of JSON objects"),
        (format!("{{\"items\":[{} {{}}]}}", &users[1..]), "it is not a list of JSON objects"),
        (format!("{{\"items\":[{}, 1]}}", &users[1..]), "it is not a list of JSON objects"),
        (
            format!("{{\"items\":[{}, {{\"a\":1,\"a\":1}}]}}", &users[1..]),
            "an item is ambiguous: a member stands there twice",
        ),
        (
            format!("{{\"items\":[{}, {{\"a\":\"{users}\"}}]}}", &users[1..]),
            "an item is not well-formed JSON",
        ),
        (
            format!("{{\"items\":[{}, {{\"a\":\"{}\"}}]}}", &users[1..], "a".repeat(LARGE)),
            "an item is longer than 128 KiB",
        ),
    ] {
        fs::write(world.home().join("rows"), rows).unwrap();
        let ran = confined(&world, IMPORT, "rows", false);
        refuses(&world, &ran, 65, &format!("error: line 1: {why}\n"));
    }
    fs::write(world.home().join("rows"), format!("{{\"items\":[{}]}}\n\n", &users[1..])).unwrap();
    confined(&world, IMPORT, "rows", false).ok();
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["6001"]);
}

#[test]
fn nothing_is_left_of_rows_that_were_kept_on_disk() {
    let mut world = world();
    let tmp = world.home().join("tmp");
    fs::create_dir(&tmp).unwrap();
    world.set("TMPDIR", tmp.to_str().unwrap());
    let row = format!("{{\"sub\":\"{}\"}}\n", "a".repeat(30_000));
    fs::write(world.home().join("rows"), row.repeat(400)).unwrap();
    let mut command = world.command(&[MINT, &["rows"]].concat());
    let mut child = World::start(command.stdin(Stdio::null()));
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    let open = fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
    let open: Vec<_> = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).collect();
    let is_kept = |path: &std::path::PathBuf| path.to_string_lossy().ends_with(" (deleted)");
    assert!(open.iter().any(|path| path.starts_with(&tmp) && is_kept(path)), "{open:?}");
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn list_of_any_length_is_written() {
    let world = World::with_admin();
    let number = 12_000;
    world.sql(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
         INSERT INTO users (uid, username, name, name_key, role, created_at, password_at)
         SELECT randomblob(16), 'user' || i, printf('%0200d', i), printf('%0200d', i), 'user', 0, 0
         FROM n"
    ));
    world.sql(
        "INSERT INTO audit (at, os_uid, action, outcome, count)
         SELECT id, 0, printf('%0500d', id), 'done', 1 FROM users",
    );
    let list = |words: &[&str]| {
        let child = World::start(world.confined(words).stdin(Stdio::null()));
        Ran::from(child.wait_with_output().unwrap()).ok().out
    };
    for noun in ["users", "audit"] {
        let all = list(&[noun, "list", "--all", "-o", "json"]);
        let all: serde_json::Value = serde_json::from_str(&all).unwrap();
        let items = all["items"].as_array().unwrap();
        assert!(items.len() > number && all["total"] == items.len(), "{noun}");
        let ids: std::collections::BTreeSet<i64> =
            items.iter().map(|item| item["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), items.len());
        let rest = (&all["page"], &all["per_page"], &all["pages"], &all["next"]);
        let null = serde_json::Value::Null;
        assert_eq!(rest, (&1.into(), &null, &1.into(), &null));
        let page = list(&[noun, "list", "--per-page", "3", "-o", "json"]);
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["items"].as_array().unwrap()[..], items[..3]);
        let text = list(&[noun, "list", "--all"]);
        let begins_with_id = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
        assert_eq!(text.lines().filter(begins_with_id).count(), items.len());
        assert_eq!(text.lines().filter(|line| line.starts_with("ID ")).count(), 1);
    }
    for order in ["id", "username", "email", "created"] {
        let words = ["users", "list", "--all", "-o", "json", "--desc", "--sort", order];
        let all: serde_json::Value = serde_json::from_str(&list(&words)).unwrap();
        let ids: std::collections::BTreeSet<i64> =
            all["items"].as_array().unwrap().iter().map(|u| u["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), number + 1, "{order}");
    }
    let json = list(&["users", "export", "-o", "json"]);
    let items = serde_json::from_str::<serde_json::Value>(&json).unwrap()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), number + 1);
    for form in ["jsonl", "csv"] {
        let lines = list(&["users", "export", "-o", form]);
        let header = usize::from(form == "csv");
        assert_eq!(lines.lines().count(), number + 1 + header, "{form}");
    }
    let none = ["users", "list", "--all", "--search", "nobody", "-o", "json"];
    let empty =
        "{\"items\":[],\"page\":1,\"per_page\":null,\"total\":0,\"pages\":0,\"next\":null}\n";
    assert_eq!(list(&none), empty);
}
