//! What admins do to accounts: `jeton users show`, `set-role`, `set-quota`, `rename`, `disable`,
//! `enable`, `delete`

use crate::mask::{json_says, refuses, says};
use crate::world::{Ran, World};

/// John with ada logged in.
fn with_ada() -> World {
    let world = World::with_john();
    world.log_in("ada", "lovelace");
    world
}

/// A command of john, who has a session of his own beside ada's.
fn as_john(world: &World, words: &[&str]) -> Ran {
    let mut command = world.command(words);
    command.env("JETON_CONFIG_DIR", world.home().join("john"));
    World::run_with(command, "123456")
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

#[test]
fn a_role_counts_at_once() {
    let world = with_ada();
    as_john(&world, &["login", "john", "--password-stdin"]).ok();
    as_john(&world, &["token", "mint"]).fails(7);
    let set = ["users", "set-role", "john", "minter"];
    says(&world, &world.run(&set), "", "john has the role minter\n");
    says(&world, &world.run(&set), "", "john has the role minter as before\n");
    json_says(
        &world,
        &set,
        "{\"changed\":false,\"user\":{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\
         \"email\":\"john@example.com\",\"name\":null,\"role\":\"minter\",\
         \"status\":\"active\",\"quota\":null,\"created_at\":\"<time>\"}}",
    );
    let counts = "SELECT count FROM audit WHERE action = 'users set-role'";
    assert_eq!(world.sql(counts), ["1"]);
    as_john(&world, &["token", "mint"]).ok();
}

#[test]
fn a_quota_of_ones_own_goes_before_the_stores() {
    let world = World::with_john();
    for app in ["a", "b", "c"] {
        world.get(&["token", "create", app]);
    }
    world.log_in("ada", "lovelace");
    for (quota, talk, code) in [
        ("4", "john has the quota 4\n", 0),
        ("2", "john has the quota 2\n", 8),
        ("unlimited", "john has the quota unlimited\n", 0),
        ("default", "john has the quota default\n", 8),
        ("default", "john has the quota default as before\n", 8),
        ("0", "john has the quota 0\n", 8),
    ] {
        says(&world, &world.run(&["users", "set-quota", "john", quota]), "", talk);
        let ran = world.run(&["token", "create", "d", "--user", "john"]);
        assert_eq!(ran.code, code, "{quota}: {ran:?}");
    }
    assert_eq!(world.json(&["users", "show", "john"])["quota"], 0);
    assert_eq!(world.json(&["token", "list", "--user", "john"])["total"], 5, "none is revoked");
    let ran = world.run(&["users", "set-quota", "john", "few"]);
    let talk = "error: invalid value 'few' for '<N|unlimited|default>': quota: a number, \
                `unlimited` or `default`\nhint: see `jeton users set-quota --help`\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn a_user_with_another_name_is_the_same_user() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.log_in("ada", "lovelace");
    let rename = |words: &[&str]| world.run(&[&["users", "rename"], words].concat());
    let talk = "johnny (id 2) is called johnny, john@example.com\n";
    says(&world, &rename(&["john", "Johnny"]), "", talk);
    let talk = "johnny (id 2) is called johnny, john@example.com as before\n";
    says(&world, &rename(&["johnny", "johnny"]), "", talk);
    let ran = rename(&["johnny", "--email", "j@example.com", "--name", "John Doe"]);
    says(&world, &ran, "", "johnny (id 2) is called johnny, j@example.com, John Doe\n");
    let ran = rename(&["j@example.com", "", "--name", ""]);
    says(&world, &ran, "", "j@example.com (id 2) is called j@example.com\n");
    assert_eq!(world.get(&["token", "verify", &token]), "valid");
    world.register("john", "654321");
    world.log_in("j@example.com", "123456");
}

#[test]
fn a_name_that_cannot_be_given_is_refused() {
    let world = with_ada();
    let rename = |words: &[&str]| world.run(&[&["users", "rename"], words].concat());
    let talk = "error: a new username, `--email` or `--name` is needed\n";
    refuses(&world, &rename(&["john"]), 2, talk);
    let talk = "error: a user of that name or e-mail exists\n";
    refuses(&world, &rename(&["john", "ADA"]), 5, talk);
    refuses(&world, &rename(&["ada", "--email", "John@Example.com"]), 5, talk);
    let talk = "error: a username or an e-mail address must stay\n";
    refuses(&world, &rename(&["ada", ""]), 2, talk);
    for (words, why) in [
        (
            ["john", "a@b"],
            "'a@b' for '[USERNAME]': username: `@` is for e-mail addresses (`--email`)",
        ),
        (
            ["john", "--name=\u{7}"],
            "'\\u{7}' for '--name <NAME>': name: 1 to 200 visible characters",
        ),
    ] {
        let hint = "hint: see `jeton users rename --help`\n";
        refuses(&world, &rename(&words), 2, &format!("error: invalid value {why}\n{hint}"));
    }
}

#[test]
fn a_disabled_user_is_out_until_it_is_enabled() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.log_in("ada", "lovelace");
    as_john(&world, &["login", "john", "--password-stdin"]).ok();
    let disable = ["users", "disable", "john"];
    says(&world, &world.run(&disable), "", "john is disabled, 1 session ended\n");
    says(&world, &world.run(&disable), "", "john is disabled as before\n");
    let ran = world.run_with_input(&["login", "john", "--password-stdin"], "123456");
    refuses(&world, &ran, 6, "error: wrong name or password\n");
    let ran = world.run(&["token", "verify", &token]);
    assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: user_disabled\n"));
    assert_eq!(world.json(&["users", "show", "john"])["status"], "disabled");
    says(&world, &world.run(&["users", "enable", "john"]), "", "john is enabled\n");
    says(&world, &world.run(&["users", "enable", "john"]), "", "john is enabled as before\n");
    assert_eq!(world.get(&["token", "verify", &token]), "valid");
    json_says(
        &world,
        &disable,
        "{\"changed\":true,\"user\":{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\
         \"email\":\"john@example.com\",\"name\":null,\"role\":\"user\",\
         \"status\":\"disabled\",\"quota\":null,\"created_at\":\"<time>\"},\
         \"sessions_ended\":0}",
    );
    world.run(&["users", "enable", "john"]).ok();
    let talk = "error: the token's session has ended\nhint: log in again: jeton login\n";
    refuses(&world, &as_john(&world, &["whoami"]), 12, talk);
}

