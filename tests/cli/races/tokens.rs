//! Concurrent token creation: the quota holds, all tokens are distinct, and each token is printed
//! with the id of its row.

use super::{
    command_of, count_with_code, log_in_command, query_number, register_command, run_concurrently,
};
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) const UNREVOKED_TOKEN_COUNT_SQL: &str =
    "SELECT count(*) FROM tokens WHERE revoked_at IS NULL";

/// Registers a user and creates one token of this user in each of several processes. Asserts that
/// the default quota holds: three processes succeed.
pub(crate) fn race_for_quota(sandbox: &Sandbox, name: &str, process_count: usize) {
    run_concurrently([register_command(sandbox, name)]).remove(0).ok();
    run_concurrently([log_in_command(sandbox, name)]).remove(0).ok();
    let create = || command_of(sandbox, name, &["token", "create", "app"]);
    let outputs = run_concurrently((0..process_count).map(|_| create()));
    assert_eq!(
        (count_with_code(&outputs, 0), count_with_code(&outputs, 8)),
        (3, process_count - 3),
        "{outputs:?}"
    );
    for output in outputs {
        if output.code == 0 {
            sandbox.run(&["token", "verify", output.stdout.trim()]).ok();
        } else {
            let output = output.fails(8);
            assert!(
                output.stderr.contains("token quota exceeded: 3 of 3 tokens in use"),
                "{output:?}"
            );
        }
    }
}

#[test]
fn concurrent_token_creation_respects_quota() {
    let sandbox = Sandbox::with_admin();
    for round in 0..5 {
        race_for_quota(&sandbox, &format!("user{round}"), 6);
    }
    assert_eq!(query_number(&sandbox, UNREVOKED_TOKEN_COUNT_SQL), 15);
}

#[test]
fn concurrently_created_tokens_are_distinct() {
    let sandbox = Sandbox::with_admin();
    let names: Vec<String> = (0..50).map(|n| format!("user{n}")).collect();
    assert_eq!(
        count_with_code(
            &run_concurrently(names.iter().map(|name| register_command(&sandbox, name))),
            0
        ),
        50
    );
    assert_eq!(
        count_with_code(
            &run_concurrently(names.iter().map(|name| log_in_command(&sandbox, name))),
            0
        ),
        50
    );
    let create = ["token", "create", "app", "-o", "json"];
    let outputs = run_concurrently(names.iter().map(|name| command_of(&sandbox, name, &create)));
    assert_eq!(count_with_code(&outputs, 0), 50, "{outputs:?}");
    let tokens: Vec<Value> =
        outputs.iter().map(|output| serde_json::from_str(&output.stdout).unwrap()).collect();
    for member in ["id", "jti", "token"] {
        let distinct: BTreeSet<String> =
            tokens.iter().map(|token| token[member].to_string()).collect();
        assert_eq!(distinct.len(), 50, "{member}");
    }
    for token in &tokens {
        sandbox.run(&["token", "verify", token["token"].as_str().unwrap()]).ok();
    }
}

#[test]
fn concurrently_minted_tokens_are_printed_with_the_ids_of_their_rows() {
    let sandbox = Sandbox::with_admin();
    // Generates the test key.
    sandbox.run(&["token", "mint"]).ok();
    let mint = ["token", "mint", "--record", "--count", "1234", "-o", "jsonl"];
    let outputs = run_concurrently((0..3).map(|_| sandbox.command(&mint)));
    let printed = outputs.into_iter().flat_map(|output| {
        let stdout = output.ok().stdout;
        let tokens = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ids = tokens.map(|token| format!("{} {}", token["id"], token["jti"].as_str().unwrap()));
        ids.collect::<Vec<_>>()
    });
    let printed: BTreeSet<String> = printed.collect();
    assert_eq!(printed.len(), 3 * 1234);
    let jti_sql = if sandbox.is_on_server() { "jti" } else { "lower(hex(jti))" };
    let rows = sandbox.sql(&format!("SELECT id || ' ' || {jti_sql} FROM tokens"));
    let without_hyphens = |text: &String| text.replace('-', "");
    let [printed, stored] = [
        printed.iter().map(without_hyphens).collect(),
        rows.iter().map(without_hyphens).collect::<BTreeSet<_>>(),
    ];
    assert_eq!(printed, stored);
}
