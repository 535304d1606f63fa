//! `jeton store restore` where it is refused.

use super::restore::{RESTORE, kept, rows, world_with_backup};
use super::{damage, mode, set_mode};
use crate::mask::refuses;
use crate::world::{Ran, World};
use rusqlite::Connection;
use std::fs;

/// Refused with that code, and nothing is changed.
#[track_caller]
fn changes_nothing(world: &World, words: &[&str], exit: i32, code: &str) -> Ran {
    let (before, was_kept) = (rows(&world.store()), kept(world).exists());
    let error = world.json_error(words);
    assert_eq!((&error["exit_code"], &error["code"]), (&exit.into(), &code.into()), "{error}");
    assert!(rows(&world.store()) == before && kept(world).exists() == was_kept);
    assert!(!world.store().with_file_name(".jeton-restore.new").exists());
    world.run(words)
}

#[test]
fn unusable_backup_changes_nothing() {
    let (world, _) = world_with_backup();
    let file = world.home().join("monday.db");
    let whole = fs::read(&file).unwrap();
    let sql = |sql: &str| {
        fs::write(&file, &whole).unwrap();
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    };
    sql("PRAGMA user_version = 99");
    let ran = changes_nothing(&world, &RESTORE, 78, "store_newer");
    assert!(
        ran.err.starts_with("error: `monday.db` cannot be restored: the store has schema"),
        "{ran:?}"
    );
    sql("CREATE VIEW more AS SELECT 1");
    let ran = changes_nothing(&world, &RESTORE, 78, "store_damaged");
    assert!(
        ran.err.ends_with("hint: see all of its faults: jeton --store monday.db store check\n"),
        "{ran:?}"
    );
    sql("UPDATE keys SET state = 'retired'");
    changes_nothing(&world, &RESTORE, 78, "store_damaged");
    sql("PRAGMA application_id = 7");
    changes_nothing(&world, &RESTORE, 78, "store_foreign");
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(world.home().join(format!("monday.db{end}")));
    }
    damage(&file, &whole, 2, 0);
    changes_nothing(&world, &RESTORE, 78, "store_damaged");
    fs::write(&file, "").unwrap();
    let ran = changes_nothing(&world, &RESTORE, 78, "store_foreign");
    refuses(&world, &ran, 78, "error: `monday.db` is not a jeton store\n");
    fs::write(&file, "a letter").unwrap();
    changes_nothing(&world, &RESTORE, 78, "store_foreign");
    let store = world.store();
    let itself = ["store", "restore", store.to_str().unwrap(), "--yes"];
    changes_nothing(&world, &itself, 2, "usage");
    changes_nothing(&world, &["store", "restore", "nowhere.db", "--yes"], 2, "usage");
    changes_nothing(&world, &["store", "restore", "-", "--yes"], 2, "usage");
    std::os::unix::fs::symlink("monday.db", world.home().join("link.db")).unwrap();
    fs::write(&file, &whole).unwrap();
    changes_nothing(&world, &["store", "restore", "link.db", "--yes"], 78, "insecure_permissions");
    let open = world.home().join("open");
    fs::create_dir(&open).unwrap();
    fs::copy(&file, open.join("a.db")).unwrap();
    set_mode(&open, 0o777);
    let from = ["store", "restore", "open/a.db", "--yes"];
    changes_nothing(&world, &from, 78, "insecure_permissions");
    // Without `--yes` and without a terminal.
    let ran = world.run(&RESTORE[..3]);
    refuses(&world, &ran, 2, "error: nobody is there to confirm it\nhint: add `--yes`\n");
    // What others can read is restored all the same.
    set_mode(&file, 0o644);
    let ran = world.run(&RESTORE).ok();
    assert!(ran.err.starts_with("warning: others can use "), "{ran:?}");
    assert_eq!(mode(&world.store()), 0o600);
}

#[test]
fn store_of_another_program_is_left_alone() {
    let (world, _) = world_with_backup();
    let other = world.home().join("other.db");
    let sql = "CREATE TABLE t (a); PRAGMA application_id = 7";
    Connection::open(&other).unwrap().execute_batch(sql).unwrap();
    let before = fs::read(&other).unwrap();
    let ran = world.run(&["--store", "other.db", "store", "restore", "monday.db", "--yes"]);
    assert_eq!(ran.fails(78).err, "error: `other.db` is not a jeton store\n");
    assert!(fs::read(&other).unwrap() == before);
}

#[test]
fn only_admins_and_owners_without_a_credential_restore() {
    let mut world = World::with_john();
    world.log_in("ada", "lovelace");
    world.run(&["store", "backup", "monday.db"]).ok();
    let access = world.session("access");
    world.log_in("john", "123456");
    let ran = changes_nothing(&world, &RESTORE, 7, "forbidden");
    refuses(&world, &ran, 7, "error: only admins administer the store\n");
    let refused =
        "SELECT count(*) FROM audit WHERE action = 'store restore' AND outcome = 'forbidden'";
    assert_eq!(world.sql(refused), ["2"]);
    world.run(&["token", "revoke", &access]).ok();
    world.set("JETON_TOKEN", &access);
    changes_nothing(&world, &RESTORE, 12, "token_revoked");
    world.set("JETON_TOKEN", "x.y.z");
    changes_nothing(&world, &RESTORE, 10, "invalid_token");
    world.set("JETON_TOKEN", "");
    world.run(&["logout"]).ok();
    world.run(&RESTORE).ok();
    let audit = "SELECT ifnull(user_id, 'nobody') FROM audit WHERE action = 'store restore'";
    assert_eq!(world.sql(audit), ["nobody"]);
}
