//! `jeton token mint`: many tokens in one command, and the options that set claims and headers.

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};

fn stdout_lines(output: &RunOutput) -> Vec<&str> {
    output.stdout.lines().collect()
}

#[test]
fn one_token_is_minted_for_each_input_row() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("users.csv"), "sub,email\nalice,a@x.org\nbob,\n").unwrap();
    let output = sandbox.run(&["token", "mint", "--from", "users.csv", "--aud", "api"]).ok();
    let tokens = stdout_lines(&output);
    let claims: Vec<Value> = tokens.iter().map(|token| payload(token)).collect();
    assert_eq!((&claims[0]["sub"], &claims[0]["email"]), (&json!("alice"), &json!("a@x.org")));
    assert_eq!((&claims[1]["sub"], &claims[1].get("email")), (&json!("bob"), &None));
    assert_eq!(claims[1]["aud"], "api");
    let rows = "{\"sub\":\"carol\",\"n\":1}\n\n{\"exp\":7}\n";
    let output =
        sandbox.run_with_input(&["token", "mint", "--from", "-", "-o", "jsonl"], rows).ok();
    let objects: Vec<Value> =
        stdout_lines(&output).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(payload(objects[0]["token"].as_str().unwrap())["n"], 1);
    assert_eq!(payload(objects[1]["token"].as_str().unwrap())["exp"], 7);
    let counts_sql = "SELECT count FROM audit WHERE action = 'token mint' ORDER BY id";
    assert_eq!(sandbox.sql(counts_sql), ["2", "2"], "one audit event per command");
}

#[test]
fn count_option_mints_tokens_with_distinct_jtis() {
    let sandbox = Sandbox::with_admin();
    let mint = ["token", "mint", "--count", "1200", "--record"];
    let output = sandbox.run(&mint).ok();
    assert_eq!(output.stderr, "");
    let jtis: HashSet<String> =
        stdout_lines(&output).iter().map(|token| payload(token)["jti"].to_string()).collect();
    assert_eq!(jtis.len(), 1_200);
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["1200"]);
    assert_snapshot!(sandbox.run_json(&["token", "mint", "--count", "2"]), @r#"{"items":[{"token":"<token>","jti":"<uuid>","id":null},{"token":"<token>","jti":"<uuid>","id":null}]}"#);
}

