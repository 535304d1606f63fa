//! Hostile tokens and keys: each token is refused with the expected reason, and each key with the
//! expected message, in at most two seconds and with at most 64 MiB of memory.

mod algorithm_families;
mod count;
mod forged;
mod issuer;
mod keys;
mod serialization;
mod shared_secret;
mod signatures;
mod signed_claims;
mod signer;
mod third_party;
mod third_party_claims;
mod third_party_keys;
mod token_kinds;

pub(crate) use signer::{decode_pem, sign_token};

use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Maximum duration of one command, which reads one hostile token or key.
const MAX_DURATION: Duration = Duration::from_secs(2);

/// A hostile token and the expected failure.
struct Row {
    /// Description of the attack, for the panic text of a failed row.
    name: String,
    token: String,
    /// Expected exit code of the command that reads the token.
    exit_code: i32,
    /// Expected rejection reason.
    reason: &'static str,
}

/// A table of hostile tokens.
#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    /// Adds a token that must be rejected with this reason and exit code 10.
    fn add_rejected(
        &mut self,
        reason: &'static str,
        name: impl Into<String>,
        token: impl Into<String>,
    ) {
        self.add_rejected_with_exit(10, reason, name, token);
    }

    /// Adds a token that must be rejected with this exit code and reason.
    fn add_rejected_with_exit(
        &mut self,
        exit_code: i32,
        reason: &'static str,
        name: impl Into<String>,
        token: impl Into<String>,
    ) {
        self.0.push(Row { name: name.into(), token: token.into(), exit_code, reason });
    }

    /// Asserts that `token verify` with the flags rejects the token of every row. The command reads
    /// the token from standard input.
    #[track_caller]
    fn assert_rejected(&self, sandbox: &Sandbox, flags: &[&str]) {
        self.assert_rejected_by(sandbox, &[&["token", "verify", "-"], flags].concat());
    }

    /// Asserts that the command rejects the token of every row, which is passed on standard input.
    /// The command must print a verification report within [`MAX_DURATION`] and with limited
    /// memory. Reports all failures at once.
    #[track_caller]
    fn assert_rejected_by(&self, sandbox: &Sandbox, words: &[&str]) {
        let words = [words, &["-o", "json"]].concat();
        let mut failures = Vec::new();
        for row in &self.0 {
            let start = Instant::now();
            let output =
                Sandbox::run_command_with_input(sandbox.memory_limited_command(&words), &row.token);
            let is_slow = start.elapsed() > MAX_DURATION;
            let error_line: Value = serde_json::from_str(&output.stderr).unwrap_or_default();
            let report: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
            let reason = &error_line["error"]["details"]["reason"];
            let actual =
                (output.code, reason.as_str(), &report["valid"], &report["reasons"][0]["code"]);
            let expected = (row.exit_code, Some(row.reason), &json!(false), &json!(row.reason));
            if actual != expected || is_slow {
                failures.push(format!(
                    "{}: found {actual:?}, expected {expected:?}; took {:?} {}",
                    row.name,
                    start.elapsed(),
                    if error_line.is_null() { output.stderr.as_str() } else { "" }
                ));
            }
            // A report without claims has a single reason: the verification ended before the checks
            // of the claims.
            let has_no_claims = report["claims"].is_null();
            if has_no_claims && report["reasons"].as_array().map(Vec::len) != Some(1) {
                failures.push(format!(
                    "{}: expected a single reason, found {}",
                    row.name, report["reasons"]
                ));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

/// A key of the store, read from the database.
struct Key {
    kid: String,
    algorithm: String,
    /// The private key as PKCS#8, or the shared secret.
    material: Vec<u8>,
    /// The public key; null for a shared secret.
    public_jwk: Value,
}

impl Key {
    /// Loads the active key of the purpose.
    fn load(sandbox: &Sandbox, purpose: &str) -> Self {
        let value = |expression: &str| {
            let condition = format!("purpose = '{purpose}' AND state = 'active'");
            sandbox.sql(&format!("SELECT {expression} FROM keys WHERE {condition}")).remove(0)
        };
        let material = value("hex(material)");
        let byte = |at| u8::from_str_radix(&material[at..at + 2], 16).unwrap();
        Self {
            kid: value("kid"),
            algorithm: value("algorithm"),
            material: (0..material.len()).step_by(2).map(byte).collect(),
            public_jwk: serde_json::from_str(&value("public")).unwrap(),
        }
    }

    fn header(&self, typ: &str) -> Value {
        json!({"alg": self.algorithm, "typ": typ, "kid": self.kid})
    }

    /// Returns a token with the header and the payload, signed with the key.
    fn sign(&self, header: &Value, payload: &str) -> String {
        self.sign_text(&header.to_string(), payload)
    }

    /// Returns a token with the texts as header and payload, signed with the key.
    fn sign_text(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", base64url(header), base64url(payload));
        let signature = signer::sign_raw(&self.algorithm, &self.material, &input);
        format!("{input}.{}", base64url(signature))
    }
}

/// A valid app token, its decoded claims, and the key that signed it.
struct ValidToken<'s> {
    sandbox: &'s Sandbox,
    token: String,
    claims: Map<String, Value>,
    key: Key,
}

impl<'s> ValidToken<'s> {
    /// Creates a store and a valid token, and builds the table of hostile tokens from the valid
    /// token. Asserts that `token verify` rejects every row with each set of flags.
    #[track_caller]
    fn assert_rejected_in_new_store(
        build_table: fn(&ValidToken<'_>) -> Table,
        flag_sets: &[&[&str]],
    ) {
        let sandbox = Sandbox::with_admin();
        let table = build_table(&ValidToken::new(&sandbox));
        for flags in flag_sets {
            table.assert_rejected(&sandbox, flags);
        }
    }

    /// Creates an app token of the logged-in user, and asserts that the token is valid.
    fn new(sandbox: &'s Sandbox) -> Self {
        let token = sandbox.stdout_of(&["token", "create", "target", "-p", "read"]);
        let claims = crate::sandbox::payload(&token).as_object().unwrap().clone();
        let valid = Self { sandbox, token, claims, key: Key::load(sandbox, "app") };
        assert_eq!(
            sandbox.run_with_input(&["token", "verify", "-"], &valid.token).ok().stdout,
            "valid\n"
        );
        valid
    }

    /// Returns a part of the token: 0 header, 1 payload, 2 signature.
    fn part(&self, number: usize) -> &str {
        self.token.split('.').nth(number).unwrap()
    }

    fn signature(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(self.part(2)).unwrap()
    }

    /// Returns the token with another header and the original signature.
    fn with_header(&self, header: &Value) -> String {
        self.with_header_text(header.to_string())
    }

    fn with_header_text(&self, header: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", base64url(header), self.part(1), self.part(2))
    }

    /// Returns the header of the token with the member added or replaced.
    fn header_with_member(&self, member: &str, value: impl Into<Value>) -> Value {
        let mut header = self.key.header("JWT");
        header[member] = value.into();
        header
    }

    /// Returns the token with another signature.
    fn with_signature(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", self.part(0), self.part(1), base64url(signature))
    }
}

/// Encodes bytes in base64url without padding.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
