//! `jeton token verify --batch`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::{Value, json};

const BATCH: [&str; 3] = ["token", "verify", "--batch"];

fn answers(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_is_answered_in_order() {
    let sandbox = Sandbox::with_admin();
    let one = sandbox.get(&["token", "create", "one", "-p", "read"]);
    let two = sandbox.get(&["token", "create", "two"]);
    sandbox.run(&["token", "revoke", "2"]).ok();
    let output = sandbox.run_with_input(&BATCH, &format!("{one}\n Bearer {one} \r\n{one}"));
    assert_eq!(output.ok().stderr, "");
    let long = "A".repeat(300_000);
    let input = format!("{one}\n\n{two}\n{long}\nnonsense\n{one}\n");
    let output = sandbox.run_with_input(&BATCH, &input);
    assert_eq!(output.code, 10, "the first that is not valid was an empty line");
    assert_snapshot!(output.diagnostics(), @"
    --- exit code 10, stderr
    error: 4 of 6 tokens are invalid; line 2: token malformed: empty
    ");
    let told = answers(&output.stdout);
    let valid: Vec<&Value> = told.iter().map(|answer| &answer["valid"]).collect();
    assert_eq!(valid, [true, false, false, false, false, true]);
    let reasons: Vec<&Value> = told.iter().map(|answer| &answer["reasons"]).collect();
    let malformed = json!(["malformed"]);
    assert_eq!(
        reasons,
        [&json!([]), &malformed, &json!(["token_revoked"]), &malformed, &malformed, &json!([])]
    );
    assert_eq!(told[0], sandbox.json(&["token", "verify", &one]));
}

#[test]
fn the_checks_are_those_of_one_token() {
    let sandbox = Sandbox::with_admin();
    let read = sandbox.get(&["token", "create", "one", "-p", "read"]);
    let test = sandbox.get(&["token", "mint"]);
    let input = format!("{read}\n{test}\n");
    let output = sandbox.run_with_input(&[&BATCH[..], &["-p", "read"]].concat(), &input);
    assert_eq!(output.code, 10);
    let output = sandbox.run_with_input(&[&BATCH[..], &["-p", "write"]].concat(), &input);
    assert_eq!(output.code, 9, "the first failure decides");
    let output = sandbox.run_with_input(&[&BATCH[..], &["--type", "any"]].concat(), &input);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
}

#[test]
fn nothing_in_is_nothing_out() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run_with_input(&BATCH, "");
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, "", ""));
    let output = sandbox.run(&["token", "verify", "--batch", "x"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--batch' cannot be used with '[TOKEN]'
    hint: usage: jeton token verify --batch [TOKEN]
    ");
}
