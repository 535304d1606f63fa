//! Exit 78: stores that cannot be used, and that are left as they are.

use super::fails;
use crate::world::World;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// What a refused file was and still must be: its bytes and its mode.
fn as_it_is(world: &World) -> (Vec<u8>, u32) {
    let mode = fs::metadata(world.store()).unwrap().permissions().mode();
    (fs::read(world.store()).unwrap(), mode)
}

/// No command may use the store, for that reason, and none may change it.
#[track_caller]
fn is_refused_untouched(world: &World, code: &str) {
    let before = as_it_is(world);
    let init = ["init", "eve", "--exist-ok"];
    fs::write(world.home().join("password"), "123456").unwrap();
    let register = ["register", "eve", "--password-file", "password"];
    let commands: [&[&str]; 5] =
        [&["whoami"], &["users", "list"], &["token", "verify", "x"], &init, &register];
    for words in commands {
        fails(world, words, 78, "StoreUnusable", code);
        assert!(as_it_is(world) == before, "{words:?} changed the file");
    }
}

#[test]
fn a_newer_store_is_78_and_untouched() {
    let world = World::with_admin();
    let other = rusqlite::Connection::open(world.store()).unwrap();
    let known: i64 = other.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    other.pragma_update(None, "user_version", known + 1).unwrap();
    drop(other);
    is_refused_untouched(&world, "store_newer");
    assert_eq!(
        world.run(&["whoami"]).fails(78).err,
        format!(
            "error: the store has schema version {}, this program knows {known}\n\
             hint: install a newer jeton\n",
            known + 1
        )
    );
}

#[test]
fn somebody_elses_file_is_78_and_untouched() {
    let world = World::new();
    fs::create_dir_all(world.store().parent().unwrap()).unwrap();
    fs::write(world.store(), "a letter to somebody\n".repeat(100)).unwrap();
    fs::set_permissions(world.store(), fs::Permissions::from_mode(0o644)).unwrap();
    is_refused_untouched(&world, "store_foreign");

    fs::remove_file(world.store()).unwrap();
    let other = rusqlite::Connection::open(world.store()).unwrap();
    other.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY)").unwrap();
    drop(other);
    fs::set_permissions(world.store(), fs::Permissions::from_mode(0o644)).unwrap();
    is_refused_untouched(&world, "store_foreign");
}

#[test]
fn a_link_or_a_directory_in_the_stores_place_is_78() {
    let world = World::with_admin();
    let elsewhere = world.home().join("elsewhere.db");
    fs::rename(world.store(), &elsewhere).unwrap();
    symlink(&elsewhere, world.store()).unwrap();
    is_refused_untouched(&world, "insecure_permissions");
    assert_eq!(world.run(&["whoami"]).fails(78).err, "error: the store file is a symbolic link\n");

    fs::remove_file(world.store()).unwrap();
    fs::create_dir(world.store()).unwrap();
    fails(&world, &["whoami"], 78, "StoreUnusable", "insecure_permissions");
}

#[test]
fn a_store_that_lost_its_key_or_its_directory_is_78() {
    let world = World::with_admin();
    world.sql("UPDATE keys SET state = 'revoked' RETURNING id");
    let damaged = ["token", "create", "x"];
    fails(&world, &["whoami"], 12, "TokenRevoked", "token_revoked");
    world.sql("UPDATE keys SET state = 'retired' RETURNING id");
    fails(&world, &damaged, 78, "StoreUnusable", "store_damaged");
    let below_a_file = world.store().join("x.db");
    let init = ["init", "ada", "--store", below_a_file.to_str().unwrap()];
    fails(&world, &init, 78, "StoreUnusable", "store_unreadable");
}
