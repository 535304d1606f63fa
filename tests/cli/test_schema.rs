//! Schemas of tests on a PostgreSQL server, by default on the server that `JETON_TEST_STORE` names.

use crate::required;
use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use uuid::Uuid;

/// Separator of columns in the output of `psql`: no value contains the separator.
const COLUMN_SEPARATOR: char = '\u{1f}';

/// Pairs of texts. The first text occurs in the SQL of tests, which is for SQLite. The second text
/// replaces the first text for PostgreSQL, with the same result. [`translate`] applies the pairs in
/// this order.
const TRANSLATIONS: &[(&str, &str)] = &[
    ("detail ->>", "detail::json ->>"),
    ("hex(material)", "encode(material, 'hex')"),
    ("hex(jti)", "upper(replace(jti::text, '-', ''))"),
    ("hex(sid)", "upper(replace(sid::text, '-', ''))"),
    ("ifnull(", "coalesce("),
    ("randomblob(16)", "gen_random_uuid()"),
    ("char(", "chr("),
    ("unhex('", "uuid('"),
    ("', '-')", "')"),
    ("strftime('%Y-%m-%dT%H:%M:%SZ', ", "to_char(to_timestamp("),
    (", 'unixepoch')", ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
];

/// Returns the address of the server that holds the stores of the tests, or `None` if the stores
/// are files.
pub(crate) fn server_address() -> Option<String> {
    required::environment_variable("JETON_TEST_STORE").map(|address| address.into_string().unwrap())
}

/// Translates a query for SQLite into a query for PostgreSQL.
fn translate(query: &str) -> String {
    let replace = |query: String, (from, to): &(&str, &str)| query.replace(from, to);
    TRANSLATIONS.iter().fold(query.to_owned(), replace)
}

/// A schema that is dropped with all of its objects at the end of the test.
pub(crate) struct TestSchema {
    server_address: String,
    name: String,
}

impl TestSchema {
    /// Creates an empty schema on the server. The address of the server has no parameter `schema`.
    pub(crate) fn create(server_address: String) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let schema = Self { server_address, name };
        schema.run_sql(&format!("CREATE SCHEMA {}", schema.name));
        schema
    }

    /// Returns the address of a store in this schema.
    pub(crate) fn address(&self) -> String {
        let separator = if self.server_address.contains('?') { '&' } else { '?' };
        format!("{}{separator}schema={}", self.server_address, self.name)
    }

    /// Translates a query for SQLite and runs the translation in this schema. Returns the first
    /// column of all rows as text, `null` for NULL.
    pub(crate) fn run_translated(&self, query: &str) -> Result<Vec<String>, String> {
        self.run_psql(&["--command", &translate(query)])
    }

    /// Runs statements for PostgreSQL, which must succeed. Returns the same as
    /// [`Self::run_translated`].
    #[track_caller]
    pub(crate) fn run_sql(&self, sql: &str) -> Vec<String> {
        self.run_psql(&["--command", sql]).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs the statements of a file in one transaction.
    pub(crate) fn run_file(&self, path: &str) {
        self.run_psql(&["--single-transaction", "--file", path]).unwrap();
    }

    /// Starts a session in this schema, for a transaction of several statements.
    pub(crate) fn start_session(&self) -> Session {
        let mut psql = self.psql();
        psql.args(["--file", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.spawn().unwrap();
        let output = BufReader::new(psql.stdout.take().unwrap());
        Session { input: psql.stdin.take(), output, psql }
    }

    fn run_psql(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let output = self.psql().args(arguments).output();
        let output = output.map_err(|error| format!("the test needs `psql`: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(first_column(&String::from_utf8(output.stdout).unwrap()))
    }

    fn psql(&self) -> Command {
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--record-separator-zero", "--field-separator", &COLUMN_SEPARATOR.to_string()])
            .args(["--pset", "null=null", "--set", "ON_ERROR_STOP=1"])
            .args(["--dbname", &self.server_address])
            .args(["--command", &format!("SET search_path = {}", self.name)])
            .env("PGOPTIONS", "--client-min-messages=warning");
        psql
    }
}

/// Returns the first column of the rows in the output of `psql`.
fn first_column(output: &str) -> Vec<String> {
    let rows = output.split_terminator('\0');
    rows.map(|row| row.split(COLUMN_SEPARATOR).next().unwrap().to_owned()).collect()
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        let result = self.run_psql(&["--command", &format!("DROP SCHEMA {} CASCADE", self.name)]);
        // A second panic would abort the tests.
        assert!(result.is_ok() || std::thread::panicking(), "{result:?}");
    }
}

/// A session of `psql`. Dropping the value ends the session and rolls back an open transaction.
pub(crate) struct Session {
    psql: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Session {
    /// Line that `psql` prints after the rows of a query.
    const END: &str = "end of the rows\n";

    /// Translates and runs SQL that must succeed. Returns the same as
    /// [`TestSchema::run_translated`].
    #[track_caller]
    pub(crate) fn run(&mut self, sql: &str) -> Vec<String> {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{};\n\\echo {}", translate(sql), Self::END.trim_end()).unwrap();
        let mut output = Vec::new();
        while !output.ends_with(Self::END.as_bytes()) {
            let mut byte = [0];
            let message = "`psql` has ended, see the message of `psql` above";
            self.output
                .read_exact(&mut byte)
                .unwrap_or_else(|error| panic!("{sql}: {message}: {error}"));
            output.extend(byte);
        }
        let output = String::from_utf8(output).unwrap();
        first_column(output.strip_suffix(Self::END).unwrap())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.input.take());
        let status = self.psql.wait();
        // A second panic would abort the tests.
        assert!(status.is_ok() || std::thread::panicking(), "{status:?}");
    }
}
