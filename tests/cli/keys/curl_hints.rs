//! Hints that contain a curl command. The tests execute the commands as printed, but a script named
//! `curl` replaces curl. The script records its arguments and returns a JWK Set.

use super::conversions::require_programs;
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const URL: &str = "https://id.example/jwks.json";

/// Shell script that replaces curl. It writes its arguments to the file `arguments`. If its first
/// argument ends with `o` (as in `-fsSo FILE`), the script writes the JWK Set to the file that the
/// second argument names, and otherwise to standard output.
const FAKE_CURL: &str = r#"#!/bin/sh
printf '%s\n' "$@" > arguments
case $1 in
    *o) cat published > "$2" ;;
    *) cat published ;;
esac
"#;

/// Creates a sandbox with the script `curl`, the JWK Set that the script returns, the token `t`,
/// and a file `jwks.json`, which the commands in hints must not overwrite.
fn sandbox_with_fake_curl() -> Sandbox {
    let sandbox = Sandbox::new();
    let jwk: Value = serde_json::from_str(include_str!("../hostile/samples/rsa.jwk")).unwrap();
    let jwks = json!({"keys": [{"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}]});
    let write = |name: &str, text: &str| fs::write(sandbox.home().join(name), text).unwrap();
    write("curl", FAKE_CURL);
    write("published", &jwks.to_string());
    write("t", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA");
    write("jwks.json", "an existing file");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.home().join("curl"), mode).unwrap();
    sandbox
}

/// Asserts that the jeton command `words` fails with the exit code and a hint. Runs the command in
/// the hint, and asserts that the file `jwks.json` is unchanged. Returns the exit code of the
/// command in the hint, and the arguments of curl.
fn follow_hint(sandbox: &Sandbox, words: &[&str], exit_code: i32) -> (Option<i32>, Vec<String>) {
    let output = sandbox.run(words).fails(exit_code);
    let hint = output.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    let command = hint.split_once(": ").unwrap().1;
    let program_directory = Path::new(env!("CARGO_BIN_EXE_jeton")).parent().unwrap();
    let path =
        format!("{}:{}:/usr/bin:/bin", sandbox.home().display(), program_directory.display());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().env("HOME", sandbox.home()).env("PATH", path);
    shell.envs(sandbox.variables()).current_dir(sandbox.home()).stdin(Stdio::null());
    let output = shell.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("hint:"), "{command}: {stderr}");
    assert_eq!(fs::read_to_string(sandbox.home().join("jwks.json")).unwrap(), "an existing file");
    let arguments = fs::read_to_string(sandbox.home().join("arguments")).unwrap();
    (output.status.code(), arguments.lines().map(str::to_owned).collect())
}

#[test]
fn curl_hints_about_urls_fetch_the_jwk_set() {
    // The signature of the token is invalid. Exit code 10 therefore means that jeton read the keys.
    let sandbox = sandbox_with_fake_curl();
    let words = ["token", "verify", "@t", "--jwks", URL];
    let (code, arguments) = follow_hint(&sandbox, &words, 2);
    assert_eq!((code, arguments), (Some(10), vec!["-fsS".to_owned(), URL.to_owned()]));
    let (code, arguments) = follow_hint(&sandbox, &["token", "verify", "-", "--jwks", URL], 2);
    assert_eq!(code, Some(0));
    assert_eq!(arguments, ["-fsSo", "jwks-2.json", URL]);
    assert_eq!(sandbox.run(&["token", "verify", "@t", "--jwks", "jwks-2.json"]).code, 10);
}

#[test]
#[ignore = "needs jq"]
fn curl_hint_about_discovery_document_fetches_the_jwk_set_without_injection() {
    require_programs(&["jq"]);
    let sandbox = sandbox_with_fake_curl();
    let file = "a document; with $(touch pwned) in its name.json";
    for url in [URL, "-o pwned", "https://id.example/a b"] {
        let document = json!({"issuer": "https://id.example", "jwks_uri": url}).to_string();
        fs::write(sandbox.home().join(file), document).unwrap();
        for option in ["--jwks", "--key"] {
            let words = ["token", "verify", "@t", option, file, "--alg", "RS256"];
            let (code, arguments) = follow_hint(&sandbox, &words, 65);
            assert_eq!(code, Some(0));
            assert_eq!(arguments, ["-fsS", "--proto", "=https", "--url", url]);
            assert_eq!(sandbox.run(&["token", "verify", "@t", "--jwks", "jwks-2.json"]).code, 10);
            fs::remove_file(sandbox.home().join("jwks-2.json")).unwrap();
        }
    }
    assert!(!sandbox.home().join("pwned").exists());
}
