//! `jeton run` with an external key, which `--key-file` or `--secret-env` names: the token is
//! neither recorded nor revoked, and no store is needed.

use super::{run_events, run_shell};
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;
use std::fs;

const PEM: &str = include_str!("../keys/samples/sec1.pem");
const SECRET_OPTIONS: [&str; 4] = ["--secret-env", "JWT_SECRET_KEY", "--preset", "flask"];

fn sandbox_with_secret() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", "a secret that is as long as the hash");
    sandbox
}

#[test]
fn external_key_needs_no_store() {
    let sandbox = sandbox_with_secret();
    fs::write(sandbox.home().join("key.pem"), PEM).unwrap();
    let script = "\"$0\" token verify \"$API_TOKEN\" --secret-env JWT_SECRET_KEY --alg HS256";
    assert_snapshot!(run_shell(&sandbox, &SECRET_OPTIONS, script), @"
    valid
    --- stderr
    warning: the externally signed token cannot be revoked and expires at <time>
    ");
    let options = ["--key-file", "key.pem", "--kid", "k1", "--aud", "api", "--env", "TOKEN"];
    let token = run_shell(&sandbox, &options, "echo \"$TOKEN\"").ok().stdout;
    let header = sandbox.json(&["token", "decode", token.trim(), "--part", "header"]);
    assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &json!("k1")));
    let claims = payload(token.trim());
    assert_eq!(claims["aud"], "api");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    let output = sandbox.run_with_input(&["run", "--key-file", "-", "--", "cat"], PEM).ok();
    assert_eq!(output.stdout, "", "jeton reads the key, so no input is left for `cat`");
    assert!(!sandbox.has_store());
}

#[test]
fn warning_with_the_token_expiry_is_printed_once() {
    let sandbox = sandbox_with_secret();
    let run_with_secret =
        |options: &[&str]| run_shell(&sandbox, &[&SECRET_OPTIONS, options].concat(), "exit 3");
    assert_snapshot!(run_with_secret(&["--expires-at", "2100-01-01T00:00:00Z"]), @"
    --- exit code 3, stderr
    warning: the externally signed token cannot be revoked and expires at <time>
    ");
    assert_snapshot!(run_with_secret(&["--claim-json", "exp=4102444800", "--quiet"]), @"
    --- exit code 3, stderr
    warning: the externally signed token cannot be revoked and expires at <time>
    ");
    assert_snapshot!(run_with_secret(&["--claim-json", "exp=null"]), @"
    --- exit code 3, stderr
    warning: the externally signed token cannot be revoked and may never expire
    ");
    let missing_program = [&["run"], &SECRET_OPTIONS[..], &["--", "missing-program"]].concat();
    assert_snapshot!(sandbox.run(&missing_program), @"
    --- exit code 127, stderr
    warning: the externally signed token cannot be revoked and expires at <time>
    error: command `missing-program` not found
    hint: use `sh -c '…'` for shell syntax and built-in commands
    ");
}

#[test]
fn token_signed_with_an_external_key_is_not_recorded() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("JWT_SECRET_KEY", "a secret that is as long as the hash");
    run_shell(&sandbox, &SECRET_OPTIONS, "true").ok();
    assert_eq!(run_events(&sandbox), [""; 0]);
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
    // With an external key, `run` does not open the store.
    let file = sandbox.home().join("not-a-store");
    fs::write(&file, "text").unwrap();
    sandbox.set_variable("JETON_STORE", &file.to_string_lossy());
    run_shell(&sandbox, &SECRET_OPTIONS, "true").ok();
}

#[test]
fn invalid_external_key_options_are_refused() {
    let sandbox = sandbox_with_secret();
    let run =
        |options: &str| run_shell(&sandbox, &options.split(' ').collect::<Vec<_>>(), "echo never");
    assert_snapshot!(run("--app ci --secret-env JWT_SECRET_KEY"), @"
    --- exit code 2, stderr
    error: the argument '--app <NAME>' cannot be used with '--secret-env <NAME>'
    hint: omit `--app` or `--secret-env`
    ");
    assert_snapshot!(run("--key kid --secret-env JWT_SECRET_KEY"), @"
    --- exit code 2, stderr
    error: the argument '--key <KID>' cannot be used with '--secret-env <NAME>'
    hint: omit `--key` or `--secret-env`
    ");
    assert_snapshot!(run("--secret-env JWT_SECRET_KEY --key-file key.pem"), @"
    --- exit code 2, stderr
    error: the argument '--secret-env <NAME>' cannot be used with '--key-file <FILE>'
    hint: omit `--secret-env` or `--key-file`
    ");
    assert_snapshot!(run("--kid k1"), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <--secret-env <NAME>|--key-file <FILE>>
    hint: usage: jeton run --kid <ID> <--secret-env <NAME>|--key-file <FILE>> -- <COMMAND>...
    ");
    assert_snapshot!(run("--secret-env JWT_SECRET_KEY"), @"
    --- exit code 65, stderr
    error: unsupported key format: expected PEM, DER, JWK or JWK Set
    hint: use `--alg HS256` for a shared secret
    ");
    assert_snapshot!(run("--secret-env MISSING --alg HS256"), @"
    --- exit code 2, stderr
    error: environment variable of `--secret-env` not set or empty
    hint: export the variable, and pass its name without `$`
    ");
}
