//! Matrix of keys, formats and commands: the tests pass RSA, elliptic curve and Ed25519 keys and
//! shared secrets in many formats to `token mint`, `token fixtures`, `keys import` and
//! `token verify --key`. In each combination (a cell), the command must succeed or refuse the key
//! as expected. No command may use a public or private key as a shared secret.

mod formats;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use formats::TestKey;
use serde_json::{Value, json};
use std::fs;

/// Parts of the error messages of commands that expect a private key and read a public key.
const PUBLIC_KEY_REFUSALS: [&str; 3] = [
    "found a public key, expected a private key",
    "missing private part (`d`), which signing requires",
    "unsuitable for the algorithm",
];

/// The store of the commands, and the results of the cells that have been checked.
struct Matrix {
    sandbox: Sandbox,
    cell_count: usize,
    failures: Vec<String>,
}

impl Matrix {
    /// Counts a cell. Records a failure if the output is not as expected.
    fn check(&mut self, cell: &str, is_expected: bool, output: &RunOutput) {
        self.cell_count += 1;
        if !is_expected {
            self.failures.push(format!("{cell}: {output:?}"));
        }
    }

    /// Passes a file with a key to each command of the matrix, as a key and in place of a shared
    /// secret.
    fn check_format(&mut self, key: &TestKey, format: &str, bytes: &[u8], is_private: bool) {
        fs::write(self.sandbox.home().join("key"), bytes).unwrap();
        // The length of the PEM text distinguishes RSA keys of different sizes.
        let name = format!("{} {}, {format}", key.algorithm, key.private_pem.len());
        let mint = ["token", "mint", "--sub", "a", "--key-file", "key"];
        let import = ["keys", "import", "--purpose", "test", "--from-file", "key"];
        let fixtures = ["token", "fixtures", "--out", "fixtures", "--key-file", "key"];
        for words in [&mint[..], &import, &fixtures] {
            let output = self.sandbox.run(words);
            let is_expected = if is_private {
                // A service account contains its own key id, which minted tokens get. The import
                // exits with code 5, because the store contains the key under another id.
                let has_own_kid = format == "service account";
                let has_expected_kid = match words[1] {
                    "mint" => header_kid(&output.stdout) == key.kid,
                    "import" => output.stdout.trim() == key.kid,
                    _ => true,
                };
                output.code == 0 && has_expected_kid || has_own_kid && matches!(output.code, 0 | 5)
            } else {
                let is_refusal =
                    PUBLIC_KEY_REFUSALS.iter().any(|text| output.stderr.contains(text));
                output.code == 65 && output.stdout.is_empty() && is_refusal
            };
            self.check(&format!("{name}: {}", words[1]), is_expected, &output);
        }
        let verify = ["token", "verify", "@token", "--key", "key", "--alg"];
        let output = self.sandbox.run(&[&verify[..], &[key.algorithm]].concat());
        let has_note = output.stderr.starts_with("note: found a private key");
        let is_expected = output.stdout == "valid\n" && (is_private || !has_note);
        self.check(&format!("{name}: verify"), is_expected, &output);
        let encodings: [&[&str]; 4] =
            [&[], &["--encoding", "text"], &["--encoding", "base64"], &["--encoding", "raw"]];
        // Only one encoding is tested in each cell.
        let secret_commands = [&mint[..], &import, &fixtures, &verify[..5]];
        for (words, index) in secret_commands.into_iter().zip(self.cell_count..) {
            let encoding = encodings[index % encodings.len()];
            let output = self.sandbox.run(&[words, &["--alg", "HS256"], encoding].concat());
            let is_expected = output.code == 65
                && output.stdout.is_empty()
                && output.stderr.contains("expected a shared secret");
            self.check(
                &format!("{name}: {} as a secret {encoding:?}", words[1]),
                is_expected,
                &output,
            );
        }
    }

