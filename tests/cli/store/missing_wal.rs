//! A store file without its WAL, the `-wal` file with the newest commits.

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

#[test]
fn new_store_is_complete_without_its_wal() {
    for arguments in [&["init", "ada"][..], &["register", "ada"], &["keys", "generate"]] {
        let mut sandbox = Sandbox::new();
        sandbox.set_variable("JETON_PASSWORD", "lovelace");
        sandbox.run(arguments).ok();
        let copy = sandbox.home().join("copy.db");
        fs::copy(sandbox.store_path(), &copy).unwrap();
        let copy = copy.to_str().unwrap();
        let info = |store: &str| sandbox.json(&["store", "info", "--store", store]);
        assert_eq!(info(copy)["users"], info(sandbox.store_path().to_str().unwrap())["users"]);
        sandbox.run(&["store", "check", "--store", copy]).ok();
    }
}

#[test]
fn empty_store_without_wal_is_reported() {
    let sandbox = Sandbox::new();
    let path = sandbox.home().join("a.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    drop(connection);
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() == 4096 && !path.with_extension("db-wal").exists());
    for arguments in
        [&["whoami"][..], &["store", "check"], &["store", "migrate"], &["login", "ada"]]
    {
        let mut command = sandbox.command(&[arguments, &["--store", "a.db"]].concat());
        command.env("JETON_PASSWORD", "lovelace");
        let output = crate::run_output::RunOutput::capture(command).to_string();
        // `store check` prints `~/a.db`, and the other commands print `a.db`.
        allow_duplicates!(assert_snapshot!(output.replace("~/", ""), @"
        --- exit code 3, stderr
        error: store `a.db` is empty: its `-wal` file is missing, or `jeton init` was interrupted
        hint: copy the original store again with `store backup`, or create a new store: jeton --store a.db init
        "));
        for extension in ["db-wal", "db-shm"] {
            let _ = fs::remove_file(path.with_extension(extension));
        }
    }
    sandbox.run(&["init", "ada", "--store", "a.db"]).ok();
    sandbox.run(&["whoami", "--store", "a.db"]).ok();
}
