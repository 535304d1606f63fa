//! Checks of `left_out.txt`: the list of tests that do not run if the stores of the tests are on a
//! PostgreSQL server.

use std::process::Command;

const LEFT_OUT_LIST: &str = include_str!("left_out.txt");

/// Returns the names of all tests of `tests/cli`.
fn test_names() -> Vec<String> {
    let mut list_tests = Command::new(std::env::current_exe().unwrap());
    let output = list_tests.args(["--list", "--format", "terse"]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

#[test]
fn left_out_entries_name_tests_unambiguously() {
    // `tests/on-server` leaves out each test whose name contains an entry.
    let names = test_names();
    let entries: Vec<&str> =
        LEFT_OUT_LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for entry in &entries {
        let is_named =
            |name: &&String| *name == entry || (entry.ends_with("::") && name.starts_with(entry));
        assert!(names.iter().any(|name| is_named(&name)), "no test: {entry}");
        let other_tests: Vec<_> =
            names.iter().filter(|name| name.contains(entry) && !is_named(name)).collect();
        assert!(other_tests.is_empty(), "{entry} also leaves out {other_tests:?}");
        let matching_count = entries.iter().filter(|other| entry.contains(**other)).count();
        assert_eq!(matching_count, 1, "{entry}: another entry already leaves out these tests");
    }
}

#[test]
fn left_out_entries_have_a_reason() {
    let (introduction, sections) = LEFT_OUT_LIST.split_once("\n## ").unwrap();
    for line in introduction.lines().filter(|line| !line.is_empty()) {
        assert!(line.starts_with("# "), "no reason: {line}");
    }
    for section in sections.split("\n## ") {
        let (reason, entries) = section.split_once('\n').unwrap();
        assert!(!reason.is_empty() && !entries.trim().is_empty(), "{section}");
    }
}
