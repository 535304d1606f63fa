//! URLs, tokens and other values in place of a file name.

use super::pasted_text::sandbox_with_token;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

/// Runs the commands and returns all outputs.
fn run_all(sandbox: &Sandbox, commands: &[&[&str]]) -> String {
    commands.iter().map(|arguments| sandbox.run(arguments).to_string()).collect()
}

#[test]
fn url_in_place_of_a_file_name_is_reported_with_a_hint() {
    let (sandbox, token) = sandbox_with_token();
    let outputs = run_all(
        &sandbox,
        &[
            &["token", "verify", "@t.jwt", "--jwks", "https://id.example/jwks.json"],
            &["token", "verify", "@t.jwt", "--jwks=https://id.example/jwks.json", "--aud", "ab"],
            &["token", "verify", &token, "--jwks", "https://id.example/jwks.json"],
            &["token", "verify", "-", "--jwks", "https://id.example/jwks.json"],
            &["token", "verify", "@t.jwt", "--jwks", "https://user:pw@id.example/jwks.json"],
            &["users", "import", "http://intranet/users.csv"],
        ],
    );
    assert_snapshot!(outputs, @"
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: pipe the document: curl -fsS https://id.example/jwks.json | jeton token verify @t.jwt --jwks -
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: pipe the document: curl -fsS https://id.example/jwks.json | jeton token verify @t.jwt --jwks=- --aud ab
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: download the document, then use `--jwks jwks.json`: curl -fsSo jwks.json https://id.example/jwks.json
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: download the document, then use `--jwks jwks.json`: curl -fsSo jwks.json https://id.example/jwks.json
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: download the document, and pass the document on standard input with the argument `-`
    --- exit code 2, stderr
    error: `FILE`: URL found, expected the name of a file
    hint: pipe the document: curl -fsS http://intranet/users.csv | jeton users import -
    ");
}

#[test]
fn text_in_place_of_a_file_name_is_reported_with_a_hint() {
    let (sandbox, token) = sandbox_with_token();
    fs::write(sandbox.home().join("jwks.json"), "{\"keys\":[]}").unwrap();
    let secret_options = ["--secret-env", "SECRET", "--alg", "HS256"];
    let mint_arguments =
        |option, value| [&["token", "mint", option, value][..], &secret_options].concat();
    let outputs = run_all(
        &sandbox,
        &[
            &["token", "verify", "a.b.c", "--jwks", "@jwks.json"],
            &["token", "verify", "a.b.c", "--jwks", "{\"keys\":[]}"],
            &["token", "verify", "a.b.c", "--jwks", "~/jwks.json"],
            &["token", "verify", "a.b.c", "--key=-----BEGIN PUBLIC KEY-----", "--alg", "RS256"],
            &["token", "verify", "a.b.c", "--key", "-----BEGIN PUBLIC KEY-----", "--alg", "RS256"],
            &["token", "verify", "a.b.c", "--key", "marker-of-a-secret", "--alg", "HS256"],
            &mint_arguments("--claims", "role=admin"),
            &mint_arguments("--claims", "@claims.json"),
            &mint_arguments("--from", "@users.csv"),
            &["token", "decode", "--token-file", &token],
        ],
    );
    // A secret in place of a file name is not printed.
    assert!(!outputs.contains("marker-of-a-secret"));
    assert_snapshot!(outputs, @"
    --- exit code 2, stderr
    error: `--jwks`: `@` found, expected the name of a file
    hint: omit the `@`
    --- exit code 2, stderr
    error: `--jwks`: JSON found, expected the name of a file
    hint: use `-` and pass the JSON on standard input
    --- exit code 2, stderr
    error: `--jwks`: `~` found, expected the name of a file
    hint: use `$HOME` in place of `~`
    --- exit code 2, stderr
    error: `--key`: PEM found, expected the name of a file
    hint: use `-` and pass the PEM on standard input
    --- exit code 2, stderr
    error: PEM found, expected the name of a file
    hint: use `-` and pass the PEM on standard input
    --- exit code 2, stderr
    error: the file with the key (value of `--key`) cannot be read: No such file or directory
    hint: for a secret, use `--secret-env NAME`
    --- exit code 2, stderr
    error: `--claims`: `NAME=VALUE` found, expected the name of a file
    hint: use `--claim NAME=VALUE`
    --- exit code 2, stderr
    error: `--claims`: `@` found, expected the name of a file
    hint: omit the `@`: claims.json
    --- exit code 2, stderr
    error: `--from`: `@` found, expected the name of a file
    hint: omit the `@`: users.csv
    --- exit code 2, stderr
    error: `--token-file`: token found, expected the name of a file
    hint: use `-` and pass the token on standard input
    ");
}
