//! Hostile tokens and keys: each is refused with the documented reason, in less than two seconds
//! and 64 MiB.

mod count;
mod families;
mod foreign;
mod foreign_claims;
mod forged;
mod keys;
mod provider;
mod shapes;
mod shared_secret;
mod signatures;
mod signed;
mod signer;

use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Maximum duration of one row.
const LONGEST: Duration = Duration::from_secs(2);

/// A hostile token: the attack, the token and the expected failure.
struct Row {
    name: String,
    token: String,
    exit: i32,
    reason: &'static str,
}

/// A table of hostile tokens.
#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    /// Adds a token that must be refused with exit code 10 and that reason.
    fn refused(&mut self, reason: &'static str, name: impl Into<String>, token: impl Into<String>) {
        self.ends(10, reason, name, token);
    }

    fn ends(
        &mut self,
        exit: i32,
        reason: &'static str,
        name: impl Into<String>,
        token: impl Into<String>,
    ) {
        self.0.push(Row { name: name.into(), token: token.into(), exit, reason });
    }

    /// Presents every row on stdin, and reports all failures at once.
    #[track_caller]
    fn present(&self, sandbox: &Sandbox, flags: &[&str]) {
        self.present_as(sandbox, &[&["token", "verify", "-"], flags].concat());
    }

    /// Presents every row to that command, which prints a verification report.
    #[track_caller]
    fn present_as(&self, sandbox: &Sandbox, words: &[&str]) {
        let words = [words, &["-o", "json"]].concat();
        let mut wrong = Vec::new();
        for row in &self.0 {
            let begun = Instant::now();
            let output = Sandbox::run_with(sandbox.confined(&words), &row.token);
            let slow = begun.elapsed() > LONGEST;
            let line: Value = serde_json::from_str(&output.stderr).unwrap_or_default();
            let verdict: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
            let reason = &line["error"]["details"]["reason"];
            let told = (output.code, reason.as_str(), &verdict["valid"], &verdict["reasons"][0]);
            let right = (row.exit, Some(row.reason), &json!(false), &json!(row.reason));
            if told != right || slow {
                wrong.push(format!(
                    "{}: {told:?}, not {right:?}; {:?} {}",
                    row.name,
                    begun.elapsed(),
                    if line.is_null() { output.stderr.as_str() } else { "" }
                ));
            }
            // Without a valid signature there is a single reason, and no claims are reported.
            let unsigned = verdict["claims"].is_null();
            if unsigned && verdict["reasons"].as_array().map(Vec::len) != Some(1) {
                wrong.push(format!("{}: several reasons: {}", row.name, verdict["reasons"]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// A key of the store, read from the database.
struct Key {
    kid: String,
    algorithm: String,
    material: Vec<u8>,
    public: Value,
}

impl Key {
    fn of(sandbox: &Sandbox, purpose: &str) -> Self {
        let store = rusqlite::Connection::open(sandbox.store()).unwrap();
        let question = "SELECT kid, algorithm, material, ifnull(public, 'null') FROM keys
            WHERE purpose = ?1 AND state = 'active'";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
        };
        let (kid, algorithm, material, public) =
            store.query_row(question, [purpose], read).unwrap();
        Self { kid, algorithm, material, public: serde_json::from_str(&public).unwrap() }
    }

    fn header(&self, typ: &str) -> Value {
        json!({"alg": self.algorithm, "typ": typ, "kid": self.kid})
    }

    fn sign(&self, header: &Value, payload: &str) -> String {
        self.sign_text(&header.to_string(), payload)
    }

    /// Signs a header and a payload with the key of the store.
    fn sign_text(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encoded(header), encoded(payload));
        let signature = signer::signature(&self.algorithm, &self.material, &input);
        format!("{input}.{}", encoded(signature))
    }
}

/// A valid token, its parts, and the public data of its key.
struct Good<'w> {
    sandbox: &'w Sandbox,
    token: String,
    claims: Map<String, Value>,
    key: Key,
}

impl<'w> Good<'w> {
    /// Builds the table for a new store, and presents it once with each set of flags.
    #[track_caller]
    fn refuses(table: fn(&Good<'_>) -> Table, flags: &[&[&str]]) {
        let sandbox = Sandbox::with_admin();
        let table = table(&Good::new(&sandbox));
        for flags in flags {
            table.present(&sandbox, flags);
        }
    }

    /// Creates an app token of ada.
    fn new(sandbox: &'w Sandbox) -> Self {
        let token = sandbox.get(&["token", "create", "target", "-p", "read"]);
        let claims = crate::sandbox::payload(&token).as_object().unwrap().clone();
        let good = Self { sandbox, token, claims, key: Key::of(sandbox, "app") };
        assert_eq!(
            sandbox.run_with_input(&["token", "verify", "-"], &good.token).ok().stdout,
            "valid\n"
        );
        good
    }

    fn part(&self, number: usize) -> &str {
        self.token.split('.').nth(number).unwrap()
    }

    fn signature(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(self.part(2)).unwrap()
    }

    /// Returns the token with its header replaced.
    fn under(&self, header: &Value) -> String {
        self.under_text(header.to_string())
    }

    fn under_text(&self, header: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", encoded(header), self.part(1), self.part(2))
    }

    /// Returns the header with that member added or replaced.
    fn header_with(&self, member: &str, value: impl Into<Value>) -> Value {
        let mut header = self.key.header("JWT");
        header[member] = value.into();
        header
    }

    /// Returns the token with its signature replaced.
    fn signed_as(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", self.part(0), self.part(1), encoded(signature))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
