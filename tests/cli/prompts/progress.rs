//! Progress display of bulk commands on a terminal.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// Locks that bulk commands wait for: the write lock of the store, and the lock of the directory
/// that contains the store file. `store backup` locks the directory of the new backup, which is the
/// same directory in the test.
struct Locks {
    _write: WriteLock,
    _directory: Option<File>,
}

impl Locks {
    fn acquire(sandbox: &Sandbox) -> Self {
        let directory = (!sandbox.is_on_server()).then(|| {
            let directory = File::open(sandbox.store_path().parent().unwrap()).unwrap();
            directory.lock().unwrap();
            directory
        });
        Self { _write: WriteLock::acquire(sandbox), _directory: directory }
    }
}

/// Creates a store with three live and two expired test tokens, and the files `rows.csv` and
/// `state.toml` with new users.
fn sandbox_for_bulk_commands() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let path_of = |name: &str| sandbox.home().join(name);
    let names: Vec<String> = (0..10_000).map(|number| format!("user{number}")).collect();
    fs::write(path_of("rows.csv"), format!("username\n{}", names.join("\n"))).unwrap();
    fs::write(path_of("state.toml"), "users.kim = {}\nusers.lee = {}\n").unwrap();
    let mint = ["token", "mint", "--record", "--count"];
    sandbox.run(&[&mint[..], &["3"]].concat()).ok();
    sandbox.run(&[&mint[..], &["2", "--expires-at", "2020-01-01"]].concat()).ok();
    sandbox
}

/// Runs a command that waits for the locks, and releases the locks when the command shows
/// `progress`. Returns the output after the progress display.
fn screen_after_progress(sandbox: &Sandbox, words: &[&str], progress: &str) -> String {
    let locks = Locks::acquire(sandbox);
    let options = ["--yes", "--wait", "10m"];
    let mut run = PtyCommand::start(sandbox, &[words, &options].concat());
    run.wait_for(progress);
    drop(locks);
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    // A carriage return separates the progress display from the output that replaces it.
    screen.rsplit_once('\r').unwrap_or(("", &screen)).1.to_owned()
}

#[test]
fn command_that_waits_for_a_lock_shows_progress() {
    let sandbox = sandbox_for_bulk_commands();
    let backup = sandbox.home().join(".local/share/jeton/backup");
    let backup = backup.to_str().unwrap();
    let bar = "-".repeat(10);
    for (words, progress, message) in [
        (&["apply", "-f", "state.toml"][..], format!("applying [{bar}"), "created user kim\n"),
        (&["token", "revoke", "--all"], format!("revoking [{bar}"), "revoked 3 tokens\n"),
        (&["store", "prune"], "pruning 0 0/s".to_owned(), "removed 2 tokens"),
        (&["store", "backup", backup], "backing up 0 B 0 B/s".to_owned(), "wrote "),
        (&["users", "import", "rows.csv"], format!("importing [{bar}"), "imported 10000 users\n"),
    ] {
        // A backup of a store on a server counts rows in place of bytes, so its progress line
        // differs.
        if sandbox.is_on_server() && words == ["store", "backup", backup] {
            continue;
        }
        let end = screen_after_progress(&sandbox, words, &progress);
        assert!(end.starts_with(message), "{words:?}: {end:?}");
    }
}