#[test]
fn every_change_is_refused_in_the_same_order() {
    let world = World::with_john();
    let changes: [&[&str]; 5] = [
        &["users", "set-role", "WHO", "user"],
        &["users", "set-quota", "WHO", "1"],
        &["users", "rename", "WHO", "other"],
        &["users", "disable", "WHO"],
        &["users", "enable", "WHO"],
    ];
    let run = |words: &[&str], who: &str| {
        let words: Vec<_> =
            words.iter().map(|word| if *word == "WHO" { who } else { word }).collect();
        world.run(&words)
    };
    for words in changes {
        for who in ["john", "ada", "nobody"] {
            refuses(&world, &run(words, who), 7, "error: only admins change accounts\n");
        }
    }
    let refused = "SELECT count(*) FROM audit WHERE outcome = 'forbidden' AND user_id = 2";
    assert_eq!(world.sql(refused), ["15"]);
    world.log_in("ada", "lovelace");
    for words in changes {
        refuses(&world, &run(words, "nobody"), 3, "error: there is no user `nobody`\n");
    }
    for words in [changes[0], changes[3]] {
        refuses(&world, &run(words, "ada"), 5, "error: the last admin must stay\n");
    }
    world.run(&["logout"]).ok();
    for words in changes {
        assert_eq!(run(words, "john").code, 4, "{words:?}");
    }
}
