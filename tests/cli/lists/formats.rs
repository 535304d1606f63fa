//! Output formats of lists.

use super::{LISTS, PAGED_LISTS, sandbox_with_long_lists, with_options};
use crate::output::closed_pipe;
use crate::python::{run_script, run_with_json};
use crate::required::require_program;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const FORMATS: [&str; 6] = ["text", "wide", "json", "jsonl", "csv", "name"];

/// Returns the items that a list prints with `-o json`.
fn json_items(sandbox: &Sandbox, list: &str, options: &[&str]) -> Vec<Value> {
    sandbox.json(&with_options(list, options))["items"].as_array().unwrap().clone()
}

/// Returns the output of a list in the format. `list` is a command, such as a command of [`LISTS`].
fn run_format(sandbox: &Sandbox, list: &str, format: &str, options: &[&str]) -> String {
    sandbox.run(&[with_options(list, options), vec!["-o", format]].concat()).ok().stdout
}

fn parse_json_lines(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the header and the rows of a CSV document.
fn parse_csv(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let to_cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let header = to_cells(reader.headers().unwrap());
    (header, reader.records().map(|record| to_cells(&record.unwrap())).collect())
}

/// Returns the CSV cell for the value of a JSON member. A spreadsheet would read a text that starts
/// with `=` as a formula, so the cell of such a text starts with an apostrophe.
fn csv_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with('=') => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[test]
fn json_list_without_page_options_has_the_rows_of_all_pages() {
    let sandbox = sandbox_with_long_lists();
    for list in LISTS {
        let complete = sandbox.json(&with_options(list, &[]));
        let items = complete["items"].as_array().unwrap();
        let members = ["page", "per_page", "total", "pages", "next"].map(|name| &complete[name]);
        let total = Value::from(items.len());
        assert_eq!(members, [&json!(1), &Value::Null, &total, &json!(1), &Value::Null], "{list}");
    }
    for list in PAGED_LISTS {
        let items = json_items(&sandbox, list, &[]);
        assert!(items.len() > 50, "{list}");
        let mut page = sandbox.json(&with_options(list, &["--page", "1"]));
        let mut rows = page["items"].as_array().unwrap().clone();
        assert_eq!((rows.len(), &page["per_page"]), (20, &json!(20)), "{list}");
        while let Some(next) = page["next"].as_i64().map(|next| next.to_string()) {
            page = sandbox.json(&with_options(list, &["--after", &next]));
            rows.extend_from_slice(page["items"].as_array().unwrap());
        }
        assert_eq!(rows, items, "{list}");
        // Without page options, text has only the first page: a header and 20 rows.
        let first_page = run_format(&sandbox, list, "text", &[]);
        assert_eq!(first_page.lines().count(), 21, "{list}");
    }
}

#[test]
fn json_lines_and_csv_have_the_rows_of_the_json_list() {
    let sandbox = sandbox_with_long_lists();
    for list in LISTS {
        let items = json_items(&sandbox, list, &[]);
        assert_eq!(parse_json_lines(&run_format(&sandbox, list, "jsonl", &[])), items, "{list}");
        let (header, rows) = parse_csv(&run_format(&sandbox, list, "csv", &[]));
        let names: Vec<&String> = items[0].as_object().unwrap().keys().collect();
        assert_eq!(header.iter().collect::<Vec<_>>(), names, "{list}");
        let cells = items.iter().map(|item| item.as_object().unwrap().values().map(csv_cell));
        assert_eq!(rows, cells.map(Iterator::collect).collect::<Vec<Vec<_>>>(), "{list}");
    }
    // A caller who is not an admin sees fewer columns.
    sandbox.sql("UPDATE users SET role = 'user' WHERE id = 1");
    let (header, rows) = parse_csv(&run_format(&sandbox, "users list", "csv", &[]));
    assert_eq!(header, ["id", "uid", "username", "email"]);
    assert_eq!(rows.len(), 51);
}

#[test]
fn page_options_select_rows_in_json_json_lines_and_csv() {
    let sandbox = sandbox_with_long_lists();
    for list in PAGED_LISTS {
        let items = json_items(&sandbox, list, &[]);
        let after_fifth = ["--after", &items[4]["id"].to_string()];
        let per_page = ["--per-page", "3"];
        for (options, expected) in [
            (&per_page[..], &items[..3]),
            (&["--page", "2"], &items[20..40]),
            (&[&per_page[..], &["--page", "2"]].concat()[..], &items[3..6]),
            (&[&after_fifth[..], &per_page].concat()[..], &items[5..8]),
        ] {
            assert_eq!(json_items(&sandbox, list, options), expected, "{list} {options:?}");
            let lines = run_format(&sandbox, list, "jsonl", options);
            assert_eq!(parse_json_lines(&lines), expected, "{list} {options:?}");
            let (_, rows) = parse_csv(&run_format(&sandbox, list, "csv", options));
            assert_eq!(rows.len(), expected.len(), "{list} {options:?}");
        }
        // With `--after` alone, the JSON document contains one page of 20 rows. Its member `next`
        // leads to the next page. JSON Lines have no such member, and contain all further rows.
        assert_eq!(json_items(&sandbox, list, &after_fifth), items[5..25], "{list}");
        let lines = run_format(&sandbox, list, "jsonl", &after_fifth);
        assert_eq!(parse_json_lines(&lines), items[5..], "{list}");
    }
}

#[test]
fn name_format_prints_the_id_or_name_of_each_row() {
    let sandbox = sandbox_with_long_lists();
    let members = ["id", "id", "sid", "kid", "id", "name", "name"];
    for (list, member) in LISTS.into_iter().zip(members) {
        let items = json_items(&sandbox, list, &[]);
        let to_name = |item: &Value| item[member].to_string().trim_matches('"').to_owned();
        let expected: Vec<String> = items.iter().map(to_name).collect();
        let names = run_format(&sandbox, list, "name", &[]);
        assert_eq!(names.lines().collect::<Vec<_>>(), expected, "{list}");
    }
    for list in PAGED_LISTS {
        let names = run_format(&sandbox, list, "name", &["--per-page", "3"]);
        assert_eq!(names.lines().count(), 3, "{list}");
    }
}

#[test]
fn output_of_the_name_format_is_accepted_by_other_commands() {
    let sandbox = sandbox_with_long_lists();
    for (list, command) in LISTS.into_iter().zip([
        "users show",
        "token show",
        "sessions revoke",
        "keys export --pem",
        "audit list --after",
        "settings get",
        "token presets show",
    ]) {
        let names = run_format(&sandbox, list, "name", &[]);
        let name = names.lines().last().unwrap();
        sandbox.run(&with_options(command, &[name])).ok();
    }
}

#[test]
fn wide_format_adds_columns_to_the_text_format() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "create", "a", "--aud", "x"]).ok();
    let column_names = |list: &str, format: &str| {
        let table = run_format(&sandbox, list, format, &[]);
        let header = table.lines().next().unwrap().split("  ").filter(|name| !name.is_empty());
        header.map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    for (list, added) in LISTS.into_iter().zip([
        &["UID"][..],
        &["JTI", "AUD", "ISSUED"],
        &["REFRESHED", "EXPIRES"],
        &[],
        &[],
        &["DESCRIPTION"],
        &["ALG", "LIFETIME"],
    ]) {
        let mut columns = column_names(list, "wide");
        assert!(added.iter().all(|name| columns.iter().any(|column| column == name)), "{list}");
        columns.retain(|name| !added.contains(&name.as_str()));
        assert_eq!(columns, column_names(list, "text"), "{list}");
    }
    let output = sandbox.run(&["token", "list", "-o", "wide"]);
    insta::assert_snapshot!(output, @"
    ID  JTI                                   KIND  APP  USER  PERMISSIONS  AUD  STATUS  ISSUED                EXPIRES
    1   <uuid>  app   a    ada   -            x    live    <time>  <time>
    ");
}

#[test]
fn empty_list_prints_only_a_header_as_csv_and_nothing_as_json_lines() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    sandbox.stdout_of(&["token", "create", "a"]);
    for (list, no_match) in [
        ("users list", ["--search", "nobody"]),
        ("token list", ["--app", "b"]),
        ("sessions list", ["--user", "kim"]),
        ("audit list", ["--action", "users rename"]),
    ] {
        if list == "sessions list" {
            sandbox.register("kim", "123456");
        }
        let full = run_format(&sandbox, list, "csv", &[]);
        let empty = run_format(&sandbox, list, "csv", &no_match);
        assert!(full.lines().count() > 1, "{list}");
        assert_eq!(Some(empty.trim_end()), full.lines().next(), "{list}");
        assert_eq!(run_format(&sandbox, list, "jsonl", &no_match), "", "{list}");
    }
}

