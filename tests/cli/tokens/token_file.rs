//! `token mint --file`: a TOML file that describes tokens by name.

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

/// Content of a TOML file with three named tokens. `token mint` ignores the tables `settings` and
/// `users`, which are for `jeton apply`.
pub(super) const TOKEN_FILE: &str = "
[settings]
'token.quota' = 5

[[users]]
username = 'john'

[defaults]
secret-env = 'S'
alg = 'HS256'
aud = 'api'
ttl = '10m'

[tokens.ADMIN_TOKEN]
sub = 'alice'
claims = { roles = ['admin'], team.id = 7 }

[tokens.EXPIRED_TOKEN]
expires-at = '-1h'
aud = ['a', 'b']

[tokens.BROKEN_TOKEN]
defect = 'bad_signature'
";

/// Creates a sandbox with secrets in the variables `S` and `SHORT`, and with `text` in the file
/// `t.toml`.
pub(super) fn sandbox_with_file(text: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("S", "a secret that is as long as the hash");
    sandbox.set_variable("SHORT", "short");
    fs::write(sandbox.home().join("t.toml"), text).unwrap();
    sandbox
}

/// Runs `token mint` for the file `t.toml`, which may use the secret in the variable `S`.
pub(super) fn mint(sandbox: &Sandbox, options: &[&str]) -> RunOutput {
    sandbox.run(&[&["token", "mint", "--file", "t.toml", "--allow-env", "S"], options].concat())
}

/// Runs `token mint` for a file that contains `text`.
pub(super) fn mint_text(text: &str) -> RunOutput {
    mint(&sandbox_with_file(text), &[])
}

