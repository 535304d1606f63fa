//! SIGKILL before file-system calls of a command. The next commands must work as if the killed
//! command had completed or had never run. Also failing system calls, and stopped processes.
//!
//! strace sends the signal (`inject=CALL:signal=SIGKILL:when=N`). strace counts calls per name and
//! per thread, even if CALL is a set of names. So `kill_before_each_call` handles one name at a
//! time, and `call_names` fails if a command has several threads. The signal arrives on entry to
//! the call, and the call is not executed. (`--seccomp-bpf` would be faster, but strace 6.1 does
//! not deliver the signal with that option.)

mod fixtures;
mod fsync_failure;
mod init;
mod login;
mod logout;
mod maintenance;
mod passwd;
mod random;
mod refresh;
mod stopped_process;

use crate::required::require;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::path::Path;
use std::process::{Command, Stdio};

/// Calls that write nothing. A kill before such a call leaves the same state as a kill before the
/// next call that writes.
const READ_ONLY_CALLS: [&str; 14] = [
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

/// Twice the size of a WAL at the checkpoint threshold: 100 frames of 4,120 bytes (a page and its
/// header).
const MAX_WAL_BYTES: u64 = 2 * 100 * 4_120;

/// Fails the test if strace is not installed or is not permitted to trace.
#[track_caller]
fn require_strace() {
    let options = ["-f", "-qq", "-o", "/dev/null", "true"];
    require(Command::new("strace").args(options), "strace, and the permission to trace");
}

/// Runs jeton with the arguments under strace. `options` are further options of strace.
fn run_traced(sandbox: &Sandbox, options: &[&str], arguments: &[&str]) -> RunOutput {
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
    RunOutput::capture(command)
}

/// Runs the command to the end and returns the distinct names of the file-system calls of the
/// command.
fn call_names(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let file = sandbox.home().join("trace");
    let path = file.to_str().unwrap();
    run_traced(sandbox, &["-e", "trace=%file,%desc", "-o", path], arguments).ok();
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
    // A kill before `execve` would not hit the program.
    names.retain(|name| name != "execve");
    names
}

/// Kills the command before its `nth` system call named `call`. Returns `false` if the command made
/// fewer calls and succeeded.
fn run_killed(sandbox: &Sandbox, arguments: &[&str], call: &str, nth: usize) -> bool {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=SIGKILL:when={nth}");
    let options = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
    let output = run_traced(sandbox, &options, arguments);
    // strace is ended by the signal that killed the program.
    if output.code == -1 {
        return true;
    }
    output.ok();
    false
}

/// Kills a command before each of its system calls with these names, and returns the number of
/// kills. `kill` runs the command, kills the command before the system call with the given name and
/// number, and returns `false` if the command made fewer calls. `check` runs after each kill, with
/// a description of the kill.
fn kill_before_each_call(
    names: &[String],
    mut kill: impl FnMut(&str, usize) -> bool,
    mut check: impl FnMut(&str),
) -> usize {
    let mut kills = 0;
    for name in names {
        let mut nth = 1;
        while kill(name, nth) {
            check(&format!("killed before {name} {nth}"));
            nth += 1;
            assert!(nth < 1_000, "{name}");
        }
        assert!(nth > 1, "no {name} call");
        kills += nth - 1;
    }
    kills
}

/// Returns the sorted file names in a directory.
fn file_names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that no files accumulate beside the session file and the store, and that the WAL stays
/// short. Returns whether a partial session file (under its temporary name) was left.
fn check_files_and_find_partial(sandbox: &Sandbox, when: &str) -> bool {
    let store = file_names(sandbox.store_path().parent().unwrap());
    let known = ["jeton.db", "jeton.db-shm", "jeton.db-wal"];
    assert!(store.iter().all(|name| known.contains(&name.as_str())), "{when}: {store:?}");
    assert!(
        wal_length(sandbox) < MAX_WAL_BYTES,
        "{when}: the WAL has {} bytes",
        wal_length(sandbox)
    );
    let sessions = file_names(&sandbox.session_directory());
    let count_with_suffix =
        |suffix: &str| sessions.iter().filter(|name| name.ends_with(suffix)).count();
    let (files, locks, partial) =
        (count_with_suffix(".json"), count_with_suffix(".lock"), count_with_suffix(".json.new"));
    assert!(files <= 1 && locks == 1 && partial <= 1, "{when}: {sessions:?}");
    assert_eq!(files + locks + partial, sessions.len(), "{when}: {sessions:?}");
    partial == 1
}

fn wal_length(sandbox: &Sandbox) -> u64 {
    std::fs::metadata(sandbox.store_path().with_extension("db-wal")).map_or(0, |wal| wal.len())
}

/// Returns the text of a file; if the file does not exist yet, an empty text.
fn read_or_empty(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Asserts that SQLite, without the settings of jeton, finds the store intact.
fn assert_intact(sandbox: &Sandbox) {
    assert_eq!(sandbox.sql("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(sandbox.sql("PRAGMA foreign_key_check"), Vec::<String>::new());
}

/// Asserts that a copy of the store and its WAL is intact, and returns the result of the query on
/// that copy. A connection to the store itself would checkpoint and remove the WAL when it closes,
/// and the next command would not find the state after the kill.
fn query_store_copy(sandbox: &Sandbox, query: &str) -> String {
    let copy = tempfile::tempdir().unwrap();
    for name in ["jeton.db", "jeton.db-wal"] {
        let file = sandbox.store_path().with_file_name(name);
        if file.exists() {
            std::fs::copy(file, copy.path().join(name)).unwrap();
        }
    }
    let copy = rusqlite::Connection::open(copy.path().join("jeton.db")).unwrap();
    let query_text =
        |query: &str| -> String { copy.query_row(query, [], |row| row.get(0)).unwrap() };
    assert_eq!(query_text("PRAGMA integrity_check"), "ok");
    let broken_reference_count = query_text("SELECT count(*) || '' FROM pragma_foreign_key_check");
    assert_eq!(broken_reference_count, "0");
    query_text(query)
}

/// Returns the result of a query for one value.
fn query_value(sandbox: &Sandbox, query: &str) -> String {
    let mut rows = sandbox.sql(query);
    assert_eq!(rows.len(), 1, "{query}");
    rows.remove(0)
}

/// SQLite overwrites the WAL from its start if the whole WAL was checkpointed and the store has
/// been open since the checkpoint. Between consecutive commands, the store is closed. So jeton must
/// remove a long WAL.
#[test]
fn wal_stays_short_across_commands() {
    let sandbox = Sandbox::with_admin();
    let mut longest = 0;
    for _ in 0..60 {
        sandbox.run(&["refresh"]).ok();
        longest = longest.max(wal_length(&sandbox));
    }
    assert!(longest < MAX_WAL_BYTES, "{longest} bytes");
    assert_intact(&sandbox);
}

/// If a command left a long WAL, the next command would have to read the WAL, or to copy it into
/// the store file, before its own work.
#[test]
fn bulk_command_leaves_no_long_wal() {
    let sandbox = Sandbox::with_admin();
    let names = (0..5_000).map(|number| format!("user{number}"));
    let rows: Vec<_> = std::iter::once("username".to_owned()).chain(names).collect();
    std::fs::write(sandbox.home().join("rows"), rows.join("\n")).unwrap();
    for arguments in [
        &["users", "import", "rows"][..],
        &["users", "import", "rows", "--store", "new/jeton.db"],
        &["token", "mint", "--record", "--count", "10000", "--quiet"],
        &["token", "revoke", "--all-users", "--kind", "test", "--yes"],
    ] {
        let output = sandbox.run(arguments);
        // The import into a new store fails, because no row has the role `admin`.
        assert!(output.code == 0 || arguments.contains(&"--store"), "{output:?}");
        assert!(wal_length(&sandbox) < MAX_WAL_BYTES, "{arguments:?}");
    }
    let new_wal = sandbox.home().join("new/jeton.db-wal");
    assert!(std::fs::metadata(new_wal).map_or(0, |wal| wal.len()) < MAX_WAL_BYTES);
}
