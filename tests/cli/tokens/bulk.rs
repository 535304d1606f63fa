//! `jeton token mint` of many tokens, without a store, and with everything said

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};

fn lines(output: &RunOutput) -> Vec<&str> {
    output.stdout.lines().collect()
}

#[test]
fn every_row_is_a_token() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("users.csv"), "sub,email\nalice,a@x.org\nbob,\n").unwrap();
    let output = sandbox.run(&["token", "mint", "--from", "users.csv", "--aud", "api"]).ok();
    let tokens = lines(&output);
    let claims: Vec<Value> = tokens.iter().map(|token| payload(token)).collect();
    assert_eq!((&claims[0]["sub"], &claims[0]["email"]), (&json!("alice"), &json!("a@x.org")));
    assert_eq!((&claims[1]["sub"], &claims[1].get("email")), (&json!("bob"), &None));
    assert_eq!(claims[1]["aud"], "api");
    let rows = "{\"sub\":\"carol\",\"n\":1}\n\n{\"exp\":7}\n";
    let output =
        sandbox.run_with_input(&["token", "mint", "--from", "-", "-o", "jsonl"], rows).ok();
    let objects: Vec<Value> =
        lines(&output).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(payload(objects[0]["token"].as_str().unwrap())["n"], 1);
    assert_eq!(payload(objects[1]["token"].as_str().unwrap())["exp"], 7);
    let audit = "SELECT count FROM audit WHERE action = 'token mint' ORDER BY id";
    assert_eq!(sandbox.sql(audit), ["2", "2"], "a row a command");
}

#[test]
fn each_of_a_count_has_an_identity() {
    let sandbox = Sandbox::with_admin();
    let mint = ["token", "mint", "--count", "1200", "--record"];
    let output = sandbox.run(&mint).ok();
    assert_eq!(output.stderr, "");
    let ids: HashSet<String> =
        lines(&output).iter().map(|token| payload(token)["jti"].to_string()).collect();
    assert_eq!(ids.len(), 1_200);
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["1200"]);
    assert_snapshot!(sandbox.run_json(&["token", "mint", "--count", "2"]), @r#"{"items":[{"token":"<token>","jti":"<uuid>","id":null},{"token":"<token>","jti":"<uuid>","id":null}]}"#);
}

