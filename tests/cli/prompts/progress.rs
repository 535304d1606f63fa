//! The progress bar of an import on a terminal.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use rusqlite::Connection;
use std::fs;

const BAR: &str = "importing [##############################] 10000/10000";
const MESSAGE: &str = "imported 10000 users\n\
                hint: set a password for 10000 users without a password: jeton recover USER\n";

/// Starts an import that waits while the returned connection writes.
fn start_import(sandbox: &Sandbox, term: &str) -> (PtyCommand, Connection) {
    let names: Vec<String> = (0..10_000).map(|number| format!("user{number}")).collect();
    fs::write(sandbox.home().join("rows"), format!("username\n{}", names.join("\n"))).unwrap();
    let writer = Connection::open(sandbox.store()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let words = ["users", "import", "rows"];
    (PtyCommand::start_with_env(sandbox, &words, &[("TERM", term)]), writer)
}

#[test]
fn long_import_shows_progress() {
    let sandbox = Sandbox::with_admin();
    let (mut run, writer) = start_import(&sandbox, "xterm");
    run.wait_for(BAR);
    writer.execute_batch("ROLLBACK").unwrap();
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    // The carriage return clears the progress bar.
    let (_, end) = screen.rsplit_once('\r').unwrap_or(("", &screen));
    assert_eq!(end, MESSAGE, "{screen:?}");
}

#[test]
fn dumb_terminal_shows_no_progress() {
    let [dumb, xterm] = [(); 2].map(|()| Sandbox::with_admin());
    let (run, dumb_writer) = start_import(&dumb, "dumb");
    let (mut later_run, writer) = start_import(&xterm, "xterm");
    // The first import, which started earlier, has waited long enough for a bar.
    later_run.wait_for(BAR);
    dumb_writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(run.finish(), (0, MESSAGE.to_owned(), true));
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(later_run.finish().0, 0);
}
