//! kill -9 at every instant: before each file-system call of a command in turn, then the next
//! commands must work as if nothing had happened.
//!
//! strace sends the signal (`inject=CALL:signal=SIGKILL:when=N`). It counts each call's name by
//! itself even where a set of names is given, and per thread; so the loop goes through the names
//! one by one, and a run with several threads is not accepted. The signal arrives on entry, and
//! the call is not carried out: "before call N" is also "after call N - 1". (`--seccomp-bpf` would
//! be faster, but with it strace 6.1 does not deliver the signal.)

mod first;
mod fixtures;
mod login;
mod logout;
mod passwd;
mod random;
mod refresh;
mod stopped;
mod unsynced;
mod upkeep;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Calls that leave everything as it is: a kill before one of them finds what a kill before the
/// next of the others finds.
const LOOKS: [&str; 14] = [
    "access",
    "fstat",
    "fstatfs",
    "getdents64",
    "ioctl",
    "lseek",
    "mmap",
    "newfstatat",
    "poll",
    "pread64",
    "read",
    "readlink",
    "statfs",
    "statx",
];

/// Bytes: twice the hundred pages after which a log is copied back.
const LONGEST_LOG: u64 = 2 * 100 * 4_120;

/// Whether kills can be placed; `JETON_TEST_REQUIRE_STRACE` makes a missing strace a failure.
fn can_kill() -> bool {
    let mut probe = Command::new("strace");
    probe.args(["-f", "-qq", "-o", "/dev/null", "true"]);
    if probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return true;
    }
    #[expect(clippy::disallowed_methods, reason = "it is the test that is asked, not the program")]
    let required = std::env::var_os("JETON_TEST_REQUIRE_STRACE").is_some();
    assert!(!required, "strace is missing, or may not trace");
    // Past the capture of passing tests: who reads the log must see it.
    let _ = writeln!(std::io::stderr(), "skipped: strace is missing, or may not trace");
    false
}

/// Runs the command under strace, with these options for it.
fn traced(sandbox: &Sandbox, options: &[&str], arguments: &[&str]) -> RunOutput {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq"])
        .args(options)
        .arg(env!("CARGO_BIN_EXE_jeton"))
        .args(arguments)
        .env_clear()
        .env("HOME", sandbox.home())
        .current_dir(sandbox.home())
        .stdin(Stdio::null());
    RunOutput::of(command)
}

/// The names of the file-system calls that the command makes, each once. It runs to its end.
fn calls(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let file = sandbox.home().join("trace");
    let path = file.to_str().unwrap();
    traced(sandbox, &["-e", "trace=%file,%desc", "-o", path], arguments).ok();
    let trace = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let mut threads = Vec::new();
    let mut names = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(char::is_whitespace).unwrap();
        threads.push(thread);
        names.extend(call.trim_start().split_once('(').map(|(name, _)| name.to_owned()));
    }
    threads.dedup();
    assert_eq!(threads.len(), 1, "calls are counted per thread: {threads:?}");
    names.sort();
    names.dedup();
    // Before it there is no program to kill.
    names.retain(|name| name != "execve");
    names
}

/// Kills the command before its `nth` call of that name; `false`: it made fewer and succeeded.
fn killed(sandbox: &Sandbox, arguments: &[&str], call: &str, nth: usize) -> bool {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=SIGKILL:when={nth}");
    let options = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
    let output = traced(sandbox, &options, arguments);
    // strace ends by the signal that ended the program.
    if output.code == -1 {
        return true;
    }
    output.ok();
    false
}

/// Kills the command before each of its calls of these names in turn, and looks at what is left
/// after each kill; how many kills.
fn kill_at_each(
    names: &[String],
    mut kill: impl FnMut(&str, usize) -> bool,
    mut look: impl FnMut(&str),
) -> usize {
    let mut kills = 0;
    for name in names {
        let mut nth = 1;
        while kill(name, nth) {
            look(&format!("killed before {name} {nth}"));
            nth += 1;
            assert!(nth < 1_000, "{name}");
        }
        assert!(nth > 1, "no {name} was hit");
        kills += nth - 1;
    }
    kills
}

/// The names in a directory.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that beside the session file and the store there is nothing that grows in number, and
/// that SQLite's log does not grow; whether a half-written session file was left.
fn no_litter(sandbox: &Sandbox, when: &str) -> bool {
    let store = names_in(sandbox.store().parent().unwrap());
    let known = ["jeton.db", "jeton.db-shm", "jeton.db-wal"];
    assert!(store.iter().all(|name| known.contains(&name.as_str())), "{when}: {store:?}");
    assert!(log_length(sandbox) < LONGEST_LOG, "{when}: the log has {} bytes", log_length(sandbox));
    let sessions = names_in(&sandbox.sessions());
    let ending = |end: &str| sessions.iter().filter(|name| name.ends_with(end)).count();
    let (files, locks, new) = (ending(".json"), ending(".lock"), ending(".json.new"));
    assert!(files <= 1 && locks == 1 && new <= 1, "{when}: {sessions:?}");
    assert_eq!(files + locks + new, sessions.len(), "{when}: {sessions:?}");
    new == 1
}

fn log_length(sandbox: &Sandbox) -> u64 {
    std::fs::metadata(sandbox.store().with_extension("db-wal")).map_or(0, |log| log.len())
}

/// The text of a file that may not be there yet.
fn fs_read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What a stock SQLite says about the store.
fn is_sound(sandbox: &Sandbox) {
    assert_eq!(sandbox.sql("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(sandbox.sql("PRAGMA foreign_key_check"), Vec::<String>::new());
}

/// What a stock SQLite answers about a copy of the store and its log, which must be sound. The
/// store itself stays as the kill left it: SQLite would copy the log back.
fn of_copy(sandbox: &Sandbox, question: &str) -> String {
    let copy = tempfile::tempdir().unwrap();
    for name in ["jeton.db", "jeton.db-wal"] {
        let file = sandbox.store().with_file_name(name);
        if file.exists() {
            std::fs::copy(file, copy.path().join(name)).unwrap();
        }
    }
    let copy = rusqlite::Connection::open(copy.path().join("jeton.db")).unwrap();
    let ask =
        |question: &str| -> String { copy.query_row(question, [], |row| row.get(0)).unwrap() };
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    let broken = ask("SELECT count(*) || '' FROM pragma_foreign_key_check");
    assert_eq!(broken, "0");
    ask(question)
}

fn one(sandbox: &Sandbox, question: &str) -> String {
    let mut rows = sandbox.sql(question);
    assert_eq!(rows.len(), 1, "{question}");
    rows.remove(0)
}

/// Every process is the only one, so that SQLite by itself would never begin its log anew.
#[test]
fn the_log_stays_short_however_many_commands_follow_one_another() {
    let sandbox = Sandbox::with_admin();
    let mut longest = 0;
    for _ in 0..60 {
        sandbox.run(&["refresh"]).ok();
        longest = longest.max(log_length(&sandbox));
    }
    assert!(longest < LONGEST_LOG, "{longest} bytes");
    is_sound(&sandbox);
}
