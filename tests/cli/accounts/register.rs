//! `jeton register`

use super::NOBODY_TO_ASK;
use crate::mask::{json_says, refuses, says};
use crate::world::{Ran, World};

fn register(world: &World, arguments: &[&str]) -> Ran {
    world.run_with_input(&[&["register", "--password-stdin"], arguments].concat(), "long enough")
}

#[test]
fn it_registers_and_does_not_log_in() {
    let world = World::with_admin();
    let ran = register(&world, &["john", "--email", "john@example.com", "--name", "John Doe"]);
    says(&world, &ran, "", "registered john (id 2, user)\n");
    assert_eq!(world.json(&["whoami"])["user"]["username"], "ada");
    world.log_in("john", "long enough");
    world.log_in("john@example.com", "long enough");
}

#[test]
fn it_tells_programs_who_was_registered() {
    let mut world = World::with_admin();
    world.set("JETON_PASSWORD", "long enough");
    let user = "\"user\":{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\
                \"email\":\"john@example.com\",\"name\":\"John Doe\",\"role\":\"user\",\
                \"status\":\"active\",\"quota\":null,\"created_at\":\"<time>\"}";
    let arguments = ["register", "john", "--email", "john@example.com", "--name", "John Doe"];
    json_says(&world, &arguments, &format!("{{\"changed\":true,{user}}}"));
    let again = [arguments.as_slice(), &["--exist-ok"]].concat();
    json_says(&world, &again, &format!("{{\"changed\":false,{user}}}"));
}

#[test]
fn the_first_account_makes_the_store_and_is_its_admin() {
    let world = World::new();
    let ran = register(&world, &["--email", "ada@example.com", "--role", "user"]);
    let talk = "made the store `~/.local/share/jeton/jeton.db`\n\
                registered ada@example.com (id 1, admin)\n";
    says(&world, &ran, "", talk);
    assert_eq!(world.run(&["whoami"]).code, 4);
    world.log_in("ada@example.com", "long enough");
}

#[test]
fn an_account_that_exists_is_a_conflict_unless_that_is_fine() {
    let world = World::with_john();
    for arguments in [
        ["JOHN", "--email", "other@example.com"],
        ["other", "--email", "John@EXAMPLE.com"],
        ["john", "--email", "john@example.com"],
    ] {
        let ran = register(&world, &arguments);
        refuses(&world, &ran, 5, "error: a user of that name or e-mail exists\n");
    }
    let ran = register(&world, &["john", "--email", "john@example.com", "--exist-ok"]);
    says(&world, &ran, "", "was registered before: john (id 2, user)\n");
    let ran = register(&world, &["john", "--email", "other@example.com", "--exist-ok"]);
    refuses(&world, &ran, 5, "error: a user of that name or e-mail exists\n");
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["2"]);
}

#[test]
fn only_admins_give_a_role() {
    let world = World::with_john();
    for role in ["admin", "minter"] {
        let ran = register(&world, &["kim", "--role", role]);
        refuses(&world, &ran, 7, "error: only admins give a role\n");
    }
    world.run(&["logout"]).ok();
    let ran = register(&world, &["kim", "--role", "admin"]);
    refuses(&world, &ran, 7, "error: only admins give a role\n");
    world.log_in("ada", "lovelace");
    let ran = register(&world, &["kim", "--role", "minter"]);
    says(&world, &ran, "", "registered kim (id 3, minter)\n");
}

#[test]
fn a_closed_store_registers_for_admins_only() {
    let world = World::with_john();
    world.log_in("ada", "lovelace");
    world.run(&["settings", "set", "register.open", "false"]).ok();
    says(&world, &register(&world, &["kim"]), "", "registered kim (id 3, user)\n");
    world.log_in("john", "123456");
    let ran = register(&world, &["lee"]);
    refuses(&world, &ran, 7, "error: only admins register accounts here\n");
    assert_eq!(
        world.sql("SELECT outcome FROM audit WHERE action = 'register' ORDER BY id DESC LIMIT 1"),
        ["forbidden"],
        "the refused change is written down"
    );
}

#[test]
fn what_cannot_be_a_name_is_refused() {
    let world = World::with_admin();
    let hint = "hint: see `jeton register --help`\n";
    for (arguments, why) in [
        (
            ["a@b"].as_slice(),
            "'a@b' for '[USERNAME]': username: `@` is for e-mail addresses (`--email`)",
        ),
        (&["7"], "'7' for '[USERNAME]': username: could be mistaken for an id"),
        (
            &["--email", "kim"],
            "'kim' for '--email <EMAIL>': e-mail: not an address like `ada@example.com`",
        ),
        (
            &["kim", "--role", "king"],
            "'king' for '--role <ROLE>': role: `user`, `minter` or `admin`",
        ),
        (&["kim", "--name", ""], "'' for '--name <NAME>': name: 1 to 200 visible characters"),
    ] {
        let ran = register(&world, arguments);
        refuses(&world, &ran, 2, &format!("error: invalid value {why}\n{hint}"));
    }
    let ran = register(&world, &[]);
    let talk = "error: the following required arguments were not provided:\n  <USERNAME>\n\
                hint: usage: jeton register --password-stdin <USERNAME>\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn a_password_is_needed_and_may_be_too_short() {
    let world = World::with_admin();
    refuses(&world, &world.run(&["register", "kim"]), 2, NOBODY_TO_ASK);
    let ran = world.run_with_input(&["register", "kim", "--password-stdin"], "\n");
    refuses(&world, &ran, 2, "error: password: must not be empty\n");
    world.run(&["settings", "set", "password.min_length", "12"]).ok();
    let ran = register(&world, &["kim"]);
    refuses(&world, &ran, 2, "error: the password has fewer than 12 characters\n");
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["1"]);
}

#[test]
fn a_session_that_is_over_is_no_hindrance_but_no_help_either() {
    let world = World::with_john();
    world.run_with_input(&["recover", "john", "--password-stdin"], "x").ok();
    says(&world, &register(&world, &["kim"]), "", "registered kim (id 3, user)\n");
    let ran = register(&world, &["lee", "--role", "admin"]);
    let talk = "error: the token's session has ended\nhint: log in again: jeton login\n";
    refuses(&world, &ran, 12, talk);
}
