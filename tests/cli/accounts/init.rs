//! `jeton init`

use crate::mask::{json_says, refuses, says};
use crate::world::World;

const STORE: &str = "~/.local/share/jeton/jeton.db";

#[test]
fn it_makes_the_store_and_logs_the_first_admin_in() {
    let world = World::new();
    let ran = world.run_with_input(&["init", "ada", "--password-stdin"], "lovelace");
    let talk = format!("made the store `{STORE}`\nada is the first admin and logged in\n");
    says(&world, &ran, "", &talk);
    assert_eq!(world.sql("SELECT role FROM users"), ["admin"]);
    assert_eq!(world.sql("SELECT purpose || algorithm || state FROM keys"), ["appES256active"]);
    world.run(&["whoami"]).ok();
    world.log_in("ada", "lovelace");
}

#[test]
fn it_tells_programs_what_it_made() {
    let mut world = World::new();
    world.set("JETON_PASSWORD", "lovelace");
    json_says(
        &world,
        &["init", "Ada@Example.com"],
        &format!(
            "{{\"changed\":true,\"store\":\"{STORE}\",\"user\":{{\"id\":1,\"uid\":\"<uuid>\",\
             \"username\":null,\"email\":\"Ada@example.com\",\"name\":null,\"role\":\"admin\",\
             \"status\":\"active\",\"quota\":null,\"created_at\":\"<time>\"}}}}"
        ),
    );
    world.log_in("ada@example.com", "lovelace");
}

#[test]
fn the_first_admin_is_called_like_the_os_user() {
    let os_user = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let os_user = String::from_utf8(os_user).unwrap().trim().to_lowercase();
    let world = World::new();
    let ran = world.run(&["init"]);
    let talk = format!(
        "made the store `{STORE}`\n{os_user} is the first admin and logged in\n\
         hint: the password is random and shown to nobody; set one: jeton recover {os_user}\n"
    );
    says(&world, &ran, "", &talk);
    assert_eq!(world.sql("SELECT username FROM users"), [os_user]);
}

#[test]
fn a_random_password_is_replaced_by_recovering() {
    let world = World::new();
    world.run(&["init", "ada"]).ok();
    assert_eq!(world.run_with_input(&["login", "ada", "--password-stdin"], "ada").code, 6);
    world.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
    world.log_in("ada", "lovelace");
}

#[test]
fn the_first_key_is_of_the_algorithm_that_was_asked_for() {
    let world = World::new();
    world.run(&["init", "ada", "--alg", "HS256"]).ok();
    assert_eq!(world.sql("SELECT algorithm FROM keys"), ["HS256"]);
    let token = world.get(&["token", "create", "app"]);
    assert_eq!(world.get(&["token", "verify", &token]), "valid");
}

#[test]
fn an_algorithm_that_cannot_be_is_refused() {
    let world = World::new();
    let ran = world.run(&["init", "ada", "--alg", "none"]);
    let talk = "error: invalid value 'none' for '--alg <ALG>': algorithm: not one of HS256, HS384, \
                HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA\n\
                hint: see `jeton init --help`\n";
    refuses(&world, &ran, 2, talk);
    assert!(!world.store().exists());
}

#[test]
fn a_store_with_an_admin_is_left_as_it_is() {
    let world = World::with_admin();
    let ran = world.run_with_input(&["init", "eve", "--password-stdin"], "x");
    let talk = "error: the store has its first user already\n\
                hint: log in with `jeton login`, or leave it as it is with `--exist-ok`\n";
    refuses(&world, &ran, 5, talk);
    assert_eq!(world.json_error(&["init", "eve"])["code"], "store_exists");
    let ran = world.run(&["init", "eve", "--exist-ok"]);
    says(&world, &ran, "", "the store was there\n");
    json_says(
        &world,
        &["init", "--exist-ok"],
        &format!("{{\"changed\":false,\"store\":\"{STORE}\",\"user\":null}}"),
    );
    assert_eq!(world.sql("SELECT username FROM users"), ["ada"]);
    world.log_in("ada", "lovelace");
}

#[test]
fn a_bad_name_makes_nothing() {
    let world = World::new();
    let hint = "hint: give a name: jeton init LOGIN\n";
    for (name, why) in [
        ("123", "username: could be mistaken for an id"),
        ("a b", "username: letters, digits and common signs only, no spaces"),
        ("ada@", "e-mail: not an address like `ada@example.com`"),
    ] {
        let ran = world.run(&["init", name]);
        refuses(&world, &ran, 2, &format!("error: {why}\n{hint}"));
    }
    assert!(!world.store().exists());
}

#[test]
fn a_store_elsewhere_is_another_store() {
    let world = World::with_admin();
    let other = world.home().join("other.db");
    let other = other.to_str().unwrap();
    let ran = world.run(&["init", "eve", "--store", other]);
    let talk = "made the store `~/other.db`\neve is the first admin and logged in\n\
                hint: the password is random and shown to nobody; set one: jeton recover eve\n";
    says(&world, &ran, "", talk);
    assert_eq!(world.json(&["whoami"])["user"]["username"], "ada");
    assert_eq!(world.json(&["whoami", "--store", other])["user"]["username"], "eve");
}

#[test]
fn a_key_of_another_algorithm_that_is_there_is_a_conflict() {
    let world = World::new();
    world.run(&["keys", "generate", "--alg", "EdDSA"]).ok();
    let ran = world.run(&["init", "ada", "--alg", "RS256"]);
    let talk = "error: the store has a key that signs already, with EdDSA\n\
                hint: leave `--alg` out, and then change it: jeton keys rotate --alg RS256\n";
    refuses(&world, &ran, 5, talk);
    assert_eq!(world.json_error(&["init", "ada", "--alg", "RS256"])["code"], "key_exists");
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["0"]);
    world.run(&["init", "ada", "--alg", "EdDSA"]).ok();
    world.run(&["keys", "rotate", "--alg", "RS256"]).ok();
    assert_eq!(world.sql("SELECT algorithm FROM keys WHERE state = 'active'"), ["RS256"]);
    let unsaid = World::new();
    unsaid.run(&["keys", "generate", "--alg", "EdDSA"]).ok();
    unsaid.run(&["init", "ada"]).ok();
}
