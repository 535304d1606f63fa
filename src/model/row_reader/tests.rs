//! Tests of reading rows from CSV, JSON Lines and JSON lists, at once and in blocks.

use super::line_reader::MAX_ROW_BYTES;
use super::*;
use serde_json::Value;

fn read_rows(text: &[u8]) -> Result<Vec<Row>, RowError> {
    RowReader::new(text)?.collect()
}

fn render_rows(text: &str) -> String {
    let rows = read_rows(text.as_bytes()).unwrap();
    let rendered = rows.into_iter().map(|row| format!("{} {}", row.line, Value::from(row.fields)));
    rendered.collect::<Vec<_>>().join("\n")
}

#[test]
fn csv_and_json_lines_are_read() {
    assert_eq!(
        render_rows("sub,x\na,1\n\n\"b,\nc\",\nd,2\n"),
        "2 {\"sub\":\"a\",\"x\":\"1\"}\n4 {\"sub\":\"b,\\nc\"}\n6 {\"sub\":\"d\",\"x\":\"2\"}"
    );
    assert_eq!(render_rows("{\"n\":1}\n\n {\"a\":[]}\r\n"), "1 {\"n\":1}\n3 {\"a\":[]}");
    assert_eq!(render_rows("\u{feff}{\"n\":1}\n"), "1 {\"n\":1}");
    assert_eq!(render_rows("exp,iat\n2,1970-01-01\n"), "2 {\"exp\":2,\"iat\":0}");
    assert_eq!(render_rows("\u{feff}a\nb\n"), "2 {\"a\":\"b\"}");
    assert_eq!(render_rows("a,A\n,\n\n,1\n,\n"), "4 {\"A\":\"1\"}", "empty rows are skipped");
    assert_eq!(
        render_rows("\na,\"x\ny\"\r\"b\n\",c\rd,e"),
        "3 {\"a\":\"b\\n\",\"x\\ny\":\"c\"}\n4 {\"a\":\"d\",\"x\\ny\":\"e\"}"
    );
    assert_eq!(render_rows("a\n\"b\"\"c\"\n"), "2 {\"a\":\"b\\\"c\"}");
}

