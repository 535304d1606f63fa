//! `jeton store copy` from file to file, and the source store of all tests of copies.

use super::backup::read_tables;
use super::mode_of;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::test_schema::incompressible_text;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// A store in the file `a.db` with rows in every table. Some earlier rows were deleted.
pub(crate) struct CopySource {
    pub(crate) sandbox: Sandbox,
    /// Access token of the admin.
    pub(crate) access_token: String,
    /// Live app token.
    pub(crate) app_token: String,
    /// Old app token after its renewal, in its grace period.
    pub(crate) superseded_token: String,
    /// Revoked test tokens that the table `tokens` does not contain. Their `jti`s are not UUIDs.
    pub(crate) blocklisted_tokens: Vec<String>,
}

impl CopySource {
    /// Creates the store in a new sandbox.
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let run = |words: &[&str]| run_on(&sandbox, "a.db", words).ok().stdout.trim().to_owned();
        let run_with_password = |words: &[&str], password: &str| {
            let words = [&["--store", "a.db"], words, &["--password-stdin"]].concat();
            sandbox.run_with_input(&words, password).ok();
        };
        run_with_password(&["init", "ada"], "lovelace");
        for name in ["zoe", "Ängström", "éva", "zora"] {
            run_with_password(&["register", name, "--name", &format!("É {name}")], "curie-1867");
        }
        run_with_password(&["register", "--email", "Kim@Example.com"], "curie-1867");
        for words in [
            &["users", "disable", "zora"][..],
            &["users", "delete", "éva", "--yes"],
            &["users", "set-quota", "zoe", "unlimited"],
            &["settings", "set", "issuer", "https://jeton.example/é"],
            &["keys", "rotate"],
            &["keys", "generate", "--purpose", "test", "--alg", "RS256"],
            &["run", "--sub", "ada", "--", "true"],
            &["refresh"],
            &["token", "mint", "--record", "--count", "3"],
            &["token", "mint", "--record", "--expires-at", "2020-01-01"],
            &["sessions", "revoke", "--user", "zoe", "--all", "--yes"],
        ] {
            run(words);
        }
        let create = ["token", "create", "é\u{10ffff}", "--permission"];
        let app_token = run(&[&create[..], &["read", "--aud", "z"]].concat());
        let superseded_token = run(&[&create[..], &["write", "--no-expiry"]].concat());
        run(&["token", "renew", &superseded_token, "--grace", "1h"]);
        run(&["token", "revoke", &run(&[&create[..], &["delete"]].concat())]);
        let jtis = [
            "a\0b",
            "a",
            "\u{1}",
            "\0",
            "\0\u{3}",
            "\0\u{4}",
            "\u{10ffff}0",
            "\u{10ffff}",
            "\u{10ffff}\0",
            "\u{1}\0",
        ];
        let jtis = jtis.map(str::to_owned).into_iter().chain([incompressible_text(3_000)]);
        let mint =
            |jti: String| run(&["token", "mint", "--claims", &json!({"jti": jti}).to_string()]);
        let blocklisted_tokens: Vec<String> = jtis.map(mint).collect();
        for token in &blocklisted_tokens {
            run(&["token", "revoke", token]);
        }
        // The prune deletes the newest token, whose id no later token may have, not even in a copy.
        run(&["token", "mint", "--record", "--expires-at", "2020-01-01"]);
        run(&["store", "prune", "--yes"]);
        let access_token = run(&["sessions", "token"]);
        Self { sandbox, access_token, app_token, superseded_token, blocklisted_tokens }
    }

    /// Runs a command on a store as the admin, with the access token of the session.
    pub(crate) fn run(&self, store: &str, words: &[&str]) -> RunOutput {
        let mut command = self.sandbox.command(&[&["--store", store], words].concat());
        command.env("JETON_TOKEN", &self.access_token);
        RunOutput::capture(command)
    }

    /// Copies a store, and returns the number and the digest of the rows of each table.
    pub(crate) fn copy(&self, source: &str, target: &str) -> BTreeMap<String, (u64, String)> {
        let output = self.sandbox.json(&["store", "copy", source, target]);
        let row = |row: &Value| {
            let text = |name| row[name].as_str().unwrap().to_owned();
            (text("table"), (row["rows"].as_u64().unwrap(), text("sha256")))
        };
        output["tables"].as_array().unwrap().iter().map(row).collect()
    }

    /// Asserts that the source store or a copy passes `store check`, accepts the session and the
    /// unrevoked app tokens, and refuses the revoked test tokens. Also asserts that the store has
    /// an audit event of `store copy`.
    pub(crate) fn assert_usable(&self, store: &str) {
        self.run(store, &["store", "check"]).ok();
        self.run(store, &["whoami"]).ok();
        let verify = |token: &str| self.run(store, &["token", "verify", token]).code;
        assert_eq!((verify(&self.app_token), verify(&self.superseded_token)), (0, 0));
        for token in &self.blocklisted_tokens {
            let verify = ["token", "verify", "--type", "test", token];
            assert_eq!(self.run(store, &verify).code, 12, "{store}: {token}");
        }
        let output = self.run(store, &["audit", "list", "--action", "store copy", "-o", "json"]);
        let events: Value = serde_json::from_str(&output.ok().stdout).unwrap();
        assert_eq!(events["items"][0]["outcome"], "done", "{store}: {events}");
    }
}

