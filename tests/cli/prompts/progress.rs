//! How far an import is, for whoever looks at a terminal.

use super::OnTerminal;
use crate::sandbox::Sandbox;
use std::fs;

#[test]
fn an_import_that_takes_long_shows_how_far_it_is() {
    let sandbox = Sandbox::with_admin();
    let names: Vec<String> = (0..10_000).map(|number| format!("user{number}")).collect();
    fs::write(sandbox.home().join("rows"), format!("username\n{}", names.join("\n"))).unwrap();
    // As long as another process writes, it waits.
    let other = rusqlite::Connection::open(sandbox.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut run = OnTerminal::run(&sandbox, &["users", "import", "rows"]);
    run.asks("importing [##############################] 10000/10000");
    other.execute_batch("ROLLBACK").unwrap();
    let (code, screen, echoes) = run.ends();
    assert_eq!((code, echoes), (0, true), "{screen}");
    let talk = "imported 10000 users\n\
                hint: there is no password yet for 10000 users; set one: jeton recover USER\n";
    // What is left of the line before it is cleared.
    let (_, end) = screen.rsplit_once('\r').unwrap_or(("", &screen));
    assert_eq!(end, talk, "{screen:?}");
}
