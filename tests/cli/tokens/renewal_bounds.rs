//! `jeton token renew`: limits of renewals by the bearer, and renewals of tokens of `jeton run`.

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;

const HOUR: i64 = 3_600;

/// Sets `first_issued_at` of every token to `seconds` before the issue of the token. `first_issued_at` is
/// the time of issue of the first token in the chain of renewals.
fn move_first_issue_back(sandbox: &Sandbox, seconds: i64) {
    sandbox.sql(&format!("UPDATE tokens SET first_issued_at = issued_at - {seconds}"));
}

/// Returns the lifetime of a token in seconds.
fn lifetime(token: &str) -> i64 {
    let claims = payload(token);
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}

#[test]
fn renewals_by_the_bearer_end_at_max_ttl_after_first_issue() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.max_ttl", "90m"]).ok();
    let token = sandbox.stdout_of(&["token", "create", "app", "--ttl", "1h"]);
    sandbox.run(&["logout"]).ok();
    let token = sandbox.stdout_of(&["token", "renew", &token]);
    assert_eq!(lifetime(&token), HOUR);
    move_first_issue_back(&sandbox, HOUR);
    let output = sandbox.run(&["token", "renew", &token, "--ttl", "40m"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: renewal limit exceeded: first issued at <time>, renewable until <time>
    hint: log in as the owner of the token, and renew the token by its id: jeton token renew 2
    ");
    let token = sandbox.stdout_of(&["token", "renew", &token]);
    assert!((1_700..=1_800).contains(&lifetime(&token)), "{}", lifetime(&token));
    move_first_issue_back(&sandbox, 2 * HOUR);
    assert_snapshot!(sandbox.run(&["token", "renew", &token]), @"
    --- exit code 7, stderr
    error: renewal limit exceeded: first issued at <time>, renewable until <time>
    hint: log in as the owner of the token, and renew the token by its id: jeton token renew 3
    ");
    sandbox.run(&["token", "verify", &token]).ok();
    // A renewal by the owner starts a new chain.
    sandbox.log_in("ada", "lovelace");
    let token = sandbox.stdout_of(&["token", "renew", "3", "--ttl", "1h"]);
    sandbox.run(&["logout"]).ok();
    assert_eq!(lifetime(&sandbox.stdout_of(&["token", "renew", &token])), HOUR);
}

#[test]
fn renewal_by_the_bearer_adds_an_expiry() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "app", "--no-expiry"]);
    let new_token = sandbox.stdout_of(&["token", "renew", &token]);
    assert!((90 * 24 * HOUR - 60..=90 * 24 * HOUR).contains(&lifetime(&new_token)));
    sandbox.stdout_of(&["token", "create", "app", "--no-expiry"]);
    let new_token = sandbox.stdout_of(&["token", "renew", "3"]);
    assert!(payload(&new_token).get("exp").is_none(), "a renewal by the owner adds no expiry");
}

/// Runs a shell script with `jeton run --app`, which sets `API_TOKEN` for the script. `$0` is the path of
/// jeton.
fn run_with_app_token(sandbox: &Sandbox, script: &str) -> RunOutput {
    let jeton = env!("CARGO_BIN_EXE_jeton");
    sandbox.run(&["run", "--app", "ci", "--", "sh", "-c", script, jeton])
}

#[test]
fn run_token_is_not_renewed_by_its_bearer() {
    let sandbox = Sandbox::with_admin();
    let output = run_with_app_token(&sandbox, "\"$0\" token renew \"$API_TOKEN\"");
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: tokens of `jeton run` cannot be renewed by the bearer
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}

#[test]
fn successors_of_a_run_token_are_revoked_with_the_run_token() {
    let sandbox = Sandbox::with_admin();
    // Renewals by id: with a grace period, without options, and with a new lifetime.
    let output = run_with_app_token(
        &sandbox,
        "\"$0\" token renew 1 --grace 1h && \"$0\" token renew 2 && \"$0\" token renew 3 --ttl 1d",
    )
    .ok();
    let tokens: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(tokens.len(), 3, "{output:?}");
    for token in tokens {
        assert_eq!(sandbox.run(&["token", "verify", token]).code, 12);
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}
