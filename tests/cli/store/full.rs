//! A full disk below the session file and below the store: the old content is whole, and the next
//! command works once there is room.

use super::mounted::Mounted;
use crate::mask::{refuses, says};
use crate::world::World;
use serde_json::Value;

const STORE_FULL: &str = "error: disk full: the store cannot be written\n\
                          hint: free some space, then repeat the command\n";

/// What a stock SQLite says about a copy of the store, which is on a disk of the shell's own.
fn is_sound(world: &World, mounted: &mut Mounted<'_>) {
    mounted.must("rm -rf copy && cp -r .local/share/jeton copy");
    let copy = rusqlite::Connection::open(world.home().join("copy/jeton.db")).unwrap();
    let ask = |question| copy.query_row(question, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
}

#[test]
fn a_full_disk_below_the_session_file_leaves_the_old_one() {
    let world = World::new();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    mounted.small(".config");
    mounted.run("init ada").ok();
    mounted.must("cp .config/jeton/sessions/*.json before");
    mounted.fill(".config");
    let talk = "error: disk full: the session file cannot be written\n\
                hint: free some space, then repeat the command\n";
    for words in ["refresh", "login ada"] {
        let ran = mounted.run(words).fails(1);
        assert_eq!(ran.err, talk, "{words}");
        mounted.must("cmp before .config/jeton/sessions/*.json");
        let names = mounted.try_do("ls .config/jeton/sessions").ok().out;
        assert_eq!(names.lines().count(), 2, "{names}");
        mounted.run("whoami").ok();
    }
    assert_eq!(world.sql("SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL"), ["0"]);
    assert_eq!(world.sql("SELECT count(*) FROM sessions"), ["1"], "none was begun for nobody");
    mounted.empty(".config");
    mounted.run("refresh").ok();
    mounted.run("whoami").ok();
    assert_eq!(world.sql("SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL"), ["1"]);
}

#[test]
fn a_full_disk_below_the_store_changes_nothing_in_it() {
    let world = World::new();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    mounted.small(".local");
    mounted.run("init ada").ok();
    let token = mounted.run("token create app").ok().out;
    let session = ["sid", "access", "refresh"].map(|member| world.session(member));
    mounted.fill(".local");
    for words in ["refresh", "login ada", "register john", "token create other", "token revoke 1"] {
        refuses(&world, &mounted.run(words), 1, STORE_FULL);
        says(&world, &mounted.run(&format!("token verify {}", token.trim())), "valid\n", "");
        assert_eq!(session, ["sid", "access", "refresh"].map(|member| world.session(member)));
    }
    is_sound(&world, &mut mounted);
    mounted.empty(".local");
    mounted.run("refresh").ok();
    mounted.run("register john").ok();
    mounted.run("token create other").ok();
    assert_eq!(world.session("sid"), session[0]);
    let list = mounted.run("sessions list -o json").ok().out;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    is_sound(&world, &mut mounted);
}

#[test]
fn a_first_init_on_a_full_disk_can_be_repeated() {
    let world = World::new();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    mounted.small(".local");
    mounted.fill(".local");
    refuses(&world, &mounted.run("init ada"), 1, STORE_FULL);
    mounted.empty(".local");
    let talk = "made the store `~/.local/share/jeton/jeton.db`\n\
                ada is the first admin and logged in\n";
    says(&world, &mounted.run("init ada"), "", talk);
    mounted.run("whoami").ok();
    is_sound(&world, &mut mounted);
}

#[test]
fn a_token_that_cannot_be_revoked_on_a_full_disk_is_named() {
    let world = World::new();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    mounted.small(".local");
    mounted.run("init ada").ok();
    let fill = "dd if=/dev/zero of=.local/fill bs=4096 2>/dev/null; exit 4";
    let talk = "error: the command ended with 4, and token 1 could not be revoked: disk \
                full: the store cannot be written\nhint: revoke it: jeton token revoke 1\n";
    refuses(&world, &mounted.run(&format!("run -- sh -c '{fill}'")), 1, talk);
    mounted.empty(".local");
    mounted.run("token revoke 1").ok();
    is_sound(&world, &mut mounted);
}

#[test]
fn fixtures_on_a_full_disk_can_be_made_again() {
    let world = World::new();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    std::fs::write(world.home().join("key"), "a secret that is as long as its hash").unwrap();
    mounted.small("set");
    let make = "token fixtures --out set --preset flask --key-file key";
    for room in [0, 2, 12] {
        mounted.must(&format!("dd if=/dev/zero of=set/room bs=4096 count={room}"));
        mounted.fill("set");
        mounted.must("rm set/room");
        let talk = "error: disk full: `set` cannot be written\n\
                    hint: free some space, then repeat the command\n";
        refuses(&world, &mounted.run(make), 1, talk);
        mounted.empty("set");
    }
    mounted.run(make).ok();
    let names = mounted.try_do("ls set").ok().out;
    assert!(names.contains("good.jwt") && !names.contains(".new"), "{names}");
}