fn run_on(sandbox: &Sandbox, store: &str, words: &[&str]) -> RunOutput {
    sandbox.run(&[&["--store", store], words].concat())
}

#[test]
fn copied_store_has_all_rows() {
    let source = CopySource::new();
    let digests = source.copy("a.db", "b.db");
    let empty_tables: Vec<_> = digests.iter().filter(|(_, (rows, _))| *rows == 0).collect();
    assert!(digests.len() == 10 && empty_tables.is_empty(), "{digests:?}");
    let [source_file, copy_file] = ["a.db", "b.db"].map(|name| source.sandbox.home().join(name));
    assert_eq!(mode_of(&copy_file), 0o600);
    let [mut expected, mut found] = [source_file, copy_file].map(|store| read_tables(&store));
    for tables in [&mut expected, &mut found] {
        tables.get_mut("sqlite_sequence").unwrap().sort();
    }
    // `user_blocks` has the number of users in each block of ids. In the copy, triggers fill the
    // table, and add a row only for a block with a user. A source can also have rows with the
    // number 0.
    expected.get_mut("user_blocks").unwrap().retain(|row| !row.ends_with(" 0"));
    for (table, rows) in expected {
        assert!(rows == found[&table], "{table}: {rows:?}, {:?}", found[&table]);
    }
    for store in ["a.db", "b.db"] {
        source.assert_usable(store);
    }
    // The next token has the same id in both stores.
    let created = ["a.db", "b.db"].map(|store| {
        source.run(store, &["token", "create", "next"]).ok();
        let tokens = source.run(store, &["token", "list", "--app", "next", "-o", "json"]).ok();
        serde_json::from_str::<Value>(&tokens.stdout).unwrap()["items"][0]["id"].take()
    });
    assert!(created[0].is_u64() && created[0] == created[1], "{created:?}");
}

#[test]
fn copy_prints_row_count_and_digest_of_each_table() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_address();
    let output = sandbox.run(&["store", "copy", &store, "b.db"]).ok();
    assert_snapshot!(RunOutput { stdout: String::new(), ..output.clone() }, @"
    --- stderr
    copied `~/.local/share/jeton/jeton.db` to `b.db`: 6 rows
    do not use `~/.local/share/jeton/jeton.db` any longer: both stores have the id <uuid>, and the next change makes them differ
    ");
    let first_two_columns =
        |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let tables_and_counts: Vec<String> = output.stdout.lines().map(first_two_columns).collect();
    assert_snapshot!(tables_and_counts.join("\n"), @"
    TABLE ROWS
    store 1
    users 1
    keys 1
    sessions 1
    pairs 1
    grants 0
    tokens 0
    blocklist 0
    settings 0
    audit 1
    ");
    let digests = output.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2));
    assert!(digests.clone().all(|digest| digest.len() == 64) && digests.count() == 10);
}

#[test]
fn copy_to_unusable_target_or_from_missing_source_is_refused() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_address();
    fs::write(sandbox.home().join("b.db"), "other content").unwrap();
    let mut outputs = String::new();
    for target in ["b.db", "b.db-wal", "missing/b.db", "-", "mysql://h/db"] {
        outputs += &sandbox.run(&["store", "copy", &store, target]).diagnostics();
    }
    assert_eq!(sandbox.json_error(&["store", "copy", &store, "b.db"])["code"], "file_exists");
    outputs += &sandbox.run(&["store", "copy", "missing.db", "c.db"]).diagnostics();
    assert_snapshot!(outputs, @"
    --- exit code 5, stderr
    error: `b.db` already exists
    hint: use another file name, or remove the existing file
    --- exit code 2, stderr
    error: `b.db-wal` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    --- exit code 2, stderr
    error: `missing/b.db` cannot be written: No such file or directory
    --- exit code 2, stderr
    error: TARGET is neither a path nor an address
    --- exit code 2, stderr
    error: TARGET: unsupported URL scheme `mysql`
    hint: use a path; if the path looks like a URL, put `./` before the path
    --- exit code 3, stderr
    error: store `missing.db` not found
    hint: create a store: jeton --store missing.db init
    ");
    assert_eq!(fs::read_to_string(sandbox.home().join("b.db")).unwrap(), "other content");
}

/// Adds a session of a missing user after the valid rows. A copy of the store fails at this
/// session, because the target has a foreign key on users.
pub(crate) fn add_session_of_missing_user(sandbox: &Sandbox, store: &str) {
    let store = rusqlite::Connection::open(sandbox.home().join(store)).unwrap();
    let sql = "PRAGMA foreign_keys = OFF;
        INSERT INTO sessions (sid, user_id, created_at, expires_at)
            VALUES (randomblob(16), 999, 0, 0)";
    store.execute_batch(sql).unwrap();
}

#[test]
fn failed_copy_leaves_no_file() {
    let source = CopySource::new();
    add_session_of_missing_user(&source.sandbox, "a.db");
    fs::create_dir(source.sandbox.home().join("copies")).unwrap();
    let output = source.sandbox.run(&["store", "copy", "a.db", "copies/b.db"]);
    assert_snapshot!(output.diagnostics(), @"
    --- exit code 1, stderr
    error: `copies/b.db`: store error: FOREIGN KEY constraint failed
    ");
    assert_eq!(fs::read_dir(source.sandbox.home().join("copies")).unwrap().count(), 0);
}
