//! A private sandbox for the real program: a new home directory, no inherited environment
//! variables, no terminal, and a new schema if the tests run on a PostgreSQL server.

use crate::default_signals;
use crate::rows;
use crate::run_output::RunOutput;
use crate::test_schema::{self, TestSchema};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A home directory, environment variables, and the schema of a store on a server.
pub(crate) struct Sandbox {
    home: TempDir,
    variables: Vec<(String, String)>,
    schema: Option<TestSchema>,
}

impl Sandbox {
    /// Creates a sandbox without a store. The default store is in a new schema, or in a file if the
    /// test run has no server.
    pub(crate) fn new() -> Self {
        Self::with_schema(test_schema::server_address().map(TestSchema::create))
    }

    /// Creates a sandbox with an empty schema on the server at this address.
    pub(crate) fn on_server(address: &str) -> Self {
        Self::with_schema(Some(TestSchema::create(address.to_owned())))
    }

    /// Creates a sandbox without a store. The default store is in `schema`, or in a file for
    /// `None`. Also restores the default signal actions in all programs that the test starts later.
    pub(crate) fn with_schema(schema: Option<TestSchema>) -> Self {
        default_signals::restore_in_child_processes();
        let home = tempfile::Builder::new().prefix("jeton-test-").tempdir().unwrap();
        let store = schema.iter().map(|schema| ("JETON_STORE".to_owned(), schema.address()));
        Self { home, variables: store.collect(), schema }
    }

    /// Creates a sandbox with the admin ada (password `lovelace`), who is logged in.
    pub(crate) fn with_admin() -> Self {
        let sandbox = Self::new();
        sandbox.create_store();
        sandbox
    }

    /// Creates a sandbox with the admin ada and the logged-in user john (password `123456`).
    pub(crate) fn with_john() -> Self {
        let sandbox = Self::with_admin();
        sandbox.register("john", "123456");
        sandbox.log_in("john", "123456");
        sandbox
    }

    /// Creates the store with the admin ada (password `lovelace`), who is logged in.
    pub(crate) fn create_store(&self) {
        self.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
    }

    /// Sets an environment variable for all later runs.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Returns the environment variables of all runs except `HOME`.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the default path of the store. A test that calls this function needs a store file,
    /// so `server/left_out.txt` must name the test.
    #[track_caller]
    pub(crate) fn store_path(&self) -> PathBuf {
        assert!(
            self.schema.is_none(),
            "the test needs a store file: add the test to server/left_out.txt"
        );
        self.home().join(".local/share/jeton/jeton.db")
    }

    /// Returns the schema of the default store, or `None` if the default store is a file.
    pub(crate) fn schema(&self) -> Option<&TestSchema> {
        self.schema.as_ref()
    }

    /// Returns whether the store is on a server.
    pub(crate) fn is_on_server(&self) -> bool {
        self.schema.is_some()
    }

    /// Returns whether the store supports the command: a store on a server does not support
    /// `store restore`.
    pub(crate) fn supports_command(&self, words: &str) -> bool {
        !(words.starts_with("store restore") && self.is_on_server())
    }

    /// Returns the address of the default store: a path, or a schema on the server.
    pub(crate) fn store_address(&self) -> String {
        let schema = self.schema.as_ref().map(TestSchema::address);
        schema.unwrap_or_else(|| self.store_path().into_os_string().into_string().unwrap())
    }

    /// Returns whether the default store exists: a file, or a schema with any table.
    pub(crate) fn has_store(&self) -> bool {
        let count_sql = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema";
        match &self.schema {
            Some(schema) => schema.run_sql(count_sql) != ["0"],
            None => self.store_path().exists(),
        }
    }

    /// Returns the directory of the session files.
    pub(crate) fn session_directory(&self) -> PathBuf {
        self.home().join(".config/jeton/sessions")
    }

    /// Returns the path of the only session file.
    pub(crate) fn session_file(&self) -> PathBuf {
        let mut files: Vec<_> = std::fs::read_dir(self.session_directory())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    /// Returns the text of a member of the JSON object in the session file.
    pub(crate) fn session_member(&self, member: &str) -> String {
        let text = std::fs::read_to_string(self.session_file()).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        json[member].as_str().unwrap().to_owned()
    }

    /// Returns a command that runs jeton in this sandbox. The caller may change the command.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepare_command(Command::new(env!("CARGO_BIN_EXE_jeton")), arguments)
    }

