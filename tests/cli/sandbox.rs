//! A private sandbox for the real program: an empty environment, a home of its own, no terminal.

use crate::run_output::RunOutput;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A home directory and the environment that goes with it.
pub(crate) struct Sandbox {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let home = tempfile::Builder::new().prefix("jeton-test-").tempdir().unwrap();
        Self { home, variables: Vec::new() }
    }

    /// One where `jeton init ada` was run: ada is admin and logged in, her password is `lovelace`.
    pub(crate) fn with_admin() -> Self {
        let sandbox = Self::new();
        sandbox.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
        sandbox
    }

    /// One with admin ada and user john (`john@example.com`, password `123456`), john logged in.
    pub(crate) fn with_john() -> Self {
        let sandbox = Self::with_admin();
        sandbox.register("john", "123456");
        sandbox.log_in("john", "123456");
        sandbox
    }

    /// Sets a variable for every run from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the store is unless said.
    pub(crate) fn store(&self) -> PathBuf {
        self.home().join(".local/share/jeton/jeton.db")
    }

    /// The directory of the session files.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.home().join(".config/jeton/sessions")
    }

    /// The one session file.
    pub(crate) fn session_file(&self) -> PathBuf {
        let mut files: Vec<_> = std::fs::read_dir(self.sessions())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    /// A member of the session file.
    pub(crate) fn session(&self, member: &str) -> String {
        let text = std::fs::read_to_string(self.session_file()).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        json[member].as_str().unwrap().to_owned()
    }

    /// A command in this sandbox, to be changed before it runs.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.here(Command::new(env!("CARGO_BIN_EXE_jeton")), arguments)
    }

    /// A command in this sandbox that may have 64 MiB of address space and no more. The kernel
    /// refuses what goes beyond, at whatever moment, and the program ends by a signal: nothing
    /// needs to be measured. Other systems than Linux do not keep this limit.
    pub(crate) fn confined(&self, arguments: &[&str]) -> Command {
        if !cfg!(target_os = "linux") {
            return self.command(arguments);
        }
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "ulimit -v 65536 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_jeton")]);
        self.here(shell, arguments)
    }

    fn here(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// Runs it with nothing on standard input.
    #[must_use = "look at how it ended"]
    pub(crate) fn run(&self, arguments: &[&str]) -> RunOutput {
        RunOutput::of(self.command(arguments))
    }

    /// Runs it for a JSON result: `-o json` is added.
    #[must_use = "look at how it ended"]
    pub(crate) fn run_json(&self, arguments: &[&str]) -> RunOutput {
        self.run(&[arguments, &["-o", "json"]].concat())
    }

    /// Runs it with that on standard input.
    #[must_use = "look at how it ended"]
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> RunOutput {
        Self::run_with(self.command(arguments), input)
    }

    /// Runs a command that was changed, with that on standard input.
    #[must_use = "look at how it ended"]
    pub(crate) fn run_with(mut command: Command, input: impl AsRef<[u8]>) -> RunOutput {
        let mut child = Self::start(command.stdin(Stdio::piped()));
        // The program may have ended without reading all of it.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        RunOutput::new(&command, child.wait_with_output().unwrap())
    }

    /// Starts it with both outputs captured.
    pub(crate) fn start(command: &mut Command) -> Child {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts all of them before it waits for any.
    pub(crate) fn run_at_once(commands: impl IntoIterator<Item = Command>) -> Vec<RunOutput> {
        let start = |mut command| (Self::start(&mut command), command);
        let children: Vec<(Child, Command)> = commands.into_iter().map(start).collect();
        let finish = |(child, command): (Child, Command)| {
            RunOutput::new(&command, child.wait_with_output().unwrap())
        };
        children.into_iter().map(finish).collect()
    }

    /// Registers a user with the address `NAME@example.com`.
    pub(crate) fn register(&self, name: &str, password: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["register", name, "--email", &email, "--password-stdin"];
        self.run_with_input(&arguments, password).ok();
    }

    pub(crate) fn log_in(&self, login: &str, password: &str) {
        self.run_with_input(&["login", login, "--password-stdin"], password).ok();
    }

    /// The result of a command that must succeed, without its line break.
    pub(crate) fn get(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok().stdout.trim_end().to_owned()
    }

    /// The JSON result of a command that must succeed; `-o json` is added.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run_json(arguments).ok();
        assert_eq!(output.stderr, "", "talk beside JSON");
        serde_json::from_str(&output.stdout).unwrap()
    }

    /// The error object of a command that must fail; `-o json` is added.
    pub(crate) fn json_error(&self, arguments: &[&str]) -> Value {
        self.run_json(arguments).error()
    }

    /// The answer of a stock SQLite to a question about the store, one column of text a row.
    pub(crate) fn sql(&self, question: &str) -> Vec<String> {
        let store = rusqlite::Connection::open(self.store()).unwrap();
        let mut statement = store.prepare(question).unwrap();
        let text = |row: &rusqlite::Row<'_>| {
            row.get::<_, rusqlite::types::Value>(0).map(|value| match value {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Null => "null".to_owned(),
                rusqlite::types::Value::Real(_) | rusqlite::types::Value::Blob(_) => {
                    panic!("neither text nor number")
                }
            })
        };
        statement.query_map([], text).unwrap().map(Result::unwrap).collect()
    }
}

/// The parts of a token, decoded without any check.
pub(crate) fn payload(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The token with the last letter of that part (0 header, 1 payload, 2 signature) changed in a
/// bit that counts.
pub(crate) fn tampered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let first = if parts[part].starts_with('A') { "B" } else { "A" };
    parts[part].replace_range(..1, first);
    parts.join(".")
}
