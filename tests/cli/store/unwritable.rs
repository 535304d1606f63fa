//! A session file that cannot be written: it is found out before a refresh token is spent.

use super::mounted::Mounted;
use crate::mask::refuses;
use crate::world::{Ran, World};

const READ_ONLY: &str = "error: the session file cannot be used: Read-only file system (os error 30)\n\
     hint: keep sessions elsewhere: set `JETON_CONFIG_DIR`\n";

/// Open sessions and spent refresh tokens.
fn left(world: &World) -> Vec<String> {
    world.sql(
        "SELECT (SELECT count(*) FROM sessions WHERE ended_at IS NULL) || ' '
             || (SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL)",
    )
}

#[test]
fn in_a_read_only_directory_no_token_is_spent_and_no_session_begun() {
    let world = World::with_admin();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    let before = std::fs::read(world.session_file()).unwrap();
    let sessions = ".config/jeton/sessions";
    mounted.must(&format!("mount --bind {sessions} {sessions}"));
    mounted.must(&format!("mount -o remount,bind,ro {sessions}"));
    for words in ["refresh", "login ada"] {
        refuses(&world, &mounted.run(words), 78, READ_ONLY);
        assert_eq!(std::fs::read(world.session_file()).unwrap(), before, "{words}");
        assert_eq!(left(&world), ["1 0"], "{words}");
    }
    mounted.run("whoami").ok();
    mounted.run("sessions token").ok();
    mounted.must(&format!("umount {sessions}"));
    mounted.run("refresh").ok();
    assert_eq!(left(&world), ["1 1"]);
    mounted.run("whoami").ok();
}

#[test]
fn in_a_read_only_directory_an_expired_access_token_is_not_refreshed() {
    let world = World::with_admin();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    world.log_in("ada", "lovelace");
    let before = std::fs::read(world.session_file()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    mounted.must("mount --bind .config .config && mount -o remount,bind,ro .config");
    refuses(&world, &mounted.run("whoami"), 78, READ_ONLY);
    assert_eq!(std::fs::read(world.session_file()).unwrap(), before);
    assert_eq!(left(&world), ["1 0"]);
    mounted.must("umount .config");
    mounted.run("whoami").ok();
    assert_eq!(left(&world), ["1 1"]);
}

#[test]
fn below_a_file_no_session_is_begun() {
    let world = World::with_admin();
    std::fs::write(world.home().join("file"), "").unwrap();
    let below = |words: &[&str]| {
        let mut command = world.command(words);
        let directory = world.home().join("file/config");
        command.env("JETON_CONFIG_DIR", directory).env("JETON_PASSWORD", "lovelace");
        Ran::from(command.output().unwrap())
    };
    let talk = "error: the session file cannot be used: Not a directory (os error 20)\n\
                hint: keep sessions elsewhere: set `JETON_CONFIG_DIR`\n";
    refuses(&world, &below(&["login", "ada"]), 78, talk);
    refuses(&world, &below(&["init", "eve", "--store", "new/store.db"]), 78, talk);
    assert!(!world.home().join("new").exists(), "no store is made for a session nobody could have");
    let talk = "error: nobody is logged in\nhint: log in: jeton login\n";
    refuses(&world, &below(&["refresh"]), 4, talk);
    assert_eq!(left(&world), ["1 0"]);
    world.run(&["refresh"]).ok();
}