#[test]
fn invalid_line_is_reported_with_number() {
    for (text, expected) in [
        ("a,b\n1,2\n3\n", "line 3: found 1 cell, expected 2"),
        ("a,b,c\n1,2\n", "line 2: found 2 cells, expected 3"),
        ("a,b\n1,\"2\n3,4\n5,6\n", "line 2: unclosed quote"),
        ("a,b\n1,2\n\"3\n4,5\n6,7\n", "line 3: unclosed quote"),
        ("a;b\n1,2\n", "line 2: found 1 cell, expected 2"),
        ("a,b;c\n1;2\n", "line 2: found 1 cell, expected 2"),
        (" a , a\n1,2\n", "line 1: duplicate column name in column 2"),
        ("\u{feff}", "line 1: found no content, expected rows"),
        ("sep=;\n", "line 1: found no content, expected rows"),
        ("sep=;\na;a\n", "line 2: duplicate column name in column 2"),
        ("\n\na,a\n", "line 3: duplicate column name in column 2"),
        ("\n[{\"a\":1}]\n", "line 2: JSON array found, expected JSON Lines or CSV"),
        (" [{\"a\":1}]\n", "line 1: JSON array found, expected JSON Lines or CSV"),
        ("sub\n", "line 1: found no values after the header, expected rows"),
        (
            "sub,exp\na,\nb,soon\n",
            "line 3: exp: expected RFC 3339 (`2030-01-31T12:00:00Z`), a date or Unix seconds",
        ),
        ("\n", "line 1: found no content, expected rows"),
        ("", "line 1: found no content, expected rows"),
        ("a,a\n", "line 1: duplicate column name in column 2"),
        ("a,b\n,\n", "line 1: found no values after the header, expected rows"),
        ("a,\n", "line 1: found no values after the header, expected rows"),
        (",a\n1,2\n", "line 1: empty column name"),
        (",,\n1,2,3\n", "line 1: empty column name"),
        ("a,,\n1,2,\n", "line 2: text found in column 2, which has no name"),
        ("a,,\n1,,,\n", "line 2: found 4 cells, expected 1"),
        ("{}\n{\"a\":1,\"a\":1}\n", "line 2: ambiguous: column 10: duplicate member name `a`"),
        ("{}\n[]\n", "line 2: not a JSON object"),
        ("a\nb\n\"c,\nd\n", "line 3: unclosed quote"),
        ("a\nb\n\"c,\nd\n\"e\"\n", "line 3: unclosed quote"),
        ("\"a\nb\n", "line 1: unclosed quote"),
    ] {
        let error = read_rows(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
    assert_eq!(read_rows(b"a\nb\n\xff\n").unwrap_err().to_string(), "line 3: not UTF-8");
    let error = read_rows(b"\xff\xfea\0\n\0").unwrap_err().to_string();
    assert_eq!(error, "line 1: UTF-16 text found, expected UTF-8");
}

#[test]
fn separator_is_detected_and_empty_columns_at_the_end_are_ignored() {
    for text in [
        "sub,x\na,1\n",
        "sub;x\na;1\n",
        "sub\tx\na\t1\n",
        " sub ; x\r\na;1\r\n",
        "\u{feff}\u{a0}sub\t\"x \"\na\t1\n",
        "sep=;\nsub;x\na;1\n",
        "\u{feff}SEP=\t\r\nsub\tx\r\na\t1\r\n",
        "\"sub\";\"x\"\n\"a\";\"1\"\n",
        "sub,x,\na,1,\n",
        "sub;x;;\r\na;1;;\r\n",
        "sub,x, \na,1\n",
    ] {
        let rows = read_rows(text.as_bytes()).unwrap();
        let fields = Value::from(rows[0].fields.clone()).to_string();
        assert_eq!(fields, r#"{"sub":"a","x":"1"}"#, "{text}");
    }
    assert_eq!(render_rows("a;b,c;d\n1;2;3\n"), "2 {\"a\":\"1\",\"b,c\":\"2\",\"d\":\"3\"}");
    assert_eq!(render_rows("a,\"b;c;d\"\n1,2\n"), "2 {\"a\":\"1\",\"b;c;d\":\"2\"}");
    assert_eq!(render_rows("a;b\n1,5;2\n"), "2 {\"a\":\"1,5\",\"b\":\"2\"}");
}

#[test]
fn rows_after_an_invalid_row_are_read_unless_a_quote_is_unclosed() {
    let read_line_numbers_or_errors = |text: &[u8]| -> Vec<String> {
        let rows = RowReader::new(text).unwrap();
        rows.map(|row| row.map_or_else(|error| error.to_string(), |row| row.line.to_string()))
            .collect()
    };
    assert_eq!(
        read_line_numbers_or_errors(b"a,b\n1\n2,\xff\n3,4\n5,6,7\n8,9"),
        [
            "line 2: found 1 cell, expected 2",
            "line 3: not UTF-8",
            "4",
            "line 5: found 3 cells, expected 2",
            "6"
        ]
    );
    assert_eq!(
        read_line_numbers_or_errors(b"{}\n{\"a\":}\n[]\n{\"b\":1}"),
        [
            "1",
            "line 2: not well-formed JSON: column 6: expected a value",
            "line 3: not a JSON object",
            "4"
        ]
    );
    assert_eq!(read_line_numbers_or_errors(b"a\n\"b\nc\n"), ["line 2: unclosed quote"]);
}

#[test]
fn error_lists_at_most_20_invalid_lines() {
    let line = |line| InvalidLine { line, reason: "wrong".to_owned() };
    let mut lines = InvalidLines::default();
    assert_eq!(lines.clone().into_result(), Ok(()));
    lines.push(line(2)).unwrap();
    lines.push(line(3)).unwrap();
    let message = lines.clone().into_result().unwrap_err().to_string();
    assert_eq!(message, "2 invalid lines:\n  line 2: wrong\n  line 3: wrong");
    let error = (4..).find_map(|number| lines.push(line(number)).err()).unwrap();
    assert_eq!(error.lines.len(), 20);
    assert!(error.to_string().starts_with("the first 20 invalid lines:\n  line 2"));
}

/// Reads all rows; returns the text of each row and of each error.
fn describe_rows(rows: &mut RowReader<&[u8]>) -> Vec<String> {
    let describe = |row: Row| format!("{} {}", row.line, Value::from(row.fields));
    rows.map(|row| row.map_or_else(|error| error.to_string(), describe)).collect()
}

#[test]
fn rows_read_in_blocks_equal_rows_read_at_once() {
    let filler = |number: usize| "x".repeat(number % 40);
    let csv_row = |number| format!("{number},\"{}\n\"\"\n\"\n", filler(number));
    let json_row = |number| format!("{{\"n\":{number},\"x\":\"{}\"}}\n", filler(number));
    let [csv, json]: [String; 2] =
        [(0..20_000).map(csv_row).collect(), (0..20_000).map(json_row).collect()];
    let long_text = "y".repeat(300_000);
    let mut unreadable_count = 0;
    for text in [
        format!("n,x\n{csv}"),
        format!("\u{feff}n,x\r\n\n\n{csv}"),
        format!("n,x\r0,1\r1,2\n{csv}"),
        format!("n,x\r\u{feff}0,1\n{csv}"),
        format!("\n\n\"n\n\",x\r0,1\r\"1\n\",2\n{csv}"),
        format!("sep=,\nn,x\n{csv}1,2"),
        format!("\n\n{json}\n\n{json}"),
        format!("{json}{{}}"),
        format!("n,x\n{csv}1\n{csv}2,3,4\n"),
        format!("{json}[]\n{json}{{\"a\":}}"),
        format!("n,x\n{csv}1,\"2\n{csv}"),
        format!("n,x\n{csv}{long_text},\n{csv}"),
        format!("n,x\n{csv}1,\"{long_text}\"\n{csv}"),
        format!("{json}{{\"x\":\"{long_text}\"}}\n{json}"),
    ] {
        let mut rows = RowReader::new(text.as_bytes()).unwrap();
        let expected = describe_rows(&mut rows);
        let (mut blocks, parser) = RowReader::new(text.as_bytes()).unwrap().into_blocks();
        let (mut found, mut block_count, mut is_unreadable) = (Vec::new(), 0, false);
        while !is_unreadable && let Some(block) = blocks.next().transpose().unwrap() {
            let mut rows = parser.rows(&block);
            found.extend(describe_rows(&mut rows));
            is_unreadable = rows.has_unreadable_rest();
            block_count += 1;
        }
        let difference = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!((difference, found.len()), (None, expected.len()));
        assert_eq!(is_unreadable, rows.has_unreadable_rest());
        assert!(block_count > 1);
        unreadable_count += usize::from(is_unreadable);
    }
    assert_eq!(unreadable_count, 4, "texts with an error that prevents reading the rest");
}

#[test]
fn long_whitespace_after_a_json_list_is_refused() {
    let text = format!("{{\"items\":[{{\"a\":1}}]}}{}x", " ".repeat(MAX_ROW_BYTES));
    let mut rows = RowReader::with_options(text.as_bytes(), true, str::to_owned).unwrap();
    assert_eq!(describe_rows(&mut rows), ["1 {\"a\":1}", "line 1: found 128 KiB of whitespace"]);
}
