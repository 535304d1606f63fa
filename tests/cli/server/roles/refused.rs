//! Rights that the database roles lack.

use super::Database;
use crate::output::closed_pipe;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;

#[test]
#[ignore = "needs a PostgreSQL server"]
fn minter_and_verifier_roles_read_no_private_app_keys_password_hashes_or_sessions() {
    let database = Database::with_roles();
    for (role, readable_keys) in [("minter", "test ES256,test HS256"), ("verifier", "test HS256")] {
        let key_sql = "SELECT purpose || ' ' || algorithm FROM keys
            WHERE material IS NOT NULL ORDER BY 1";
        assert_eq!(database.view_sql(role, key_sql).unwrap().join(","), readable_keys);
        let hash_sql = "SELECT username, password IS NULL FROM users";
        assert_eq!(database.view_sql(role, hash_sql).unwrap(), ["ada|t"]);
        for (sql, table) in [(key_sql, "keys"), (hash_sql, "users")] {
            let refusal = format!("permission denied for table {table}");
            assert!(database.sql(role, sql).unwrap_err().contains(&refusal));
        }
        for table in ["sessions", "pairs", "user_blocks"] {
            database.assert_refused(role, &format!("SELECT 1 FROM {table}"));
        }
        let login = database.command(role, &["login", "ada", "--password-stdin"]);
        Sandbox::run_command_with_input(login, "lovelace").fails(6);
    }
    // The minter role reads its own events: the failed login in the loop, and this mint.
    database.mint(&[]);
    let events = database.view_sql("minter", "SELECT action FROM audit");
    assert_eq!(events.unwrap(), ["login", "token mint"]);
    database.assert_refused("verifier", "SELECT 1 FROM audit");
}

/// Returns the statement that inserts a grant: the row with the properties that tokens share. A
/// digest of these properties identifies the grant. `digest_kind` is the kind from which the digest
/// is computed: in a forged grant, `kind` and `digest_kind` differ.
fn insert_grant_sql(kind: &str, digest_kind: &str, claims: &str) -> String {
    let digest = format!("1, '{digest_kind}', 'x', '[]', '[]', '{claims}'");
    format!(
        "INSERT INTO grants (owner_id, kind, app, claims, digest) VALUES (1, '{kind}', 'x',
             '{claims}', sha256(convert_to(concat_ws(chr(31), {digest}), 'UTF8')))"
    )
}

