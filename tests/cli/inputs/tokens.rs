//! Three kinds of unusual input: a token inside other text, such as a log or a response; a URL, a
//! document or a file name in place of the expected argument or input; and a byte order mark before
//! a key, a token or a secret. `super::PRELUDE` defines the shell functions of the scripts.

use super::Inputs;
use insta::assert_snapshot;

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn token_in_pasted_text_is_read_or_the_error_describes_the_text() {
    let inputs = Inputs::new();
    let scripts = [
        ("quotes", "jeton token verify \"\\\"$(cat t.jwt)\\\"\" --jwks jwks.json"),
        ("PowerShell", "echo \"\\$env:TOKEN = '$(cat t.jwt)'\" | verify"),
        ("curl", "echo \"-H 'Authorization: Bearer $(cat t.jwt)'\" | verify"),
        (
            "TokenRequest of Kubernetes",
            "echo \"{\\\"status\\\":{\\\"token\\\":\\\"$(cat t.jwt)\\\"}}\" | verify",
        ),
        ("Kubernetes Secret", "base64 t.jwt | verify"),
        (
            "redirect of OAuth",
            "jeton token decode \"https://app/cb#access_token=$(cat t.jwt)&state=x\"",
        ),
        ("link to a decoder", "jeton token decode \"https://jwt.io/#token=$(cat t.jwt)\""),
        ("Set-Cookie", "echo \"Set-Cookie: s=$(cat t.jwt); Path=/\" | verify"),
        (
            "log of GitHub Actions",
            "echo \"2026-01-31T12:00:00Z ::add-mask::$(cat t.jwt)\" | verify",
        ),
        ("percent-encoded header", "jeton token decode \"Bearer%20$(cat t.jwt)\""),
        ("colour of a terminal", "printf '\\033[32m%s\\033[0m\\n' $(cat t.jwt) | verify"),
        ("empty file", ": > e; jeton token decode @e"),
        ("empty variable", "jeton token decode \"$NOTHING\""),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @"
    quotes
    valid
    PowerShell
    valid
    curl
    valid
    TokenRequest of Kubernetes
    valid
    Kubernetes Secret
    invalid: malformed: base64-encoded token found, expected the token itself
    --- exit code 10, stderr
    error: token malformed: base64-encoded token found, expected the token itself
    hint: decode the token: base64 -d FILE
    redirect of OAuth
    --- exit code 10, stderr
    error: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    link to a decoder
    --- exit code 10, stderr
    error: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    Set-Cookie
    invalid: malformed: text around a token found, expected only the token
    --- exit code 10, stderr
    error: token malformed: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    log of GitHub Actions
    invalid: malformed: text around a token found, expected only the token
    --- exit code 10, stderr
    error: token malformed: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    percent-encoded header
    --- exit code 10, stderr
    error: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    colour of a terminal
    invalid: malformed: text around a token found, expected only the token
    --- exit code 10, stderr
    error: token malformed: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    empty file
    --- exit code 10, stderr
    error: token malformed: empty
    empty variable
    --- exit code 10, stderr
    error: token malformed: empty
    ");
}

#[test]
fn misplaced_url_or_json_or_file_name_causes_a_hint() {
    let inputs = Inputs::new();
    let scripts = [
        ("URL", "jeton token verify @t.jwt --jwks https://id.example/jwks.json"),
        (
            "URL of Entra ID",
            "jeton token verify @t.jwt --jwks 'https://login.example/t/discovery/keys?appid=1'",
        ),
        ("URL of a PEM", "jeton token verify @t.jwt --key https://id.example/key.pem --alg RS256"),
        ("`@`", "jeton token mint --key-file @rsa.pem"),
        ("JSON", "jeton token mint --key-file \"$(cat one.jwk)\""),
        ("token without `@`", "jeton token verify t.jwt --jwks jwks.json"),
        // `--batch` reads JSON Lines. It refuses one JSON document with several tokens.
        (
            "JSON Lines of `token mint`",
            "jeton token mint --count 2 --sub a --key-file rsa.pem --kid rsa-1 -o jsonl \
            | jeton token verify --batch --jwks jwks.json | cut -c 1-13",
        ),
        (
            "JSON of `token mint`",
            "jeton token mint --count 2 --sub a --key-file rsa.pem -o json > tokens.json
            jeton token verify --batch --jwks jwks.json < tokens.json",
        ),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @r#"
    URL
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: pipe the document: curl -fsS https://id.example/jwks.json | jeton token verify @t.jwt --jwks -
    URL of Entra ID
    --- exit code 2, stderr
    error: `--jwks`: URL found, expected the name of a file
    hint: download the document, and pass the document on standard input with the argument `-`
    URL of a PEM
    --- exit code 2, stderr
    error: `--key`: URL found, expected the name of a file
    hint: pipe the document: curl -fsS https://id.example/key.pem | jeton token verify @t.jwt --key - --alg RS256
    `@`
    --- exit code 2, stderr
    error: `--key-file`: `@` found, expected the name of a file
    hint: omit the `@`
    JSON
    --- exit code 2, stderr
    error: `--key-file`: JSON found, expected the name of a file
    hint: use `-` and pass the JSON on standard input
    token without `@`
    --- exit code 2, stderr
    error: `t.jwt` is a file, not a token
    hint: to read the file, use @t.jwt
    JSON Lines of `token mint`
    {"valid":true
    {"valid":true
    JSON of `token mint`
    --- exit code 2, stderr
    error: JSON list found, expected one token per line
    hint: use `-o jsonl` to write one object per line
    "#);
}

#[test]
fn byte_order_mark_is_ignored_except_before_raw_secrets() {
    let inputs = Inputs::new();
    for (name, command) in [
        ("jwks.json", "jeton token verify @t.jwt --jwks"),
        ("rsa.pub", "jeton token verify @t.jwt --alg RS256 --key"),
        ("one.jwk", "jeton token mint -q --key-file"),
        ("t.jwt", "jeton token verify --jwks jwks.json - <"),
        ("t.jwt", "jeton token verify --batch --jwks jwks.json <"),
    ] {
        let script = format!(
            "set -e; (printf '\\357\\273\\277'; cat {name}) > bom; {command} bom
            iconv -f UTF-8 -t UTF-16 {name} > utf16; {command} utf16"
        );
        if command.contains("--batch") {
            // `--batch` does not read UTF-16.
            let utf8_script = script.lines().next().unwrap();
            inputs.shell(utf8_script).ok();
        } else {
            inputs.shell(&script).ok();
        }
    }
    // A byte order mark at the start of a file is part of the secret only with `--encoding raw`.
    let scripts = [
        ("text", "printf %s 0123456789abcdef0123456789abcdef > s; (printf '\\357\\273\\277'; cat s) > bom
            mint bom --alg HS256 | jeton token verify - --key s --alg HS256"),
        ("UTF-16", "iconv -f UTF-8 -t UTF-16 s > utf16
            mint utf16 --alg HS256 | jeton token verify - --key s --alg HS256"),
        ("base64", "base64 s > b; (printf '\\357\\273\\277'; cat b) > bom
            mint bom --encoding base64 --alg HS256 | jeton token verify - --key s --alg HS256"),
        ("raw", "printf %s \"$(base64 s)\" > b; (printf '\\357\\273\\277'; cat b) > bom
            mint bom --encoding raw --alg HS256 | jeton token verify - --key b --alg HS256"),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @"
    text
    valid
    UTF-16
    valid
    base64
    valid
    raw
    invalid: bad_signature
    --- exit code 10, stderr
    error: token signature invalid
    ");
}
