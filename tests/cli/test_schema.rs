//! Schemas on the PostgreSQL server that `JETON_TEST_STORE` names.

use crate::required;
use std::process::Command;
use uuid::Uuid;

/// Separator of columns in the output of `psql`: no value contains the separator.
const COLUMN_SEPARATOR: char = '\u{1f}';

/// SQL of SQLite in the queries of tests, and the SQL of PostgreSQL with the same result.
const TRANSLATIONS: &[(&str, &str)] = &[
    ("detail ->>", "detail::json ->>"),
    ("hex(material)", "encode(material, 'hex')"),
    ("hex(jti)", "upper(replace(jti::text, '-', ''))"),
    ("hex(sid)", "upper(replace(sid::text, '-', ''))"),
    ("ifnull(", "coalesce("),
    ("randomblob(16)", "gen_random_uuid()"),
    ("char(", "chr("),
];

/// Returns the address of the server on which the tests run, or `None` if the tests use files.
pub(crate) fn server() -> Option<String> {
    required::variable("JETON_TEST_STORE").map(|address| address.into_string().unwrap())
}

/// A schema that is dropped with all of its objects at the end of the test.
pub(crate) struct TestSchema {
    server: String,
    name: String,
}

impl TestSchema {
    /// Creates an empty schema on the server at this address, which has no `schema` parameter.
    pub(crate) fn create(server: String) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let schema = Self { server, name };
        schema.run_sql(&format!("CREATE SCHEMA {}", schema.name));
        schema
    }

    /// Returns the address of a store in this schema.
    pub(crate) fn address(&self) -> String {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{separator}schema={}", self.server, self.name)
    }

    /// Runs a query for SQLite in this schema. Returns the first column of all rows as text, `null` for
    /// NULL.
    pub(crate) fn run_translated(&self, query: &str) -> Result<Vec<String>, String> {
        let translate = |query: String, (from, to): &(&str, &str)| query.replace(from, to);
        self.run_psql(&["--command", &TRANSLATIONS.iter().fold(query.to_owned(), translate)])
    }

    /// Runs SQL statements that must succeed, as [`Self::run_translated`] without the translation.
    #[track_caller]
    pub(crate) fn run_sql(&self, sql: &str) -> Vec<String> {
        self.run_psql(&["--command", sql]).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs the statements of a file in one transaction.
    pub(crate) fn run_file(&self, path: &str) {
        self.run_psql(&["--single-transaction", "--file", path]).unwrap();
    }

    fn run_psql(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--record-separator-zero", "--field-separator", &COLUMN_SEPARATOR.to_string()])
            .args(["--pset", "null=null", "--set", "ON_ERROR_STOP=1", "--dbname", &self.server])
            .args(["--command", &format!("SET search_path = {}", self.name)])
            .args(arguments)
            .env("PGOPTIONS", "--client-min-messages=warning");
        let output = psql.output().map_err(|error| format!("the test needs `psql`: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let stdout = String::from_utf8(output.stdout).unwrap();
        let rows = stdout.split_terminator('\0');
        Ok(rows.map(|row| row.split(COLUMN_SEPARATOR).next().unwrap().to_owned()).collect())
    }
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        let dropped = self.run_psql(&["--command", &format!("DROP SCHEMA {} CASCADE", self.name)]);
        // A second panic would abort the tests.
        assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
    }
}
