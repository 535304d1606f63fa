//! `jeton users …`

use crate::mask::{json_says, refuses, says};
use crate::world::World;

/// Admin ada, john (logged in), kim and lee.
fn four() -> World {
    let world = World::with_john();
    world.register("kim", "123456");
    world.register("lee", "123456");
    world
}

#[test]
fn a_plain_user_sees_names_only() {
    let world = World::with_john();
    let out = "ID  UID                                   USERNAME  EMAIL\n\
               1   <uuid>  ada       -\n\
               2   <uuid>  john      john@example.com\n";
    says(&world, &world.run(&["users", "list"]), out, "");
    json_says(
        &world,
        &["users", "list"],
        "{\"items\":[{\"id\":1,\"uid\":\"<uuid>\",\"username\":\"ada\",\"email\":null},\
         {\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\"email\":\"john@example.com\"}],\
         \"page\":1,\"per_page\":20,\"total\":2,\"pages\":1,\"next\":null}",
    );
}

#[test]
fn an_admin_sees_role_and_status() {
    let world = World::with_john();
    world.log_in("ada", "lovelace");
    let out = "ID  UID                                   USERNAME  EMAIL             ROLE   STATUS\n\
               1   <uuid>  ada       -                 admin  active\n\
               2   <uuid>  john      john@example.com  user   active\n";
    says(&world, &world.run(&["users", "ls"]), out, "");
    json_says(
        &world,
        &["users", "list", "--after", "1"],
        "{\"items\":[{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\
         \"email\":\"john@example.com\",\"role\":\"user\",\"status\":\"active\"}],\
         \"page\":null,\"per_page\":20,\"total\":2,\"pages\":1,\"next\":null}",
    );
}

#[test]
fn a_long_list_is_cut_into_pages() {
    let world = four();
    let list = |arguments: &[&str]| {
        let answer = world.json(&[&["users", "list"], arguments].concat());
        let items = answer["items"].as_array().unwrap().iter();
        let names: Vec<_> = items.map(|user| user["username"].as_str().unwrap()).collect();
        let position = ["page", "per_page", "total", "pages", "next"].map(|name| &answer[name]);
        format!("{} {}", names.join(","), position.map(ToString::to_string).join(" "))
    };
    assert_eq!(list(&[]), "ada,john,kim,lee 1 20 4 1 null");
    assert_eq!(list(&["--per-page", "3"]), "ada,john,kim 1 3 4 2 3");
    assert_eq!(list(&["--per-page", "3", "--page", "2"]), "lee 2 3 4 2 null");
    assert_eq!(list(&["--per-page", "2", "--page", "2"]), "kim,lee 2 2 4 2 null");
    assert_eq!(list(&["--page", "9"]), " 9 20 4 1 null");
    assert_eq!(list(&["--after", "1", "--per-page", "2"]), "john,kim null 2 4 2 3");
    assert_eq!(list(&["--after", "3", "--per-page", "2"]), "lee null 2 4 2 null");
    assert_eq!(list(&["--all"]), "ada,john,kim,lee 1 null 4 1 null");
}

#[test]
fn the_footer_says_how_to_go_on() {
    let world = four();
    for (arguments, footer) in [
        (["--per-page", "3"].as_slice(), "3 of 4 users, page 1 of 2; next: --page 2\n"),
        (&["--per-page", "3", "--page", "2"], ""),
        (&["--per-page", "1", "--after", "2"], "1 of 4 users, more follow; next: --after 3\n"),
        (&["--after", "4"], "no users\n"),
        (&["--per-page", "3", "--quiet"], ""),
    ] {
        let ran = world.run(&[&["users", "list"], arguments].concat()).ok();
        assert_eq!(ran.err, footer, "{arguments:?}");
    }
}

