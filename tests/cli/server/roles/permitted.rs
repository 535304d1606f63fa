//! Rights that the database roles have.

use super::Database;
use crate::sandbox::Sandbox;

#[test]
#[ignore = "needs a PostgreSQL server"]
fn only_owner_role_changes_tables_and_owner_role_sees_all_rows() {
    let database = Database::with_roles();
    let alter = "ALTER TABLE tokens ADD COLUMN note BIGINT";
    let drop_view = format!("DROP VIEW {}_views.store", database.schema);
    for role in ["operator", "minter", "verifier"] {
        for sql in [alter, "CREATE TABLE notes ()", "TRUNCATE audit", &drop_view] {
            let error = database.sql(role, sql).expect_err(sql);
            let refusals = ["permission denied", "must be owner"];
            assert!(refusals.iter().any(|refusal| error.contains(refusal)), "{sql}: {error}");
        }
    }
    database.sql("owner", alter).unwrap();
    let count = "SELECT count(*) FROM audit";
    assert_eq!(database.sql("owner", count).unwrap(), database.superuser_sql(count));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn operator_role_runs_account_token_key_and_store_commands() {
    let database = Database::with_roles();
    let login = database.command("operator", &["login", "ada", "--password-stdin"]);
    Sandbox::run_command_with_input(login, "lovelace").ok();
    for line in [
        "users create eve --generate-password",
        "users create bob --generate-password",
        "users delete bob -y",
        "keys rotate",
        "token create app",
        "token renew 2",
        "token revoke 3",
        "token mint --record",
        "token fixtures --out fixtures",
        "settings set token.ttl 2d",
        "store prune",
        "store info",
        "audit list",
        "sessions list",
        "logout",
    ] {
        database.run("operator", &line.split(' ').collect::<Vec<_>>()).ok();
    }
    // `user_blocks` has the number of users in each block of ids.
    let user_counts_sql = "SELECT count(*), (SELECT sum(present) FROM user_blocks) FROM users
        WHERE deleted_at IS NULL";
    assert_eq!(database.superuser_sql(user_counts_sql), ["2|2"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn minter_role_mints_and_records_test_tokens_and_verifies_tokens() {
    let database = Database::with_roles();
    let run = |arguments: &[&str]| database.run("minter", arguments).ok();
    assert_eq!(run(&["token", "verify", &database.credential]).verdict(), "valid");
    for algorithm in ["ES256", "HS256"] {
        for record in [&[][..], &["--record"]] {
            let token = database.mint(&[&["--alg", algorithm], record].concat());
            let verified = run(&["token", "verify", "--type", "test", &token]);
            assert_eq!(verified.verdict(), "valid");
        }
    }
    let tokens = database.mint(&["--record", "--sub", "x", "--count", "120"]);
    assert_eq!(tokens.lines().count(), 120);
    // The tokens of both mints have the same grant: the row with the properties that tokens share.
    database.mint(&["--record", "--sub", "x"]);
    let counts_of_x_sql = "SELECT count(*), count(DISTINCT grant_id) FROM tokens
        JOIN grants ON grants.id = grant_id WHERE app = 'x'";
    assert_eq!(database.superuser_sql(counts_of_x_sql), ["121|1"]);
    let one_token = "token mint done 1";
    let expected_events =
        [one_token, one_token, one_token, one_token, "token mint done 120", one_token];
    assert_eq!(database.events("minter"), expected_events);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn verifier_role_verifies_app_and_test_tokens_and_exports_keys() {
    let database = Database::with_roles();
    let revoked = database.mint(&["--record", "--sub", "x"]);
    database.sandbox.run(&["token", "revoke", &revoked]).ok();
    for (arguments, token, verdict) in [
        (&[][..], database.credential.clone(), "valid"),
        (&["--type", "test"], database.mint(&["--alg", "ES256"]), "valid"),
        (&["--type", "test"], database.mint(&["--alg", "HS256", "--record"]), "valid"),
        (&["--type", "test"], revoked, "invalid: token_revoked"),
    ] {
        let verify = [&["token", "verify"], arguments, &[token.as_str()]].concat();
        assert_eq!(database.run("verifier", &verify).verdict(), verdict);
    }
    database.run("verifier", &["keys", "export", "--jwks"]).ok();
}