#[test]
fn invalid_input_row_is_reported_by_line_and_no_token_is_minted() {
    let sandbox = Sandbox::with_admin();
    let row = |number| match number {
        54_322 => "one cell\n".to_owned(),
        number => format!("user{number},user{number}@example.com\n"),
    };
    let rows: String = (0..100_000).map(row).collect();
    let rows = format!("sub,email\n{rows}");
    fs::write(sandbox.home().join("rows.csv"), rows).unwrap();
    let output = sandbox.run(&["token", "mint", "--from", "rows.csv"]);
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: line 54324: found 1 cell, expected 2
    ");
    let rows = "{\"sub\":\"a\"}\n{\"jti\":\"x\"}\n";
    let output = sandbox.run_with_input(&["token", "mint", "--record", "--from", "-"], rows);
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: line 2: a recorded token requires a lower-case UUID with hyphens as `jti`
    ");
    let error = sandbox.json_error(&["token", "mint", "--from", "rows.csv"]);
    assert_eq!(error["details"], json!({"line": 54_324}));
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn undelivered_tokens_are_an_error_and_recorded_tokens_are_revoked() {
    let sandbox = Sandbox::with_admin();
    let open_full_device = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mint = |arguments: &[&str]| {
        let mut command = sandbox.command(&[&["token", "mint"], arguments].concat());
        RunOutput::capture(command.stdout(open_full_device()))
    };
    assert_snapshot!(mint(&["--count", "3", "--record"]), @"
    --- exit code 1, stderr
    error: no token could be written; 3 recorded tokens were revoked
    ");
    assert_snapshot!(mint(&["--count", "3"]), @"
    --- exit code 1, stderr
    error: no token could be written
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}

/// Returns the user id, the outcome and the count of each audit event of `token mint`.
fn audit_events(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT user_id || ' ' || outcome || ' ' || count FROM audit
         WHERE action = 'token mint' ORDER BY id",
    )
}

#[test]
fn recorded_tokens_require_distinct_jtis() {
    let sandbox = Sandbox::with_admin();
    let row = "{\"jti\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}\n";
    let rows = format!("{}{row}{row}", "{\"sub\":\"a\"}\n".repeat(1_200));
    let mint = ["token", "mint", "--record", "--from", "-"];
    assert_snapshot!(sandbox.run_with_input(&mint, &rows), @"
    --- exit code 65, stderr
    error: line 1202: duplicate `jti`, first used on line 1201
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
    assert_eq!(audit_events(&sandbox), ["1 bad_data 0"]);
    let _ = sandbox.run_with_input(&mint, row).ok();
    assert_snapshot!(sandbox.run_with_input(&mint, &format!("{{}}\n{row}")), @"
    --- exit code 65, stderr
    error: line 2: a token with this `jti` is already recorded
    ");
    let claim = "jti=01890a5d-ac96-774b-bcce-b302099a8058";
    let mint_with_jti = ["token", "mint", "--record", "--claim", claim];
    assert_snapshot!(sandbox.run(&[&mint_with_jti[..], &["--count", "2"]].concat()), @"
    --- exit code 2, stderr
    error: each recorded token requires its own `jti`
    ");
    let _ = sandbox.run(&mint_with_jti).ok();
    assert_snapshot!(sandbox.run(&mint_with_jti), @"
    --- exit code 2, stderr
    error: a token with this `jti` is already recorded
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["2"]);
    assert_eq!(audit_events(&sandbox), ["1 bad_data 0", "1 done 1", "1 bad_data 0", "1 done 1"]);
    // Unrecorded tokens may have the same `jti`.
    let _ = sandbox.run_with_input(&["token", "mint", "--from", "-"], &rows).ok();
}

#[test]
fn audit_log_counts_recorded_and_undelivered_tokens() {
    let sandbox = Sandbox::with_admin();
    let mut child =
        Sandbox::start(&mut sandbox.command(&["token", "mint", "--record", "--count", "9999"]));
    let mut first_line = String::new();
    // jeton mints tokens in batches of at most 8,000. The test reads one line and then closes the
    // pipe. The buffer of the pipe is smaller than a batch, so that no second batch is minted.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_eq!(output.code, 1, "{output:?}");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["8000"]);
    let revoked_count =
        sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NOT NULL").remove(0);
    assert_eq!(
        audit_events(&sandbox),
        ["1 done 8000".to_owned(), format!("1 undelivered {revoked_count}")]
    );
    let words = output.stderr.split_whitespace();
    assert!(words.clone().any(|word| word == revoked_count), "{output:?}");
    // The number of written lines depends on the buffer of the pipe.
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let message: Vec<&str> =
        words.map(|word| if is_number(word) { "<count>" } else { word }).collect();
    assert_snapshot!(message.join(" "), @"error: only the first <count> tokens could be written; <count> recorded tokens were revoked");
}

#[test]
fn interrupted_mint_reports_exactly_the_number_of_delivered_tokens() {
    let sandbox = Sandbox::with_admin();
    for options in [&["--record"][..], &[], &["--record", "-o", "jsonl"]] {
        let mint = [&["token", "mint", "--alg", "HS256", "--count", "4294967295"][..], options];
        let mut child = Sandbox::start(&mut sandbox.command(&mint.concat()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        stdout.read_line(&mut text).unwrap();
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        stdout.read_to_string(&mut text).unwrap();
        let output = RunOutput::from(child.wait_with_output().unwrap());
        assert_eq!(output.code, 130, "{output:?}");
        assert!(text.ends_with('\n'));
        let count = text.lines().count();
        let is_recorded = options.contains(&"--record");
        let outcome = if is_recorded { "recorded and written" } else { "written" };
        let message = format!(
            "interrupted after {count} of 4294967295 tokens; the {count} tokens were {outcome}"
        );
        assert!(output.stderr.contains(&message), "{output:?}");
        let audit_sql = "SELECT outcome || ' ' || count FROM audit WHERE action = 'token mint'
             ORDER BY id DESC LIMIT 1";
        assert_eq!(sandbox.sql(audit_sql), [format!("done {count}")]);
        if is_recorded {
            let unrevoked_count =
                sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL");
            assert_eq!(unrevoked_count, [count.to_string()]);
            let _ = sandbox.run(&["token", "revoke", "--all", "--yes"]).ok();
        }
    }
}

#[test]
fn mint_with_the_largest_count_starts_in_limited_memory_and_refuses_json() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("SECRET", "0123456789abcdef0123456789abcdef");
    let mint = ["token", "mint", "--count", "4294967295"];
    let external_key = ["--secret-env", "SECRET", "--alg", "HS256"];
    for options in [&[][..], &external_key, &["--record"], &["-o", "jsonl"]] {
        let mut child =
            Sandbox::start(&mut sandbox.memory_limited_command(&[&mint[..], options].concat()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(2_000);
        assert_eq!(lines.map_while(Result::ok).count(), 2_000, "{options:?}");
        let output = RunOutput::from(child.wait_with_output().unwrap());
        // The test closes the pipe after 2,000 tokens, which is an error only for recorded tokens.
        let expected_code = i32::from(options == ["--record"]);
        assert_eq!(output.code, expected_code, "{options:?}: {output:?}");
    }
    for options in [&[][..], &external_key] {
        let output = sandbox.run_json(&[&mint[..], options].concat());
        allow_duplicates!(assert_snapshot!(output, @r#"
        --- exit code 2, stderr
        {"error":{"kind":"Usage","code":"usage","exit_code":2,"message":"too many tokens for one JSON document: at most 100000","hint":"use `-o jsonl` to write one object per line","details":{}}}
        "#));
    }
}

#[test]
fn options_set_claims_headers_and_times_but_neither_alg_nor_kid() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("claims.json"), "{\"iss\":\"file\",\"roles\":[\"a\"]}").unwrap();
    let token = sandbox.stdout_of(&[
        "token",
        "mint",
        "--sub",
        "alice",
        "--scope",
        "a b",
        "-p",
        "read,write",
        "--iss",
        "flag",
        "--claims",
        "claims.json",
        "--claim",
        "roles=flag",
        "--header",
        "typ=at+jwt",
        "--header",
        "x=y",
        "--issued-at",
        "1767225600",
        "--not-before",
        "1767225660",
        "--ttl",
        "2h",
    ]);
    let claims = payload(&token);
    // `--claims` has precedence over `--iss`, because `iss` is a parameter of the default preset.
    // `--claim` has precedence over `--claims`.
    assert_eq!((&claims["iss"], &claims["roles"]), (&json!("file"), &json!("flag")));
    assert_eq!(
        (&claims["scope"], &claims["permissions"]),
        (&json!("a b"), &json!(["read", "write"]))
    );
    assert_eq!((&claims["iat"], &claims["nbf"]), (&json!(1_767_225_600), &json!(1_767_225_660)));
    assert_eq!(claims["exp"], 1_767_232_800);
    let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
    assert_eq!((&header["typ"], &header["x"]), (&json!("at+jwt"), &json!("y")));
    assert_snapshot!(sandbox.run(&["token", "mint", "--header", "alg=none"]), @"
    --- exit code 2, stderr
    error: header: `alg` is set by the key
    hint: choose the algorithm with `--alg`
    ");
    assert_snapshot!(sandbox.run(&["token", "mint", "--header", "kid=x"]), @"
    --- exit code 2, stderr
    error: header: `kid` cannot be set: it is the key id of the signing key
    hint: select a test key with `--key KID`, or use `--kid` with `--key-file` or `--secret-env`
    ");
}

#[test]
fn csv_times_are_parsed_other_cells_are_text_and_empty_exp_is_the_default() {
    let sandbox = Sandbox::with_admin();
    let rows = "sub,exp,nbf,age\na,2030-01-31,1700000000,7\nb,,,\n";
    let tokens = sandbox.run_with_input(&["token", "mint", "--from", "-"], rows).ok().stdout;
    let first = payload(tokens.lines().next().unwrap());
    assert_eq!(
        [&first["exp"], &first["nbf"], &first["age"]],
        [&json!(1_896_048_000), &json!(1_700_000_000), &json!("7")]
    );
    let second = payload(tokens.lines().nth(1).unwrap());
    assert_eq!(second["exp"].as_i64().unwrap() - second["iat"].as_i64().unwrap(), 3_600);
}
