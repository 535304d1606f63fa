//! `jeton apply`

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Input file of `apply`. `apply` ignores the tables `defaults` and `tokens`, which other commands
/// read. The file starts with a byte order mark, and its first line ends with CRLF.
const STORE_TOML: &str = "\u{feff}# the team\r
[defaults]
preset = \"flask\"

[settings]
token.quota = 10
session = { access_ttl = \"5m\" }
\"register.open\" = false

[users.ada]
role = \"admin\"
email = \"ada@example.com\"
password = \"lovelace\"

[users.\"kim@example.com\"]
name = \"Kim\"
quota = \"unlimited\"
disabled = true
created_at = 2030-01-31T00:00:00Z

[tokens.ADMIN_TOKEN]
sub = \"alice\"
";

/// Writes `text` to the file `store.toml`, and runs `apply` with the file.
fn apply(sandbox: &Sandbox, text: &str, options: &[&str]) -> RunOutput {
    fs::write(sandbox.home().join("store.toml"), text).unwrap();
    sandbox.run(&[&["apply", "-f", "store.toml"], options].concat())
}

/// Returns one line per account: username, e-mail address, display name, role, quota (-1:
/// unlimited), and 1 if the account is disabled, otherwise 0. Missing values are omitted.
fn account_lines(sandbox: &Sandbox) -> Vec<String> {
    let disabled = "CAST(disabled_at IS NOT NULL AS INTEGER)";
    let columns = format!("concat_ws(' ', username, email, name, role, quota, {disabled})");
    sandbox.sql(&format!("SELECT {columns} FROM users ORDER BY id"))
}

/// Returns one line per stored setting: name and value.
fn setting_lines(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql("SELECT name || ' ' || value FROM settings ORDER BY name")
}

#[test]
fn apply_creates_store_with_settings_and_accounts() {
    let sandbox = Sandbox::new();
    assert_snapshot!(apply(&sandbox, STORE_TOML, &[]), @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    set token.quota to 10
    set session.access_ttl to 5m
    set register.open to false
    created user ada
    created user kim@example.com
    hint: 1 new user has no password; set one: jeton recover USER
    ");
    assert_eq!(
        account_lines(&sandbox),
        ["ada ada@example.com admin 0", "kim@example.com Kim user -1 1"]
    );
    let expected = ["register.open false", "session.access_ttl 5m", "token.quota 10"];
    assert_eq!(setting_lines(&sandbox), expected);
    let audit =
        "SELECT action || ' ' || target_kind || ' ' || (detail ->> 'objects') || ' ' || count
        FROM audit";
    assert_eq!(sandbox.sql(audit), ["apply store settings and users 5"]);
    assert_eq!(apply(&sandbox, STORE_TOML, &[]).code, 4, "the store has users now");
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn second_apply_of_the_same_file_changes_nothing() {
    let sandbox = Sandbox::new();
    apply(&sandbox, STORE_TOML, &[]).ok();
    sandbox.log_in("ada", "lovelace");
    let before = sandbox.all_rows();
    assert_snapshot!(apply(&sandbox, STORE_TOML, &[]), @"
    --- stderr
    nothing to change
    ");
    assert_snapshot!(sandbox.run_json(&["apply", "-f", "store.toml"]), @r#"{"changed":false,"settings":[],"users":[],"without_password":0,"generated_passwords":0}"#);
    assert!(sandbox.all_rows() == before);
}

#[test]
fn changed_values_are_applied_and_reported() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    let text = "[users.john]\nrole = \"minter\"\nquota = 7\nemail = \"new@example.com\"\n\
                password = \"ignored\"\n[users.lee]\n[settings]\nissuer = \"team\"\n";
    assert_snapshot!(apply(&sandbox, text, &["-o", "json"]), @r#"{"changed":true,"settings":[{"name":"issuer","value":"team"}],"users":[{"user":"john","change":"updated","fields":["email","role","quota"]},{"user":"lee","change":"created","fields":[]}],"without_password":1,"generated_passwords":0}"#);
    assert_eq!(
        account_lines(&sandbox),
        ["ada admin 0", "john new@example.com minter 7 0", "lee user 0"],
        "values that the file omits are unchanged"
    );
    assert_snapshot!(apply(&sandbox, "users.john.disabled = true", &[]), @"
    --- stderr
    updated user john: changed disabled
    ");
    apply(&sandbox, "users.john.disabled = false", &[]).ok();
    // The password of an existing account is unchanged.
    sandbox.log_in("john", "123456");
}

#[test]
fn table_as_value_of_a_field_is_refused() {
    let sandbox = Sandbox::new();
    assert_snapshot!(apply(&sandbox, "[users.kim]\nrole.name = \"user\"\n", &[]), @"
    --- exit code 65, stderr
    error: line 2: role: expected a string, a number or a boolean
    ");
}

#[test]
fn invalid_lines_are_reported_in_the_order_of_the_file() {
    let sandbox = Sandbox::new();
    let user_lines: Vec<_> = (0..20).map(|number| format!("u{number}.x = 1")).collect();
    let file = format!("[users]\n{}\n[settings]\nx = 1\n", user_lines.join("\n"));
    let output = apply(&sandbox, &file, &[]).fails(65);
    assert!(output.stderr.contains("\n  line 2: unknown key `x`"), "{output:?}");
    // The error lists only the first invalid lines, and line 23 is the last.
    assert!(!output.stderr.contains("line 23"), "{output:?}");
    let output = apply(&sandbox, "settings = 5\n", &[]).fails(65);
    assert!(output.stderr.contains("line 1: `settings` is not a table"), "{output:?}");
}

#[test]
fn refused_file_changes_nothing_and_error_contains_no_password() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    let before = (account_lines(&sandbox), setting_lines(&sandbox));
    let mut outputs = String::new();
    for text in [
        "[settings]\ntoken.quota = 4\n\n[users.kim]\nrole = \"king\"\n",
        "[settings]\ntoken.qota = 4\n[users.kim]\npassphrase = \"marker\"\n\n[user.lee]\n",
        "[settings]\ntoken.quota = \"many\"\ntoken.ttl = [1]\n\"token.quota\" = 5\n",
        "[[users]]\nusername = \"kim\"\n",
        "[users]\nkim = 1\n",
        "[users.kim]\nusername = \"kim\"\n",
        "[users.kim]\nemail = \"x@x.org\"\n[users.\"x@x.org\"]\n",
        "[users.7]\n",
        "[settings]\ntoken.quota = 4\n[users.kim]\nemail = \"john@example.com\"\n",
        "[settings]\ntoken.quota = 4\n[users.ada]\nrole = \"user\"\n",
        "[settings]\npassword.min_length = 9\n[users.kim]\npassword = \"short\"\n",
        "[users.kim]\npassword = \"marker\n",
        "not TOML",
    ] {
        let output = apply(&sandbox, text, &[]);
        assert!(!output.stderr.contains("marker"), "{output:?}");
        outputs += &output.to_string();
    }
    assert_snapshot!(outputs, @r#"
    --- exit code 65, stderr
    error: line 4: role: expected `user`, `minter` or `admin`
    --- exit code 65, stderr
    error: 3 invalid lines:
      line 2: unknown key `token.qota`: not one of token.quota, token.ttl, token.max_ttl, token.permissions, session.access_ttl, session.refresh_ttl, session.max_ttl, issuer, claims.owner, claims.target, register.open, password.min_length, key.verify_overlap
      line 4: unknown key `passphrase`: expected one of uid, username, email, name, role, quota, disabled, created_at, password, password_hash
      line 6: unknown key `user`: expected tables `settings` and `users`
    --- exit code 65, stderr
    error: 2 invalid lines:
      line 2: token.quota: expected a number from 0 to 4294967295, or `unlimited`
      line 3: token.ttl: expected a string, a number or a boolean
    --- exit code 65, stderr
    error: line 1: `users` is not a table: expected tables `[users.LOGIN]`
    --- exit code 65, stderr
    error: line 2: `kim` is not a table: expected a table `[users.LOGIN]`
    --- exit code 65, stderr
    error: line 2: `username` is set by the table name: omit the key
    --- exit code 65, stderr
    error: line 3: username, e-mail address or uid already used on line 1
    --- exit code 65, stderr
    error: line 1: username: could be mistaken for an id
    --- exit code 65, stderr
    error: line 3: the e-mail address belongs to another account
    --- exit code 5, stderr
    error: no active admin would remain after the change
    hint: make another user an admin first: jeton users set-role LOGIN admin
    --- exit code 65, stderr
    error: line 3: password shorter than 9 characters
    --- exit code 65, stderr
    error: `store.toml`: line 2: invalid basic string, expected `"`
    --- exit code 65, stderr
    error: `store.toml`: line 1: key with no value, expected `=`
    "#);
    assert_eq!((account_lines(&sandbox), setting_lines(&sandbox)), before);
    let error = sandbox.run_json(&["apply", "-f", "store.toml"]).error();
    assert_eq!((&error["code"], &error["details"]["line"]), (&"bad_data".into(), &1.into()));
}

#[test]
fn generated_passwords_are_written_once() {
    let sandbox = Sandbox::new();
    let text = "[settings]\npassword.min_length = 30\n[users.ada]\nrole = \"admin\"\n";
    let options = ["--passwords-out", "passwords.csv"];
    assert_snapshot!(apply(&sandbox, text, &options), @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    set password.min_length to 30
    created user ada
    wrote 1 password to `passwords.csv`
    ");
    let path = sandbox.home().join("passwords.csv");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let csv = fs::read_to_string(&path).unwrap();
    let password = csv.lines().nth(1).unwrap().strip_prefix("ada,").unwrap();
    assert_eq!(password.len(), 35);
    sandbox.log_in("ada", password);
    assert_snapshot!(apply(&sandbox, text, &options), @"
    --- stderr
    nothing to change
    ");
    assert_eq!(fs::read_to_string(&path).unwrap(), csv);
    let output = apply(&sandbox, "[users.kim]\n", &options).fails(5);
    assert!(output.stderr.contains("already exists"), "{output:?}");
    assert_eq!(account_lines(&sandbox).len(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), csv);
}

#[test]
fn new_store_requires_admin_in_the_file_and_dry_run_creates_no_store() {
    let sandbox = Sandbox::new();
    for text in ["[users.kim]\n", "[settings]\ntoken.quota = 4\n", ""] {
        let output = apply(&sandbox, text, &[]).fails(65);
        assert!(output.stderr.starts_with("error: no active admin in the file"), "{output:?}");
        assert!(!sandbox.has_store());
    }
    assert_snapshot!(apply(&sandbox, STORE_TOML, &["--dry-run"]), @"
    --- stderr
    dry run: created store `~/.local/share/jeton/jeton.db`
    dry run: set token.quota to 10
    dry run: set session.access_ttl to 5m
    dry run: set register.open to false
    dry run: created user ada
    dry run: created user kim@example.com
    hint: 1 new user has no password; set one: jeton recover USER
    ");
    assert!(!sandbox.has_store());
}

#[test]
fn only_admins_apply_a_file() {
    let sandbox = Sandbox::with_john();
    // The role is checked before the file is parsed.
    assert_snapshot!(apply(&sandbox, "not TOML", &[]), @"
    --- exit code 7, stderr
    error: only admins can apply a file: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.run(&["logout"]).ok();
    assert_eq!(apply(&sandbox, STORE_TOML, &["--dry-run"]).code, 4);
}