    /// Generates a key pair. Checks the first private format, the first public format, and every
    /// `step`th format after them.
    fn check_key(&mut self, algorithm: &'static str, options: &[&str], step: usize) {
        let key = TestKey::generate(&self.sandbox, algorithm, options);
        fs::write(self.sandbox.home().join("key.pem"), &key.private_pem).unwrap();
        let token = self.sandbox.stdout_of(&["token", "mint", "--key-file", "key.pem"]);
        fs::write(self.sandbox.home().join("token"), token).unwrap();
        for (format, bytes) in key.private_formats().into_iter().step_by(step) {
            self.check_format(&key, format, &bytes, true);
        }
        for (format, bytes) in key.public_formats().into_iter().step_by(step) {
            self.check_format(&key, format, &bytes, false);
        }
    }

    /// Asserts that no cell failed, and that at least `min_cell_count` cells were checked.
    fn assert_no_failures(&self, min_cell_count: usize) {
        let failures = self.failures.join("\n");
        assert!(failures.is_empty(), "{} of {}\n{failures}", self.failures.len(), self.cell_count);
        assert!(self.cell_count >= min_cell_count, "found {} cells", self.cell_count);
    }
}

fn new_matrix() -> Matrix {
    Matrix { sandbox: Sandbox::with_admin(), cell_count: 0, failures: Vec::new() }
}

/// Returns the `kid` of the token, or an empty text.
fn header_kid(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    header["kid"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn rsa_keys_are_read_in_many_formats_and_refused_as_secrets() {
    let mut matrix = new_matrix();
    matrix.check_key("RS256", &[], 1);
    // Commands with RSA keys of 4,096 bits are slow, so the test checks only every fourth format of
    // this key.
    matrix.check_key("RS256", &["--bits", "4096"], 4);
    matrix.assert_no_failures(280);
}

#[test]
fn elliptic_curve_keys_are_read_in_many_formats_and_refused_as_secrets() {
    let mut matrix = new_matrix();
    for algorithm in ["ES256", "ES384", "ES512"] {
        matrix.check_key(algorithm, &[], 1);
    }
    matrix.assert_no_failures(600);
}

#[test]
fn ed25519_keys_are_read_in_many_formats_and_refused_as_secrets() {
    let mut matrix = new_matrix();
    matrix.check_key("EdDSA", &[], 1);
    matrix.assert_no_failures(200);
}

#[test]
fn secrets_are_read_in_many_formats_unless_too_short() {
    let mut matrix = new_matrix();
    for length in [16_u8, 32, 64] {
        let secret: Vec<u8> = (0..length).map(|byte| (byte + 0x60) ^ 0xB5).collect();
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(&secret), "kid": "s"});
        let set = json!({ "keys": [jwk] }).to_string();
        let formats: [(&str, Vec<u8>, &[&str]); 9] = [
            ("raw", secret.clone(), &["--encoding", "raw"]),
            ("base64", STANDARD.encode(&secret).into(), &["--encoding", "base64"]),
            ("base64url", URL_SAFE_NO_PAD.encode(&secret).into(), &["--encoding", "base64"]),
            ("JWK", jwk.to_string().into(), &[]),
            ("JWK Set", set.clone().into(), &[]),
            ("array", json!([jwk]).to_string().into(), &[]),
            ("base64 of JWK", STANDARD.encode(jwk.to_string()).into(), &[]),
            ("JWK as a JSON string", json!(jwk.to_string()).to_string().into(), &[]),
            ("JWK after a byte order mark", format!("\u{feff}{jwk}").into(), &[]),
        ];
        for (format, bytes, encoding) in formats {
            let home = matrix.sandbox.home().to_owned();
            fs::write(home.join("key"), bytes).unwrap();
            fs::write(home.join("raw"), &secret).unwrap();
            let mint = ["token", "mint", "--sub", "a", "--alg", "HS256", "--encoding", "raw"];
            let mint = [&mint[..], &["--allow-weak", "--kid", "s", "--key-file", "raw"]].concat();
            fs::write(home.join("token"), matrix.sandbox.stdout_of(&mint)).unwrap();
            for words in [
                &["token", "mint", "--sub", "a", "--key-file", "key"][..],
                &["keys", "import", "--purpose", "test", "--from-file", "key"],
                &["token", "fixtures", "--out", "fixtures", "--key-file", "key"],
                &["token", "verify", "@token", "--key", "key"],
            ] {
                let words = [words, &["--alg", "HS256"], encoding].concat();
                let output = matrix.sandbox.run(&words);
                let is_expected = if length < 32 {
                    output.code == 65 && output.stderr.contains("secret too short")
                } else if words[1] == "import" && output.code == 5 {
                    // The secret was imported in another format before, under another key id.
                    output.stderr.contains("key already exists")
                } else {
                    output.code == 0 && (words[1] != "verify" || output.stdout == "valid\n")
                };
                matrix.check(
                    &format!("{length} bytes, {format}: {}", words[1]),
                    is_expected,
                    &output,
                );
            }
        }
    }
    matrix.assert_no_failures(108);
}

