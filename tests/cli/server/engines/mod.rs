//! Comparison of both database engines: the same commands give the same answers with a store in a
//! SQLite file and with a store on a PostgreSQL server.

mod commands;
mod edge_values;

use super::create_schema;
use crate::redact::{map_words, redact_home, redact_relative_times, redact_word};
use crate::required;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::test_schema::Session;
use commands::Step;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// Number of random sequences of commands if the variable `PROPTEST_CASES` is not set.
const DEFAULT_CASES: u32 = 16;

/// Commands before each random sequence.
const FIRST_COMMANDS: &[&str] = &[
    "users create john --email john@example.com --password-stdin",
    "token create shop --permission read",
    "token mint --sub alice --record",
];

/// Commands after a sequence. Their output shows the settings, users, tokens, keys, sessions and
/// audit events of the store.
const FINAL_COMMANDS: &[&str] = &[
    "login ada --password-stdin",
    "settings list",
    "users list --sort username --desc",
    "users list --sort email",
    "users export",
    "token list --all-users --status all",
    "keys list",
    "sessions list --all-users",
    "audit list",
];

/// A store on one engine, and the random values that commands on this store have printed.
struct Engine {
    sandbox: Sandbox,
    /// Random values in the order of their first output, each with its numbered placeholder, for
    /// example `<uuid 3>`.
    values: Vec<(String, String)>,
}

impl Engine {
    fn new(sandbox: Sandbox) -> Self {
        Self { sandbox, values: Vec::new() }
    }

    /// Replaces placeholders by their values. A placeholder without a value remains.
    fn resolve(&self, text: &str) -> String {
        let replace = |text: String, (value, placeholder): &(String, String)| {
            text.replace(placeholder, value)
        };
        self.values.iter().fold(commands::expand_long_text(text), replace)
    }

    /// Starts the command of the step with the options `-y -o json`, and writes the input.
    fn start(&self, step: &Step) -> (Command, Child) {
        let mut arguments = shlex::split(&self.resolve(&step.line)).unwrap();
        arguments.extend(["-y", "-o", "json"].map(str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = self.sandbox.command(&arguments);
        let mut child = Sandbox::start(command.stdin(Stdio::piped()));
        // The program may exit before reading all input.
        let input = self.resolve(&step.input);
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        (command, child)
    }

    /// Waits for a command. Returns the exit code and the outputs with numbered placeholders in
    /// place of random values.
    fn answer(&mut self, (command, child): (Command, Child)) -> String {
        let output = RunOutput::new(&command, child.wait_with_output().unwrap());
        let mut text = format!("[{}]\n{}{}", output.code, output.stdout, output.stderr);
        if let Some(store) = &output.store {
            text = text.replace(store, "~/.local/share/jeton/jeton.db");
        }
        let text = redact_home(self.sandbox.home(), &text);
        let text = redact_relative_times(&map_words(&text, |word| self.replace_random_value(word)));
        commands::shorten_long_text(&text)
    }

    /// Returns the numbered placeholder for a random value, and `<time>` for a date with a time or
    /// for a Unix time near the current time. Returns any other word unchanged.
    fn replace_random_value(&mut self, word: &str) -> String {
        let redacted = redact_word(word);
        if is_current_time(word.trim_start_matches(':')) {
            return "<time>".to_owned();
        } else if redacted == word || redacted.contains("<time>") {
            return redacted;
        }
        if let Some((_, placeholder)) = self.values.iter().find(|(value, _)| value == word) {
            return placeholder.clone();
        }
        let kind = redacted.trim_end_matches('>');
        let is_same_kind = |(_, other): &&(String, String)| other.starts_with(kind);
        let number = self.values.iter().filter(is_same_kind).count() + 1;
        let placeholder = redacted.replace('>', &format!(" {number}>"));
        self.values.push((word.to_owned(), placeholder.clone()));
        placeholder
    }
}

/// Returns whether the word is a Unix time that differs from the current time by at most a year, as
/// in the claims of a new token.
fn is_current_time(word: &str) -> bool {
    let year_seconds = 366 * 86_400;
    let now = jiff::Timestamp::now().as_second();
    word.parse().is_ok_and(|time: i64| (now - year_seconds..now + year_seconds).contains(&time))
}

/// A store in a file and a store on a server.
struct Stores {
    file: Engine,
    server: Engine,
    /// Database session on the server, for [`Self::align_ids`].
    session: Session,
}

impl Stores {
    /// Creates both stores with the admin ada.
    fn create() -> Result<Self, String> {
        let file = Engine::new(Sandbox::with_schema(None));
        let server = Engine::new(Sandbox::with_schema(Some(create_schema())));
        let session = server.sandbox.schema().unwrap().start_session();
        let mut stores = Self { file, server, session };
        stores.compare(&Step::new("init ada --password-stdin"))?;
        Ok(stores)
    }

    /// Runs a command on both stores at the same time. Returns an error with both answers if the
    /// answers differ.
    fn compare(&mut self, step: &Step) -> Result<(), String> {
        let [file_process, server_process] = [&self.file, &self.server].map(|it| it.start(step));
        let file_answer = self.file.answer(file_process);
        let server_answer = self.server.answer(server_process);
        if file_answer == server_answer {
            return Ok(());
        }
        Err(format!("$ {}\nfile: {file_answer}\nserver: {server_answer}", step.line))
    }

    /// Makes both stores assign the same ids to their next users, tokens and audit events.
    /// Otherwise the ids could differ, because refused and rolled-back rows use up ids only on a
    /// server. Returns whether the last user has the same id in both stores.
    fn align_ids(&mut self) -> bool {
        for table in ["users", "tokens", "audit"] {
            let last_id_sql = format!(
                "SELECT max(coalesce((SELECT max(id) FROM {table}), 0),
                     coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0))"
            );
            let last_id = self.file.sandbox.sql(&last_id_sql).remove(0);
            let sequence = format!("pg_get_serial_sequence('{table}', 'id')");
            self.session
                .run(&format!("SELECT setval({sequence}, greatest({last_id}, 1), {last_id} > 0)"));
        }
        let last_user_id_sql = "SELECT max(id) FROM users";
        self.file.sandbox.sql(last_user_id_sql) == self.session.run(last_user_id_sql)
    }
}

/// Creates both stores, and runs the commands and [`FINAL_COMMANDS`] on both. Returns an error that
/// shows the first command with different answers.
fn find_difference(steps: &[Step]) -> Result<(), String> {
    let mut stores = Stores::create()?;
    for step in steps {
        stores.compare(step)?;
        if !stores.align_ids() {
            // On the server, `users import` first rolled back rows, whose ids are used up, and then
            // added users. The ids of these users differ from the ids in the file. So the sequence
            // ends here, with `users export`, which does not print these ids.
            stores.compare(&Step::new("login ada --password-stdin"))?;
            return stores.compare(&Step::new("users export"));
        }
    }
    FINAL_COMMANDS.iter().try_for_each(|line| stores.compare(&Step::new(line)))
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn random_commands_cause_the_same_answers_on_both_engines() {
    let cases = required::environment_variable("PROPTEST_CASES");
    let cases = cases.map_or(DEFAULT_CASES, |cases| cases.to_str().unwrap().parse().unwrap());
    let config =
        Config { cases, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&commands::sequences(), |steps| {
        let first_steps = FIRST_COMMANDS.iter().map(|line| Step::new(line));
        let steps: Vec<Step> = first_steps.chain(steps).collect();
        find_difference(&steps).map_err(TestCaseError::fail)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
