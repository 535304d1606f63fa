//! One refresh token and many who present it.

use super::{command_of, ended, log_in, number, race, register, session};
use crate::world::{Ran, World};
use std::fs::File;
use std::time::Duration;

#[test]
fn sixty_four_commands_on_an_expired_access_token_refresh_once() {
    let world = World::with_admin();
    race([register(&world, "john")]).remove(0).ok();
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    race([log_in(&world, "john")]).remove(0).ok();
    world.run(&["settings", "set", "session.access_ttl", "15m"]).ok();
    let sid = session(&world, "john")["sid"].as_str().unwrap().replace('-', "").to_uppercase();
    let pairs = format!(
        "SELECT count(*) FROM pairs
         WHERE session_id = (SELECT id FROM sessions WHERE hex(sid) = '{sid}')"
    );
    assert_eq!(number(&world, &pairs), 1);
    std::thread::sleep(Duration::from_secs(2));
    let all = race((0..64).map(|_| command_of(&world, "john", &["whoami"])));
    assert_eq!(ended(&all, 0), 64, "{all:?}");
    assert!(all.iter().all(|ran| ran.out == all[0].out), "{all:?}");
    assert_eq!(number(&world, &pairs), 2);
    let ended = "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL";
    assert_eq!(number(&world, ended), 0);
}

#[test]
fn one_of_thirty_two_who_present_one_refresh_token_wins_and_the_family_ends() {
    let world = World::with_admin();
    let file = world.home().join("refresh");
    std::fs::write(&file, world.session("refresh")).unwrap();
    let present = || {
        let mut command = world.command(&["refresh", "--token-stdin"]);
        command.stdin(File::open(&file).unwrap());
        command
    };
    let mut all = race((0..32).map(|_| present()));
    assert_eq!((ended(&all, 0), ended(&all, 12)), (1, 31), "{all:?}");
    all.sort_by_key(|ran| ran.code);
    let losers = all.split_off(1);
    for loser in losers {
        loser.fails(12);
    }
    let pair: Vec<&str> = all[0].out.lines().collect();
    let [access, refresh] = pair[..] else { panic!("{all:?}") };
    world.run_with_input(&["refresh", "--token-stdin"], refresh).fails(12);
    let whoami = world.command(&["whoami"]).env("JETON_TOKEN", access).output().unwrap();
    Ran::from(whoami).fails(12);
    world.run(&["whoami"]).fails(12);
    assert_eq!(number(&world, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 0);
}
