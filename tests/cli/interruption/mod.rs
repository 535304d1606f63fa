//! Ctrl-C during commands that process many rows or copy a store. The tests in this file hold a
//! lock that the command needs. The command is therefore at a known point when the signal arrives.

#![cfg(target_os = "linux")]

mod single_commands;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::process::Child;
use std::time::{Duration, Instant};

/// Returns whether SIGINT is in a signal mask of the process. `mask_name` is the name of the mask
/// in `/proc/PID/status`, such as `SigCgt:` (proc(5)).
fn mask_has_sigint(process_id: u32, mask_name: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask_name)).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (Signal::INT.as_raw() - 1) & 1 == 1
}

fn wait_until(is_done: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < Duration::from_secs(60), "condition not met within 60 seconds");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until no SIGINT is pending, which means that the process has received every SIGINT that
/// was sent to it.
fn wait_until_sigint_is_received(process_id: u32) {
    wait_until(|| {
        !mask_has_sigint(process_id, "ShdPnd:") && !mask_has_sigint(process_id, "SigPnd:")
    });
}

/// Waits until the command has a handler for SIGINT, then sends SIGINT and waits until the command
/// has received the signal.
fn interrupt(child: &Child) {
    wait_until(|| mask_has_sigint(child.id(), "SigCgt:"));
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
    wait_until_sigint_is_received(child.id());
}

/// Lock for which a command waits. While the command waits, it already handles Ctrl-C.
#[derive(Clone, Copy)]
enum Lock {
    /// Write lock of the store.
    Store,
    /// Lock of the directory of the store, in which temporary files are created.
    Directory,
}

impl Lock {
    /// Acquires the lock. Dropping the result releases the lock.
    fn acquire(self, sandbox: &Sandbox) -> (Option<WriteLock>, Option<File>) {
        match self {
            Self::Store => (Some(WriteLock::acquire(sandbox)), None),
            Self::Directory => {
                let directory = File::open(sandbox.store_path().parent().unwrap()).unwrap();
                directory.lock().unwrap();
                (None, Some(directory))
            }
        }
    }
}

/// Starts the command with `--yes` and `--wait 10m`. The command waits for a lock for at most ten
/// minutes.
fn start(sandbox: &Sandbox, words: &[&str]) -> Child {
    let options = ["--yes", "--wait", "10m"];
    Sandbox::start(&mut sandbox.command(&[words, &options].concat()))
}

/// Interrupts a command that waits for a lock, releases the lock, and returns the output of the
/// command.
fn run_interrupted(sandbox: &Sandbox, lock: Lock, words: &[&str]) -> RunOutput {
    let held_lock = lock.acquire(sandbox);
    let child = start(sandbox, words);
    interrupt(&child);
    drop(held_lock);
    RunOutput::from(child.wait_with_output().unwrap())
}

/// Returns the names of the files in the directory of the store, without `-wal` and `-shm` files.
fn file_names(sandbox: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(sandbox.store_path().parent().unwrap()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    names.sort();
    names
}

/// Creates a sandbox with input files and a store. The store has 30,001 valid tokens and 20,001
/// expired tokens. One transaction revokes at most 30,000 tokens, or deletes at most 20,000 tokens.
fn sandbox_with_tokens() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let file = |name: &str| sandbox.home().join(name);
    fs::write(file("rows.csv"), "username,role\nkim,user\nlee,admin\n").unwrap();
    fs::write(file("state.toml"), "settings.token.quota = 7\nusers.kim = { role = \"user\" }\n")
        .unwrap();
    let mint = ["token", "mint", "--record", "--alg", "HS256", "--count"];
    sandbox.run(&[&mint[..], &["30001"]].concat()).ok();
    let past = ["20001", "--expires-at", "2020-01-01"];
    sandbox.run(&[&mint[..], &past].concat()).ok();
    if !sandbox.is_on_server() {
        sandbox.run(&["store", "backup", "backup.db"]).ok();
    }
    sandbox
}

/// A command, the lock for which it waits, and the expected result of an interruption.
struct Case {
    words: &'static [&'static str],
    lock: Lock,
    /// Error message.
    message: &'static str,
    /// Numbers of users, settings, tokens and revoked tokens after the interruption.
    row_counts: &'static str,
    /// Action, outcome and count of each new audit event.
    events: &'static [&'static str],
}

