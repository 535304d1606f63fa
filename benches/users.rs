//! Duration of a whole process that lists one page of a million users: the first page, pages by id
//! (`--after`), and late pages by number. Only figures of one run are comparable.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod comparison;
mod home;

use comparison::Comparison;
use home::{Home, Outcome, exit_code};
use rusqlite::Connection;
use std::process::ExitCode;

const USERS: u32 = 1_000_000;

fn main() -> ExitCode {
    exit_code(run_comparisons())
}

/// Runs all comparisons; returns whether all targets are met.
fn run_comparisons() -> Outcome<bool> {
    let programs = Home::create_directory("programs-")?;
    let jeton = programs.path().join("jeton");
    std::fs::copy(env!("CARGO_BIN_EXE_jeton"), &jeton)?;
    let home = Home::new(&jeton)?;
    insert_users(&home)?;
    let list_command = |args: &[&str]| {
        home.command(&[&["users", "list", "--per-page", "25", "--quiet"], args].concat())
    };
    let mut all_targets_met = true;
    for (name, args, max_ratio) in [
        ("--after 500000", ["--after", "500000"], 1.1),
        ("--after 999975", ["--after", "999975"], 1.1),
        ("--page 20000", ["--page", "20000"], 10.0),
        ("--page 40000", ["--page", "40000"], 10.0),
    ] {
        all_targets_met &= Comparison {
            runs: 300,
            first: (name, list_command(&args), 0),
            second: ("--page 1", list_command(&["--page", "1"]), 0),
            after_round: &mut || Ok(()),
            max_ratio: Some(max_ratio),
            min_ratio: None,
        }
        .run()?;
    }
    Ok(all_targets_met)
}

/// Inserts all users except the existing admin, in one transaction.
fn insert_users(home: &Home) -> Outcome<()> {
    let store = Connection::open(home.store_directory().join("jeton.db"))?;
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
