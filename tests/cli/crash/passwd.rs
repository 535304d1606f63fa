//! `passwd` killed before every file-system call that is not read-only: the new password and the
//! end of the other sessions are committed together, and the current session stays open.

use super::{
    READ_ONLY_CALLS, assert_intact, call_names, check_files_and_find_partial,
    kill_before_each_call, query_store_copy, require_strace, run_killed,
};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;

/// Names of configuration directories. Each directory represents a further device of the user.
const DEVICES: [&str; 2] = ["laptop", "phone"];

const CHANGE_COUNT_QUERY: &str = "SELECT count(*) || '' FROM audit WHERE action = 'passwd'";

/// The user ada with two passwords that alternate. Ada has the current session, which runs
/// `passwd`, and one session on each device.
struct Scenario {
    sandbox: Sandbox,
    /// The current password and the next password.
    passwords: [&'static str; 2],
    /// Id of the current session.
    sid: String,
    /// Number of complete password changes.
    changes: usize,
}

impl Scenario {
    fn new() -> Self {
        let sandbox = Sandbox::with_admin();
        let sid = sandbox.session_member("sid");
        let scenario = Self { sandbox, passwords: ["lovelace", "countess"], sid, changes: 0 };
        scenario.prepare();
        scenario
    }

    fn password_file(&self) -> PathBuf {
        self.sandbox.home().join("passwords")
    }

    /// Runs a command with the configuration directory of a device.
    fn run_on(&self, device: &str, words: &[&str], password: &str) -> RunOutput {
        let mut command = self.sandbox.command(words);
        let directory = self.sandbox.home().join("config").join(device);
        command.env("JETON_CONFIG_DIR", directory).env("JETON_PASSWORD", password);
        RunOutput::capture(command)
    }

    /// Writes the password file, and logs in on each device without a session.
    fn prepare(&self) {
        let [old, new] = self.passwords;
        std::fs::write(self.password_file(), format!("{old}\n{new}\n")).unwrap();
        for device in DEVICES {
            if self.run_on(device, &["whoami"], "").code != 0 {
                self.run_on(device, &["login", "ada"], old).ok();
            }
        }
    }

    /// Asserts that the last password change is complete or had no effect. After a complete change,
    /// swaps the passwords. Returns whether the change is complete.
    fn check(&mut self, when: &str) -> bool {
        assert_eq!(self.sandbox.run(&["whoami"]).code, 0, "{when}");
        assert_eq!(self.sandbox.session_member("sid"), self.sid, "{when}");
        let codes = DEVICES.map(|device| self.run_on(device, &["whoami"], "").code);
        // The logins use a further configuration directory, so that no other session ends.
        let logins =
            self.passwords.map(|password| self.run_on("probe", &["login", "ada"], password));
        let logins = logins.map(|output| output.code);
        let is_changed = match (codes, logins) {
            ([0, 0], [0, 6]) => false,
            ([12, 12], [6, 0]) => {
                self.changes += 1;
                self.passwords.reverse();
                true
            }
            results => panic!("{when}: {results:?}"),
        };
        assert_eq!(
            query_store_copy(&self.sandbox, CHANGE_COUNT_QUERY),
            self.changes.to_string(),
            "{when}"
        );
        is_changed
    }
}

#[test]
#[ignore = "needs strace"]
fn killed_passwd_is_atomic() {
    require_strace();
    let scenario = RefCell::new(Scenario::new());
    let path = scenario.borrow().password_file();
    let passwd = ["passwd", "--password-file", path.to_str().unwrap()];
    let mut calls = call_names(&scenario.borrow().sandbox, &passwd);
    assert!(scenario.borrow_mut().check("not killed"));
    calls.retain(|name| !READ_ONLY_CALLS.contains(&name.as_str()));
    let changes_of_killed_runs = Cell::new(0);
    let kills = kill_before_each_call(
        &calls,
        |call, nth| {
            let mut scenario = scenario.borrow_mut();
            scenario.prepare();
            let was_killed = run_killed(&scenario.sandbox, &passwd, call, nth);
            let is_changed = scenario.check(&format!("before {call} {nth}, killed: {was_killed}"));
            if was_killed && is_changed {
                changes_of_killed_runs.update(|count| count + 1);
            }
            was_killed
        },
        |when| {
            assert!(
                !check_files_and_find_partial(&scenario.borrow().sandbox, when),
                "{when}: partial session file left"
            );
        },
    );
    let changed = changes_of_killed_runs.get();
    println!("{kills} kills: password {changed} times changed");
    assert!(kills > 40 && changed > 0 && changed < kills, "{changed} of {kills}");
    assert_intact(&scenario.into_inner().sandbox);
}