#[test]
fn progress_line_fits_the_terminal_and_ctrl_c_reports_the_written_tokens() {
    let sandbox = Sandbox::with_admin();
    for columns in [60, 80, 200] {
        let line = format!("stty rows 24 cols {columns} && exec \"$0\" \"$@\" > /dev/null");
        let mint = ["token", "mint", "--alg", "HS256", "--count", "4294967295"];
        let mut run = PtyCommand::start_shell_line(&sandbox, &line, &mint, &[]);
        let (before_match, matched_text) =
            run.0.exp_regex(r"/4,294,967,295 [0-9,]+/s [0-9]+[a-z]+ left").unwrap();
        run.0.send_control('c').unwrap();
        let (code, screen, has_echo) = run.finish();
        assert_eq!((code, has_echo), (130, true), "{screen}");
        // The terminal echoes Ctrl-C as `^C`.
        let screen = format!("{before_match}{matched_text}{screen}").replace("^C", "");
        let lines = screen.split(['\r', '\n']).filter(|line| line.starts_with("minting ["));
        let widths: Vec<_> = lines.map(str::len).collect();
        assert!(!widths.is_empty(), "{screen:?}");
        assert!(widths.iter().all(|width| *width <= columns), "{columns}: {screen:?}");
        let (_, end) = screen.split_once(" of 4294967295 tokens; the ").unwrap();
        assert!(end.contains(" tokens were written\n"), "{screen:?}");
    }
}

/// Creates a FIFO in the home directory of the sandbox.
fn create_fifo(sandbox: &Sandbox, name: &str) -> PathBuf {
    let path = sandbox.home().join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn reading_of_rows_shows_progress() {
    let sandbox = Sandbox::with_admin();
    let path = create_fifo(&sandbox, "rows");
    let mut run = PtyCommand::start(&sandbox, &["users", "import", "rows"]);
    let mut rows = fs::OpenOptions::new().write(true).open(path).unwrap();
    rows.write_all(b"username\nkim\n").unwrap();
    run.wait_for("reading 13 B");
    drop(rows);
    let (code, screen, _) = run.finish();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("\rimported 1 user\n"), "{screen:?}");
}

#[test]
fn progress_is_hidden_if_result_lines_go_to_the_terminal() {
    let sandbox = Sandbox::with_admin();
    let words = ["token", "verify", "--batch"];
    let input_paths = ["input1", "input2"].map(|name| create_fifo(&sandbox, name));
    // Both commands wait for input. The progress display starts after a delay. The first command
    // starts earlier, so its delay has also passed when the second command shows progress.
    let line = "exec \"$0\" \"$@\" < input1";
    let mut terminal_run = PtyCommand::start_shell_line(&sandbox, line, &words, &[]);
    let first_input = fs::OpenOptions::new().write(true).open(&input_paths[0]).unwrap();
    let line = "exec \"$0\" \"$@\" < input2 > results";
    let mut redirected_run = PtyCommand::start_shell_line(&sandbox, line, &words, &[]);
    let second_input = fs::OpenOptions::new().write(true).open(&input_paths[1]).unwrap();
    redirected_run.wait_for("verifying 0 0/s");
    drop((first_input, second_input));
    assert_eq!(redirected_run.finish().0, 0);
    assert_eq!(terminal_run.0.exp_eof().unwrap(), "");
}

/// Starts an import on a terminal of the type `term`. The import waits until the returned locks are
/// dropped.
fn start_import(sandbox: &Sandbox, term: &str) -> (PtyCommand, Locks) {
    let locks = Locks::acquire(sandbox);
    let words = ["users", "import", "rows.csv"];
    (PtyCommand::start_with_env(sandbox, &words, &[("TERM", term)]), locks)
}

#[test]
fn dumb_terminal_shows_no_progress() {
    let [dumb_sandbox, xterm_sandbox] = [(); 2].map(|()| sandbox_for_bulk_commands());
    let (dumb_run, dumb_locks) = start_import(&dumb_sandbox, "dumb");
    let (mut xterm_run, xterm_locks) = start_import(&xterm_sandbox, "xterm");
    // The progress display starts after a delay. The import on the dumb terminal started earlier,
    // so its delay has also passed when the other import shows progress.
    xterm_run.wait_for("importing [");
    drop(dumb_locks);
    let message = "imported 10000 users\n\
                hint: 10000 new users have no password; set one: jeton recover USER\n";
    assert_eq!(dumb_run.finish(), (0, message.to_owned(), true));
    drop(xterm_locks);
    assert_eq!(xterm_run.finish().0, 0);
}
