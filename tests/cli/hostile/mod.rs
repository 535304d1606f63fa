//! Tokens and keys made to be let in by mistake: every one is refused, for the documented reason,
//! in less than two seconds and 64 MiB.

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

/// No row may take longer.
const LONGEST: Duration = Duration::from_secs(2);

/// One hostile token: what it tries, itself, how it must be refused.
struct Row {
    name: String,
    token: String,
    exit: i32,
    reason: &'static str,
}

/// A table of hostile tokens, which may be empty at first.
#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    /// It must be refused with exit 10 for that reason.
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

    /// Presents all of them on standard input, and tells all that went wrong at once.
    #[track_caller]
    fn present(&self, sandbox: &Sandbox, flags: &[&str]) {
        self.present_as(sandbox, &[&["token", "verify", "-"], flags].concat());
    }

    /// Presents all of them to that command, which prints a verdict.
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
            // Before a good signature there is one reason, and nothing of the token is told.
            let unsigned = verdict["claims"].is_null();
            if unsigned && verdict["reasons"].as_array().map(Vec::len) != Some(1) {
                wrong.push(format!("{}: several reasons: {}", row.name, verdict["reasons"]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// A key of the store, as whoever can read the file has it.
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

    /// A token of ours in everything but what header and payload say.
    fn sign_text(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encoded(header), encoded(payload));
        let signature = signer::signature(&self.algorithm, &self.material, &input);
        format!("{input}.{}", encoded(signature))
    }
}

/// A token that is good, taken apart, and what is known to everybody about its key.
struct Good<'w> {
    sandbox: &'w Sandbox,
    token: String,
    claims: Map<String, Value>,
    key: Key,
}

impl<'w> Good<'w> {
    /// A table, presented to a store of its own once with each of these flags.
    #[track_caller]
    fn refuses(table: fn(&Good<'_>) -> Table, flags: &[&[&str]]) {
        let sandbox = Sandbox::with_admin();
        let table = table(&Good::new(&sandbox));
        for flags in flags {
            table.present(&sandbox, flags);
        }
    }

    /// The token of an app of ada's.
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

    /// Its payload and signature under another header.
    fn under(&self, header: &Value) -> String {
        self.under_text(header.to_string())
    }

    fn under_text(&self, header: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", encoded(header), self.part(1), self.part(2))
    }

    /// Its header with one member more, or another one.
    fn header_with(&self, member: &str, value: impl Into<Value>) -> Value {
        let mut header = self.key.header("JWT");
        header[member] = value.into();
        header
    }

    /// Its header and payload under another signature.
    fn signed_as(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", self.part(0), self.part(1), encoded(signature))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
