//! What a whole process costs, beside a process that does only what cannot be left out: both open
//! a store of their own on the same file system, in turns, and the medians of one run are
//! compared. Figures of different runs or machines say nothing about each other.
//!
//! Both programs are copied first, as an installation does: a file that was just linked may lie in
//! memory in small pieces, which makes every first touch of a page dearer, the more the larger the
//! program is. The first comparison is also made with both as they were linked.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod comparison;
mod home;

use comparison::Comparison;
use home::{Home, Outcome, end};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use uuid::Uuid;

/// Words that make this program the process to compare with.
const COMMIT: &str = "--open-and-commit";
const BARE_COMMIT: &str = "--open-and-commit-barely";
const READ: &str = "--open-and-read";

/// A user whose hash takes 64 MiB and three passes.
const COSTLIER: &str = r#"{"username":"kim","password_hash":"$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}"#;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let result = match (words.get(1).and_then(|word| word.to_str()), words.get(2)) {
        (Some(COMMIT), Some(store)) => commit(open(Path::new(store))).map(|()| true),
        (Some(BARE_COMMIT), Some(store)) => commit(bare(Path::new(store))).map(|()| true),
        (Some(READ), Some(store)) => read(Path::new(store)).map(|()| true),
        _ => measure(),
    };
    end(result)
}

/// All comparisons; whether every target is met.
fn measure() -> Outcome<bool> {
    let programs = Home::directory("programs-")?;
    let floor_program = programs.path().join("floor");
    std::fs::copy(std::env::current_exe()?, &floor_program)?;
    let jeton = programs.path().join("jeton");
    std::fs::copy(env!("CARGO_BIN_EXE_jeton"), &jeton)?;
    let this = std::env::current_exe()?;
    let linked = (Path::new(env!("CARGO_BIN_EXE_jeton")), this.as_path());
    let copied = (jeton.as_path(), floor_program.as_path());
    let mut met = true;

    for (name, word, (jeton, program)) in [
        // What cannot be left out, with what jeton itself sets to be fast: the floor.
        ("open, commit one row", COMMIT, copied),
        ("the same, both as linked", COMMIT, linked),
        // With nothing set; SQLite copies its log back when the process ends.
        ("the same, nothing set", BARE_COMMIT, copied),
    ] {
        let home = Home::new(jeton)?;
        let copy = copy(&home)?;
        // Each is revoked again, so that the quota of three is never full.
        let mut id = 1;
        let mut revoke = || {
            id += 1;
            home.must(&["token", "revoke", &id.to_string()])
        };
        met &= Comparison {
            runs: 1000,
            first: ("token create", home.jeton(&["token", "create", "my-app", "--quiet"]), 0),
            second: (name, floor(program, word, &copy), 0),
            between: &mut revoke,
            most: Some(1.35),
            least: None,
        }
        .print()?;
    }

    let home = Home::new(&jeton)?;
    let copy = copy(&home)?;
    met &= Comparison {
        runs: 300,
        first: ("whoami", home.jeton(&["whoami"]), 0),
        second: ("open + one read", floor(&floor_program, READ, &copy), 0),
        between: &mut || Ok(()),
        most: None,
        least: None,
    }
    .print()?;

    Ok(failed_logins(&jeton)? && met)
}

/// Compares failed logins of an unknown and a known user; returns whether the target is met.
fn failed_logins(jeton: &Path) -> Outcome<bool> {
    let mut met = true;
    // A new store, and one with an imported hash that costs more than those of this program.
    for costlier in [false, true] {
        let home = Home::new(jeton)?;
        if costlier {
            let rows = home.home.path().join("rows");
            std::fs::write(&rows, COSTLIER)?;
            home.must(&["users", "import", &rows.to_string_lossy()])?;
        }
        let wrong = home.home.path().join("wrong");
        std::fs::write(&wrong, "not lovelace")?;
        let wrong = wrong.to_string_lossy();
        let login = |name| home.jeton(&["login", name, "--password-file", &wrong]);
        let names: &[&str] = if costlier { &["ada", "kim"] } else { &["ada"] };
        for name in names {
            met &= Comparison {
                runs: 40,
                first: ("login, unknown user", login("nobody"), 6),
                second: ("login, wrong password", login(name), 6),
                between: &mut || Ok(()),
                most: Some(1.15),
                least: Some(0.85),
            }
            .print()?;
        }
    }
    Ok(met)
}

/// The process to compare with, on the store in that directory.
fn floor(program: &Path, word: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().arg(word).arg(directory.join("jeton.db"));
    command
}

/// A directory with a copy of the store and its log, which no process has open.
fn copy(home: &Home) -> Outcome<PathBuf> {
    let copy = home.home.path().join("copy");
    std::fs::create_dir(&copy)?;
    for file in ["jeton.db", "jeton.db-wal"] {
        std::fs::copy(home.store().join(file), copy.join(file))?;
    }
    Ok(copy)
}

/// What `token create` cannot do without: commit one token in the open store.
fn commit(store: Outcome<Connection>) -> Outcome<()> {
    let mut connection = store?;
    let transaction = Transaction::new(&mut connection, TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
         VALUES (?1, 1, 1, 1800000000, 1800604800)",
        [Uuid::now_v7().as_bytes()],
    )?;
    transaction.commit()?;
    Ok(())
}

/// What `whoami` cannot do without: open the store, read one user.
fn read(store: &Path) -> Outcome<()> {
    let connection = open(store)?;
    connection
        .query_row("SELECT username FROM users WHERE id = 1", [], |row| row.get::<_, String>(0))?;
    Ok(())
}

/// Opens it and sets nothing: the file itself says that it has a write-ahead log, and SQLite copies
/// that back when the process ends.
fn bare(store: &Path) -> Outcome<Connection> {
    Ok(Connection::open(store)?)
}

/// Opens it as `store::open` does.
fn open(store: &Path) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(store, flags)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 100)?;
    let mut log = store.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 400 * 1024) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(connection)
}
