//! A full disk below the session file and below the store: the old content is whole, and the next
//! command works once there is room.

use super::mounted::Mounted;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;

/// What a stock SQLite says about a copy of the store, which is on a disk of the shell's own.
fn is_sound(sandbox: &Sandbox, mounted: &mut Mounted<'_>) {
    mounted.must("rm -rf copy && cp -r .local/share/jeton copy");
    let copy = rusqlite::Connection::open(sandbox.home().join("copy/jeton.db")).unwrap();
    let ask = |question| copy.query_row(question, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
}

#[test]
fn a_full_disk_below_the_session_file_leaves_the_old_one() {
    let sandbox = Sandbox::new();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    mounted.small(".config");
    mounted.run("init ada").ok();
    mounted.must("cp .config/jeton/sessions/*.json before");
    mounted.fill(".config");
    for words in ["refresh", "login ada"] {
        allow_duplicates!(assert_snapshot!(mounted.run(words), @"
        --- exit code 1, stderr
        error: disk full: the session file cannot be written
        hint: free disk space and retry
        "));
        mounted.must("cmp before .config/jeton/sessions/*.json");
        let names = mounted.try_do("ls .config/jeton/sessions").ok().stdout;
        assert_eq!(names.lines().count(), 2, "{names}");
        mounted.run("whoami").ok();
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL"), ["0"]);
    assert_eq!(sandbox.sql("SELECT count(*) FROM sessions"), ["1"], "none was begun for nobody");
    mounted.empty(".config");
    mounted.run("refresh").ok();
    mounted.run("whoami").ok();
    assert_eq!(sandbox.sql("SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL"), ["1"]);
}

#[test]
fn a_full_disk_below_the_store_changes_nothing_in_it() {
    let sandbox = Sandbox::new();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    mounted.small(".local");
    mounted.run("init ada").ok();
    let token = mounted.run("token create app").ok().stdout;
    let session = ["sid", "access", "refresh"].map(|member| sandbox.session(member));
    mounted.fill(".local");
    for words in ["refresh", "login ada", "register john", "token create other", "token revoke 1"] {
        allow_duplicates!(assert_snapshot!(mounted.run(words), @"
        --- exit code 1, stderr
        error: disk full: cannot write the store
        hint: free disk space and retry
        "));
        allow_duplicates!(
            assert_snapshot!(mounted.run(&format!("token verify {}", token.trim())), @"valid")
        );
        assert_eq!(session, ["sid", "access", "refresh"].map(|member| sandbox.session(member)));
    }
    is_sound(&sandbox, &mut mounted);
    mounted.empty(".local");
    mounted.run("refresh").ok();
    mounted.run("register john").ok();
    mounted.run("token create other").ok();
    assert_eq!(sandbox.session("sid"), session[0]);
    let list = mounted.run("sessions list -o json").ok().stdout;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    is_sound(&sandbox, &mut mounted);
}

#[test]
fn a_first_init_on_a_full_disk_can_be_repeated() {
    let sandbox = Sandbox::new();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    mounted.small(".local");
    mounted.fill(".local");
    assert_snapshot!(mounted.run("init ada"), @"
    --- exit code 1, stderr
    error: disk full: cannot write the store
    hint: free disk space and retry
    ");
    mounted.empty(".local");
    assert_snapshot!(mounted.run("init ada"), @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    created admin ada; logged in as ada
    ");
    mounted.run("whoami").ok();
    is_sound(&sandbox, &mut mounted);
}

#[test]
fn a_token_that_cannot_be_revoked_on_a_full_disk_is_named() {
    let sandbox = Sandbox::new();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    mounted.small(".local");
    mounted.run("init ada").ok();
    let fill = "dd if=/dev/zero of=.local/fill bs=4096 2>/dev/null; exit 4";
    assert_snapshot!(mounted.run(&format!("run -- sh -c '{fill}'")), @"
    --- exit code 1, stderr
    error: the command exited with 4, and token 1 could not be revoked: disk full: cannot write the store
    hint: revoke it: jeton token revoke 1
    ");
    mounted.empty(".local");
    mounted.run("token revoke 1").ok();
    is_sound(&sandbox, &mut mounted);
}

#[test]
fn fixtures_on_a_full_disk_can_be_made_again() {
    let sandbox = Sandbox::new();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    std::fs::write(sandbox.home().join("key"), "a secret that is as long as its hash").unwrap();
    mounted.small("set");
    let make = "token fixtures --out set --preset flask --key-file key";
    for room in [0, 2, 12] {
        mounted.must(&format!("dd if=/dev/zero of=set/room bs=4096 count={room}"));
        mounted.fill("set");
        mounted.must("rm set/room");
        allow_duplicates!(assert_snapshot!(mounted.run(make), @"
        --- exit code 1, stderr
        error: disk full: `set` cannot be written
        hint: free disk space and retry
        "));
        mounted.empty("set");
    }
    mounted.run(make).ok();
    let names = mounted.try_do("ls set").ok().stdout;
    assert!(names.contains("good.jwt") && !names.contains(".new"), "{names}");
}
