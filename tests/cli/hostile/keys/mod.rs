//! Hostile keys for `keys import` and for `token verify --key` and `--jwks`: every key is refused
//! with the documented message.

mod der;
pub(super) mod files;
pub(super) mod jwk;
pub(super) mod material;
pub(super) mod public;
pub(super) mod secrets;

use super::LONGEST;
use crate::sandbox::Sandbox;
use std::time::Instant;

const UNKNOWN_TYPE: &str = "unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric";
const OFF_CURVE: &str = "not a point on the curve";
const BAD_LENGTH: &str = "`d`, `x` or `y` does not have the length of the curve";
const NO_MATCH: &str = "inconsistent key parts";

/// Imports a private key.
const IMPORT: &[&str] = &["keys", "import", "--purpose", "test", "--from-file", "key"];

/// A token whose header names an algorithm that any of the keys could have.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";

/// A hostile key: the attack, the file, the command and the expected failure.
pub(super) struct Row {
    name: String,
    pub(super) file: Vec<u8>,
    pub(super) words: Vec<&'static str>,
    exit: i32,
    said: String,
}

/// A table of hostile keys.
#[derive(Default)]
pub(super) struct Table(pub(super) Vec<Row>);

impl Table {
    fn push(&mut self, row: (&str, &[u8]), words: Vec<&'static str>, exit: i32, said: &str) {
        let (name, file) = row;
        let name = format!("{name}, to {}", words.join(" "));
        self.0.push(Row { name, file: file.to_vec(), words, exit, said: said.to_owned() });
    }

    /// Adds a key that `keys import` must refuse with this message.
    fn import(&mut self, said: &str, name: &str, file: impl AsRef<[u8]>) {
        self.import_as(&[], said, name, file);
    }

    /// Adds a key that `keys import` must refuse with these flags.
    fn import_as(
        &mut self,
        flags: &[&'static str],
        said: &str,
        name: &str,
        file: impl AsRef<[u8]>,
    ) {
        self.push((name, file.as_ref()), [IMPORT, flags].concat(), 65, said);
    }

    /// Adds a key that `token verify --key` must refuse for that algorithm.
    fn key(&mut self, algorithm: &'static str, said: &str, name: &str, file: impl AsRef<[u8]>) {
        let words = vec!["token", "verify", TOKEN, "--key", "key", "--alg", algorithm];
        self.push((name, file.as_ref()), words, 65, said);
    }

    /// Adds a key that `token verify --jwks` must refuse.
    fn set(&mut self, said: &str, name: &str, file: impl AsRef<[u8]>) {
        let words = vec!["token", "verify", TOKEN, "--jwks", "key"];
        self.push((name, file.as_ref()), words, 65, said);
    }

    /// Adds a key that `token verify` must refuse with `--key` and with `--jwks`.
    fn verify(&mut self, algorithm: &'static str, said: &str, name: &str, file: impl AsRef<[u8]>) {
        self.key(algorithm, said, name, file.as_ref());
        self.set(said, name, file.as_ref());
    }

    /// Presents every row, and reports all failures at once.
    #[track_caller]
    fn present(&self) {
        let sandbox = Sandbox::with_admin();
        let keys = || sandbox.sql("SELECT count(*) FROM keys");
        let before = keys();
        let mut wrong = Vec::new();
        for row in &self.0 {
            std::fs::write(sandbox.home().join("key"), &row.file).unwrap();
            let begun = Instant::now();
            let output = Sandbox::run_with(sandbox.confined(&row.words), "");
            let time = begun.elapsed();
            let right = (output.code, output.stdout.as_str()) == (row.exit, "")
                && output.stderr.contains(&row.said);
            if !right || time > LONGEST {
                let Row { name, exit, said, .. } = row;
                wrong.push(format!("{name}: not {exit} {said:?}, in {time:?}: {output:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(keys(), before, "something was taken in");
    }
}
