//! `jeton store backup`

use super::mounted::Mounted;
use super::{mode, set_mode, without_umask};
use crate::mask::{json_says, refuses, says};
use crate::world::World;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a stock SQLite finds in the tables, but for the audit row of the backup itself.
pub(super) fn content(store: &Path) -> BTreeMap<String, Vec<String>> {
    let store = rusqlite::Connection::open(store).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = store.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(texts("PRAGMA integrity_check"), ["ok"]);
    let tables = texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let rows = |table: &String| {
        let columns =
            texts(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
        let row = columns.join(" || ' ' || ");
        texts(&format!(
            "SELECT * FROM (SELECT {row} AS row FROM {table}) WHERE row NOT LIKE '%store backup%'"
        ))
    };
    tables.iter().map(|table| (table.clone(), rows(table))).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_a_store_with_the_same_content() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.run(&["token", "revoke", "1"]).ok();
    world.log_in("ada", "lovelace");
    world.run(&["token", "mint", "--record", "--count", "100"]).ok();
    let directory = world.home().join("copies");
    fs::create_dir(&directory).unwrap();
    set_mode(&directory, 0o755);
    // What a killed process left is in nobody's way.
    fs::write(directory.join(".jeton-backup.new"), "half").unwrap();
    let ran = world.run(&["store", "backup", "copies/copy.db"]);
    let copy = directory.join("copy.db");
    let size = fs::metadata(&copy).unwrap().len();
    says(&world, &ran, "", &format!("wrote copies/copy.db, {size} bytes\n"));
    assert_eq!((names(&directory), mode(&copy)), (vec!["copy.db".to_owned()], 0o600));
    assert!(content(&copy) == content(&world.store()));

    json_says(
        &world,
        &["store", "backup", "another.db"],
        &format!("{{\"changed\":true,\"file\":\"another.db\",\"size\":{size}}}"),
    );

    let at = |words: &[&str]| world.run(&[&["--store", "copies/copy.db"], words].concat());
    says(
        &world,
        &at(&["store", "check", "-q"]),
        "ok\n",
        "warning: others can see what is in the \
        directory `~/copies`: its mode is 0755, not 0700\n",
    );
    assert_eq!(at(&["token", "verify", &token]).code, 12);
    assert_eq!(at(&["whoami"]).code, 4, "the session is the store's, not the copy's");
    let login = ["--store", "copies/copy.db", "login", "john", "--password-stdin"];
    world.run_with_input(&login, "123456").ok();
    at(&["token", "create", "other"]).ok();
}

#[test]
fn nobody_but_the_owner_can_read_it_whatever_the_umask() {
    let world = World::with_admin();
    without_umask(&world, "store backup copy.db").ok();
    assert_eq!(mode(&world.home().join("copy.db")), 0o600);
}

#[test]
fn nothing_is_overwritten() {
    let world = World::with_admin();
    let (file, link) = (world.home().join("file"), world.home().join("link"));
    fs::write(&file, "a letter").unwrap();
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    for name in ["file", "link", ".config", ".local/share/jeton/jeton.db"] {
        let talk = format!(
            "error: there is something at `{name}`\nhint: name another file, or remove that one\n"
        );
        refuses(&world, &world.run(&["store", "backup", name]), 5, &talk);
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "a letter");
    let talk =
        "error: `nowhere/copy.db` cannot be written: No such file or directory (os error 2)\n";
    refuses(&world, &world.run(&["store", "backup", "nowhere/copy.db"]), 2, talk);
    assert_eq!(world.run(&["store", "backup", ".."]).code, 5);
    let talk = "error: a store is copied to a file, not to standard output\n";
    refuses(&world, &world.run(&["store", "backup", "-"]), 2, talk);
    world.run(&["store", "backup", "copy.db"]).ok();
    assert_eq!(world.json_error(&["store", "backup", "copy.db"])["code"], "file_exists");
    // The log of a file that is gone would be read as the log of the copy.
    for end in ["-wal", "-shm", "-journal"] {
        let log = world.home().join(format!("other.db{end}"));
        fs::write(&log, "of another file").unwrap();
        let talk = format!(
            "error: there is something at `other.db{end}`\n\
             hint: name another file, or remove that one\n"
        );
        refuses(&world, &world.run(&["store", "backup", "other.db"]), 5, &talk);
        fs::remove_file(log).unwrap();
    }
    world.run(&["store", "backup", "other.db"]).ok();
}

#[test]
fn what_sqlite_writes_over_is_no_name_for_a_store() {
    let world = World::with_admin();
    let store = world.store().to_str().unwrap().to_owned();
    for end in ["-wal", "-shm", "-journal"] {
        let name = format!("copy.db{end}");
        let talk = format!(
            "error: `{name}` is what SQLite calls a log\n\
             hint: choose a name without `-wal`, `-shm` or `-journal` at its end\n"
        );
        refuses(&world, &world.run(&["store", "backup", &name]), 2, &talk);
        let beside = format!("{store}{end}");
        let there = Path::new(&beside).exists();
        let ran = world.run_with_input(&["--store", &name, "init", "--password-stdin"], "lovelace");
        refuses(&world, &ran, 2, &talk);
        assert!(!world.home().join(name).exists());
        assert_eq!(Path::new(&beside).exists(), there);
    }
}

#[test]
fn one_that_failed_at_its_end_is_written_down_as_such() {
    let world = World::with_admin();
    let ran = world.run(&["store", "backup", &"x".repeat(300)]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let rows = "SELECT outcome || ' ' || count FROM audit WHERE action = 'store backup'";
    assert_eq!(world.sql(rows), ["undelivered 0"]);
}

#[test]
fn on_a_full_disk_nothing_is_left() {
    let world = World::with_admin();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    mounted.small("full");
    mounted.fill("full");
    let ran = mounted.run("store backup full/copy.db");
    refuses(
        &world,
        &ran,
        1,
        "error: disk full: the copy cannot be written\n\
                            hint: free some space, then repeat the command\n",
    );
    assert_eq!(mounted.try_do("ls -A full").ok().out, "fill\n");
    mounted.empty("full");
    mounted.run("store backup full/copy.db").ok();
    let rows = "SELECT count(*) FROM audit WHERE action = 'store backup'";
    assert_eq!(world.sql(rows), ["1"]);
}

#[test]
fn a_backup_is_of_one_moment_while_others_write() {
    let world = World::with_admin();
    world.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    world.get(&["token", "create", "app"]);
    // More pages than are copied at a time.
    world.sql(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 80000)
         INSERT INTO tokens (jti, grant_id, key_id, issued_at)
         SELECT unhex(printf('%032x', n)), 1, 1, 1 FROM n RETURNING 1",
    );
    let mut commands = Vec::new();
    for number in 0..4 {
        let writers = (0..4).map(|_| world.command(&["token", "create", "app"]));
        commands.extend(writers);
        commands.push(world.command(&["store", "backup", &format!("copy{number}.db")]));
    }
    for ran in World::run_at_once(commands) {
        ran.ok();
    }
    for number in 0..4 {
        let copy = world.home().join(format!("copy{number}.db"));
        let store = rusqlite::Connection::open(copy).unwrap();
        let ask = |sql| store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let audit = "SELECT count(*) FROM audit WHERE action = 'token create'";
        assert_eq!(ask("SELECT count(*) FROM tokens") - 80_000, ask(audit));
        let whole = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
        assert_eq!(ask(whole), 1);
    }
}