#[test]
fn one_wrong_row_of_many_is_named_and_nothing_is_printed() {
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
    error: line 2: a recorded token requires a UUID as `jti`
    ");
    let error = sandbox.json_error(&["token", "mint", "--from", "rows.csv"]);
    assert_eq!(error["details"], json!({"line": 54_324}));
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn what_nobody_receives_is_taken_back() {
    let sandbox = Sandbox::with_admin();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mint = |words: &[&str]| {
        let mut command = sandbox.command(&[&["token", "mint"], words].concat());
        RunOutput::of(command.stdout(full()))
    };
    assert_snapshot!(mint(&["--count", "3", "--record"]), @"
    --- exit code 1, stderr
    error: only the first 0 tokens could be written; 3 recorded tokens were revoked
    ");
    assert_snapshot!(mint(&["--count", "3"]), @"
    --- exit code 1, stderr
    error: only the first 0 tokens could be written
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}

/// What the audit says of minting: by whom, the outcome, how many.
fn audit(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT user_id || ' ' || outcome || ' ' || count FROM audit
         WHERE action = 'token mint' ORDER BY id",
    )
}

#[test]
fn an_identity_that_is_told_twice_or_recorded_is_named_before_anything_is() {
    let sandbox = Sandbox::with_admin();
    let row = "{\"jti\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}\n";
    let rows = format!("{}{row}{row}", "{\"sub\":\"a\"}\n".repeat(1_200));
    let mint = ["token", "mint", "--record", "--from", "-"];
    assert_snapshot!(sandbox.run_with_input(&mint, &rows), @"
    --- exit code 65, stderr
    error: line 1202: duplicate `jti`, first used on line 1201
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
    assert_eq!(audit(&sandbox), ["1 bad_data 0"]);
    let _ = sandbox.run_with_input(&mint, row).ok();
    assert_snapshot!(sandbox.run_with_input(&mint, &format!("{{}}\n{row}")), @"
    --- exit code 65, stderr
    error: line 2: a token with this `jti` is already recorded
    ");
    let claim = "jti=01890a5d-ac96-774b-bcce-b302099a8058";
    let one = ["token", "mint", "--record", "--claim", claim];
    assert_snapshot!(sandbox.run(&[&one[..], &["--count", "2"]].concat()), @"
    --- exit code 2, stderr
    error: each recorded token requires its own `jti`
    ");
    let _ = sandbox.run(&one).ok();
    assert_snapshot!(sandbox.run(&one), @"
    --- exit code 2, stderr
    error: a token with this `jti` is already recorded
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["2"]);
    assert_eq!(audit(&sandbox), ["1 bad_data 0", "1 done 1", "1 bad_data 0", "1 done 1"]);
    // What is not recorded may be the same.
    let _ = sandbox.run_with_input(&["token", "mint", "--from", "-"], &rows).ok();
}

#[test]
fn the_audit_counts_what_was_recorded_and_names_who_took_it_back() {
    let sandbox = Sandbox::with_admin();
    let mut child =
        Sandbox::start(&mut sandbox.command(&["token", "mint", "--record", "--count", "9999"]));
    let mut first = String::new();
    // A pipe that holds less than one batch, closed after a line.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_eq!(output.code, 1, "{output:?}");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["500"]);
    let gone = sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NOT NULL").remove(0);
    assert_eq!(audit(&sandbox), ["1 done 500".to_owned(), format!("1 undelivered {gone}")]);
    let words = output.stderr.split_whitespace();
    assert!(words.clone().any(|word| word == gone), "{output:?}");
    // How many lines were read depends on the pipe.
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let message: Vec<&str> =
        words.map(|word| if number(word) { "<count>" } else { word }).collect();
    assert_snapshot!(message.join(" "), @"error: only the first <count> tokens could be written; <count> recorded tokens were revoked");
}

#[test]
fn no_number_is_too_large_for_the_memory() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set("SECRET", "0123456789abcdef0123456789abcdef");
    let mint = ["token", "mint", "--count", "4294967295"];
    let alone = ["--secret-env", "SECRET", "--alg", "HS256"];
    for more in [&[][..], &alone, &["--record"], &["-o", "jsonl"]] {
        let mut child = Sandbox::start(&mut sandbox.confined(&[&mint[..], more].concat()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(2_000);
        assert_eq!(lines.map_while(Result::ok).count(), 2_000, "{more:?}");
        let output = RunOutput::from(child.wait_with_output().unwrap());
        assert_eq!(output.code, 1, "{more:?}: {output:?}");
    }
    for more in [&[][..], &alone] {
        let output = sandbox.run_json(&[&mint[..], more].concat());
        allow_duplicates!(assert_snapshot!(output, @r#"
        --- exit code 2, stderr
        {"error":{"kind":"Usage","code":"usage","exit_code":2,"message":"more than 100000 tokens are not written as one document","hint":"use `-o jsonl` to write one object per line","details":{}}}
        "#));
    }
}

#[test]
fn everything_can_be_said() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("claims.json"), "{\"iss\":\"file\",\"roles\":[\"a\"]}").unwrap();
    let token = sandbox.get(&[
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
    assert_eq!((&claims["iss"], &claims["roles"]), (&json!("file"), &json!("flag")));
    assert_eq!(
        (&claims["scope"], &claims["permissions"]),
        (&json!("a b"), &json!(["read", "write"]))
    );
    assert_eq!((&claims["iat"], &claims["nbf"]), (&json!(1_767_225_600), &json!(1_767_225_660)));
    assert_eq!(claims["exp"], 1_767_232_800);
    let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
    assert_eq!((&header["typ"], &header["x"]), (&json!("at+jwt"), &json!("y")));
    for member in ["alg=none", "kid=x"] {
        let output = sandbox.run(&["token", "mint", "--header", member]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: header: `alg` and `kid` are set by the key
        "));
    }
}

#[test]
fn a_certain_key_signs_if_it_is_one_of_tests() {
    let sandbox = Sandbox::with_admin();
    sandbox.get(&["token", "mint"]);
    let next = sandbox.get(&["keys", "generate", "--purpose", "test"]);
    let token = sandbox.get(&["token", "mint", "--key", &next]);
    let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
    assert_eq!(header["kid"], json!(next));
    let keys = sandbox.json(&["keys", "list"]);
    let app = keys["items"][0]["kid"].as_str().unwrap();
    let output = sandbox.run(&["token", "mint", "--key", app]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: app keys cannot sign test tokens
    ");
    sandbox.run(&["keys", "revoke", &next, "--yes"]).ok();
    let output = sandbox.run(&["token", "mint", "--key", &next]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: key revoked
    ");
}

#[test]
fn without_a_store_a_key_of_ones_own_signs() {
    let mut sandbox = Sandbox::new();
    sandbox.set("SECRET", "a secret that is as long as the hash");
    let output =
        sandbox.run(&["token", "mint", "--secret-env", "SECRET", "--alg", "HS256", "--sub", "a"]);
    assert_snapshot!(output, @"<token>");
    let claims = payload(output.stdout.trim());
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["sub", "iat", "exp", "jti"]);
    let pem = include_str!("../keys/samples/sec1.pem");
    fs::write(sandbox.home().join("key.pem"), pem).unwrap();
    let token = sandbox.get(&["token", "mint", "--key-file", "key.pem", "--count", "1"]);
    let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
    assert_eq!(header["alg"], "ES256");
    let output = sandbox.run(&["token", "mint", "--secret-env", "NOT_SET", "--alg", "HS256"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the named environment variable is not set
    hint: pass the name of the variable without `$`
    ");
    assert!(!sandbox.store().exists());
}

/// The key of RFC 7515, appendix A.3.
#[test]
fn a_jwk_signs_under_its_own_id() {
    let sandbox = Sandbox::new();
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "prod-1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
    let secret = json!({"kty": "oct", "kid": "prod-1", "alg": "HS256",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"});
    for (key, algorithm) in [(jwk, "ES256"), (secret, "HS256")] {
        fs::write(sandbox.home().join("key.json"), key.to_string()).unwrap();
        let from = ["--key-file", "key.json", "--alg", algorithm];
        let token = sandbox.get(&[&["token", "mint"][..], &from].concat());
        let header = sandbox.json(&["token", "decode", &token, "--part", "header"]);
        assert_eq!(header["kid"], "prod-1");
        sandbox.run(&[&["token", "fixtures", "--out", algorithm][..], &from].concat()).ok();
    }
    let own = ["token", "verify", "@ES256/good.jwt", "--jwks", "ES256/jwks.json"];
    sandbox.run(&own).ok();
}

#[test]
fn a_secret_that_is_made_for_it_is_warned_of() {
    let sandbox = Sandbox::with_admin();
    let mint = ["token", "mint", "--alg", "HS256"];
    assert_snapshot!(sandbox.run(&mint), @"
    <token>
    --- stderr
    warning: signed with a newly generated secret; import your service's with `jeton keys import`
    ");
    assert_snapshot!(sandbox.run(&mint), @"<token>");
}

#[test]
fn times_in_csv_are_times_and_other_cells_text() {
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
