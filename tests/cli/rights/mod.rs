//! Rights: every command with every kind of credential, on the objects (such as tokens) of the
//! caller and of another user.

mod minting;
mod rechecks_after_input;
mod rechecks_after_lock_wait;
mod settings;
mod table;

use crate::readme::{commands_and_flags, documented_rights};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::time::Duration;
use table::{Row, TABLE};

/// The names of a user, a minter and an admin, in the order of the exit codes in a row of `TABLE`.
const CALLERS: [&str; 3] = ["john", "mia", "ada"];

/// A sandbox in which one of [`CALLERS`] is logged in, and the values of the placeholders in
/// `TABLE`.
struct Scenario {
    sandbox: Sandbox,
    placeholders: Vec<(&'static str, String)>,
}

impl Scenario {
    /// Creates the users, a key, and tokens and sessions of kim and of the caller. Then logs the
    /// caller in.
    fn new(caller: &str) -> Self {
        let sandbox = Sandbox::with_admin();
        for name in ["john", "kim", "eve", "mia"] {
            sandbox.register(name, "lovelace");
        }
        sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'mia'");
        sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
        let mut placeholders =
            vec![("ME", caller.to_owned()), ("KEY", sandbox.stdout_of(&["keys", "generate"]))];
        placeholders.push(("STORE", sandbox.store_address()));
        placeholders.extend([("KIM", "kim".to_owned()), ("EVE", "eve".to_owned())]);
        placeholders.extend(
            ["KIM_ID", "KIM_TOKEN", "KIM_SID"].into_iter().zip(create_objects(&sandbox, "kim")),
        );
        placeholders.extend(
            ["MY_ID", "MY_TOKEN", "MY_SID"].into_iter().zip(create_objects(&sandbox, caller)),
        );
        sandbox.log_in(caller, "lovelace");
        Self { sandbox, placeholders }
    }

    /// Creates an app token of the caller.
    fn create_app_token(&self, permission: &str) -> String {
        self.sandbox.stdout_of(&["token", "create", "ci", "--permission", permission])
    }

    /// Replaces the credential of later commands: removes the session file, and sets `JETON_TOKEN`
    /// to the token.
    fn with_token(mut self, token: &str) -> Self {
        std::fs::remove_file(self.sandbox.session_file()).unwrap();
        self.sandbox.set_variable("JETON_TOKEN", token);
        self
    }

    /// Runs the commands of [`documented_rows`], then the rows of `TABLE`, and asserts their exit
    /// codes. Skips the commands that the store does not support. `credential` describes the
    /// credential in messages. The last row logs out, so a scenario can be used only once.
    fn assert_table(&self, credential: &str, expected_code: impl Fn(&Row) -> i32) {
        for row in documented_rows().chain(TABLE.iter().copied()) {
            if !self.sandbox.supports_command(row.words) {
                continue;
            }
            let words: Vec<&str> = row.words.split(' ').map(|word| self.expand(word)).collect();
            let output = self.sandbox.run_with_input(&words, row.input);
            assert_eq!(output.code, expected_code(&row), "{credential}: {}: {output:?}", row.words);
        }
    }

