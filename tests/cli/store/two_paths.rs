//! One file under two paths: each would have a log of its own, and commits would be lost.

use super::mounted::Mounted;
use crate::mask::refuses;
use crate::world::World;
use std::fs;

const TOKENS: usize = 40;

fn world() -> World {
    let world = World::with_admin();
    world.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    fs::create_dir(world.home().join("other")).unwrap();
    world
}

#[test]
fn hard_link_is_refused_on_both_sides() {
    let world = world();
    let other = world.home().join("other/jeton.db");
    fs::hard_link(world.store(), &other).unwrap();
    let talk = "error: the store file is one of several hard links\n\
                hint: remove the other names of the file\n";
    for _ in 0..TOKENS {
        refuses(&world, &world.run(&["token", "create", "x"]), 78, talk);
        let there = ["token", "create", "x", "--store", "other/jeton.db"];
        refuses(&world, &world.run(&there), 78, talk);
    }
    let out = world.run(&["store", "check"]).out;
    assert_eq!(out, "insecure_permissions: the store file is one of several hard links\n");
    fs::remove_file(other).unwrap();
    assert_eq!(world.json(&["token", "list"])["total"], 0);
    world.get(&["token", "create", "x"]);
}

#[test]
fn mount_of_the_file_is_refused_and_of_the_directory_is_not() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    mounted.must("touch other/jeton.db && mount --bind .local/share/jeton/jeton.db other/jeton.db");
    let talk = "error: the store file is a mount point\n\
                hint: mount the directory of the store, not the file\n";
    for _ in 0..TOKENS {
        mounted.run("token create here").ok();
        let ran = mounted.run("token create there --store other/jeton.db");
        refuses(&world, &ran, 78, talk);
    }
    let info = mounted.run("store check --store other/jeton.db").out;
    assert_eq!(info, "insecure_permissions: the store file is a mount point\n");
    assert_eq!(world.json(&["token", "list"])["total"], TOKENS);
    mounted.must("umount other/jeton.db && mount --bind .local/share/jeton other");
    for number in 0..TOKENS {
        mounted.run("token create here").ok();
        mounted.run(&format!("register user{number} --store other/jeton.db")).ok();
    }
    assert_eq!(world.json(&["token", "list"])["total"], 2 * TOKENS);
    assert_eq!(world.sql("SELECT count(*) FROM users"), [(1 + TOKENS).to_string()]);
}