impl Case {
    /// Returns a case in which the interrupted command changes nothing.
    const fn unchanged(words: &'static [&'static str], lock: Lock, message: &'static str) -> Self {
        Self { words, lock, message, row_counts: "1 0 50002 0", events: &[] }
    }
}

/// Cases in the order of their execution. The cases share a store, so the row counts include the
/// changes that earlier cases made.
const CASES: [Case; 8] = [
    Case::unchanged(
        &["users", "import", "rows.csv"],
        Lock::Store,
        "interrupted; no account was created or changed",
    ),
    Case::unchanged(
        &["apply", "-f", "state.toml"],
        Lock::Store,
        "interrupted; no setting or account was changed",
    ),
    Case::unchanged(
        &["store", "backup", ".local/share/jeton/new-backup.db"],
        Lock::Directory,
        "interrupted; no backup was written",
    ),
    Case::unchanged(
        &["store", "copy", ".local/share/jeton/jeton.db", ".local/share/jeton/copied.db"],
        Lock::Directory,
        "interrupted; nothing was copied",
    ),
    Case::unchanged(
        &["store", "restore", "backup.db"],
        Lock::Directory,
        "interrupted; the store was not changed",
    ),
    Case::unchanged(
        &["token", "revoke", "--all", "--dry-run"],
        Lock::Store,
        "interrupted; nothing was changed",
    ),
    Case {
        words: &["token", "revoke", "--all"],
        lock: Lock::Store,
        message: "interrupted after 30000 of 30001 tokens; tokens revoked so far remain revoked",
        row_counts: "1 0 50002 30000",
        events: &["token revoke done 30000"],
    },
    Case {
        words: &["store", "prune"],
        lock: Lock::Store,
        message: "interrupted; the 20000 tokens, 0 sessions and 0 revocation entries removed so far \
                  remain removed",
        row_counts: "1 0 30002 30000",
        events: &["store prune done 20000"],
    },
];

/// Query that returns the text of `Case::row_counts`.
const ROW_COUNTS: &str =
    "SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM settings)
     || ' ' || count(*) || ' ' || count(revoked_at) FROM tokens";

#[test]
fn error_of_interrupted_command_states_what_was_changed() {
    let sandbox = sandbox_with_tokens();
    for Case { words, lock, message, row_counts, events } in CASES {
        if sandbox.is_on_server() && matches!(lock, Lock::Directory) {
            continue;
        }
        let last_event = sandbox.sql("SELECT max(id) FROM audit").remove(0);
        let output = run_interrupted(&sandbox, lock, words);
        assert_eq!((output.code, output.stdout.as_str()), (130, ""), "{words:?}: {output:?}");
        assert_eq!(output.stderr, format!("error: {message}\n"), "{words:?}");
        assert_eq!(sandbox.sql(ROW_COUNTS), [row_counts], "{words:?}");
        let new_events = format!(
            "SELECT action || ' ' || outcome || ' ' || count FROM audit WHERE id > {last_event}"
        );
        assert_eq!(sandbox.sql(&new_events), events, "{words:?}");
        assert!(sandbox.is_on_server() || file_names(&sandbox) == ["jeton.db"], "{words:?}");
        sandbox.run(&["store", "check"]).ok();
    }
    // The next runs revoke the one token that is still valid, and delete the one expired token that
    // remains.
    sandbox.run(&["token", "revoke", "--all", "--yes"]).ok();
    sandbox.run(&["store", "prune", "--yes"]).ok();
    assert_eq!(sandbox.sql(ROW_COUNTS), ["1 0 30001 30001"]);
}

#[test]
fn interrupted_restore_of_a_missing_store_leaves_no_store() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["store", "backup", "backup.db"]).ok();
    for name in file_names(&sandbox) {
        fs::remove_file(sandbox.store_path().with_file_name(name)).unwrap();
    }
    let restore = ["store", "restore", "backup.db"];
    let output = run_interrupted(&sandbox, Lock::Directory, &restore);
    assert_eq!(output.code, 130, "{output:?}");
    assert_eq!(output.stderr, "error: interrupted; the store was not changed\n");
    assert!(file_names(&sandbox).is_empty(), "{:?}", file_names(&sandbox));
    sandbox.run(&restore).ok();
    sandbox.run(&["store", "check"]).ok();
}
