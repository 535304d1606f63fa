//! The audit: one row per change and per refused change, and no secret.

mod deeds;
mod list;
mod refused;

use crate::readme::grammar;
use crate::sandbox::Sandbox;
use deeds::{DEEDS, Deed};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const HMAC_SECRET: &str = "a secret that is as long as a hash is";

/// The state of the scenario after the commands so far.
struct Story {
    sandbox: Sandbox,
    /// Every password and token in the input and output so far.
    secrets: BTreeSet<String>,
    /// Every key.
    keys: BTreeSet<String>,
    /// The token printed last.
    token: String,
    /// The refresh token in the session file, and the previous refresh token.
    refresh: [String; 2],
}

impl Story {
    fn begin() -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.set("HMAC_SECRET", HMAC_SECRET);
        fs::write(sandbox.home().join("wrong.json"), "{}").unwrap();
        let keys = BTreeSet::from([HMAC_SECRET.to_owned()]);
        let (token, refresh) = (String::new(), [String::new(), String::new()]);
        Self { sandbox, secrets: BTreeSet::new(), keys, token, refresh }
    }

    fn carry_out(&mut self, deed: &Deed) {
        let words: Vec<String> = deed.words.split(' ').map(|word| self.meaning(word)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let input = self.meaning(deed.input);
        let output = self.sandbox.run_with_input(&words, &input);
        assert_eq!(output.code, deed.exit, "{}: {output:?}", deed.words);
        self.secrets.extend(input.lines().filter_map(secret));
        self.remember_tokens(&output.stdout);
        if deed.words.starts_with("keys export --private") {
            self.keys.extend(
                output.stdout.lines().filter(|line| !line.contains(' ')).map(str::to_owned),
            );
        }
    }

    fn meaning(&self, word: &str) -> String {
        match word {
            "STANDBY" | "ACTIVE" | "RETIRED" | "REVOKED" => {
                let mut keys = self.sandbox.json(&["keys", "list"])["items"].take();
                let keys = keys.as_array_mut().unwrap();
                keys.retain(|key| key["purpose"] == "app" && key["state"] == word.to_lowercase());
                keys.last().unwrap()["kid"].as_str().unwrap().to_owned()
            }
            "TOKEN" => self.token.clone(),
            "REFRESH" => self.refresh[1].clone(),
            word => word.to_owned(),
        }
    }

    fn remember_tokens(&mut self, out: &str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
        for word in out.split(|c| !is_part(c)).filter(|word| word.starts_with("eyJ")) {
            word.clone_into(&mut self.token);
            self.secrets.insert(word.to_owned());
        }
        let files = fs::read_dir(self.sandbox.sessions()).into_iter().flatten();
        if files.flatten().any(|file| file.path().extension().is_some_and(|end| end == "json")) {
            let [access, refresh] = ["access", "refresh"].map(|name| self.sandbox.session(name));
            if refresh != self.refresh[0] {
                self.refresh = [refresh.clone(), std::mem::take(&mut self.refresh[0])];
            }
            self.secrets.extend([access, refresh]);
        }
    }

    /// Returns the audit rows so far as `user action outcome count`.
    fn rows(&self) -> Vec<String> {
        if !self.sandbox.store().exists() {
            return Vec::new();
        }
        self.sandbox.sql(
            "SELECT coalesce(username, '-') || ' ' || action || ' ' || outcome || ' ' || count
             FROM audit LEFT JOIN users ON users.id = user_id ORDER BY audit.id",
        )
    }
}

/// Returns the secret in a line of input: the password of a JSON account, otherwise the whole
/// line.
fn secret(line: &str) -> Option<String> {
    match serde_json::from_str::<Value>(line) {
        Ok(account) => account["password"].as_str().map(str::to_owned),
        Err(_) => Some(line.to_owned()),
    }
}

/// Returns the command path of the step, for example `token create`.
fn command<'c>(commands: &'c BTreeSet<String>, deed: &Deed) -> &'c str {
    let words = format!("{} ", deed.words);
    commands.iter().find(|command| words.starts_with(&format!("{command} "))).unwrap()
}

#[test]
fn each_change_and_each_refusal_adds_one_row() {
    let commands = grammar().0;
    let mut story = Story::begin();
    let mut known = 0;
    for deed in DEEDS {
        story.carry_out(deed);
        let rows = story.rows();
        let expected: Vec<String> = deed
            .row
            .split(", ")
            .filter(|row| !row.is_empty())
            .map(|row| {
                let (who, rest) = row.split_once(' ').unwrap();
                format!("{who} {} {rest}", command(&commands, deed))
            })
            .collect();
        if deed.words.starts_with("store restore") && deed.exit == 0 {
            // A restored store has the rows of the backup and the row of the restore.
            known = rows.len() - 1;
        }
        assert_eq!(rows[known..], expected, "{}", deed.words);
        known = rows.len();
    }
}

#[test]
fn scenario_covers_every_command() {
    let commands = grammar().0;
    let mut told: BTreeMap<&str, Vec<&Deed>> = BTreeMap::new();
    for deed in DEEDS {
        told.entry(command(&commands, deed)).or_default().push(deed);
    }
    for command in &commands {
        let deeds = told.get(command.as_str());
        let deeds = deeds.unwrap_or_else(|| panic!("nobody calls `{command}`"));
        let leaves = |part: &str| deeds.iter().any(|deed| deed.row.contains(part));
        assert_eq!(
            leaves(" done "),
            leaves(" 0"),
            "`{command}` is done and refused, or only reads"
        );
    }
}

#[test]
fn audit_contains_no_secrets() {
    let mut story = Story::begin();
    for deed in DEEDS {
        story.carry_out(deed);
    }
    let made = fs::read_dir(story.sandbox.home().join("fixtures")).unwrap();
    for path in made.map(|file| file.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        if path.ends_with("secret") {
            story.keys.insert(text);
        } else if path.extension().is_some_and(|end| end == "jwt") {
            story.secrets.insert(text.trim().to_owned());
        }
    }
    assert!(story.secrets.len() > 30 && story.keys.len() == 2, "{:?}", story.keys);
    // The WAL must be read before another connection opens the store and checkpoints it.
    let mut file = fs::read(story.sandbox.store()).unwrap();
    file.extend(fs::read(story.sandbox.store().with_extension("db-wal")).unwrap_or_default());
    let columns = "ifnull(target, '') || action || outcome";
    let audit = story.sandbox.sql(&format!("SELECT {columns} FROM audit")).join("\n");
    let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("token_reused") && holds(HMAC_SECRET), "the search finds what is there");
    for secret in &story.secrets {
        let signature = secret.rsplit('.').next().filter(|part| part.len() > 20);
        for part in [Some(secret.as_str()), signature].into_iter().flatten() {
            assert!(!holds(part) && !audit.contains(part), "{part}");
        }
    }
    for key in &story.keys {
        assert!(!audit.contains(key.as_str()), "{key}");
    }
    assert!(!audit.contains("argon2") && audit.contains("token_reused"));
}
