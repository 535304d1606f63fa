//! The audit log: one row per change and per refused change, and no secrets.

mod list;
mod steps;
mod targets;

use crate::readme::commands_and_flags;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use steps::{STEPS, Step};

const HMAC_SECRET: &str = "a secret that is as long as a hash is";

/// A sandbox in which the steps of `STEPS` run in their order, and the secrets of the steps so far.
struct Scenario {
    sandbox: Sandbox,
    /// The tokens in the output and in the session file so far, the generated passwords, and the
    /// secrets in the input (see `secret_in_input`).
    secrets: BTreeSet<String>,
    /// The shared secrets, and the lines of the private keys that were exported so far. The store
    /// contains these keys, but the audit log must not contain them.
    keys: BTreeSet<String>,
    /// The token that was printed last.
    token: String,
    /// The refresh token in the session file, and the previous refresh token.
    refresh_tokens: [String; 2],
}

impl Scenario {
    fn new() -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.set_variable("HMAC_SECRET", HMAC_SECRET);
        fs::write(sandbox.home().join("wrong.json"), "{}").unwrap();
        let keys = BTreeSet::from([HMAC_SECRET.to_owned()]);
        let (token, refresh_tokens) = (String::new(), [String::new(), String::new()]);
        Self { sandbox, secrets: BTreeSet::new(), keys, token, refresh_tokens }
    }

    /// Runs a step, asserts the exit code, and collects the secrets.
    fn run(&mut self, step: &Step) {
        let words: Vec<String> =
            step.words.split(' ').map(|word| self.expand_placeholder(word)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let input = self.expand_placeholder(step.input);
        let output = self.sandbox.run_with_input(&words, &input);
        assert_eq!(output.code, step.exit_code, "{}: {output:?}", step.words);
        self.secrets.extend(input.lines().filter_map(|line| secret_in_input(step.words, line)));
        if step.words.contains("--generate-password") {
            self.secrets.extend(output.stdout.lines().map(str::to_owned));
        }
        self.collect_tokens(&output.stdout);
        if step.words.starts_with("keys export --private") {
            self.keys.extend(
                output.stdout.lines().filter(|line| !line.contains(' ')).map(str::to_owned),
            );
        }
    }

    /// Returns the value of a placeholder (see `steps.rs`); another word is returned unchanged.
    fn expand_placeholder(&self, word: &str) -> String {
        match word {
            "STANDBY" | "ACTIVE" | "RETIRED" | "REVOKED" => {
                let mut keys = self.sandbox.json(&["keys", "list"])["items"].take();
                let keys = keys.as_array_mut().unwrap();
                keys.retain(|key| key["purpose"] == "app" && key["status"] == word.to_lowercase());
                keys.last().unwrap()["kid"].as_str().unwrap().to_owned()
            }
            "TOKEN" => self.token.clone(),
            "STORE" => self.sandbox.store_address(),
            "REFRESH" => self.refresh_tokens[1].clone(),
            word => word.to_owned(),
        }
    }

    /// Collects the tokens in the standard output and in the session file.
    fn collect_tokens(&mut self, stdout: &str) {
        let is_token_character =
            |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
        for word in stdout.split(|c| !is_token_character(c)).filter(|word| word.starts_with("eyJ"))
        {
            word.clone_into(&mut self.token);
            self.secrets.insert(word.to_owned());
        }
        let files = fs::read_dir(self.sandbox.session_directory()).into_iter().flatten();
        if files
            .flatten()
            .any(|file| file.path().extension().is_some_and(|extension| extension == "json"))
        {
            let [access, refresh] =
                ["access", "refresh"].map(|name| self.sandbox.session_member(name));
            if refresh != self.refresh_tokens[0] {
                self.refresh_tokens =
                    [refresh.clone(), std::mem::take(&mut self.refresh_tokens[0])];
            }
            self.secrets.extend([access, refresh]);
        }
    }

    /// Returns the audit rows so far as `user action outcome count`.
    fn audit_rows(&self) -> Vec<String> {
        if !self.sandbox.has_store() {
            return Vec::new();
        }
        self.sandbox.sql(
            "SELECT coalesce(username, '-') || ' ' || action || ' ' || outcome || ' ' || count
             FROM audit LEFT JOIN users ON users.id = user_id ORDER BY audit.id",
        )
    }
}

