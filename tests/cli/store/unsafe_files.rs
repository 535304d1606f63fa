//! Session and store files that are not regular files, and databases of other programs, are
//! refused. No command waits until another process writes to a named pipe.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub(super) fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Returns the refusal of the session file. Asserts that a login and five commands that read the
/// session file print the same refusal.
#[track_caller]
pub(super) fn session_refusal(sandbox: &Sandbox) -> RunOutput {
    let error = sandbox.json_error(&["whoami"]);
    assert_eq!((&error["exit_code"], &error["code"]), (&78.into(), &"insecure_permissions".into()));
    let login = sandbox.run_with_input(&["login", "ada", "--password-stdin"], "lovelace");
    for arguments in [
        &["whoami"][..],
        &["refresh"],
        &["sessions", "token"],
        &["token", "create", "x"],
        &["logout"],
    ] {
        assert_eq!(sandbox.run(arguments).to_string(), login.to_string(), "{arguments:?}");
    }
    login
}

/// Moves the session file away, creates a directory or named pipe with `create` at the same path,
/// and returns the refusal. Asserts that the original session file, moved back, is still usable.
fn refusal_of_replaced_session(create: impl FnOnce(&Path)) -> RunOutput {
    let sandbox = Sandbox::with_admin();
    let (file, original) = (sandbox.session_file(), sandbox.home().join("aside"));
    fs::rename(&file, &original).unwrap();
    create(&file);
    let output = session_refusal(&sandbox);
    assert!(!fs::symlink_metadata(&file).unwrap().is_file());
    fs::rename(&file, sandbox.home().join("replacement")).unwrap();
    fs::rename(&original, &file).unwrap();
    assert_eq!(sandbox.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), ["1"]);
    sandbox.run(&["refresh"]).ok();
    output
}

#[test]
fn directory_in_place_of_the_session_file_is_refused() {
    let output = refusal_of_replaced_session(|path| fs::create_dir(path).unwrap());
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file or its lock file is not a regular file
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
}

#[test]
fn pipe_in_place_of_the_session_file_is_refused() {
    assert_snapshot!(refusal_of_replaced_session(make_pipe), @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file or its lock file is not a regular file
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
}

#[test]
fn pipe_in_place_of_the_session_lock_file_is_refused() {
    let sandbox = Sandbox::with_admin();
    let lock = sandbox.session_file().with_extension("lock");
    fs::remove_file(&lock).unwrap();
    make_pipe(&lock);
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file or its lock file is not a regular file
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    fs::remove_file(&lock).unwrap();
    sandbox.run(&["refresh"]).ok();
}

#[test]
fn pipe_in_place_of_the_store_is_refused() {
    let sandbox = Sandbox::with_admin();
    let original = sandbox.home().join("aside");
    fs::rename(sandbox.store_path(), &original).unwrap();
    make_pipe(&sandbox.store_path());
    for arguments in [&["whoami"][..], &["init", "eve"], &["token", "verify", "x"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(arguments), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db`: the file is not a regular file
        hint: set `HOME` to a directory that you own, or `JETON_STORE` to a file
        "));
    }
    fs::rename(&original, sandbox.store_path()).unwrap();
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn database_of_another_program_is_refused_and_left_unchanged() {
    let sandbox = Sandbox::with_admin();
    let create_rows_sql =
        "CREATE TABLE t (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                WHERE i < 2000) INSERT INTO t SELECT randomblob(500) FROM n";
    for (name, pragma) in [
        ("plain.db", ""),
        ("wal.db", "PRAGMA journal_mode = WAL"),
        ("with_id.db", "PRAGMA application_id = 7"),
    ] {
        let database = rusqlite::Connection::open(sandbox.home().join(name)).unwrap();
        database.execute_batch(pragma).unwrap();
        database.execute_batch(create_rows_sql).unwrap();
    }
    // The copy of the database and its journal is made during a write. A program that is killed
    // during a write leaves such files.
    let plain = sandbox.home().join("plain.db");
    let database = rusqlite::Connection::open(&plain).unwrap();
    database
        .execute_batch("PRAGMA cache_size = 5; BEGIN; UPDATE t SET x = randomblob(500)")
        .unwrap();
    for suffix in ["", "-journal"] {
        fs::copy(
            format!("{}{suffix}", plain.display()),
            sandbox.home().join(format!("killed.db{suffix}")),
        )
        .unwrap();
    }
    drop(database);
    for name in ["plain.db", "wal.db", "with_id.db", "killed.db"] {
        let files = || {
            let paths = fs::read_dir(sandbox.home()).unwrap().map(|file| file.unwrap().path());
            let matching = paths.filter(|path| path.to_string_lossy().contains(name));
            matching.map(|path| (fs::read(&path).unwrap(), path)).collect::<BTreeSet<_>>()
        };
        let before = files();
        assert_eq!(before.len(), if name == "killed.db" { 2 } else { 1 });
        for arguments in
            [&["users", "list"][..], &["store", "info"], &["store", "migrate"], &["init"]]
        {
            let output = sandbox.run(&[&["--store", name], arguments].concat());
            assert_eq!(output.code, 78, "{arguments:?}: {output:?}");
        }
        assert_eq!(sandbox.run(&["--store", name, "store", "check"]).code, 78);
        assert!(files() == before, "{name}");
    }
}