#[test]
fn recognized_but_unsupported_formats_and_empty_files_are_refused() {
    let mut matrix = new_matrix();
    fs::write(matrix.sandbox.home().join("token"), "eyJhbGciOiJSUzI1NiJ9.e30.AAAA").unwrap();
    let pkcs12 = [0x30, 0x0E, 2, 1, 3, 0x30, 9, 6, 3, 0x2A, 0x86, 0x48, 0xA0, 2, 4, 0];
    let public = include_str!("../../hostile/samples/rsa.pub.pem");
    let body: String = public.lines().filter(|line| !line.starts_with('-')).collect();
    let discovery = json!({"issuer": "https://x", "jwks_uri": "https://x/jwks"}).to_string();
    let realm = json!({"realm": "x", "public_key": body}).to_string();
    for (format, bytes, refusal) in [
        ("discovery", discovery.as_bytes(), "found OpenID Provider Metadata"),
        ("realm", realm.as_bytes(), "found a Keycloak realm document"),
        ("PKCS#12", &pkcs12, "found PKCS#12"),
        ("encrypted", include_bytes!("../../hostile/samples/encrypted.pem"), "found an encrypted"),
        (
            "OpenSSH",
            include_bytes!("../../hostile/samples/openssh.pem"),
            "found an OpenSSH private key",
        ),
        ("RSA-PSS", include_bytes!("../../hostile/samples/pss.pem"), "found an RSA-PSS key"),
        (
            "public RSA-PSS",
            include_bytes!("../../hostile/samples/pss.pub.pem"),
            "found an RSA-PSS key",
        ),
        ("empty", b"", "key empty"),
    ] {
        fs::write(matrix.sandbox.home().join("key"), bytes).unwrap();
        for words in [
            &["token", "mint", "--sub", "a", "--key-file", "key"][..],
            &["keys", "import", "--purpose", "test", "--from-file", "key"],
            &["token", "fixtures", "--out", "fixtures", "--key-file", "key"],
            &["token", "verify", "@token", "--key", "key", "--alg", "RS256"],
        ] {
            let output = matrix.sandbox.run(words);
            let is_expected = output.code == 65 && output.stderr.contains(refusal);
            matrix.check(&format!("{format}: {}", words[1]), is_expected, &output);
            // The command also refuses the file if it expects a shared secret.
            let words = &words[..words.len() - if words[1] == "verify" { 2 } else { 0 }];
            let output = matrix.sandbox.run(&[words, &["--alg", "HS256"]].concat());
            let is_expected = output.code == 65 && output.stdout.is_empty();
            matrix.check(&format!("{format}: {} as a secret", words[1]), is_expected, &output);
        }
    }
    matrix.assert_no_failures(64);
}
