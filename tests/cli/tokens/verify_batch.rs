//! `jeton token verify --batch`

use crate::run_output::reason_codes;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;

const VERIFY_BATCH: [&str; 3] = ["token", "verify", "--batch"];

fn parse_lines(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn batch_prints_one_result_per_line_in_order() {
    let sandbox = Sandbox::with_admin();
    let live_token = sandbox.stdout_of(&["token", "create", "one", "-p", "read"]);
    let revoked_token = sandbox.stdout_of(&["token", "create", "two"]);
    sandbox.run(&["token", "revoke", "2"]).ok();
    let output = sandbox.run_with_input(
        &VERIFY_BATCH,
        &format!("{live_token}\n Bearer {live_token} \r\n{live_token}"),
    );
    assert_eq!(output.ok().stderr, "");
    let oversized = "A".repeat(300_000);
    let input = format!("{live_token}\n\n{revoked_token}\n{oversized}\nnonsense\n{live_token}\n");
    let output = sandbox.run_with_input(&VERIFY_BATCH, &input);
    assert_eq!(output.code, 10, "the first invalid line, which is empty, determines the exit code");
    assert_snapshot!(output.diagnostics(), @"
    --- exit code 10, stderr
    error: 4 of 6 tokens are invalid; line 2: token malformed: empty
    ");
    let results = parse_lines(&output.stdout);
    let valid: Vec<&Value> = results.iter().map(|result| &result["valid"]).collect();
    assert_eq!(valid, [true, false, false, false, false, true]);
    let reasons: Vec<_> = results.iter().map(|result| reason_codes(&result["reasons"])).collect();
    let malformed = ["malformed"].as_slice();
    assert_eq!(reasons, [&[], malformed, &["token_revoked"], malformed, malformed, &[]]);
    assert_eq!(results[0], sandbox.json(&["token", "verify", &live_token]));
}

#[test]
fn batch_applies_options_to_every_token() {
    let sandbox = Sandbox::with_admin();
    let app_token = sandbox.stdout_of(&["token", "create", "one", "-p", "read"]);
    let test_token = sandbox.stdout_of(&["token", "mint"]);
    let input = format!("{app_token}\n{test_token}\n");
    // The app token has the permission `read`. Without `--type any`, the test token is invalid.
    let output = sandbox.run_with_input(&[&VERIFY_BATCH[..], &["-p", "read"]].concat(), &input);
    assert_eq!(output.code, 10);
    let output = sandbox.run_with_input(&[&VERIFY_BATCH[..], &["-p", "write"]].concat(), &input);
    assert_eq!(output.code, 9, "the first invalid token determines the exit code");
    let output = sandbox.run_with_input(&[&VERIFY_BATCH[..], &["--type", "any"]].concat(), &input);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
}

#[test]
fn batch_prints_no_lines_for_empty_input_and_refuses_a_token_argument() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run_with_input(&VERIFY_BATCH, "");
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, "", ""));
    let output = sandbox.run(&["token", "verify", "--batch", "x"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--batch' cannot be used with '[TOKEN]'
    hint: pass the tokens on standard input: jeton token verify --batch < FILE
    ");
}
