//! Session and store files that are not regular files or belong to another user: refused without
//! blocking.

use super::mount_namespace::skip;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

const OTHER_UID: u32 = 12_345;

pub(super) fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Changes the owner of a file. Returns false and reports a skipped test if that is not permitted.
pub(super) fn give_away(path: &Path) -> bool {
    let is_given = chown(path, Some(OTHER_UID), None).is_ok();
    if !is_given {
        skip("changing the owner of files is not permitted");
    }
    is_given
}

/// Returns the refusal, which must be the same for a login and every command that reads the session
/// file.
#[track_caller]
fn refusal(sandbox: &Sandbox) -> RunOutput {
    let error = sandbox.json_error(&["whoami"]);
    assert_eq!((&error["exit_code"], &error["code"]), (&78.into(), &"insecure_permissions".into()));
    let login = sandbox.run_with_input(&["login", "ada", "--password-stdin"], "lovelace");
    for words in [
        &["whoami"][..],
        &["refresh"],
        &["sessions", "token"],
        &["token", "create", "x"],
        &["logout"],
    ] {
        assert_eq!(sandbox.run(words).to_string(), login.to_string(), "{words:?}");
    }
    login
}

/// Returns the refusal while `create` replaces the session file. The restored file must work.
fn in_place_of_the_session(create: impl FnOnce(&Path)) -> RunOutput {
    let sandbox = Sandbox::with_admin();
    let (file, aside) = (sandbox.session_file(), sandbox.home().join("aside"));
    fs::rename(&file, &aside).unwrap();
    create(&file);
    let output = refusal(&sandbox);
    assert!(!fs::symlink_metadata(&file).unwrap().is_file());
    fs::rename(&file, sandbox.home().join("replacement")).unwrap();
    fs::rename(&aside, &file).unwrap();
    assert_eq!(sandbox.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), ["1"]);
    sandbox.run(&["refresh"]).ok();
    output
}

#[test]
fn directory_in_place_of_the_session_file_is_refused() {
    let output = in_place_of_the_session(|path| fs::create_dir(path).unwrap());
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: the session file is not a regular file
    ");
}

#[test]
fn pipe_in_place_of_the_session_file_is_refused() {
    assert_snapshot!(in_place_of_the_session(make_pipe), @"
    --- exit code 78, stderr
    error: the session file is not a regular file
    ");
}

#[test]
fn session_file_of_another_user_is_refused() {
    let sandbox = Sandbox::with_admin();
    let file = sandbox.session_file();
    let before = fs::read(&file).unwrap();
    if !give_away(&file) {
        return;
    }
    assert_snapshot!(refusal(&sandbox), @"
    --- exit code 78, stderr
    error: the session file is owned by another user
    ");
    assert_eq!(fs::read(&file).unwrap(), before);
    chown(&file, Some(rustix::process::geteuid().as_raw()), None).unwrap();
    sandbox.run(&["refresh"]).ok();
}

#[test]
fn lock_that_is_a_pipe_or_not_owned_is_refused() {
    let sandbox = Sandbox::with_admin();
    let lock = sandbox.session_file().with_extension("lock");
    fs::remove_file(&lock).unwrap();
    make_pipe(&lock);
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- exit code 78, stderr
    error: the session file is not a regular file
    ");
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, "").unwrap();
    if give_away(&lock) {
        assert_snapshot!(sandbox.run(&["refresh"]), @"
        --- exit code 78, stderr
        error: the session file is owned by another user
        ");
        fs::remove_file(&lock).unwrap();
    }
    sandbox.run(&["refresh"]).ok();
}

#[test]
fn pipe_in_place_of_the_store_is_refused() {
    let sandbox = Sandbox::with_admin();
    let aside = sandbox.home().join("aside");
    fs::rename(sandbox.store(), &aside).unwrap();
    make_pipe(&sandbox.store());
    for words in [&["whoami"][..], &["init", "eve"], &["token", "verify", "x"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(words), @"
        --- exit code 78, stderr
        error: the store file is not a regular file
        "));
    }
    fs::rename(&aside, sandbox.store()).unwrap();
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn store_of_another_user_is_refused_unchanged() {
    let sandbox = Sandbox::with_admin();
    let before = fs::read(sandbox.store()).unwrap();
    if !give_away(&sandbox.store()) {
        return;
    }
    for words in [&["whoami"][..], &["init", "eve"], &["token", "verify", "x"], &["logout"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(words), @"
        --- exit code 78, stderr
        error: the store file is owned by another user
        hint: run jeton as the owner of the file, or on your own copy
        "));
    }
    assert_eq!(fs::read(sandbox.store()).unwrap(), before);
    chown(sandbox.store(), Some(rustix::process::geteuid().as_raw()), None).unwrap();
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn database_of_another_program_is_refused_unchanged() {
    let sandbox = Sandbox::with_admin();
    let rows = "CREATE TABLE t (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                WHERE i < 2000) INSERT INTO t SELECT randomblob(500) FROM n";
    for (name, before) in [
        ("plain.db", ""),
        ("log.db", "PRAGMA journal_mode = WAL"),
        ("named.db", "PRAGMA application_id = 7"),
    ] {
        let database = rusqlite::Connection::open(sandbox.home().join(name)).unwrap();
        database.execute_batch(before).unwrap();
        database.execute_batch(rows).unwrap();
    }
    // The files of a program killed during a write.
    let plain = sandbox.home().join("plain.db");
    let database = rusqlite::Connection::open(&plain).unwrap();
    database
        .execute_batch("PRAGMA cache_size = 5; BEGIN; UPDATE t SET x = randomblob(500)")
        .unwrap();
    for end in ["", "-journal"] {
        fs::copy(
            format!("{}{end}", plain.display()),
            sandbox.home().join(format!("killed.db{end}")),
        )
        .unwrap();
    }
    drop(database);
    for name in ["plain.db", "log.db", "named.db", "killed.db"] {
        let files = || {
            let paths = fs::read_dir(sandbox.home()).unwrap().map(|file| file.unwrap().path());
            let matching = paths.filter(|path| path.to_string_lossy().contains(name));
            matching.map(|path| (fs::read(&path).unwrap(), path)).collect::<BTreeSet<_>>()
        };
        let before = files();
        assert_eq!(before.len(), if name == "killed.db" { 2 } else { 1 });
        for words in [&["users", "list"][..], &["store", "info"], &["store", "migrate"], &["init"]]
        {
            let output = sandbox.run(&[&["--store", name], words].concat());
            assert_eq!(output.code, 78, "{words:?}: {output:?}");
        }
        assert_eq!(sandbox.run(&["--store", name, "store", "check"]).code, 78);
        assert!(files() == before, "{name}");
    }
}
