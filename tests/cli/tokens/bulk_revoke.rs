//! `jeton token revoke` of many tokens at once

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// Creates the tokens 1 to 6, here with the app of each token in parentheses. John owns 1 (a), 2
/// (b), 3 (b), 4 (b) and 5 (b). Token 3 is superseded: it was renewed with a grace period, and 4 is
/// the new token. Token 5 is a test token, whose subject is recorded as its app. Ada owns 6 (b).
/// John is a minter and is logged in.
fn sandbox_with_six_tokens() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    for app in ["a", "b", "b"] {
        sandbox.run(&["token", "create", app]).ok();
    }
    sandbox.run(&["token", "renew", "3", "--grace", "1h"]).ok();
    sandbox.run(&["token", "mint", "--record", "--sub", "b"]).ok();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "create", "b"]).ok();
    sandbox.log_in("john", "123456");
    sandbox
}

fn unrevoked_ids(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql("SELECT id FROM tokens WHERE revoked_at IS NULL ORDER BY id")
}

/// Returns `token revoke` with these arguments, and with `--yes` to confirm the revocation.
fn revoke_arguments<'w>(arguments: &[&'w str]) -> Vec<&'w str> {
    [&["token", "revoke"], arguments, &["--yes"]].concat()
}

#[test]
fn bulk_revocation_applies_to_own_tokens_and_is_filtered_by_kind_and_app() {
    let sandbox = sandbox_with_six_tokens();
    let by_kind = revoke_arguments(&["--kind", "test", "--app", "b"]);
    assert_snapshot!(sandbox.run(&by_kind), @"
    --- stderr
    revoked 1 token
    ");
    assert_eq!(unrevoked_ids(&sandbox), ["1", "2", "3", "4", "6"]);
    let by_app = revoke_arguments(&["--app", "b"]);
    assert_snapshot!(sandbox.run(&by_app), @"
    --- stderr
    revoked 3 tokens
    ");
    assert_eq!(unrevoked_ids(&sandbox), ["1", "6"]);
    assert_snapshot!(sandbox.run(&by_app), @"
    --- stderr
    no tokens to revoke
    ");
    let all = revoke_arguments(&["--all"]);
    assert_snapshot!(sandbox.run_json(&all), @r#"{"changed":true,"tokens_revoked":1}"#);
    assert_snapshot!(sandbox.run_json(&all), @r#"{"changed":false,"tokens_revoked":0}"#);
    assert_eq!(unrevoked_ids(&sandbox), ["6"]);
    let audit_sql = "SELECT detail || count FROM audit WHERE action = 'token revoke'";
    assert_eq!(
        sandbox.sql(audit_sql),
        [
            r#"{"objects":"test tokens","owner":{"kind":"user","id":"2"},"app":"b"}1"#,
            r#"{"objects":"tokens","owner":{"kind":"user","id":"2"},"app":"b"}3"#,
            r#"{"objects":"tokens","owner":{"kind":"user","id":"2"}}1"#,
        ],
        "one audit event per command"
    );
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn bulk_revocation_keeps_the_token_rows() {
    let sandbox = sandbox_with_six_tokens();
    let token = sandbox.stdout_of(&["token", "renew", "1"]);
    sandbox.run(&revoke_arguments(&["--all"])).ok();
    let output = sandbox.run(&["token", "verify", &token]);
    assert_snapshot!(output, @"
    invalid: token_revoked: <time> (<ago>)
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
    assert_eq!(sandbox.json(&["token", "list", "--status", "revoked"])["total"], 6);
}

#[test]
fn revocation_in_several_transactions_is_one_audit_event() {
    let sandbox = sandbox_with_six_tokens();
    // Every seventh of the 70,000 added tokens is expired. The other 60,000 tokens and the tokens 1
    // to 5 are revoked. jeton needs several transactions for this number of tokens.
    sandbox.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)
         INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
             SELECT randomblob(16), 1 + i % 2, 1, i,
                 CASE WHEN i % 7 = 0 THEN i ELSE 4294967296 END FROM n",
    );
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--all"])), @"
    --- stderr
    revoked 60005 tokens
    ");
    let live_count_sql =
        "SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at > 70000";
    assert_eq!(sandbox.sql(live_count_sql), ["1"]);
    let audit_sql = "SELECT count FROM audit WHERE action = 'token revoke'";
    assert_eq!(sandbox.sql(audit_sql), ["60005"]);
}

#[test]
fn before_option_revokes_only_tokens_issued_earlier() {
    let sandbox = sandbox_with_six_tokens();
    sandbox.sql("UPDATE tokens SET issued_at = issued_at - 864000 WHERE id IN (1, 4, 6)");
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--before", "2020-01-01T00:00:00Z"])), @"
    --- stderr
    no tokens to revoke
    ");
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--before", "1w", "--app", "a"])), @"
    --- stderr
    revoked 1 token
    ");
    sandbox.log_in("ada", "lovelace");
    let revoke_for_all_users = revoke_arguments(&["--all-users", "--before", "1w"]);
    assert_snapshot!(sandbox.run(&revoke_for_all_users), @"
    --- stderr
    revoked 2 tokens
    ");
    assert_eq!(unrevoked_ids(&sandbox), ["2", "3", "5"]);
}

#[test]
fn before_option_compares_iat_of_test_token_or_issue_time_if_iat_is_no_number() {
    let sandbox = Sandbox::with_admin();
    let mint = |options: &[&str]| {
        let arguments = [&["token", "mint", "--record"], options].concat();
        sandbox.run(&arguments).ok();
    };
    mint(&["--claim-json", "iat=1000"]);
    mint(&["--issued-at", "1000", "--expires-at", "2100-01-01", "--claim-json", "iat=null"]);
    mint(&["--claim-json", "iat=\"1000\""]);
    mint(&[]);
    sandbox
        .run_with_input(
            &["token", "mint", "--record", "--from", "-"],
            "iat,sub\n2000-01-01,a\n2020-01-01,b\n",
        )
        .ok();
    let output = sandbox.run(&revoke_arguments(&["--before", "2001-01-01T00:00:00Z"]));
    assert_snapshot!(output, @"
    --- stderr
    revoked 3 tokens
    ");
    assert_eq!(unrevoked_ids(&sandbox), ["3", "4", "6"]);
}

#[test]
fn only_admins_bulk_revoke_tokens_of_other_users() {
    let sandbox = sandbox_with_six_tokens();
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--all-users", "--all"])), @"
    --- exit code 7, stderr
    error: only admins can act on other users' tokens: logged in as `john` with role `minter`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    for user in ["ada", "nobody"] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["token", "revoke", "--user", user]), @"
        --- exit code 7, stderr
        error: only admins can see other accounts: logged in as `john` with role `minter`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--user", "john", "--app", "a"])), @"
    --- stderr
    revoked 1 token
    ");
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--user", "nobody"])), @"
    --- exit code 3, stderr
    error: user `nobody` not found
    ");
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--user", "john"])), @"
    --- stderr
    revoked 4 tokens
    ");
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--all-users", "--all"])), @"
    --- stderr
    revoked 1 token
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&revoke_arguments(&["--all"])), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn bulk_revocation_requires_confirmation_unless_no_token_matches() {
    let sandbox = sandbox_with_six_tokens();
    assert_snapshot!(sandbox.run(&["token", "revoke", "--app", "b"]), @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    assert_eq!(unrevoked_ids(&sandbox).len(), 6);
    assert_snapshot!(sandbox.run(&["token", "revoke", "--app", "nothing"]), @"
    --- stderr
    no tokens to revoke
    ");
}

#[test]
fn token_revoke_requires_either_ids_or_a_filter() {
    let sandbox = sandbox_with_six_tokens();
    for arguments in [&[][..], &["--all-users"], &["1", "--all"], &["1", "--user", "john"]] {
        let output = sandbox.run(&revoke_arguments(arguments)).fails(2);
        let expected_texts =
            ["<ID|JTI|TOKEN|--kind <KIND>|--app <APP>|", "omit `ID|JTI|TOKEN` or `--"];
        assert!(
            expected_texts.iter().any(|text| output.stderr.contains(text)),
            "{}",
            output.stderr
        );
    }
    assert_eq!(unrevoked_ids(&sandbox).len(), 6);
}