/// Returns the secret in an input line of a command, if any: the password of an account in JSON, or
/// the whole line if an option such as `--password-stdin` reads the line.
fn secret_in_input(words: &str, line: &str) -> Option<String> {
    if words.contains("-stdin") {
        return Some(line.to_owned());
    }
    let account: Value = serde_json::from_str(line).ok()?;
    account["password"].as_str().map(str::to_owned)
}

/// Returns the command path (the names of command and subcommand) of the step, such as
/// `token create`.
fn command_path<'c>(commands: &'c BTreeSet<String>, step: &Step) -> &'c str {
    let words = format!("{} ", step.words);
    commands.iter().find(|command| words.starts_with(&format!("{command} "))).unwrap()
}

#[test]
fn each_step_adds_the_expected_audit_rows() {
    let commands = commands_and_flags().0;
    let mut scenario = Scenario::new();
    let mut row_count = 0;
    for step in STEPS {
        if !scenario.sandbox.supports_command(step.words) {
            continue;
        }
        scenario.run(step);
        let rows = scenario.audit_rows();
        let expected: Vec<String> = step
            .audit_rows
            .split(", ")
            .filter(|row| !row.is_empty())
            .map(|row| {
                let (user, rest) = row.split_once(' ').unwrap();
                format!("{user} {} {rest}", command_path(&commands, step))
            })
            .collect();
        if step.words.starts_with("store restore") && step.exit_code == 0 {
            // A restored store has the rows that the backup contains, and one new row for the
            // restore.
            row_count = rows.len() - 1;
        }
        assert_eq!(rows[row_count..], expected, "{}", step.words);
        row_count = rows.len();
    }
}

/// Asserts that a command without a step succeeds without arguments and adds no audit row.
fn assert_no_audit_row(command: &str) {
    let sandbox = Sandbox::with_admin();
    let audit_rows = || sandbox.sql("SELECT id FROM audit");
    let rows_before = audit_rows();
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(sandbox.run(&words).code, 0, "`{command}` needs a step in `STEPS`");
    assert_eq!(audit_rows(), rows_before, "`{command}` needs a step in `STEPS`");
}

#[test]
fn audit_scenario_covers_every_command() {
    let commands = commands_and_flags().0;
    let mut steps_by_command: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in STEPS {
        steps_by_command.entry(command_path(&commands, step)).or_default().push(step);
    }
    for command in &commands {
        let Some(steps) = steps_by_command.get(command.as_str()) else {
            assert_no_audit_row(command);
            continue;
        };
        // An audit row with the count 0 records a refusal.
        let has_row_with = |part: &str| steps.iter().any(|step| step.audit_rows.contains(part));
        assert_eq!(
            has_row_with(" done "),
            has_row_with(" 0"),
            "the steps of `{command}` must include a change and a refusal, or neither"
        );
    }
}

#[test]
fn store_contains_no_tokens_or_passwords_and_audit_log_no_keys() {
    let mut scenario = Scenario::new();
    for step in STEPS {
        scenario.run(step);
    }
    let fixtures = fs::read_dir(scenario.sandbox.home().join("fixtures")).unwrap();
    for path in fixtures.map(|file| file.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        if path.ends_with("secret") {
            scenario.keys.insert(text);
        } else if path.extension().is_some_and(|extension| extension == "jwt") {
            scenario.secrets.insert(text.trim().to_owned());
        }
    }
    assert!(scenario.secrets.len() > 30 && scenario.keys.len() == 2, "{:?}", scenario.keys);
    // The WAL must be read before another connection opens the store and runs a checkpoint.
    let mut store_bytes = fs::read(scenario.sandbox.store_path()).unwrap();
    store_bytes.extend(
        fs::read(scenario.sandbox.store_path().with_extension("db-wal")).unwrap_or_default(),
    );
    let columns = "concat_ws(' ', target_kind, target_id, detail, action, outcome)";
    let audit = scenario.sandbox.sql(&format!("SELECT {columns} FROM audit")).join("\n");
    let store_contains =
        |text: &str| store_bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(
        store_contains("token_reused") && store_contains(HMAC_SECRET),
        "the search finds known text"
    );
    for secret in &scenario.secrets {
        let signature = secret.rsplit('.').next().filter(|part| part.len() > 20);
        for part in [Some(secret.as_str()), signature].into_iter().flatten() {
            assert!(!store_contains(part) && !audit.contains(part), "{part}");
        }
    }
    for key in &scenario.keys {
        assert!(!audit.contains(key.as_str()), "{key}");
    }
    assert!(!audit.contains("argon2") && audit.contains("token_reused"));
}
