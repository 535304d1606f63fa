//! What admins do to accounts: `jeton users show`, `delete`

use crate::mask::{json_says, refuses, says};
use crate::world::World;

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
