//! `jeton users import --update`

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

/// Writes the rows to the file `rows`, and runs `users import --update` with this file.
fn run_import_update(sandbox: &Sandbox, rows: &str) -> RunOutput {
    fs::write(sandbox.home().join("rows"), rows).unwrap();
    sandbox.run(&["users", "import", "rows", "--update"])
}

/// Creates a sandbox with the users ada, john and kim. Ada is logged in.
fn sandbox_with_three_users() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.register("kim", "123456");
    sandbox.log_in("ada", "lovelace");
    sandbox
}

#[test]
fn import_update_changes_given_values_except_passwords_and_adds_new_users() {
    let sandbox = sandbox_with_three_users();
    let rows = "username,email,name,role,quota,disabled,password\n\
                john,john@new.org,John Doe,minter,7,,ignored\n\
                ada,,,,,,\n\
                kim,,,,unlimited,true,\n\
                lee,,,,,,654321\n";
    assert_snapshot!(run_import_update(&sandbox, rows), @"
    --- stderr
    imported 1 user, updated 2, skipped 1 existing
    ");
    let disabled = "CAST(disabled_at IS NOT NULL AS INTEGER)";
    let columns = format!("concat_ws(' ', username, email, name, role, quota, {disabled})");
    let users = sandbox.sql(&format!("SELECT {columns} FROM users ORDER BY id"));
    assert_eq!(
        users,
        [
            "ada admin 0",
            "john john@new.org John Doe minter 7 0",
            // The quota -1 is `unlimited`.
            "kim kim@example.com user -1 1",
            "lee user 0"
        ]
    );
    let audit_counts_sql = "SELECT count FROM audit WHERE action = 'users import'";
    assert_eq!(sandbox.sql(audit_counts_sql), ["3"], "one audit event");
    assert_snapshot!(sandbox.run_json(&["users", "import", "rows", "--update"]), @r#"{"changed":false,"imported":0,"updated":0,"without_password":0,"generated_passwords":0,"skipped":4,"different":0}"#);
    assert_eq!(sandbox.sql(audit_counts_sql), ["3"], "no event without a change");
    sandbox.log_in("john@new.org", "123456");
    sandbox.log_in("lee", "654321");
}

#[test]
fn import_update_ends_sessions_of_disabled_users() {
    let sandbox = sandbox_with_three_users();
    let open_session_count =
        || sandbox.sql("SELECT count(*) FROM sessions WHERE user_id = 2 AND ended_at IS NULL");
    // Reopens the session of john, which the login of ada has ended.
    sandbox.sql("UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE user_id = 2");
    assert_eq!(open_session_count(), ["1"]);
    run_import_update(&sandbox, "email,disabled\njohn@example.com,true\n").ok();
    assert_eq!(open_session_count(), ["0"]);
    run_import_update(&sandbox, "email,disabled\njohn@example.com,false\n").ok();
    sandbox.log_in("john", "123456");
}

const UNKNOWN_UID: &str = "018f4f5e-7a3b-7c00-8000-000000000001";

#[test]
fn refused_import_update_changes_no_account() {
    let sandbox = sandbox_with_three_users();
    let uid = sandbox.json(&["users", "show", "john"])["uid"].as_str().unwrap().to_owned();
    let before = sandbox.sql("SELECT username || ' ' || ifnull(email, '') FROM users");
    let mut outputs = String::new();
    for rows in [
        "username,email\nada,ada@x.org\njohn,kim@example.com\n".to_owned(),
        "username,email\nada,ada@x.org\njohnny,john@example.com\n".to_owned(),
        format!("username,uid\nkim,{uid}\n"),
        format!("email,uid\njohn@example.com,{UNKNOWN_UID}\n"),
    ] {
        outputs += &run_import_update(&sandbox, &rows).fails(65).to_string();
    }
    outputs += &run_import_update(&sandbox, "username,role\nada,user\n").fails(5).to_string();
    assert_snapshot!(outputs, @"
    --- exit code 65, stderr
    error: line 3: the e-mail address belongs to another account
    --- exit code 65, stderr
    error: line 3: the e-mail address belongs to another account
    --- exit code 65, stderr
    error: line 2: username and uid do not belong to one account
    --- exit code 65, stderr
    error: line 2: no account has this uid, but an account has the username or e-mail address
    --- exit code 5, stderr
    error: no active admin would remain after the change
    hint: make another user an admin first: jeton users set-role LOGIN admin
    ");
    assert_eq!(sandbox.sql("SELECT username || ' ' || ifnull(email, '') FROM users"), before);
    let conflict = sandbox.run(&["users", "import", "rows", "--update", "--exist-ok"]);
    assert_eq!(conflict.code, 2, "{conflict:?}");
}

#[test]
fn import_update_finds_account_by_uid() {
    let sandbox = sandbox_with_three_users();
    let uid = sandbox.json(&["users", "show", "john"])["uid"].as_str().unwrap().to_owned();
    // No account has this e-mail address, so only the uid can identify the account.
    run_import_update(&sandbox, &format!("uid,email,role\n{uid},new@x.org,minter\n")).ok();
    let user = sandbox.json(&["users", "show", "john"]);
    assert_eq!((&user["email"], &user["role"]), (&"new@x.org".into(), &"minter".into()));
}
