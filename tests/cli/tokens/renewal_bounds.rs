//! `jeton token renew`: limits for renewals by the bearer of a token, and renewals of tokens that
//! `jeton run --app` created.

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;

const HOUR: i64 = 3_600;

/// Sets the column `first_issued_at` of each token to a time that is `seconds` before the token was
/// issued. The column contains the issue time of the token with which the chain of renewals by the
/// bearer started.
fn move_first_issue_back(sandbox: &Sandbox, seconds: i64) {
    sandbox.sql(&format!("UPDATE tokens SET first_issued_at = issued_at - {seconds}"));
}

/// Returns the lifetime of a token in seconds.
fn lifetime(token: &str) -> i64 {
    let claims = payload(token);
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}

#[test]
fn renewals_by_the_bearer_are_limited_to_max_ttl_after_the_first_issue() {
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
    // A renewal by the owner starts a new chain of renewals by the bearer.
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
    // The default of `token.max_ttl` is 90 days.
    assert!((90 * 24 * HOUR - 60..=90 * 24 * HOUR).contains(&lifetime(&new_token)));
    sandbox.stdout_of(&["token", "create", "app", "--no-expiry"]);
    let new_token = sandbox.stdout_of(&["token", "renew", "3"]);
    assert!(payload(&new_token).get("exp").is_none(), "a renewal by the owner adds no expiry");
}

/// Runs a shell script with `jeton run --app`, which creates a token and sets the variable
/// `API_TOKEN` for the script. In the script, `$0` is the path of jeton.
fn run_with_app_token(sandbox: &Sandbox, script: &str) -> RunOutput {
    let jeton = env!("CARGO_BIN_EXE_jeton");
    sandbox.run(&["run", "--app", "ci", "--", "sh", "-c", script, jeton])
}

#[test]
fn token_of_run_is_not_renewed_by_its_bearer() {
    let sandbox = Sandbox::with_admin();
    let output = run_with_app_token(&sandbox, "\"$0\" token renew \"$API_TOKEN\"");
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: tokens of `jeton run` cannot be renewed by the bearer
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}

#[test]
fn renewals_of_a_token_of_run_are_revoked_at_the_end_of_the_run() {
    let sandbox = Sandbox::with_admin();
    // The script renews each new token by its id: first with a grace period, then without options,
    // and then with a new lifetime.
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
