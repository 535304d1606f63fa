//! Duration of whole processes, compared with a baseline process that does only the indispensable
//! work. Both processes open a copy of the same store on the same file system and run alternately;
//! the medians of one run are compared. Figures of different runs or machines are not comparable.
//!
//! Both programs are copied first, as an installation would do: the page cache of a freshly linked
//! file can be fragmented, which makes page faults slower, in particular for a large program. The
//! first comparison is repeated with the linked files themselves.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod comparison;
mod home;

use comparison::Comparison;
use home::{Home, Outcome, exit_code};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use uuid::Uuid;

/// Modes of the baseline process: with one of these arguments, this program does only the
/// indispensable work.
const COMMIT: &str = "--open-and-commit";
const COMMIT_WITH_DEFAULTS: &str = "--open-with-defaults-and-commit";
const READ: &str = "--open-and-read";

/// User with an expensive password hash: 64 MiB of memory and three passes.
const EXPENSIVE_HASH_USER: &str = r#"{"username":"kim","password_hash":"$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}"#;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let result = match (args.get(1).and_then(|argument| argument.to_str()), args.get(2)) {
        (Some(COMMIT), Some(store)) => commit_token(open(Path::new(store))).map(|()| true),
        (Some(COMMIT_WITH_DEFAULTS), Some(store)) => {
            commit_token(open_with_defaults(Path::new(store))).map(|()| true)
        }
        (Some(READ), Some(store)) => read_user(Path::new(store)).map(|()| true),
        _ => run_comparisons(),
    };
    exit_code(result)
}

/// Runs all comparisons; returns whether all targets are met.
fn run_comparisons() -> Outcome<bool> {
    let programs = Home::create_directory("programs-")?;
    let baseline = programs.path().join("baseline");
    std::fs::copy(std::env::current_exe()?, &baseline)?;
    let jeton = programs.path().join("jeton");
    std::fs::copy(env!("CARGO_BIN_EXE_jeton"), &jeton)?;
    let linked_baseline = std::env::current_exe()?;
    let linked = (Path::new(env!("CARGO_BIN_EXE_jeton")), linked_baseline.as_path());
    let copied = (jeton.as_path(), baseline.as_path());
    let mut all_targets_met = true;

    for (name, mode, (jeton, baseline)) in [
        // The indispensable work, with the same SQLite options as jeton.
        ("open, commit one row", COMMIT, copied),
        ("open, commit (as linked)", COMMIT, linked),
        // With default options SQLite checkpoints the WAL when the process exits.
        ("open, commit (defaults)", COMMIT_WITH_DEFAULTS, copied),
    ] {
        let home = Home::new(jeton)?;
        let store_copy = copy_store(&home)?;
        // Each token is revoked, so that the quota of three is never exhausted.
        let mut id = 1;
        let mut revoke = || {
            id += 1;
            home.run(&["token", "revoke", &id.to_string()])
        };
        all_targets_met &= Comparison {
            runs: 1000,
            first: ("token create", home.command(&["token", "create", "my-app", "--quiet"]), 0),
            second: (name, baseline_command(baseline, mode, &store_copy), 0),
            after_round: &mut revoke,
            max_ratio: Some(1.35),
            min_ratio: None,
        }
        .run()?;
    }

    let home = Home::new(&jeton)?;
    let store_copy = copy_store(&home)?;
    all_targets_met &= Comparison {
        runs: 300,
        first: ("whoami", home.command(&["whoami"]), 0),
        second: ("open, read one row", baseline_command(&baseline, READ, &store_copy), 0),
        after_round: &mut || Ok(()),
        max_ratio: None,
        min_ratio: None,
    }
    .run()?;

    Ok(compare_failed_logins(&jeton)? && all_targets_met)
}

/// Compares failed logins of an unknown and a known user; returns whether all targets are met.
fn compare_failed_logins(jeton: &Path) -> Outcome<bool> {
    let mut all_targets_met = true;
    // A new store, and a store with an imported hash that is more expensive than the default.
    for with_expensive_hash in [false, true] {
        let home = Home::new(jeton)?;
        if with_expensive_hash {
            let rows = home.directory.path().join("rows");
            std::fs::write(&rows, EXPENSIVE_HASH_USER)?;
            home.run(&["users", "import", &rows.to_string_lossy()])?;
        }
        let password_file = home.directory.path().join("wrong-password");
        std::fs::write(&password_file, "not lovelace")?;
        let password_path = password_file.to_string_lossy();
        let login = |name| home.command(&["login", name, "--password-file", &password_path]);
        let names: &[&str] = if with_expensive_hash { &["ada", "kim"] } else { &["ada"] };
        for name in names {
            all_targets_met &= Comparison {
                runs: 40,
                first: ("login, unknown user", login("nobody"), 6),
                second: ("login, wrong password", login(name), 6),
                after_round: &mut || Ok(()),
                max_ratio: Some(1.15),
                min_ratio: Some(0.85),
            }
            .run()?;
        }
    }
    Ok(all_targets_met)
}

/// Returns the command of the baseline process on the store in `directory`.
fn baseline_command(program: &Path, mode: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().arg(mode).arg(directory.join("jeton.db"));
    command
}

/// Copies the store and its WAL to a new directory. No process may have the store open.
fn copy_store(home: &Home) -> Outcome<PathBuf> {
    let directory = home.directory.path().join("copy");
    std::fs::create_dir(&directory)?;
    for file in ["jeton.db", "jeton.db-wal"] {
        std::fs::copy(home.store_directory().join(file), directory.join(file))?;
    }
    Ok(directory)
}

/// Commits one token, the indispensable work of `token create`.
fn commit_token(store: Outcome<Connection>) -> Outcome<()> {
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

/// Opens the store and reads one user, the indispensable work of `whoami`.
fn read_user(store: &Path) -> Outcome<()> {
    let connection = open(store)?;
    connection
        .query_row("SELECT username FROM users WHERE id = 1", [], |row| row.get::<_, String>(0))?;
    Ok(())
}

/// Opens the store with default options. SQLite uses the WAL mode that is stored in the file, and
/// checkpoints the WAL when the connection is closed, at the end of the process.
fn open_with_defaults(store: &Path) -> Outcome<Connection> {
    Ok(Connection::open(store)?)
}

/// Opens the store with the options of `store::open`.
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
    let mut wal_path = store.as_os_str().to_owned();
    wal_path.push("-wal");
    if std::fs::metadata(wal_path).is_ok_and(|metadata| metadata.len() > 400 * 1024) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(connection)
}
