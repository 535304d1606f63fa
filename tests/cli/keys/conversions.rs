//! Hints that contain a conversion command. The tests execute the command, and jeton must accept
//! the converted key.

use crate::required::require;
use crate::sandbox::Sandbox;
use std::fs;
use std::process::{Command, Stdio};

/// Panics if a program is not installed.
pub(super) fn require_programs(names: &[&str]) {
    for name in names {
        let mut probe = Command::new("/bin/sh");
        require(probe.args(["-c", "command -v \"$0\"", name]), &format!("the program `{name}`"));
    }
}

/// Runs a shell command in the home directory of the sandbox. The command must succeed.
pub(super) fn shell(sandbox: &Sandbox, command: &str) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).current_dir(sandbox.home()).stdin(Stdio::null());
    let output = shell.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {stderr}");
}

/// Asserts that the jeton command `words` refuses the file `key.in` and prints a hint. Runs the
/// command in the hint, and asserts that `words` can read the key in the resulting file
/// `converted_file`. Each pair in `replacements` replaces a text in the command of the hint, for
/// example to pass a passphrase.
fn assert_hint_works(
    sandbox: &Sandbox,
    words: &[&str],
    converted_file: &str,
    replacements: &[(&str, &str)],
) {
    let output = sandbox.run(&[words, &["key.in"]].concat()).fails(65);
    let hint = output.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    let mut command = hint.split_once(": ").unwrap().1.to_owned();
    for (from, to) in replacements {
        command = command.replace(from, to);
    }
    shell(sandbox, &command);
    let output = sandbox.run(&[words, &[converted_file]].concat());
    assert_ne!(output.code, 65, "{hint}: {}", output.stderr);
    assert_ne!(output.code, 2, "{hint}: {}", output.stderr);
}

/// A command, as [`VERIFY`] is: [`assert_hint_works`] appends the name of a key file.
const MINT: [&str; 5] = ["token", "mint", "--sub", "a", "--key-file"];
/// A token with an invalid signature. `token verify` exits with code 10 if it can read the key, and
/// with code 65 if it cannot.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
const VERIFY: [&str; 6] = ["token", "verify", TOKEN, "--alg", "RS256,EdDSA,PS256", "--key"];
const GENERATE_RSA: &str = "openssl genpkey -quiet -algorithm rsa -pkeyopt rsa_keygen_bits:2048";

#[test]
#[ignore = "needs openssl"]
fn hints_with_openssl_commands_convert_keys() {
    require_programs(&["openssl"]);
    let sandbox = Sandbox::new();
    let with_passphrase = [("-in", "-passin pass:abcd -in")];
    for (script, words, converted, replacements) in [
        (
            format!("{GENERATE_RSA} | openssl pkcs8 -topk8 -passout pass:abcd -out key.in"),
            &MINT[..],
            "key.pem",
            &with_passphrase[..],
        ),
        (
            format!(
                "{GENERATE_RSA} | openssl rsa -traditional -aes128 -passout pass:abcd -out key.in"
            ),
            &MINT,
            "key.pem",
            &with_passphrase,
        ),
        (
            format!(
                "{GENERATE_RSA} -out k.pem; openssl req -x509 -new -key k.pem -subj /CN=t -out c.pem; openssl pkcs12 -export -inkey k.pem -in c.pem -passout pass:abcd -out key.in"
            ),
            &MINT,
            "key.pem",
            &with_passphrase,
        ),
        (
            "openssl genpkey -quiet -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out key.in"
                .to_owned(),
            &MINT,
            "key.der",
            &[],
        ),
        // The script extracts the public key from the private key of the previous script.
        (
            "openssl pkey -in key.in -pubout -out pub.in && mv pub.in key.in".to_owned(),
            &VERIFY,
            "key.der",
            &[],
        ),
    ] {
        shell(&sandbox, &script);
        assert_hint_works(&sandbox, words, converted, replacements);
    }
}

#[test]
#[ignore = "needs openssl"]
fn hints_with_openssl_commands_convert_certificates() {
    require_programs(&["openssl"]);
    let sandbox = Sandbox::new();
    shell(
        &sandbox,
        &format!(
            "{GENERATE_RSA} -out k.pem; openssl req -x509 -new -key k.pem -subj /CN=t -out c.pem"
        ),
    );
    for script in [
        "openssl crl2pkcs7 -nocrl -certfile c.pem -out key.in",
        "openssl crl2pkcs7 -nocrl -certfile c.pem -outform DER -out key.in",
        "openssl cms -sign -in c.pem -signer c.pem -inkey k.pem -outform PEM -nodetach -out key.in",
    ] {
        shell(&sandbox, script);
        assert_hint_works(&sandbox, &VERIFY, "cert.pem", &[]);
    }
}

#[test]
#[ignore = "needs openssl and ssh-keygen"]
fn hints_with_ssh_keygen_commands_convert_keys() {
    require_programs(&["openssl", "ssh-keygen"]);
    let sandbox = Sandbox::new();
    for (kind, passphrase) in
        [("rsa", ""), ("rsa", "abcde"), ("ecdsa", ""), ("ed25519", ""), ("ed25519", "abcde")]
    {
        shell(
            &sandbox,
            &format!("rm -f key.*; ssh-keygen -q -t {kind} -N '{passphrase}' -f key.in"),
        );
        let converted = if kind == "ed25519" { "key.der" } else { "key.pem" };
        let with_passphrase = format!("-P '{passphrase}' -N ''");
        assert_hint_works(&sandbox, &MINT, converted, &[("-N ''", &with_passphrase)]);
        if kind != "ecdsa" {
            shell(&sandbox, "mv key.in.pub key.in");
            assert_hint_works(&sandbox, &VERIFY, converted, &[]);
        }
    }
}

#[test]
#[ignore = "needs jq and curl"]
fn hints_about_json_documents_extract_or_fetch_keys() {
    require_programs(&["jq", "curl"]);
    let sandbox = Sandbox::new();
    let home = sandbox.home().display().to_string();
    let rsa = include_str!("../hostile/samples/rsa.pub.pem");
    let body: String = rsa.lines().filter(|line| !line.starts_with('-')).collect();
    let jwk: serde_json::Value =
        serde_json::from_str(include_str!("../hostile/samples/rsa.jwk")).unwrap();
    let jwks = serde_json::json!({"keys": [{"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}]});
    fs::write(sandbox.home().join("published.json"), jwks.to_string()).unwrap();
    for (document, converted) in [
        (serde_json::json!({"realm": "x", "public_key": body}), "key.txt"),
        (serde_json::json!({"a": {"b": [jwks["keys"][0]]}}), "key.txt"),
        (serde_json::json!({"data": jwks}), "key.txt"),
        (serde_json::json!({"JWT_PUBLIC_KEY": rsa, "PORT": 80}), "key.txt"),
        (serde_json::json!({"a": {"b": rsa}}), "key.txt"),
        (
            serde_json::json!({"issuer": "x", "jwks_uri": format!("file://{home}/published.json")}),
            "jwks.json",
        ),
    ] {
        fs::write(sandbox.home().join("key.in"), document.to_string()).unwrap();
        assert_hint_works(&sandbox, &VERIFY, converted, &[("--proto =https", "--proto =file")]);
    }
}
