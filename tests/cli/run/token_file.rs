//! `run --file`: one variable for each token of the file, and the revocation of the recorded
//! tokens. A token that is signed with an external key is not recorded. An external key is a key
//! that is not in the store: here the secret in the variable `S`.

use super::{assert_all_revoked, run_events, run_shell};
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;
use std::fs;

fn write_token_file(sandbox: &Sandbox, text: &str) {
    fs::write(sandbox.home().join("t.toml"), text).unwrap();
}

#[test]
fn command_gets_a_variable_for_each_token() {
    let sandbox = Sandbox::with_admin();
    write_token_file(
        &sandbox,
        "[defaults]\naud = 'api'\n\n[tokens.ADMIN_TOKEN]\nsub = 'alice'\nclaim-json = { roles = ['admin'] }\n\n\
         [tokens.USER_TOKEN]\nsub = 'bob'\nalg = 'RS256'\n\n[tokens.EXPIRED_TOKEN]\nexpires-at = '-1h'\n",
    );
    let line = "for token in \"$ADMIN_TOKEN\" \"$USER_TOKEN\" \"$EXPIRED_TOKEN\"; do
        echo \"$token\"; \"$0\" token verify \"$token\" --type test 2> /dev/null | cut -d ' ' -f 1-2
    done; echo \"none: ${API_TOKEN-}\"; exit 3";
    let output = run_shell(&sandbox, &["-f", "t.toml"], line);
    assert_eq!((output.code, output.stderr.as_str()), (3, ""));
    assert_snapshot!(output, @"
    <token>
    valid
    <token>
    valid
    <token>
    invalid: token_expired:
    none: 
    [end]
    --- exit code 3, no stderr
    ");
    let claims = payload(output.stdout.lines().next().unwrap());
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("alice"), &json!("api")));
    assert_eq!(claims["roles"], json!(["admin"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_all_revoked(&sandbox, 3);
    // The first token gets an audit event, and so does each token for which a key is generated. Any
    // other token adds 1 to the count of the last event.
    let events = ["1 test token done 1", "1 test token done 2", "1 3 tokens revoked 3"];
    assert_eq!(run_events(&sandbox), events);
}

#[test]
fn token_with_a_defect_is_not_recorded() {
    let sandbox = Sandbox::with_admin();
    write_token_file(&sandbox, "[tokens.GOOD]\n[tokens.BAD]\ndefect = 'wrong_key'\n");
    let line =
        "\"$0\" token verify \"$GOOD\" --type test; \"$0\" token verify \"$BAD\" --type test";
    assert_snapshot!(run_shell(&sandbox, &["-f", "t.toml"], line), @"
    valid
    invalid: bad_signature
    --- exit code 10, stderr
    error: token signature invalid
    ");
    assert_all_revoked(&sandbox, 1);
}

#[test]
fn tokens_with_an_external_key_need_allow_env_but_no_store_and_cause_one_warning() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("S", "a secret that is as long as the hash");
    write_token_file(
        &sandbox,
        "[defaults]\nsecret-env = 'S'\nalg = 'HS256'\n[tokens.A]\n[tokens.B]\nttl = '2h'\n",
    );
    let line = "\"$0\" token verify \"$A\" --secret-env S --alg HS256 && \
                \"$0\" token verify \"$B\" --secret-env S --alg HS256";
    assert_snapshot!(run_shell(&sandbox, &["-f", "t.toml", "--allow-env", "S"], line), @"
    valid
    valid
    --- stderr
    warning: 2 externally signed tokens cannot be revoked; the latest expiry is <time>
    ");
    assert!(!sandbox.has_store());
    assert_snapshot!(run_shell(&sandbox, &["-f", "t.toml"], "echo never"), @"
    --- exit code 2, stderr
    error: `t.toml`: line 2: `secret-env` names a variable that is not allowed
    hint: add `--allow-env NAME` if the file may use the secret in the variable
    ");
}

#[test]
fn stored_and_external_keys_can_sign_tokens_of_one_file() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("S", "a secret that is as long as the hash");
    write_token_file(
        &sandbox,
        "[tokens.A]\n[tokens.B]\nsecret-env = 'S'\nalg = 'HS256'\n[tokens.C]\n",
    );
    let line = "\"$0\" token verify \"$A\" --type test && \"$0\" token verify \"$C\" --type test";
    assert_snapshot!(run_shell(&sandbox, &["-f", "t.toml", "--allow-env", "S"], line), @"
    valid
    valid
    --- stderr
    warning: the externally signed token cannot be revoked and expires at <time>
    ");
    assert_all_revoked(&sandbox, 2);
}

#[test]
fn command_is_not_run_if_a_table_of_the_token_file_is_invalid() {
    let sandbox = Sandbox::with_admin();
    for (text, code) in [
        ("[tokens.A]\n[tokens.B]\nsubb = 'x'\n", 65),
        ("[tokens.A]\n[tokens.B]\nclaim.jti = 'mine'\n", 65),
        ("[tokens.A]\n[tokens.B]\nno-jti = true\n", 65),
        ("[tokens.A]\n[tokens.B]\nkey = 'nope'\n", 3),
        ("[tokens.A]\n[tokens.PATH]\n", 65),
        ("[tokens.A]\n[tokens.B]\nsecret-env = 'S'\n", 2),
        ("[tokens.A]\n[tokens.B]\nkey-file = '../k'\n", 65),
    ] {
        write_token_file(&sandbox, text);
        run_shell(&sandbox, &["-f", "t.toml"], "echo never").fails(code);
    }
    assert_all_revoked(&sandbox, 0);
}

#[test]
fn single_token_options_are_refused_with_a_token_file() {
    let sandbox = Sandbox::with_admin();
    write_token_file(&sandbox, "[tokens.A]\n");
    assert_snapshot!(run_shell(&sandbox, &["-f", "t.toml", "--sub", "x"], "echo never"), @"
    --- exit code 2, stderr
    error: the argument '--file <FILE>' cannot be used with '--sub <SUB>'
    hint: omit `--file` or `--sub`
    ");
    for option in ["--env=B", "--app=ci", "--aud=x", "--ttl=5m", "--claim=a=b", "--alg=ES256"] {
        run_shell(&sandbox, &["-f", "t.toml", option], "echo never").fails(2);
    }
}

#[test]
fn bearer_token_is_removed_from_the_environment_of_the_command() {
    let mut sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["sessions", "token"]);
    sandbox.set_variable("JETON_TOKEN", &token);
    write_token_file(&sandbox, "[tokens.A]\n[tokens.B]\n");
    let output = run_shell(&sandbox, &["-f", "t.toml"], "echo \"none: ${JETON_TOKEN-}\"").ok();
    assert_eq!(output.stdout, "none: \n");
    assert_all_revoked(&sandbox, 2);
}
