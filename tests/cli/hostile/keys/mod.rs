//! Hostile keys for `keys import`, and for `token verify` with `--key` and `--jwks`: every key is
//! refused with the expected message.

mod der;
pub(super) mod files;
pub(super) mod jwk;
pub(super) mod private_keys;
pub(super) mod public;
pub(super) mod secrets;

use super::MAX_DURATION;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::time::Instant;

// Parts of error messages.
const UNKNOWN_TYPE: &str =
    "unsupported key type: expected RSA, P-256, P-384, P-521, Ed25519 or symmetric";
const OFF_CURVE: &str = "not a point on the curve";
const BAD_LENGTH: &str = "has the wrong length: found ";
const INCONSISTENT: &str = "inconsistent key parts";

/// The command that imports the file `key` as a test key.
const IMPORT: &[&str] = &["keys", "import", "--purpose", "test", "--from-file", "key"];

/// A token with the algorithm RS256. The command must refuse the key, so the validity of the token
/// is irrelevant.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";

/// A hostile key, a command that reads the key, and the expected failure.
pub(super) struct Row {
    /// Description of the key and the command, for the panic text of a failed row.
    name: String,
    /// Content of the file `key`.
    pub(super) key_file: Vec<u8>,
    /// Arguments of jeton.
    pub(super) arguments: Vec<&'static str>,
    /// Expected part of the error message.
    message: String,
}

/// A table of hostile keys.
#[derive(Default)]
pub(super) struct Table(pub(super) Vec<Row>);

impl Table {
    /// Adds a key that the command `arguments` must refuse with this message. `name` is a
    /// description of the key, and `file` is the content of the key file.
    fn push(&mut self, arguments: Vec<&'static str>, message: &str, name: &str, file: &[u8]) {
        let name = format!("{name}, with `{}`", arguments.join(" "));
        let (key_file, message) = (file.to_vec(), message.to_owned());
        self.0.push(Row { name, key_file, arguments, message });
    }

    /// Adds a key that `keys import` must refuse with this message.
    fn add_import(&mut self, message: &str, name: &str, file: impl AsRef<[u8]>) {
        self.add_import_with_flags(&[], message, name, file);
    }

    /// Adds a key that `keys import` with these flags must refuse with this message.
    fn add_import_with_flags(
        &mut self,
        flags: &[&'static str],
        message: &str,
        name: &str,
        file: impl AsRef<[u8]>,
    ) {
        self.push([IMPORT, flags].concat(), message, name, file.as_ref());
    }

    /// Adds a key that `token verify --key` must refuse for the algorithm with this message.
    fn add_verify_key(
        &mut self,
        algorithm: &'static str,
        message: &str,
        name: &str,
        file: impl AsRef<[u8]>,
    ) {
        let arguments = vec!["token", "verify", TOKEN, "--key", "key", "--alg", algorithm];
        self.push(arguments, message, name, file.as_ref());
    }

    /// Adds a key that `token verify --jwks` must refuse with this message.
    fn add_verify_set(&mut self, message: &str, name: &str, file: impl AsRef<[u8]>) {
        let arguments = vec!["token", "verify", TOKEN, "--jwks", "key"];
        self.push(arguments, message, name, file.as_ref());
    }

    /// Adds a key that `token verify` must refuse with this message, both with `--key` and this
    /// algorithm and with `--jwks`.
    fn add_verify_both(
        &mut self,
        algorithm: &'static str,
        message: &str,
        name: &str,
        file: impl AsRef<[u8]>,
    ) {
        self.add_verify_key(algorithm, message, name, file.as_ref());
        self.add_verify_set(message, name, file.as_ref());
    }

    /// Asserts that no key is imported, and that the command of every row refuses its key within
    /// [`MAX_DURATION`], with limited memory, with exit code 65 and with the expected message.
    /// Reports all failures at once.
    #[track_caller]
    fn assert_rejected(&self) {
        let sandbox = Sandbox::with_admin();
        let key_count = || sandbox.sql("SELECT count(*) FROM keys");
        let key_count_before = key_count();
        let mut failures = Vec::new();
        for row in &self.0 {
            std::fs::write(sandbox.home().join("key"), &row.key_file).unwrap();
            let start = Instant::now();
            let output =
                Sandbox::run_command_with_input(sandbox.memory_limited_command(&row.arguments), "");
            let elapsed = start.elapsed();
            let is_expected = (output.code, output.stdout.as_str()) == (65, "")
                && output.stderr.contains(&row.message);
            if !is_expected || elapsed > MAX_DURATION {
                let Row { name, message, .. } = row;
                failures.push(format!(
                    "{name}: expected exit code 65 and {message:?} within {MAX_DURATION:?}, \
                     found {output:?} after {elapsed:?}"
                ));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        assert_eq!(key_count(), key_count_before, "a key was imported");
    }
}

/// Returns the JWK with the member set to the value.
fn with_member(jwk: &Value, member: &str, value: impl Into<Value>) -> Value {
    let mut jwk = jwk.clone();
    jwk[member] = value.into();
    jwk
}

fn without_member(jwk: &Value, member: &str) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().shift_remove(member).unwrap();
    jwk
}