    /// Returns a command in this sandbox with at most 64 MiB of address space. The kernel refuses
    /// allocations beyond the limit, which aborts the program. Linux only; other systems do not
    /// enforce the limit.
    pub(crate) fn memory_limited_command(&self, arguments: &[&str]) -> Command {
        if !cfg!(target_os = "linux") {
            return self.command(arguments);
        }
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "ulimit -v 65536 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_jeton")]);
        self.prepare_command(shell, arguments)
    }

    fn prepare_command(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home())
            .envs(self.variables())
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// Runs jeton with empty standard input.
    #[must_use = "check the exit code"]
    pub(crate) fn run(&self, arguments: &[&str]) -> RunOutput {
        RunOutput::capture(self.command(arguments))
    }

    /// Runs jeton with `-o json`.
    #[must_use = "check the exit code"]
    pub(crate) fn run_json(&self, arguments: &[&str]) -> RunOutput {
        self.run(&[arguments, &["-o", "json"]].concat())
    }

    /// Runs jeton with `input` on standard input.
    #[must_use = "check the exit code"]
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> RunOutput {
        Self::run_command_with_input(self.command(arguments), input)
    }

    /// Runs a command with `input` on standard input.
    #[must_use = "check the exit code"]
    pub(crate) fn run_command_with_input(
        mut command: Command,
        input: impl AsRef<[u8]>,
    ) -> RunOutput {
        let mut child = Self::start(command.stdin(Stdio::piped()));
        // The program may exit before reading all input.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        RunOutput::new(&command, child.wait_with_output().unwrap())
    }

    /// Starts a command with standard output and standard error captured.
    pub(crate) fn start(command: &mut Command) -> Child {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs commands in parallel: starts all commands before waiting for the first.
    pub(crate) fn run_in_parallel(commands: impl IntoIterator<Item = Command>) -> Vec<RunOutput> {
        let start = |mut command| (Self::start(&mut command), command);
        let children: Vec<(Child, Command)> = commands.into_iter().map(start).collect();
        let finish = |(child, command): (Child, Command)| {
            RunOutput::new(&command, child.wait_with_output().unwrap())
        };
        children.into_iter().map(finish).collect()
    }

    /// Runs `store check`. If the store is on a server, removes the warnings about the setting
    /// `fsync` and about the superuser: these warnings concern the server of the tests.
    #[must_use = "check the exit code"]
    pub(crate) fn check_store(&self) -> RunOutput {
        let mut output = self.run(&["store", "check"]);
        if self.is_on_server() {
            let is_kept = |line: &&str| !line.contains("`fsync`") && !line.contains("superuser");
            output.stderr = output.stderr.split_inclusive('\n').filter(is_kept).collect();
        }
        output
    }

    /// Registers a user with the email address `NAME@example.com`.
    pub(crate) fn register(&self, name: &str, password: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["register", name, "--email", &email, "--password-stdin"];
        self.run_with_input(&arguments, password).ok();
    }

    pub(crate) fn log_in(&self, login: &str, password: &str) {
        self.run_with_input(&["login", login, "--password-stdin"], password).ok();
    }

    /// Returns the standard output of a command that must succeed, without whitespace at the end.
    pub(crate) fn stdout_of(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok().stdout.trim_end().to_owned()
    }

    /// Returns the JSON result of a command that must succeed without messages; adds `-o json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run_json(arguments).ok();
        assert_eq!(output.stderr, "", "the command printed messages in addition to JSON");
        serde_json::from_str(&output.stdout).unwrap()
    }

    /// Returns the error object of a command that must fail; adds `-o json`.
    pub(crate) fn json_error(&self, arguments: &[&str]) -> Value {
        self.run_json(arguments).error()
    }

    /// Runs an SQL query for SQLite on the store; on a server, the translation of the query with
    /// `psql`. Returns the first column as text. The query must convert UUIDs to text, and truth
    /// values to text or integers: SQLite and PostgreSQL represent these values differently.
    pub(crate) fn sql(&self, query: &str) -> Vec<String> {
        if let Some(schema) = &self.schema {
            return schema.run_translated(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        }
        let store = rusqlite::Connection::open(self.store_path()).unwrap();
        let mut statement = store.prepare(query).unwrap();
        let text = |row: &rusqlite::Row<'_>| {
            row.get::<_, rusqlite::types::Value>(0).map(|value| match value {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Null => "null".to_owned(),
                rusqlite::types::Value::Real(_) | rusqlite::types::Value::Blob(_) => {
                    panic!("the first column is neither text nor an integer")
                }
            })
        };
        statement.query_map([], text).unwrap().map(Result::unwrap).collect()
    }

    /// Returns all rows of all tables of the store.
    pub(crate) fn all_rows(&self) -> Vec<String> {
        match &self.schema {
            Some(schema) => rows::all_of_schema(|sql| schema.run_sql(sql), ""),
            None => rows::all_of_file(&rusqlite::Connection::open(self.store_path()).unwrap(), ""),
        }
    }
}

/// Decodes the payload of a token without verification.
pub(crate) fn payload(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Returns the token with another first character in one part: 0 is the header, 1 the payload, and
/// 2 the signature.
pub(crate) fn tampered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let first = if parts[part].starts_with('A') { "B" } else { "A" };
    parts[part].replace_range(..1, first);
    parts.join(".")
}
