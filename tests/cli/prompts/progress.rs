//! The progress bar of an import on a terminal.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use std::fs;

#[test]
fn long_import_shows_progress() {
    let sandbox = Sandbox::with_admin();
    let names: Vec<String> = (0..10_000).map(|number| format!("user{number}")).collect();
    fs::write(sandbox.home().join("rows"), format!("username\n{}", names.join("\n"))).unwrap();
    // The import waits while another connection writes.
    let writer = rusqlite::Connection::open(sandbox.store()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut run = PtyCommand::start(&sandbox, &["users", "import", "rows"]);
    run.wait_for("importing [##############################] 10000/10000");
    writer.execute_batch("ROLLBACK").unwrap();
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    let message = "imported 10000 users\n\
                hint: set a password for 10000 users without a password: jeton recover USER\n";
    // The carriage return clears the progress bar.
    let (_, end) = screen.rsplit_once('\r').unwrap_or(("", &screen));
    assert_eq!(end, message, "{screen:?}");
}