    /// Returns the value of a placeholder, or the word itself if the word is no placeholder.
    fn expand<'c>(&'c self, word: &'c str) -> &'c str {
        let placeholder = self.placeholders.iter().find(|(name, _)| *name == word);
        placeholder.map_or(word, |(_, value)| value)
    }
}

/// Creates a session and two app tokens of a user. Returns the id of the first token, the value of
/// the second token, and the id of the session.
fn create_objects(sandbox: &Sandbox, name: &str) -> [String; 3] {
    let run = |words: &[&str], input: &str| -> RunOutput {
        let mut command = sandbox.command(&[words, &["-o", "json"]].concat());
        command.env("JETON_CONFIG_DIR", sandbox.home().join(name));
        Sandbox::run_command_with_input(command, input).ok()
    };
    let json = |output: RunOutput| -> Value { serde_json::from_str(&output.stdout).unwrap() };
    let session = json(run(&["login", name, "--password-stdin"], "lovelace"));
    let id = json(run(&["token", "create", "own"], ""))["id"].to_string();
    let token = json(run(&["token", "create", "own"], ""))["token"].take();
    [id, token.as_str().unwrap().to_owned(), session["sid"].as_str().unwrap().to_owned()]
}

#[test]
fn rights_table_is_correct_without_credential() {
    let scenario = Scenario::new("ada");
    scenario.sandbox.run(&["logout"]).ok();
    scenario.assert_table("no credential", |row| row.no_credential);
}

#[test]
fn rights_table_is_correct_for_session_file() {
    for (index, caller) in CALLERS.into_iter().enumerate() {
        Scenario::new(caller)
            .assert_table(&format!("session of {caller}"), |row| row.session[index]);
    }
}

#[test]
fn rights_table_is_correct_for_access_token() {
    for (index, caller) in CALLERS.into_iter().enumerate() {
        let scenario = Scenario::new(caller);
        let access = scenario.sandbox.session_member("access");
        let scenario = scenario.with_token(&access);
        scenario.assert_table(&format!("access token of {caller}"), |row| row.access_token[index]);
        let mut files = std::fs::read_dir(scenario.sandbox.session_directory()).unwrap();
        let is_session = |path: std::path::PathBuf| path.extension().unwrap() == "json";
        assert!(
            !files.any(|file| is_session(file.unwrap().path())),
            "the access token was stored in a session file"
        );
    }
}

#[test]
fn rights_table_is_correct_for_app_token() {
    let scenario = Scenario::new("ada");
    let token = scenario.create_app_token("read");
    scenario.with_token(&token).assert_table("app token", |row| row.app_token[0]);
}

#[test]
fn rights_table_is_correct_for_minting_credential() {
    for caller in ["mia", "ada"] {
        let scenario = Scenario::new(caller);
        let token = scenario.create_app_token("jeton:mint");
        scenario
            .with_token(&token)
            .assert_table(&format!("jeton:mint of {caller}"), |row| row.app_token[1]);
    }
}

#[test]
fn rights_table_is_correct_for_expired_access_token() {
    let scenario = Scenario::new("ada");
    scenario.sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    scenario.sandbox.run(&["refresh"]).ok();
    let access = scenario.sandbox.session_member("access");
    std::thread::sleep(Duration::from_secs(2));
    scenario
        .with_token(&access)
        .assert_table("expired access token", |row| row.invalid_access_token[0]);
}

#[test]
fn rights_table_is_correct_for_revoked_access_token() {
    let scenario = Scenario::new("ada");
    let access = scenario.sandbox.session_member("access");
    scenario.sandbox.run(&["token", "revoke", &access]).ok();
    scenario
        .with_token(&access)
        .assert_table("revoked access token", |row| row.invalid_access_token[1]);
}

/// Returns the rows of the commands that are not in `TABLE`, with the rights that the guide
/// `scripting` states.
fn documented_rows() -> impl Iterator<Item = Row> {
    let has_row = |path: &String| {
        let path = format!("{path} ");
        TABLE.iter().any(|row| format!("{} ", row.words).starts_with(&path))
    };
    commands_and_flags().0.into_iter().filter(move |path| !has_row(path)).map(|path| {
        match documented_rights(&path) {
            Some((words, "anyone")) => table::public_row(words, 0),
            Some((words, "session")) => table::session_row(words, table::ALL_ROLES),
            Some((words, "admin")) => table::session_row(words, table::ADMINS),
            _ => panic!(
                "`{path}` needs a row in the table of commands in src/guides/scripting.md (who: `anyone`, \
                 `session` or `admin`), or a row in `TABLE`"
            ),
        }
    })
}
