//! `jeton passwd` and `jeton recover`

use super::NOBODY_TO_ASK;
use crate::mask::{refuses, says};
use crate::world::World;

const PASSWD: [&str; 2] = ["passwd", "--password-stdin"];

#[test]
fn a_new_password_ends_the_other_sessions_and_not_this_one() {
    let mut world = World::with_john();
    let elsewhere = world.session("access");
    std::fs::remove_file(world.session_file()).unwrap();
    world.log_in("john", "123456");
    let ran = world.run_with_input(&PASSWD, "123456\n87654321\n");
    says(&world, &ran, "", "password changed, 1 other session ended\n");
    world.run(&["whoami"]).ok();
    let ran = world.run_with_input(&["login", "john", "--password-stdin"], "123456");
    refuses(&world, &ran, 6, "error: wrong name or password\n");
    world.log_in("john", "87654321");
    world.set("JETON_TOKEN", &elsewhere);
    let talk = "error: the token's session has ended\n\
                hint: it is the token in JETON_TOKEN that is refused\n";
    refuses(&world, &world.run(&["whoami"]), 12, talk);
}

#[test]
fn programs_are_told_how_many_sessions_ended() {
    let world = World::with_john();
    let ran = world.run_with_input(&["passwd", "-o", "json", "--password-stdin"], "123456\nx y");
    says(&world, &ran, "{\"changed\":true,\"sessions_ended\":0}\n", "");
    let arguments = ["recover", "john", "--password-stdin", "-o", "json"];
    let ran = world.run_with_input(&arguments, "abc");
    let out = "{\"changed\":true,\"user\":{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\
               \"email\":\"john@example.com\",\"name\":null,\"role\":\"user\",\"status\":\"active\",\
               \"quota\":null,\"created_at\":\"<time>\"},\"sessions_ended\":1}\n";
    says(&world, &ran, out, "");
}

#[test]
fn passwd_needs_the_current_password_and_two_lines() {
    let world = World::with_john();
    let ran = world.run_with_input(&PASSWD, "wrong\n654321\n");
    refuses(&world, &ran, 6, "error: wrong password\n");
    for input in ["123456\n", "123456", "123456\na\nb\n"] {
        let ran = world.run_with_input(&PASSWD, input);
        let talk = "error: two lines are needed: the current password and the new one\n";
        refuses(&world, &ran, 2, talk);
    }
    let ran = world.run_with_input(&PASSWD, "123456\n\n");
    refuses(&world, &ran, 2, "error: password: must not be empty\n");
    let talk = "error: both passwords are needed and nobody is there to ask\n\
                hint: give both, on two lines, with `--password-stdin` or `--password-file FILE`\n";
    refuses(&world, &world.run(&["passwd"]), 2, talk);
    world.log_in("john", "123456");
}

#[test]
fn passwd_needs_a_session() {
    let world = World::with_admin();
    world.run(&["logout"]).ok();
    let ran = world.run_with_input(&PASSWD, "lovelace\nx\n");
    refuses(&world, &ran, 4, "error: nobody is logged in\nhint: log in: jeton login\n");
}

#[test]
fn recovering_needs_no_session_and_ends_all() {
    let world = World::with_john();
    let ran =
        world.run_with_input(&["recover", "John@example.com", "--password-stdin"], "long enough");
    says(&world, &ran, "", "john has a new password, 1 session ended\n");
    let talk = "error: the token's session has ended\nhint: log in again: jeton login\n";
    refuses(&world, &world.run(&["whoami"]), 12, talk);
    world.run(&["logout"]).ok();
    let ran = world.run_with_input(&["recover", "2", "--password-stdin"], "even longer");
    says(&world, &ran, "", "john has a new password, 0 sessions ended\n");
    world.log_in("john", "even longer");
    world.log_in("ada", "lovelace");
    world.run(&["users", "disable", "john"]).ok();
    let ran = world.run_with_input(&["recover", "john", "--password-stdin"], "even longer");
    let talk = "john has a new password, 0 sessions ended\nwarning: john is disabled\n\
                hint: an admin lets john in again: jeton users enable john\n";
    says(&world, &ran, "", talk);
    let audit = world.sql("SELECT target || ' ' || outcome FROM audit WHERE action = 'recover'");
    assert_eq!(audit, ["user 2 done"; 3]);
}

#[test]
fn nobody_is_recovered_who_is_not_there() {
    let world = World::with_john();
    let ran = world.run_with_input(&["recover", "nobody", "--password-stdin"], "x");
    refuses(&world, &ran, 3, "error: there is no user `nobody`\n");
    refuses(&world, &world.run(&["recover", "john"]), 2, NOBODY_TO_ASK);
    let empty = World::new();
    let ran = empty.run_with_input(&["recover", "john", "--password-stdin"], "x");
    let talk = "error: there is no store at `~/.local/share/jeton/jeton.db`\n\
                hint: make one: jeton init\n";
    refuses(&empty, &ran, 3, talk);
}

#[test]
fn a_short_password_is_refused() {
    let world = World::with_admin();
    world.run(&["settings", "set", "password.min_length", "8"]).ok();
    let ran = world.run_with_input(&PASSWD, "lovelace\nseven77\n");
    refuses(&world, &ran, 2, "error: the password has fewer than 8 characters\n");
    let ran = world.run_with_input(&["recover", "ada", "--password-stdin"], "seven77");
    refuses(&world, &ran, 2, "error: the password has fewer than 8 characters\n");
}

#[test]
fn a_short_new_password_is_taken_with_a_warning() {
    let short = "warning: the password has fewer than 8 characters\n";
    let world = World::new();
    let init = world.run_with_input(&["init", "ada", "--password-stdin"], "seven77");
    let register = world.run_with_input(&["register", "john", "--password-stdin"], "short");
    let recover = world.run_with_input(&["recover", "john", "--password-stdin"], "123456");
    let passwd = world.run_with_input(&PASSWD, "seven77\nshort\n");
    for ran in [init, register, recover, passwd] {
        assert!(ran.ok().err.contains(short));
    }
    let eight = world.run_with_input(&["recover", "john", "--password-stdin"], "\u{fc}12345678");
    assert!(!eight.ok().err.contains("warning"));
}
