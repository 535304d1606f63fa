//! Schemas for tests on a PostgreSQL server. The environment variable `JETON_TEST_STORE` contains
//! the address of the server for all tests that start no server of their own.

use crate::required;
use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use uuid::Uuid;

/// Separator of columns in the output of `psql`. No value in a test contains this character.
const COLUMN_SEPARATOR: char = '\u{1f}';

/// Replacements that translate SQL from SQLite to PostgreSQL. The first text of a pair occurs in
/// the SQL of the tests, and is replaced by the second text. [`translate`] applies the pairs in
/// this order.
const TRANSLATIONS: &[(&str, &str)] = &[
    ("detail ->>", "detail::json ->>"),
    ("hex(material)", "encode(material, 'hex')"),
    ("hex(jti)", "upper(replace(jti::text, '-', ''))"),
    ("hex(sid)", "upper(replace(sid::text, '-', ''))"),
    ("ifnull(", "coalesce("),
    ("randomblob(16)", "gen_random_uuid()"),
    ("char(", "chr("),
    // `unhex('…', '-')` becomes `uuid('…')`.
    ("unhex('", "uuid('"),
    ("', '-')", "')"),
    // `strftime(FORMAT, …, 'unixepoch')` becomes `to_char(to_timestamp(…) …, FORMAT)`.
    ("strftime('%Y-%m-%dT%H:%M:%SZ', ", "to_char(to_timestamp("),
    (", 'unixepoch')", ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
];

/// Returns the value of `JETON_TEST_STORE`: the address of the server that holds the stores of the
/// tests. Returns `None` if the stores are files.
pub(crate) fn server_address() -> Option<String> {
    required::environment_variable("JETON_TEST_STORE").map(|address| address.into_string().unwrap())
}

/// Translates a query for SQLite into a query for PostgreSQL.
fn translate(query: &str) -> String {
    let replace = |query: String, (from, to): &(&str, &str)| query.replace(from, to);
    TRANSLATIONS.iter().fold(query.to_owned(), replace)
}

/// Returns a text of digits and lower-case letters that a server cannot compress. A text of 3,000
/// characters is too long for an entry of an index.
pub(crate) fn incompressible_text(length: usize) -> String {
    let mut state = 1_u64;
    let next_character = || {
        // A linear congruential generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from_digit(u32::try_from((state >> 33) % 36).unwrap(), 36).unwrap()
    };
    std::iter::repeat_with(next_character).take(length).collect()
}

/// A schema that is dropped with all of its objects at the end of the test.
pub(crate) struct TestSchema {
    server_address: String,
    name: String,
}

impl TestSchema {
    /// Creates an empty schema on the server. The address must not have the parameter `schema`.
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
    /// column of all rows as text, with `null` for NULL, or the error message of `psql`.
    pub(crate) fn run_translated(&self, query: &str) -> Result<Vec<String>, String> {
        self.run_psql(&["--command", &translate(query)])
    }

    /// Runs PostgreSQL statements that must succeed. Returns the first column of all rows, in the
    /// format of [`Self::run_translated`].
    #[track_caller]
    pub(crate) fn run_sql(&self, sql: &str) -> Vec<String> {
        self.run_psql(&["--command", sql]).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs the PostgreSQL statements of a file, which must succeed, in one transaction.
    pub(crate) fn run_file(&self, path: &str) {
        self.run_psql(&["--single-transaction", "--file", path]).unwrap();
    }

    /// Starts a session of `psql` in this schema, for a transaction of several statements.
    pub(crate) fn start_session(&self) -> Session {
        let mut psql = self.psql_command();
        psql.args(["--file", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.spawn().unwrap();
        let output = BufReader::new(psql.stdout.take().unwrap());
        Session { input: psql.stdin.take(), output, psql }
    }

    /// Runs `psql` in this schema. Returns the first column of all rows, or the error message.
    fn run_psql(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let output = self.psql_command().args(arguments).output();
        let output = output.map_err(|error| format!("the test needs `psql`: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(first_column(&String::from_utf8(output.stdout).unwrap()))
    }

    /// Returns a command that runs `psql` with this schema as the search path.
    fn psql_command(&self) -> Command {
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
        // A panic during another panic would abort the test process.
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
    /// Line that [`Self::run`] makes `psql` print after the rows of a query.
    const END_OF_ROWS: &str = "end of the rows\n";

    /// Translates SQL for SQLite and runs the translation, which must succeed. Returns the first
    /// column of all rows, in the format of [`TestSchema::run_translated`].
    #[track_caller]
    pub(crate) fn run(&mut self, sql: &str) -> Vec<String> {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{};\n\\echo {}", translate(sql), Self::END_OF_ROWS.trim_end()).unwrap();
        let mut output = Vec::new();
        while !output.ends_with(Self::END_OF_ROWS.as_bytes()) {
            let mut byte = [0];
            let message = "`psql` has ended, see the message of `psql` above";
            self.output
                .read_exact(&mut byte)
                .unwrap_or_else(|error| panic!("{sql}: {message}: {error}"));
            output.extend(byte);
        }
        let output = String::from_utf8(output).unwrap();
        first_column(output.strip_suffix(Self::END_OF_ROWS).unwrap())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.input.take());
        let status = self.psql.wait();
        // A panic during another panic would abort the test process.
        let has_succeeded = status.as_ref().is_ok_and(|status| status.success());
        assert!(has_succeeded || std::thread::panicking(), "{status:?}");
    }
}
