//! `jeton users import --generate-passwords`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const IMPORT: [&str; 5] = ["users", "import", "rows", "--generate-passwords", "passwords.csv"];

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    fs::write(sandbox.home().join(name), text).unwrap();
}

/// Returns the logins and passwords in the file `passwords.csv`.
fn read_passwords(sandbox: &Sandbox) -> Vec<(String, String)> {
    let csv = fs::read_to_string(sandbox.home().join("passwords.csv")).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("login,password"));
    let split = |line: &str| {
        line.split_once(',').map(|(login, password)| (login.to_owned(), password.to_owned()))
    };
    lines.map(|line| split(line).unwrap()).collect()
}

#[test]
fn users_imported_from_a_spreadsheet_log_in_with_generated_passwords() {
    let sandbox = Sandbox::with_admin();
    let row = |number| format!("user{number};user{number}@x.org;;\r\n");
    let users: String = (0..40).map(row).collect();
    let rows = format!(
        "\u{feff}Username;Email;Role;Password\r\n{users};lee@x.org;minter;\r\nana;;;123456\r\n"
    );
    write(&sandbox, "rows", &rows);
    assert_snapshot!(sandbox.run(&IMPORT), @"
    --- stderr
    imported 42 users
    wrote 41 passwords to `passwords.csv`
    ");
    let mode = fs::metadata(sandbox.home().join("passwords.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let passwords = read_passwords(&sandbox);
    assert_eq!(passwords.len(), 41);
    for (login, password) in [&passwords[0], &passwords[39], &passwords[40]] {
        sandbox.log_in(login, password);
    }
    assert_eq!(passwords[40].0, "lee@x.org");
    sandbox.log_in("ana", "123456");
    assert_eq!(
        sandbox.sql("SELECT count FROM audit WHERE action = 'users import'"),
        ["42"],
        "one audit event"
    );
}

#[test]
fn generated_passwords_have_at_least_the_minimum_length() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "password.min_length", "40"]).ok();
    write(&sandbox, "rows", "username\nkim\n");
    sandbox.run(&IMPORT).ok();
    assert_eq!(read_passwords(&sandbox)[0].1.len(), 41, "7 groups of 5 characters, 6 hyphens");
}

#[test]
fn no_account_is_imported_if_password_file_cannot_be_created() {
    let sandbox = Sandbox::with_admin();
    write(&sandbox, "rows", "username\nkim\n");
    write(&sandbox, "existing", "kept");
    fs::create_dir(sandbox.home().join("shared")).unwrap();
    fs::set_permissions(sandbox.home().join("shared"), fs::Permissions::from_mode(0o777)).unwrap();
    let mut outputs = String::new();
    for (file, code) in
        [("existing", 5), ("missing/file", 2), ("new/", 2), ("shared/file", 78), ("-", 2)]
    {
        for dry_run in [&[][..], &["--dry-run"]] {
            let arguments = [&["users", "import", "rows", "--generate-passwords", file], dry_run];
            let output = sandbox.run(&arguments.concat()).fails(code);
            if dry_run.is_empty() {
                outputs += &output.to_string();
            }
        }
    }
    assert_snapshot!(outputs, @"
    --- exit code 5, stderr
    error: `existing` already exists
    hint: use another file name, or remove the existing file
    --- exit code 2, stderr
    error: directory `missing` cannot be written: No such file or directory
    --- exit code 2, stderr
    error: `new/` cannot be written: Is a directory
    --- exit code 78, stderr
    error: directory `shared` is writable by other users (mode 0777)
    hint: remove the write permission: chmod go-w shared
    --- exit code 2, stderr
    error: passwords cannot be written to standard output
    ");
    assert_eq!(sandbox.sql("SELECT username FROM users"), ["ada"]);
    assert_eq!(fs::read(sandbox.home().join("existing")).unwrap(), b"kept");
    let sandbox = Sandbox::new();
    write(&sandbox, "rows", "username,role\nada,admin\n");
    write(&sandbox, "passwords.csv", "kept");
    let output = sandbox.run(&IMPORT).fails(5);
    assert!(output.stderr.contains("already exists"), "{output:?}");
    assert!(!sandbox.has_store());
}

#[test]
fn failed_import_and_dry_run_leave_no_password_file() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "password.min_length", "6"]).ok();
    write(&sandbox, "rows", "username,password\nkim,\nlee,short\n");
    let output = sandbox.run(&IMPORT).fails(65);
    assert!(output.stderr.contains("line 3"), "{output:?}");
    assert!(!sandbox.home().join("passwords.csv").exists());
    write(&sandbox, "rows", "username\nkim\n");
    assert_snapshot!(sandbox.run(&[&IMPORT[..], &["--dry-run"]].concat()), @"
    --- stderr
    dry run: imported 1 user
    dry run: wrote 1 password to `passwords.csv`
    ");
    assert!(!sandbox.home().join("passwords.csv").exists());
    assert_eq!(sandbox.sql("SELECT username FROM users"), ["ada"]);
}

#[test]
fn password_file_is_written_only_for_generated_passwords() {
    let sandbox = Sandbox::with_admin();
    write(&sandbox, "rows", "username\nkim\nada\n");
    let import = [&IMPORT[..], &["--exist-ok"]].concat();
    sandbox.run(&import).ok();
    let passwords = read_passwords(&sandbox);
    assert_eq!(passwords.len(), 1, "no password for the existing account");
    assert_snapshot!(sandbox.run_json(&import), @r#"{"changed":false,"imported":0,"updated":0,"without_password":0,"generated_passwords":0,"skipped":2,"different":0}"#);
    assert_eq!(read_passwords(&sandbox), passwords);
    sandbox.log_in("ada", "lovelace");
}