#[test]
fn a_page_that_cannot_be_is_refused() {
    let world = World::with_admin();
    let hint = "hint: see `jeton users list --help`\n";
    for (flag, value, why) in [
        ("--page", "0", "'0' for '--page <N>': 0 is not in 1..=4294967295"),
        ("--per-page", "0", "'0' for '--per-page <N>': 0 is not in 1..=10000"),
        ("--per-page", "10001", "'10001' for '--per-page <N>': 10001 is not in 1..=10000"),
        ("--after", "x", "'x' for '--after <ID>': invalid digit found in string"),
    ] {
        let ran = world.run(&["users", "list", flag, value]);
        refuses(&world, &ran, 2, &format!("error: invalid value {why}\n{hint}"));
    }
    let ran = world.run(&["users", "list", "--all", "--page", "1"]);
    let talk = "error: the argument '--all' cannot be used with '--page <N>'\n\
                hint: usage: jeton users list --all\n";
    refuses(&world, &ran, 2, talk);
    world.run(&["logout"]).ok();
    let talk = "error: nobody is logged in\nhint: log in: jeton login\n";
    refuses(&world, &world.run(&["users", "list"]), 4, talk);
}

#[test]
fn an_account_is_shown_to_its_owner_and_to_admins() {
    let world = World::with_john();
    let out = "id        2\nuid       <uuid>\nusername  john\nemail     john@example.com\n\
               name      -\nrole      user\nstatus    active\nquota     default\n\
               created   <time>\n";
    let uid = world.json(&["whoami"])["user"]["uid"].as_str().unwrap().to_owned();
    for who in ["john", "JOHN", "2", &uid, "john@example.com"] {
        says(&world, &world.run(&["users", "show", who]), out, "");
    }
    for who in ["ada", "1", "nobody"] {
        let ran = world.run(&["users", "show", who]);
        refuses(&world, &ran, 7, "error: only admins see other accounts\n");
    }
    world.log_in("ada", "lovelace");
    says(&world, &world.run(&["users", "show", "john"]), out, "");
    json_says(
        &world,
        &["users", "show", "john"],
        "{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\"email\":\"john@example.com\",\
         \"name\":null,\"role\":\"user\",\"status\":\"active\",\"quota\":null,\
         \"created_at\":\"<time>\"}",
    );
    let ran = world.run(&["users", "show", "nobody"]);
    refuses(&world, &ran, 3, "error: there is no user `nobody`\n");
}

#[test]
fn a_deleted_account_frees_its_names_and_kills_its_tokens() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.log_in("ada", "lovelace");
    let ran = world.run(&["users", "delete", "john", "--yes"]);
    says(&world, &ran, "", "deleted john, revoked 1 token\n");
    let ran = world.run(&["token", "verify", &token]);
    assert_eq!((ran.code, ran.out.as_str()), (12, "invalid: token_revoked\n"));
    let ran = world.run_with_input(&["login", "john", "--password-stdin"], "123456");
    refuses(&world, &ran, 6, "error: wrong name or password\n");
    world.register("john", "123456");
    assert_eq!(world.sql("SELECT id FROM users ORDER BY id"), ["1", "2", "3"]);
    json_says(
        &world,
        &["users", "rm", "john", "--yes"],
        "{\"changed\":true,\"id\":3,\"tokens_revoked\":0}",
    );
}

#[test]
fn deleting_is_refused_before_it_is_confirmed() {
    let world = World::with_john();
    for who in ["ada", "john", "nobody"] {
        let ran = world.run(&["users", "delete", who]);
        refuses(&world, &ran, 7, "error: only admins delete accounts\n");
    }
    world.log_in("ada", "lovelace");
    let ran = world.run(&["users", "delete", "nobody"]);
    refuses(&world, &ran, 3, "error: there is no user `nobody`\n");
    let ran = world.run(&["users", "delete", "ada"]);
    refuses(&world, &ran, 5, "error: the last admin must stay\n");
    let ran = world.run(&["users", "delete", "john"]);
    refuses(&world, &ran, 2, "error: nobody is there to confirm it\nhint: add `--yes`\n");
    world.run(&["users", "show", "john"]).ok();
}

#[test]
fn another_admin_may_delete_the_first() {
    let world = World::with_admin();
    let arguments = ["register", "eve", "--role", "admin", "--password-stdin"];
    world.run_with_input(&arguments, "123456").ok();
    world.run(&["users", "delete", "ada", "--yes"]).ok();
    let talk = "error: the token's session has ended\nhint: log in again: jeton login\n";
    refuses(&world, &world.run(&["whoami"]), 12, talk);
    world.log_in("eve", "123456");
    let ran = world.run(&["users", "delete", "eve", "--yes"]);
    refuses(&world, &ran, 5, "error: the last admin must stay\n");
}
