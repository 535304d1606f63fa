//! `passwd` killed at every system call: the new password and the end of the other sessions are
//! committed together, and the current session stays open.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, no_litter, of_copy};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::path::PathBuf;

const OTHERS: [&str; 2] = ["laptop", "phone"];

const CHANGES: &str = "SELECT count(*) || '' FROM audit WHERE action = 'passwd'";

/// A user with the current session, two sessions elsewhere, and two passwords that alternate.
struct Story {
    sandbox: Sandbox,
    /// The current password and the next password.
    passwords: [&'static str; 2],
    sid: String,
    /// Number of kills after which the old password was valid, and after which the new password
    /// was valid.
    met: [usize; 2],
}

impl Story {
    fn new() -> Self {
        let sandbox = Sandbox::with_admin();
        let sid = sandbox.session("sid");
        let story = Self { sandbox, passwords: ["lovelace", "countess"], sid, met: [0, 0] };
        story.prepare();
        story
    }

    fn file(&self) -> PathBuf {
        self.sandbox.home().join("passwords")
    }

    fn elsewhere(&self, place: &str, words: &[&str], password: &str) -> RunOutput {
        let mut command = self.sandbox.command(words);
        let directory = self.sandbox.home().join("config").join(place);
        command.env("JETON_CONFIG_DIR", directory).env("JETON_PASSWORD", password);
        RunOutput::of(command)
    }

    fn prepare(&self) {
        let [old, new] = self.passwords;
        std::fs::write(self.file(), format!("{old}\n{new}\n")).unwrap();
        for place in OTHERS {
            if self.elsewhere(place, &["whoami"], "").code != 0 {
                self.elsewhere(place, &["login", "ada"], old).ok();
            }
        }
    }

    /// Asserts that the change is complete or absent, and swaps the passwords after a complete
    /// change.
    fn look(&mut self, when: &str) {
        assert_eq!(self.sandbox.run(&["whoami"]).code, 0, "{when}");
        assert_eq!(self.sandbox.session("sid"), self.sid, "{when}");
        let others = OTHERS.map(|place| self.elsewhere(place, &["whoami"], "").code);
        let logins = self.passwords.map(|right| self.elsewhere("probe", &["login", "ada"], right));
        let logins = logins.map(|output| output.code);
        match (others, logins) {
            ([0, 0], [0, 6]) => self.met[0] += 1,
            ([12, 12], [6, 0]) => {
                self.met[1] += 1;
                self.passwords.reverse();
            }
            other => panic!("{when}: {other:?}"),
        }
        assert_eq!(of_copy(&self.sandbox, CHANGES), self.met[1].to_string(), "{when}");
    }
}

#[test]
fn killed_passwd_is_atomic() {
    if !can_kill() {
        return;
    }
    let story = std::cell::RefCell::new(Story::new());
    let file = story.borrow().file();
    let passwd = ["passwd", "--password-file", file.to_str().unwrap()];
    let mut names = calls(&story.borrow().sandbox, &passwd);
    story.borrow_mut().look("not killed");
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    let kills = kill_at_each(
        &names,
        |call, nth| {
            let mut story = story.borrow_mut();
            story.prepare();
            let hit = killed(&story.sandbox, &passwd, call, nth);
            story.look(&format!("killed before {call} {nth}"));
            hit
        },
        |when| {
            assert!(!no_litter(&story.borrow().sandbox, when), "{when}: a half file is there");
        },
    );
    let Story { sandbox, met: [before, after], .. } = story.into_inner();
    println!("{kills} kills: {before} before, {after} after");
    assert!(kills > 40 && before > 0 && after > 0, "{before} {after}");
    is_sound(&sandbox);
}
