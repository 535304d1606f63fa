//! `jeton users import`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;
use std::fs;

/// Argon2id hash of the password `password`, with low cost parameters.
pub(super) const HASH: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// Returns CSV with `count` users. Every thousandth row contains a plain password, and each other
/// row contains [`HASH`]. `invalid_row` replaces a row: the index of the row, from 0, and its text.
pub(super) fn build_csv(count: usize, invalid_row: Option<(usize, &str)>) -> String {
    let row = |number: usize| match invalid_row {
        Some((index, row)) if index == number => format!("{row}\n"),
        _ if number % 1_000 == 7 => format!("user{number},user{number}@x.org,secret{number},\n"),
        _ => format!("user{number},user{number}@x.org,,\"{HASH}\"\n"),
    };
    let rows: String = (0..count).map(row).collect();
    format!("username,email,password,password_hash\n{rows}")
}

/// Writes the rows to the file `rows`, and imports this file.
pub(super) fn import(sandbox: &Sandbox, rows: &str) -> crate::run_output::RunOutput {
    fs::write(sandbox.home().join("rows"), rows).unwrap();
    sandbox.run(&["users", "import", "rows"])
}

fn count_users(sandbox: &Sandbox) -> String {
    sandbox.sql("SELECT count(*) FROM users").remove(0)
}

#[test]
fn import_of_ten_thousand_users_hashes_passwords_and_is_one_audit_event() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(import(&sandbox, &build_csv(10_000, None)), @"
    --- stderr
    imported 10000 users
    ");
    assert_eq!(sandbox.json(&["users", "list"])["total"], 10_001);
    let last_event_sql = "SELECT action || ' ' || (detail ->> 'objects') || ' ' || count FROM audit ORDER BY id DESC LIMIT 1";
    assert_eq!(sandbox.sql(last_event_sql), ["users import users 10000"]);
    sandbox.log_in("user1", "password");
    sandbox.log_in("user9007@x.org", "secret9007");
    let count_costly_hashes_sql =
        "SELECT count(*) FROM users WHERE password LIKE '$argon2id$v=19$m=19456%'";
    assert_eq!(
        sandbox.sql(count_costly_hashes_sql),
        ["12"],
        "ten plain passwords, the password of ada, and that of user1, which the login hashes again"
    );
    let count_plain_passwords_sql = "SELECT count(*) FROM users WHERE password LIKE '%secret%'";
    assert_eq!(sandbox.sql(count_plain_passwords_sql), ["0"]);
}