#[test]
fn output_has_named_tokens_in_the_order_of_the_file() {
    let mut sandbox = sandbox_with_file(TOKEN_FILE);
    assert_snapshot!(mint(&sandbox, &["-o", "dotenv"]), @"
    ADMIN_TOKEN=<token>
    EXPIRED_TOKEN=<token>
    BROKEN_TOKEN=<token>
    ");
    assert_snapshot!(mint(&sandbox, &[]), @"
    <token>
    <token>
    <token>
    ");
    assert_snapshot!(mint(&sandbox, &["-o", "json"]), @r#"{"items":[{"name":"ADMIN_TOKEN","token":"<token>","jti":"<uuid>","id":null},{"name":"EXPIRED_TOKEN","token":"<token>","jti":"<uuid>","id":null},{"name":"BROKEN_TOKEN","token":"<token>","jti":"<uuid>","id":null}]}"#);
    assert_snapshot!(mint(&sandbox, &["-o", "jsonl"]), @r#"
    {"name":"ADMIN_TOKEN","token":"<token>","jti":"<uuid>","id":null}
    {"name":"EXPIRED_TOKEN","token":"<token>","jti":"<uuid>","id":null}
    {"name":"BROKEN_TOKEN","token":"<token>","jti":"<uuid>","id":null}
    "#);
    let env_file = sandbox.home().join("env");
    sandbox.set_variable("GITHUB_ENV", &env_file.to_string_lossy());
    let masks = mint(&sandbox, &["-o", "github"]).ok().stdout;
    let assignments = fs::read_to_string(env_file).unwrap();
    let tokens: Vec<&str> =
        assignments.lines().map(|line| line.split_once('=').unwrap().1).collect();
    let masked_tokens: Vec<&str> =
        masks.lines().map(|line| line.strip_prefix("::add-mask::").unwrap()).collect();
    assert_eq!((tokens.len(), tokens), (3, masked_tokens));
    assert!(!sandbox.has_store());
}

#[test]
fn options_of_a_named_token_replace_the_defaults() {
    let sandbox = sandbox_with_file(TOKEN_FILE);
    let items: Value = serde_json::from_str(&mint(&sandbox, &["-o", "json"]).ok().stdout).unwrap();
    let claims: Vec<Value> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| payload(item["token"].as_str().unwrap()))
        .collect();
    let lifetime =
        |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!((&claims[0]["sub"], &claims[0]["aud"]), (&json!("alice"), &json!("api")));
    assert_eq!((&claims[0]["roles"], &claims[0]["team"]), (&json!(["admin"]), &json!({"id": 7})));
    assert_eq!((lifetime(&claims[0]), lifetime(&claims[1])), (600, -3_600));
    assert_eq!(claims[1]["aud"], json!(["a", "b"]));
    let broken_token = items["items"][2]["token"].as_str().unwrap();
    let verify = ["token", "verify", broken_token, "--secret-env", "S", "--alg", "HS256"];
    assert_eq!(sandbox.run(&verify).verdict(), "invalid: bad_signature");
}

#[test]
fn arguments_select_only_named_tokens_of_the_file() {
    let sandbox = sandbox_with_file(TOKEN_FILE);
    let output = mint(&sandbox, &["BROKEN_TOKEN", "ADMIN_TOKEN", "-o", "dotenv"]);
    assert_snapshot!(output, @"
    BROKEN_TOKEN=<token>
    ADMIN_TOKEN=<token>
    ");
    assert_snapshot!(mint(&sandbox, &["ADMIN_TOKENS"]), @"
    --- exit code 2, stderr
    error: token `ADMIN_TOKENS` not found in `t.toml`
    hint: use `ADMIN_TOKEN`
    ");
    let output = sandbox.run(&["token", "mint", "ADMIN_TOKEN"]).fails(2);
    assert!(output.stderr.contains("--file <FILE>"), "{output:?}");
}

#[test]
fn named_tokens_are_signed_by_keys_of_the_store_and_recorded() {
    let sandbox = Sandbox::with_admin();
    let text = "[defaults]\nrecord = true\n[tokens.A]\nalg = 'RS256'\n[tokens.B]\n[tokens.C]\n";
    fs::write(sandbox.home().join("t.toml"), text).unwrap();
    assert_snapshot!(mint(&sandbox, &["-o", "dotenv"]), @"
    A=<token>
    B=<token>
    C=<token>
    --- stderr
    recorded A as token 1
    recorded B as token 2
    recorded C as token 3
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["3"]);
    let sql =
        "SELECT coalesce(detail ->> 'objects', '') || ' ' || outcome || ' ' || count FROM audit
        WHERE action = 'token mint' ORDER BY id";
    assert_eq!(sandbox.sql(sql), ["test token done 1", "test token done 2"]);
}

#[test]
fn no_token_is_recorded_if_one_named_token_is_invalid() {
    let sandbox = Sandbox::with_admin();
    let text = "[defaults]\nrecord = true\n[tokens.A]\n[tokens.B]\nclaim.jti = 'mine'\n";
    fs::write(sandbox.home().join("t.toml"), text).unwrap();
    assert_snapshot!(mint(&sandbox, &[]), @"
    --- exit code 65, stderr
    error: `t.toml`: line 4: a recorded token requires a lower-case UUID with hyphens as `jti`
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn named_token_file_is_read_from_stdin() {
    let sandbox = sandbox_with_file("");
    let arguments = ["token", "mint", "-f", "-", "--allow-env", "S", "-o", "dotenv"];
    assert_snapshot!(sandbox.run_with_input(&arguments, TOKEN_FILE), @"
    ADMIN_TOKEN=<token>
    EXPIRED_TOKEN=<token>
    BROKEN_TOKEN=<token>
    ");
    assert_snapshot!(sandbox.run_with_input(&arguments, "[tokens.A]\nzzz = 1\n"), @"
    --- exit code 65, stderr
    error: standard input: line 2: unknown key `zzz`
    ");
}

#[test]
fn named_token_file_is_never_read_implicitly() {
    let sandbox = sandbox_with_file("[tokens.A]\nx = 1\n");
    for name in ["jeton.toml", "tokens.toml", ".jeton.toml"] {
        fs::copy(sandbox.home().join("t.toml"), sandbox.home().join(name)).unwrap();
    }
    let output = sandbox.run(&["token", "mint", "--secret-env", "S", "--alg", "HS256"]);
    assert_snapshot!(output, @"<token>");
}