#[test]
fn list_to_a_closed_pipe_ends_without_an_error() {
    let sandbox = sandbox_with_long_lists();
    for list in LISTS {
        for format in FORMATS {
            let mut command = sandbox.command(&with_options(list, &["-q", "-o", format]));
            let output = RunOutput::capture(command.stdout(closed_pipe()));
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{list} {format}");
        }
    }
}

#[test]
fn preset_details_refuse_list_formats_but_ignore_them_in_the_variable() {
    let mut sandbox = Sandbox::new();
    let show = ["token", "presets", "show", "flask"];
    let output = sandbox.run(&[&show[..], &["-o", "csv"]].concat());
    insta::assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: output format `csv` is not supported by this command
    hint: use `-o text` or `-o json`
    ");
    let text = sandbox.stdout_of(&show);
    sandbox.set_variable("JETON_OUTPUT", "csv");
    assert_eq!(sandbox.stdout_of(&show), text);
    assert!(sandbox.stdout_of(&["token", "presets"]).starts_with("name,description,custom\n"));
}

#[test]
#[ignore = "needs Python and jq"]
fn python_reads_csv_lists_and_jq_reads_json_lines() {
    require_program("jq");
    let sandbox = sandbox_with_long_lists();
    for list in LISTS {
        let items = Value::from(json_items(&sandbox, list, &[]));
        let csv = run_format(&sandbox, list, "csv", &[]);
        assert_eq!(run_script("csv_rows.py", &json!({"csv": csv, "items": items})), items);
        let mut jq = Command::new("jq");
        jq.arg("split(\"\\n\")[:-1] | map(fromjson)").stdin(Stdio::piped());
        let lines = run_format(&sandbox, list, "jsonl", &[]);
        assert_eq!(run_with_json(jq, &Value::from(lines)), items, "{list}");
    }
}
