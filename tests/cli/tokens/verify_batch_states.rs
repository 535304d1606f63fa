//! `jeton token verify --batch`: for tokens of every kind and state, a batch has the same results
//! as single runs. A batch prints each result while the input is still open.

use crate::sandbox::{Sandbox, payload, tampered};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

const VERIFY_BATCH: [&str; 5] = ["token", "verify", "--batch", "--type", "any"];

/// Values of `--defect` that apply to a token without a preset.
const DEFECTS: [&str; 17] = [
    "expired",
    "not_yet_valid",
    "bad_signature",
    "wrong_key",
    "unknown_kid",
    "alg_none",
    "alg_confusion",
    "wrong_issuer",
    "wrong_audience",
    "missing_exp",
    "missing_permission",
    "tampered_payload",
    "truncated",
    "malformed",
    "crit",
    "oversized",
    "revoked",
];

/// Creates tokens of every kind and state. Returns these tokens and texts that are malformed
/// tokens.
fn create_tokens(sandbox: &Sandbox) -> Vec<String> {
    for name in ["john", "mary"] {
        sandbox.register(name, "123456");
    }
    sandbox.run(&["users", "set-quota", "ada", "unlimited"]).ok();
    let create = |options: &[&str]| {
        sandbox.stdout_of(&[&["token", "create", "app", "--user", "ada"][..], options].concat())
    };
    let mint = |options: &[&str]| sandbox.stdout_of(&[&["token", "mint"][..], options].concat());
    let revoke = |token: &str| sandbox.run(&["token", "revoke", token]).ok();
    let mut tokens = vec![
        sandbox.session_member("access"),
        sandbox.session_member("refresh"),
        create(&["-p", "read"]),
        create(&["--aud", "a", "--aud", "b", "--claim", "team=a\u{1b}[2J", "--no-expiry"]),
        mint(&["--record", "--sub", "alice", "--claim-json", "n=1.50"]),
        mint(&["--alg", "HS256"]),
        mint(&["--alg", "EdDSA", "--expires-at", "2020-01-01T00:00:00Z", "--record"]),
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.AAAA".to_owned(),
        "not a token".to_owned(),
        String::new(),
    ];
    for owner in ["john", "mary"] {
        tokens.push(sandbox.stdout_of(&["token", "create", "app", "--user", owner]));
    }
    let superseded_token = create(&["--ttl", "1h"]);
    sandbox.run(&["token", "renew", &superseded_token, "--grace", "30m"]).ok();
    for revoked_token in [create(&["--ttl", "2h"]), mint(&["--record"]), mint(&[])] {
        revoke(&revoked_token);
        tokens.push(revoked_token);
    }
    tokens.push(superseded_token);
    tokens.extend(
        DEFECTS
            .iter()
            .map(|defect| mint(&["--iss", "x", "--aud", "a", "-p", "read", "--defect", defect])),
    );
    let valid_tokens = tokens[..6].to_vec();
    for part in 0..3 {
        tokens.extend(valid_tokens.iter().map(|token| tampered(token, part)));
    }
    let lines = mint(&["--record", "--count", "5", "--sub", "alice"]);
    let recorded_tokens: Vec<&str> = lines.lines().collect();
    revoke(recorded_tokens[2]);
    tokens.extend(recorded_tokens.iter().map(|token| (*token).to_owned()));
    let jti = payload(recorded_tokens[1])["jti"].as_str().unwrap().to_owned();
    // Some payloads contain the same UUID twice: in the claim `jti` and in the claim `ref`.
    let [jti_claim, ref_claim] = ["jti", "ref"].map(|name| format!("{name}={jti}"));
    tokens.push(mint(&["--sub", "alice", "--claim", &jti_claim]));
    tokens.push(mint(&["--sub", "alice", "--claim", &jti_claim, "--claim", &ref_claim]));
    let new_jti = "0192abcd-0000-7000-8000-00000000cccc";
    let [new_jti_claim, new_ref_claim] = ["jti", "ref"].map(|name| format!("{name}={new_jti}"));
    tokens.push(mint(&["--record", "--claim", &new_jti_claim, "--claim", &new_ref_claim]));
    tokens.push(recorded_tokens[4].to_owned());
    sandbox.run(&["users", "disable", "john"]).ok();
    sandbox.run(&["users", "delete", "mary", "--yes"]).ok();
    tokens
}

/// Removes relative times such as `(5 s ago)` and `(now)`, because they differ between runs.
fn remove_relative_times(line: &str) -> String {
    let mut parts = line.trim_end().split(" (");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((relative, rest)) if relative == "now" || relative.ends_with(" ago") => {
                text += rest;
            }
            _ => text.extend([" (", part]),
        }
    }
    text
}

