//! What a page of a million users costs, as a whole process: the first one, one by the id before it,
//! and the last one by its number. Figures of one run are compared, in turns.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod comparison;
mod home;

use comparison::Comparison;
use home::{Home, Outcome, end};
use rusqlite::Connection;
use std::process::ExitCode;

const USERS: u32 = 1_000_000;

fn main() -> ExitCode {
    end(measure())
}

/// All comparisons; whether every target is met.
fn measure() -> Outcome<bool> {
    let programs = Home::directory("programs-")?;
    let jeton = programs.path().join("jeton");
    std::fs::copy(env!("CARGO_BIN_EXE_jeton"), &jeton)?;
    let home = Home::new(&jeton)?;
    fill(&home)?;
    let list = |words: &[&str]| {
        home.jeton(&[&["users", "list", "--per-page", "25", "--quiet"], words].concat())
    };
    let mut met = true;
    for (name, words, most) in [
        ("--after 500000", ["--after", "500000"], 1.1),
        ("--after 999975", ["--after", "999975"], 1.1),
        ("--page 20000", ["--page", "20000"], 10.0),
        ("--page 40000", ["--page", "40000"], 10.0),
    ] {
        met &= Comparison {
            runs: 300,
            first: (name, list(&words), 0),
            second: ("--page 1", list(&["--page", "1"]), 0),
            between: &mut || Ok(()),
            most: Some(most),
            least: None,
        }
        .print()?;
    }
    Ok(met)
}

/// Adds all but the one that is there, in one transaction.
fn fill(home: &Home) -> Outcome<()> {
    let store = Connection::open(home.store().join("jeton.db"))?;
    store.execute_batch(&format!(
        "BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {USERS})
         INSERT INTO users (uid, username, email, email_key, password, role, created_at, password_at)
             SELECT CAST(printf('%016d', i) AS BLOB), printf('user%07d', i),
                 printf('user%07d@example.com', i), printf('user%07d@example.com', i),
                 (SELECT password FROM users WHERE id = 1), 'user', 1800000000 + i, 1800000000
             FROM n;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    Ok(())
}