#[test]
fn invalid_row_is_reported_by_line_and_no_user_is_imported() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for row in [
        "user 5000,,marker-of-a-secret,",
        "user4000,,marker-of-a-secret,",
        ",,marker-of-a-secret,",
        "one cell",
        "a,,,marker-of-a-secret",
        "a,,,\"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu\"",
    ] {
        let output = import(&sandbox, &build_csv(10_000, Some((5_000, row))));
        outputs += &output.with_command();
        assert_eq!(count_users(&sandbox), "1");
    }
    assert_snapshot!(outputs, @"
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 5002: username: expected letters, digits and symbols, without spaces
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 5002: username, e-mail address or uid already used on line 4002
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 5002: username or e-mail address required
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 5002: found 1 cell, expected 4
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 5002: password_hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 5002: password_hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    ");
    let csv = build_csv(10_000, Some((5_000, "ada,,marker-of-a-secret,")));
    assert_snapshot!(import(&sandbox, &csv), @"
    --- exit code 5, stderr
    error: line 5002: user already exists: ada
    hint: use `--exist-ok` to skip users that already exist
    ");
    let error = sandbox.json_error(&["users", "import", "rows"]);
    assert_eq!(
        (&error["code"], &error["details"]),
        (&json!("user_exists"), &json!({"line": 5_002}))
    );
    fs::write(sandbox.home().join("rows"), "username\na b\n").unwrap();
    let error = sandbox.json_error(&["users", "import", "rows"]);
    assert_eq!((&error["code"], &error["details"]), (&json!("bad_data"), &json!({"line": 2})));
    assert_eq!(count_users(&sandbox), "1");
    let audit = sandbox.sql("SELECT outcome || count FROM audit WHERE action = 'users import'");
    assert_eq!(audit.len(), 9, "{audit:?}");
    assert!(audit.iter().all(|row| row == "bad_data0" || row == "user_exists0"), "{audit:?}");
}

#[test]
fn import_creates_a_store_with_an_active_admin_and_later_requires_admin_login() {
    let sandbox = Sandbox::new();
    for rows in ["username\nkim\n", "username,role,disabled\nkim,admin,true\n"] {
        allow_duplicates!(assert_snapshot!(import(&sandbox, rows), @"
        --- exit code 65, stderr
        error: no active admin in the file or in the store
        hint: set the role `admin` in the file, or create an admin: jeton init
        "));
        assert!(!sandbox.has_store());
    }
    for (rows, found) in [("", "no content"), ("username\n", "no values after the header")] {
        let output = import(&sandbox, rows).fails(65);
        assert_eq!(output.stderr, format!("error: line 1: found {found}, expected rows\n"));
        assert!(!sandbox.has_store());
    }
    let rows = "{\"username\":\"kim\",\"password\":\"123456\"}\n\
                {\"username\":\"ada\",\"role\":\"admin\",\"password\":\"lovelace\"}\n";
    assert_snapshot!(import(&sandbox, rows), @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    imported 2 users
    ");
    assert_eq!(sandbox.sql("SELECT username || ' ' || role FROM users"), ["kim user", "ada admin"]);
    assert_eq!(sandbox.sql("SELECT purpose || algorithm || state FROM keys"), ["appES256active"]);
    assert_snapshot!(import(&sandbox, rows), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    sandbox.log_in("kim", "123456");
    assert_snapshot!(import(&sandbox, "{"), @"
    --- exit code 7, stderr
    error: only admins can import accounts: logged in as `kim` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(import(&sandbox, "{\"username\":\"eve\"}"), @"
    --- stderr
    imported 1 user
    hint: 1 new user has no password; set one: jeton recover USER
    ");
    sandbox.run_with_input(&["recover", "eve", "--password-stdin"], "123456").ok();
    sandbox.log_in("eve", "123456");
}

#[test]
fn csv_import_ignores_case_and_empty_rows() {
    let sandbox = Sandbox::with_admin();
    let rows = "Username,EMAIL,Role,Disabled,Quota,Created_At\r\n\
                kim,,User,TRUE,Default,\r\n,,,,,\r\n\
                lee,lee@x.org,MINTER,FALSE,Unlimited,2030-01-31\r\n,,,,,\r\n";
    assert_snapshot!(import(&sandbox, rows), @"
    --- stderr
    imported 2 users
    hint: 2 new users have no password; set one: jeton recover USER
    ");
    let users_query =
        "SELECT username || ' ' || role || ' ' || CAST(disabled_at IS NULL AS INTEGER)
         FROM users";
    assert_eq!(sandbox.sql(users_query), ["ada admin 1", "kim user 0", "lee minter 1"]);
    let quota = |login| sandbox.json(&["users", "show", login])["quota"].clone();
    assert_eq!((quota("kim"), quota("lee")), (json!(null), json!("unlimited")));
    let rows = "Username,Disabled\n,\n,\nann,perhaps\n";
    assert_snapshot!(import(&sandbox, rows), @"
    --- exit code 65, stderr
    error: line 4: disabled: expected `true` or `false`
    ");
    assert_snapshot!(import(&sandbox, "Username,username\nann,ann\n"), @"
    --- exit code 65, stderr
    error: line 1: duplicate column name in column 2
    ");
}

#[test]
fn exist_ok_warns_of_users_that_differ_from_their_rows() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    sandbox.run_with_input(&["users", "import", "-"], "username\nada2\n").ok();
    fs::write(sandbox.home().join("rows"), "username,quota\nada,default\njohn,7\nada2,9\n")
        .unwrap();
    let output = sandbox.run(&["users", "import", "rows", "--exist-ok"]);
    assert_snapshot!(output, @"
    --- stderr
    imported 0 users, skipped 3 existing
    warning: 2 existing users differ from their rows and were not changed; the first row is on line 3
    ");
    assert_eq!(sandbox.json(&["users", "show", "john"])["quota"], json!(null));
}

#[test]
fn exist_ok_skips_users_with_the_same_names_and_refuses_a_conflict() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    let rows = "username,email,role,password\njohn,John@Example.com,admin,other\nkim,,,123456\n";
    fs::write(sandbox.home().join("rows"), rows).unwrap();
    let import_command = ["users", "import", "rows", "--exist-ok"];
    assert_snapshot!(sandbox.run(&import_command), @"
    --- stderr
    imported 1 user, skipped 1 existing
    warning: 1 existing user differs from the row on line 2 and was not changed
    ");
    assert_eq!(sandbox.json(&["users", "show", "john"])["role"], "user");
    assert_snapshot!(sandbox.run_json(&import_command), @r#"{"changed":false,"imported":0,"updated":0,"without_password":0,"generated_passwords":0,"skipped":2,"different":1}"#);
    let rows = "{\"username\":\"john\",\"email\":\"other@example.com\"}";
    let output = sandbox.run_with_input(&["users", "import", "-", "--exist-ok"], rows);
    assert_eq!(output.code, 5, "{output:?}");
    sandbox.log_in("john", "123456");
}

#[test]
fn missing_file_and_invalid_rows_are_refused() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run(&["users", "import", "nonexistent"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `nonexistent` cannot be read: No such file or directory
    ");
    let mut outputs = String::new();
    for rows in [
        "{\"username\":\"a\"}\n{\"username\":\"b\",\"username\":\"c\"}\n",
        "{\"username\":\"a\"}\n[]\n",
        "username,username\na,b\n",
        "username,id\na,1\n",
    ] {
        let output = import(&sandbox, rows);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 2: ambiguous: column 26: duplicate member name `username`
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 2: not a JSON object
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 1: duplicate column name in column 2
    $ jeton users import rows
    --- exit code 65, stderr
    error: line 1: unknown column `id`: expected one of uid, username, email, name, role, quota, disabled, created_at, password, password_hash
    hint: use `--ignore-unknown` to skip unknown CSV columns and JSON members
    ");
    sandbox.run(&["settings", "set", "password.min_length", "7"]).ok();
    let output = import(&sandbox, "username,password\na,1234567\nb,123456\n");
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: line 3: password shorter than 7 characters
    ");
    assert_eq!(count_users(&sandbox), "1");
}

#[test]
fn uid_of_a_deleted_user_is_not_reused() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    let export = sandbox.run(&["users", "export"]).ok().stdout;
    sandbox.run(&["users", "delete", "john", "--yes"]).ok();
    for arguments in [&["users", "import", "-"][..], &["users", "import", "-", "--exist-ok"]] {
        let row_of_john = export.lines().last().unwrap();
        let output = sandbox
            .run_with_input(arguments, &format!("{{\"username\":\"lee\"}}\n{row_of_john}\n"));
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 65, stderr
        error: line 2: `uid` belongs to a deleted user: omit `uid` to assign a new uid
        "));
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM users WHERE deleted_at IS NULL"), ["1"]);
}

#[test]
fn unclosed_quote_is_reported_after_errors_of_earlier_rows() {
    let sandbox = Sandbox::with_admin();
    let output = import(&sandbox, "username,email\nkim,\n\"b c,\nd,\n");
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: line 3: unclosed quote
    ");
    let output = import(&sandbox, "username,email\nb c,\n\"kim,\nd,\n");
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: 2 invalid lines:
      line 2: username: expected letters, digits and symbols, without spaces
      line 3: unclosed quote
    ");
}