/// Returns the statement that inserts a token for each grant of a kind.
fn insert_tokens_sql(kind: &str, issued_at: i64) -> String {
    format!(
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at)
             SELECT gen_random_uuid(), id, 1, {issued_at} FROM grants WHERE kind = '{kind}'"
    )
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn minter_role_adds_only_valid_test_tokens_and_changes_only_its_own_events() {
    let database = Database::with_roles();
    database.mint(&["--record"]);
    let forged_event = format!(
        "INSERT INTO audit (at, os_uid, action, outcome, db_user)
             VALUES (1, 1, 'x', 'done', '{}_operator_login')",
        database.schema
    );
    for sql in [
        &insert_grant_sql("app", "app", "{}"),
        // A grant of test tokens with the digest of a grant of app tokens.
        &insert_grant_sql("test", "app", "{}"),
        // The claims are not a JSON object.
        &insert_grant_sql("test", "test", "[]"),
        &insert_tokens_sql("app", 1),
        &insert_tokens_sql("test", 9_000_000_000_000_000_000),
        &forged_event,
        "INSERT INTO audit (at, os_uid, action, detail, outcome, count)
             VALUES (0, 0, 'x', '[]', 'done', 1)",
        "INSERT INTO audit (at, os_uid, action, outcome, count) VALUES (-1, 0, 'x', 'done', 1)",
        "INSERT INTO audit (at, os_uid, action, target_kind, outcome, count)
             VALUES (0, 0, 'x', 'x', 'done', 1)",
        "UPDATE audit SET action = 'x'",
        "UPDATE audit SET db_user = session_user",
        "UPDATE tokens SET revoked_at = 1",
        "UPDATE tokens SET revoked_at = NULL",
        "UPDATE grants SET app = 'x'",
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at, superseded_by, grace_until)
             VALUES (gen_random_uuid(), 1, 1, 1, 1, 1)",
        "INSERT INTO keys (kid) VALUES ('x')",
        "INSERT INTO users (username) VALUES ('x')",
        "INSERT INTO blocklist (key_id) VALUES (1)",
        "INSERT INTO settings (name) VALUES ('x')",
        "UPDATE users SET role = 'admin'",
        "UPDATE keys SET state = 'revoked'",
        "UPDATE store SET version = 1",
        "DELETE FROM tokens",
        "DELETE FROM grants",
        "DELETE FROM audit",
        "DELETE FROM users",
        "DELETE FROM keys",
    ] {
        database.assert_refused("minter", sql);
    }
    // The insertions of a grant and of tokens succeed with permitted values.
    database.sql("minter", &insert_grant_sql("test", "test", r#"{"a":1}"#)).unwrap();
    database.view_sql("minter", &insert_tokens_sql("test", 1)).unwrap();
    // The events of other database users are invisible: an UPDATE does not find them.
    database.view_sql("minter", "UPDATE audit SET count = 7, outcome = 'x'").unwrap();
    let changed_events_sql = "SELECT count(*), bool_and(db_user LIKE '%_minter_login') FROM audit
        WHERE count = 7";
    assert_eq!(database.superuser_sql(changed_events_sql), ["1|t"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn server_refuses_all_changes_by_the_verifier_role() {
    let database = Database::with_roles();
    for sql in [
        &insert_grant_sql("test", "test", "{}"),
        "INSERT INTO tokens (jti) VALUES (gen_random_uuid())",
        "INSERT INTO audit (at, os_uid, action, outcome) VALUES (1, 1, 'x', 'done')",
        "INSERT INTO settings (name) VALUES ('x')",
        "UPDATE tokens SET revoked_at = NULL",
        "UPDATE audit SET count = 1",
        "UPDATE users SET role = 'admin'",
        "DELETE FROM blocklist",
    ] {
        database.assert_refused("verifier", sql);
    }
}

/// Runs a command with `-o json`, and asserts that the database denies access. Returns the end of
/// the error message, which names the missing right or the hidden value.
#[track_caller]
fn denial_message(
    database: &Database,
    role: &str,
    arguments: &[&str],
    token: Option<&str>,
) -> String {
    let mut command = database.command(role, arguments);
    command.args(["-o", "json"]).env("JETON_PASSWORD", "correct horse");
    command.envs(token.map(|token| ("JETON_TOKEN", token)));
    let error = RunOutput::capture(command).error();
    assert_eq!((&error["code"], &error["exit_code"]), (&"forbidden".into(), &7.into()), "{error}");
    let message = error["message"].as_str().unwrap();
    let (_, denial) = message.split_once("the database denies access: ").expect(message);
    denial.to_owned()
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn command_without_a_database_right_exits_7() {
    let database = Database::with_roles();
    let access_token = database.sandbox.stdout_of(&["sessions", "token"]);
    let test_token = database.mint(&["--record"]);
    let credential = Some(database.credential.as_str());
    let verify_access_token = ["token", "verify", "--type", "access", &access_token];
    let revoke = ["token", "revoke", &test_token];
    for (role, arguments, token, view) in [
        ("minter", &revoke[..], credential, "tokens"),
        // The command needs a new test key.
        ("minter", &["token", "mint", "--alg", "RS256"], credential, "keys"),
        // The command needs to revoke a token of the fixtures.
        ("minter", &["token", "fixtures", "--out", "x"], credential, "blocklist"),
        ("minter", &["token", "create", "x"], Some(access_token.as_str()), "pairs"),
        ("minter", &["register", "eve"], None, "users"),
        ("minter", &["store", "info"], None, "sessions"),
        ("verifier", &revoke, credential, "tokens"),
        ("verifier", &["token", "mint"], credential, "audit"),
        ("verifier", &["token", "mint", "--record"], credential, "audit"),
        ("verifier", &verify_access_token, None, "pairs"),
    ] {
        let denial = denial_message(&database, role, arguments, token);
        assert_eq!(denial, format!("permission denied for view {view}"), "{role}: {arguments:?}");
    }
    // After the event of the first mint, the audit log has events for the first three refusals.
    assert_eq!(
        database.events("minter")[1..4],
        ["token revoke forbidden 0", "token mint forbidden 0", "token fixtures forbidden 0"]
    );
    let revoked_count_sql = "SELECT count(*) FROM tokens WHERE revoked_at IS NOT NULL";
    assert_eq!(database.superuser_sql(revoked_count_sql), ["0"]);
    // The minter role is also refused if the address names the schema of the tables instead of the
    // schema of the views.
    let mut command = database.command("operator", &["token", "mint"]);
    let address = command.get_envs().find(|(name, _)| *name == "JETON_STORE").unwrap().1.unwrap();
    let address = address.to_str().unwrap().replace("operator_login", "minter_login");
    command.env("JETON_STORE", address).env("JETON_TOKEN", &database.credential);
    let output = RunOutput::capture(command).fails(7);
    assert!(output.stderr.contains("permission denied for table users\n"), "{output:?}");
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn key_hidden_from_a_role_is_not_reported_as_damage() {
    let database = Database::with_roles_and_app_key("HS256");
    for role in ["minter", "verifier"] {
        let verify = ["token", "verify", &database.credential];
        let denial = denial_message(&database, role, &verify, None);
        assert!(denial.starts_with("private key or secret of key `"), "{denial}");
    }
    database.sandbox.run(&["token", "verify", &database.credential]).ok();
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn database_user_without_role_has_no_access() {
    let database = Database::with_roles();
    let verifier = format!("{}_verifier", database.schema);
    database.superuser_sql(&format!("REVOKE {verifier} FROM {verifier}_login"));
    let denial =
        denial_message(&database, "verifier", &["token", "verify", &database.credential], None);
    assert_eq!(denial, format!("permission denied for schema {}_views", database.schema));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn jeton_run_with_the_minter_role_is_refused_and_records_no_token() {
    let database = Database::with_roles();
    let token_count = || database.superuser_sql("SELECT count(*) FROM tokens");
    let count_before = token_count();
    let mut command = database.command("minter", &["run", "--", "true"]);
    command.env("JETON_TOKEN", &database.credential);
    let output = RunOutput::capture(command).fails(7);
    assert!(output.stderr.contains("denies access: no right to revoke tokens\n"), "{output:?}");
    assert_eq!(token_count(), count_before);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn error_names_undelivered_tokens_that_the_minter_role_cannot_revoke() {
    let database = Database::with_roles();
    let mint = |count: &str| {
        let arguments = ["token", "mint", "--record", "--count", count];
        let mut command = database.command("minter", &arguments);
        command.env("JETON_TOKEN", &database.credential).stdout(closed_pipe());
        RunOutput::capture(command)
    };
    let last_ids = |count: usize| -> Vec<String> {
        let ids = database.superuser_sql("SELECT id FROM tokens ORDER BY id");
        ids[ids.len() - count..].to_vec()
    };
    let output = mint("1").fails(1);
    assert!(
        output.stderr.starts_with(&format!(
            "error: no token could be written, and token {} could not be revoked: ",
            last_ids(1)[0]
        )),
        "{output:?}"
    );
    let output = mint("20").fails(1);
    let ids = last_ids(20);
    let tokens = format!("and 20 tokens, {} to {}, could not be revoked: ", ids[0], ids[19]);
    assert!(output.stderr.contains(&tokens), "{output:?}");
}