/// Verifies a batch in which each token occurs several times. Asserts that the result for each line
/// equals the result of a run that verifies only the token in this line.
fn assert_batch_equals_single_runs(sandbox: &Sandbox, tokens: &[String], options: &[&str]) {
    // All runs have the same value of `--at`, which is ten minutes after the current time.
    #[expect(clippy::disallowed_methods, reason = "the test, not the program, reads the clock")]
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 600;
    let at = at.to_string();
    let verify = [&["token", "verify", "--at", &at][..], options].concat();
    let single_results: Vec<String> = tokens
        .iter()
        .map(|token| {
            let output =
                sandbox.run_with_input(&[&verify[..], &["-", "-o", "json"]].concat(), token);
            remove_relative_times(&output.stdout)
        })
        .collect();
    // The file has at least 300,000 bytes, and contains each token at least twice.
    let repetitions = 300_000 / tokens.concat().len() + 2;
    fs::write(sandbox.home().join("tokens"), (tokens.join("\n") + "\n").repeat(repetitions))
        .unwrap();
    let mut command = sandbox.command(&[&verify[..], &["--batch"]].concat());
    command.stdin(File::open(sandbox.home().join("tokens")).unwrap());
    let output = Sandbox::start(&mut command).wait_with_output().unwrap();
    let results = String::from_utf8(output.stdout).unwrap();
    assert_eq!(results.lines().count(), tokens.len() * repetitions);
    for (index, result) in results.lines().enumerate() {
        let index = index % tokens.len();
        assert_eq!(remove_relative_times(result), single_results[index], "{}", tokens[index]);
    }
}

#[test]
fn batch_results_equal_single_results() {
    let sandbox = Sandbox::with_admin();
    let tokens = create_tokens(&sandbox);
    assert_batch_equals_single_runs(&sandbox, &tokens, &["--type", "any"]);
    let expectations =
        ["-p", "read", "--aud", "a", "--iss", "x", "--min-ttl", "1h", "--require", "a=b"];
    assert_batch_equals_single_runs(&sandbox, &tokens, &expectations);
    fs::write(sandbox.home().join("jwks"), sandbox.stdout_of(&["keys", "export", "--jwks"]))
        .unwrap();
    assert_batch_equals_single_runs(&sandbox, &tokens, &["--jwks", "jwks"]);
    sandbox
        .sql("UPDATE keys SET state = 'retired', verify_until = 1700000000 WHERE purpose = 'app'");
    sandbox.sql("UPDATE keys SET state = 'revoked' WHERE purpose = 'test'");
    assert_batch_equals_single_runs(&sandbox, &tokens, &["--type", "any"]);
}

/// A running `token verify --batch` with open pipes.
struct RunningBatch {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl RunningBatch {
    fn start(sandbox: &Sandbox) -> Self {
        let mut process = Sandbox::start(sandbox.command(&VERIFY_BATCH).stdin(Stdio::piped()));
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    /// Sends text to the batch and returns the next line of its output.
    fn send(&mut self, text: &str) -> String {
        self.input.write_all(text.as_bytes()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

#[test]
fn batch_prints_each_result_while_the_input_is_open_and_observes_a_revocation() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "one"]);
    let (start, end) = token.split_at(20);
    let mut batch = RunningBatch::start(&sandbox);
    for _ in 0..3 {
        assert!(batch.send(&format!("{token}\n")).starts_with(r#"{"valid":true"#));
        // The batch keeps the start of the second line until the rest of this line arrives.
        assert!(batch.send(&format!("{token}\n{start}")).starts_with(r#"{"valid":true"#));
        assert!(batch.send(&format!("{end}\n")).starts_with(r#"{"valid":true"#));
    }
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert!(batch.send(&format!("{token}\n")).contains("token_revoked"));
    drop(batch.input);
    assert_eq!(batch.process.wait().unwrap().code(), Some(12));
}

#[test]
fn batch_verifies_each_line_at_the_time_at_which_the_line_is_read() {
    let sandbox = Sandbox::with_admin();
    let mut batch = RunningBatch::start(&sandbox);
    let token = sandbox.stdout_of(&["token", "create", "one", "--ttl", "2s"]);
    assert!(batch.send(&format!("{token}\n")).starts_with(r#"{"valid":true"#));
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(batch.send(&format!("{token}\n")).contains("token_expired"));
    let later_token = sandbox.stdout_of(&["token", "create", "two"]);
    let result = batch.send(&format!("{later_token}\n"));
    assert!(result.starts_with(r#"{"valid":true"#), "{result}");
    drop(batch.input);
    assert_eq!(batch.process.wait().unwrap().code(), Some(11));
}

#[test]
fn batch_ends_when_its_output_is_closed_although_its_input_is_open() {
    let sandbox = Sandbox::with_admin();
    let mut batch = RunningBatch::start(&sandbox);
    batch.send("x\n");
    drop(batch.output);
    batch.input.write_all(b"x\n").unwrap();
    assert_eq!(batch.process.wait().unwrap().code(), Some(0));
}

#[test]
fn batch_ends_at_a_json_document_although_its_input_is_open() {
    let sandbox = Sandbox::with_admin();
    let mut batch = RunningBatch::start(&sandbox);
    assert!(batch.send("x\n{\"items\":[]}\nx\n").contains("malformed"));
    assert_eq!(batch.process.wait().unwrap().code(), Some(2));
    assert_eq!(batch.output.read_line(&mut String::new()).unwrap(), 0);
    drop(batch.input);
}
