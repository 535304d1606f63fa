//! `jeton users import`: separators and headers of CSV, unknown columns, and reports of invalid
//! rows. `jeton token mint --from`: reports of invalid rows.

use super::import::import;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

#[test]
fn csv_with_comma_semicolon_or_tab_and_byte_order_mark_is_accepted() {
    let sandbox = Sandbox::with_admin();
    for rows in [
        "Username;Email;Role\r\nkim;kim@x.org;USER\r\n",
        "\u{feff}username\temail\nlee\tlee@x.org\n",
        "sep=;\n username ; email \nana;ana@x.org\n",
        "\"username\",\" email\"\nbob,bob@x.org\n",
    ] {
        import(&sandbox, rows).ok();
    }
    let users = sandbox.sql("SELECT username || ' ' || email FROM users WHERE id > 1 ORDER BY id");
    assert_eq!(users, ["kim kim@x.org", "lee lee@x.org", "ana ana@x.org", "bob bob@x.org"]);
}

#[test]
fn unknown_columns_and_members_are_refused_or_skipped_on_request() {
    let sandbox = Sandbox::with_admin();
    let csv = "username,department,Phone\nkim,sales,123\n";
    let json_lines = "{\"username\":\"lee\",\"department\":\"sales\"}\n";
    let mut outputs = String::new();
    // If the first line has no known column name, the error does not repeat the unknown names: the
    // file may have no header, and its first line may contain a password.
    for rows in [csv, "kim,secret-of-kim\n", json_lines] {
        outputs += &import(&sandbox, rows).to_string();
    }
    assert_snapshot!(outputs, @"
    --- exit code 65, stderr
    error: line 1: unknown columns `department`, `phone`: expected one of uid, username, email, name, role, quota, disabled, created_at, password, password_hash
    hint: use `--ignore-unknown` to skip unknown CSV columns and JSON members
    --- exit code 65, stderr
    error: line 1: unknown name in column 1 of the CSV header: expected one of uid, username, email, name, role, quota, disabled, created_at, password, password_hash
    --- exit code 65, stderr
    error: line 1: unknown field `department`: expected one of uid, username, email, name, role, quota, disabled, created_at, password, password_hash
    hint: use `--ignore-unknown` to skip unknown CSV columns and JSON members
    ");
    let mut outputs = String::new();
    for rows in [csv, json_lines, "username,e\u{1b}x,passwort,\nana,1,2,\n"] {
        fs::write(sandbox.home().join("rows"), rows).unwrap();
        outputs += &sandbox.run(&["users", "import", "rows", "--ignore-unknown"]).ok().to_string();
    }
    assert_snapshot!(outputs, @r"
    --- stderr
    warning: skipped unknown columns or members: `department`, `phone`
    imported 1 user
    hint: 1 new user has no password; set one: jeton recover USER
    --- stderr
    warning: skipped unknown columns or members: `department`
    imported 1 user
    hint: 1 new user has no password; set one: jeton recover USER
    --- stderr
    warning: skipped unknown columns or members: `e\u{1b}x`, `passwort`
    imported 1 user
    hint: 1 new user has no password; set one: jeton recover USER
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["4"]);
}

#[test]
fn first_twenty_invalid_lines_are_reported_together() {
    let sandbox = Sandbox::with_admin();
    let rows = "username;email;role;password\n\
                kim;;user;123456\n\
                a b;;;\n\
                lee;lee@x.org\n\
                ;;admin;\n\
                kim;;;\n\
                ana;;boss;marker-of-a-secret\n";
    let output = import(&sandbox, rows);
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: 5 invalid lines:
      line 3: username: expected letters, digits and symbols, without spaces
      line 4: found 2 cells, expected 4
      line 5: username or e-mail address required
      line 6: username, e-mail address or uid already used on line 2
      line 7: role: expected `user`, `minter` or `admin`
    ");
    let error = sandbox.json_error(&["users", "import", "rows"]);
    assert_snapshot!(error["details"], @r#"{"line":3,"lines":[{"line":3,"reason":"username: expected letters, digits and symbols, without spaces"},{"line":4,"reason":"found 2 cells, expected 4"},{"line":5,"reason":"username or e-mail address required"},{"line":6,"reason":"username, e-mail address or uid already used on line 2"},{"line":7,"reason":"role: expected `user`, `minter` or `admin`"}]}"#);
    let many_invalid_rows = format!("username\n{}", "a b\n".repeat(30));
    let message = import(&sandbox, &many_invalid_rows).stderr;
    assert_eq!(message.matches("line ").count(), 20, "{message}");
    assert!(message.starts_with("error: the first 20 invalid lines:\n"), "{message}");
    let short_password_rows = "username,password\nkim,x\nlee,12345678\nana,y\n";
    sandbox.run(&["settings", "set", "password.min_length", "6"]).ok();
    assert_snapshot!(import(&sandbox, short_password_rows), @"
    --- exit code 65, stderr
    error: 2 invalid lines:
      line 2: password shorter than 6 characters
      line 4: password shorter than 6 characters
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["1"]);
}

#[test]
fn invalid_rows_of_token_mint_are_reported_together() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "0123456789abcdef0123456789abcdef");
    fs::write(sandbox.home().join("rows"), "sub;exp\na;2030-01-01\nb;soon\nc\nd;never\n").unwrap();
    let mint = ["token", "mint", "--from", "rows", "--secret-env", "SECRET", "--alg", "HS256"];
    assert_snapshot!(sandbox.run(&mint), @"
    --- exit code 65, stderr
    error: 3 invalid lines:
      line 3: exp: expected RFC 3339 (`<time>`), a date or Unix seconds
      line 4: found 1 cell, expected 2
      line 5: exp: expected RFC 3339 (`<time>`), a date or Unix seconds
    ");
}
