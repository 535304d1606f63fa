//! `jeton users import`

use crate::mask::{json_says, refuses, says};
use crate::world::World;
use serde_json::json;
use std::fs;

/// Argon2id of `password`, cheap to check.
pub(super) const HASH: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// So many rows with that hash, and a plain password in every thousandth; one of them is `bad`.
fn rows(count: usize, bad: Option<(usize, &str)>) -> String {
    let row = |number: usize| match bad {
        Some((at, row)) if at == number => format!("{row}\n"),
        _ if number % 1_000 == 7 => format!("user{number},user{number}@x.org,secret{number},\n"),
        _ => format!("user{number},user{number}@x.org,,\"{HASH}\"\n"),
    };
    let rows: String = (0..count).map(row).collect();
    format!("username,email,password,password_hash\n{rows}")
}

fn import(world: &World, rows: &str) -> crate::world::Ran {
    fs::write(world.home().join("rows"), rows).unwrap();
    world.run(&["users", "import", "rows"])
}

fn count(world: &World) -> String {
    world.sql("SELECT count(*) FROM users").remove(0)
}

#[test]
fn ten_thousand_users_are_one_import() {
    let world = World::with_admin();
    says(&world, &import(&world, &rows(10_000, None)), "", "imported 10000 users\n");
    assert_eq!(world.json(&["users", "list"])["total"], 10_001);
    let audit =
        "SELECT action || ' ' || target || ' ' || count FROM audit ORDER BY id DESC LIMIT 1";
    assert_eq!(world.sql(audit), ["users import users 10000"]);
    world.log_in("user1", "password");
    world.log_in("user9007@x.org", "secret9007");
    let hashes = "SELECT count(*) FROM users WHERE password LIKE '$argon2id$v=19$m=19456%'";
    assert_eq!(world.sql(hashes), ["12"], "the plain ones, ada, and whoever logged in");
    let leaks = "SELECT count(*) FROM users WHERE password LIKE '%secret%'";
    assert_eq!(world.sql(leaks), ["0"]);
}

#[test]
fn one_wrong_row_of_ten_thousand_is_named_and_nothing_is_applied() {
    let world = World::with_admin();
    for (row, why) in [
        (
            "user 5000,,marker-of-a-secret,",
            "username: letters, digits and common signs only, no spaces",
        ),
        ("user4000,,marker-of-a-secret,", "a name or uid of it stands on line 4002 already"),
        (",,marker-of-a-secret,", "a username or an e-mail address is needed"),
        ("one cell", "it has 1 cell, not 4"),
        (
            "a,,,marker-of-a-secret",
            "password_hash: not a hash in PHC form, like `$argon2id$v=19$m=…,t=…,p=…$…$…`",
        ),
        (
            "a,,,\"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu\"",
            "password_hash: each login would take too long: 256 MiB and 4 passes at most",
        ),
    ] {
        let rows = rows(10_000, Some((5_000, row)));
        refuses(&world, &import(&world, &rows), 65, &format!("error: line 5002: {why}\n"));
        assert_eq!(count(&world), "1");
    }
    let rows = rows(10_000, Some((5_000, "ada,,marker-of-a-secret,")));
    let talk = "error: line 5002: a user of that name, e-mail or uid exists: ada\n\
                hint: who is there by all of these names is left out with `--exist-ok`\n";
    refuses(&world, &import(&world, &rows), 5, talk);
    let error = world.json_error(&["users", "import", "rows"]);
    assert_eq!(
        (&error["code"], &error["details"]),
        (&json!("user_exists"), &json!({"line": 5_002}))
    );
    fs::write(world.home().join("rows"), "username\na b\n").unwrap();
    let error = world.json_error(&["users", "import", "rows"]);
    assert_eq!((&error["code"], &error["details"]), (&json!("bad_data"), &json!({"line": 2})));
    assert_eq!(count(&world), "1");
    let audit = world.sql("SELECT outcome || count FROM audit WHERE action = 'users import'");
    assert_eq!(audit.len(), 9, "{audit:?}");
    assert!(audit.iter().all(|row| row == "bad_data0" || row == "user_exists0"), "{audit:?}");
}

#[test]
fn it_can_be_the_first_command_of_a_store() {
    let world = World::new();
    let talk = "error: no row is an admin, and the store has none yet\n\
                hint: give a row the role `admin`, or make the first admin: jeton init\n";
    for rows in ["username\nkim\n", "username,role,disabled\nkim,admin,true\n"] {
        refuses(&world, &import(&world, rows), 65, talk);
        assert!(!world.store().exists());
    }
    for rows in ["", "username\n"] {
        refuses(&world, &import(&world, rows), 65, "error: line 1: there is no row\n");
        assert!(!world.store().exists());
    }
    let rows = "{\"username\":\"kim\",\"password\":\"123456\"}\n\
                {\"username\":\"ada\",\"role\":\"admin\",\"password\":\"lovelace\"}\n";
    let talk = "made the store `~/.local/share/jeton/jeton.db`\nimported 2 users\n";
    says(&world, &import(&world, rows), "", talk);
    assert_eq!(world.sql("SELECT username || ' ' || role FROM users"), ["kim user", "ada admin"]);
    assert_eq!(world.sql("SELECT purpose || algorithm || state FROM keys"), ["appES256active"]);
    let talk = "error: nobody is logged in\nhint: log in: jeton login\n";
    refuses(&world, &import(&world, rows), 4, talk);
    world.log_in("kim", "123456");
    refuses(&world, &import(&world, "{"), 7, "error: only admins import accounts\n");
    world.log_in("ada", "lovelace");
    says(
        &world,
        &import(&world, "{\"username\":\"eve\"}"),
        "",
        "imported 1 user\n\
        hint: there is no password yet for 1 user; set one: jeton recover USER\n",
    );
    world.run_with_input(&["recover", "eve", "--password-stdin"], "123456").ok();
    world.log_in("eve", "123456");
}

#[test]
fn a_file_that_a_spreadsheet_wrote_is_taken_as_it_is() {
    let world = World::with_admin();
    let rows = "Username,EMAIL,Role,Disabled,Quota,Created_At\r\n\
                kim,,User,TRUE,Default,\r\n,,,,,\r\n\
                lee,lee@x.org,MINTER,FALSE,Unlimited,2030-01-31\r\n,,,,,\r\n";
    let talk = "imported 2 users\n\
                hint: there is no password yet for 2 users; set one: jeton recover USER\n";
    says(&world, &import(&world, rows), "", talk);
    let rows = "SELECT username || ' ' || role || ' ' || (disabled_at IS NULL) FROM users";
    assert_eq!(world.sql(rows), ["ada admin 1", "kim user 0", "lee minter 1"]);
    let quota = |who| world.json(&["users", "show", who])["quota"].clone();
    assert_eq!((quota("kim"), quota("lee")), (json!(null), json!("unlimited")));
    let rows = "Username,Disabled\n,\n,\nann,perhaps\n";
    let talk = "error: line 4: disabled: `true` or `false`\n";
    refuses(&world, &import(&world, rows), 65, talk);
    let talk = "error: line 1: column 2 is called like another one\n";
    refuses(&world, &import(&world, "Username,username\nann,ann\n"), 65, talk);
}

#[test]
fn those_that_differ_from_their_rows_are_counted() {
    let world = World::with_john();
    world.log_in("ada", "lovelace");
    world.run_with_input(&["users", "import", "-"], "username\nada2\n").ok();
    fs::write(world.home().join("rows"), "username,quota\nada,default\njohn,7\nada2,9\n").unwrap();
    let ran = world.run(&["users", "import", "rows", "--exist-ok"]);
    let talk = "imported 0 users, 3 there before\n\
                warning: 2 users there before were left as they are, unlike their rows, the first on line 3\n";
    says(&world, &ran, "", talk);
    assert_eq!(world.json(&["users", "show", "john"])["quota"], json!(null));
}

#[test]
fn whoever_may_be_there_is_left_as_it_is() {
    let world = World::with_john();
    world.log_in("ada", "lovelace");
    let rows = "username,email,role,password\njohn,John@Example.com,admin,other\nkim,,,123456\n";
    fs::write(world.home().join("rows"), rows).unwrap();
    let import = ["users", "import", "rows", "--exist-ok"];
    says(
        &world,
        &world.run(&import),
        "",
        "imported 1 user, 1 there before\nwarning: 1 user there before was left as it is, unlike its row, which is on line 2\n",
    );
    assert_eq!(world.json(&["users", "show", "john"])["role"], "user");
    json_says(
        &world,
        &import,
        "{\"changed\":false,\"imported\":0,\"without_password\":0,\"there_before\":2,\"different\":1}",
    );
    let rows = "{\"username\":\"john\",\"email\":\"other@example.com\"}";
    let ran = world.run_with_input(&["users", "import", "-", "--exist-ok"], rows);
    assert_eq!(ran.code, 5, "{ran:?}");
    world.log_in("john", "123456");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let world = World::with_admin();
    let ran = world.run(&["users", "import", "there-is-none"]);
    let talk = "error: `there-is-none` cannot be read: No such file or directory (os error 2)\n";
    refuses(&world, &ran, 2, talk);
    for (rows, why) in [
        (
            "{\"username\":\"a\"}\n{\"username\":\"b\",\"username\":\"c\"}\n",
            "line 2: it is ambiguous: a member stands there twice",
        ),
        ("{\"username\":\"a\"}\n[]\n", "line 2: it is not a JSON object"),
        ("username,username\na,b\n", "line 1: column 2 is called like another one"),
        (
            "username,id\na,1\n",
            "line 1: column 2 is none of uid, username, email, name, role, quota, disabled, created_at, password, password_hash",
        ),
    ] {
        refuses(&world, &import(&world, rows), 65, &format!("error: {why}\n"));
    }
    world.run(&["settings", "set", "password.min_length", "7"]).ok();
    let ran = import(&world, "username,password\na,1234567\nb,123456\n");
    refuses(&world, &ran, 65, "error: line 3: the password has fewer than 7 characters\n");
    assert_eq!(count(&world), "1");
}

#[test]
fn the_uid_of_a_deleted_user_is_not_given_again() {
    let world = World::with_john();
    world.log_in("ada", "lovelace");
    let export = world.run(&["users", "export"]).ok().out;
    world.run(&["users", "delete", "john", "--yes"]).ok();
    let talk = "error: line 2: its `uid` was of a user who is deleted: leave it out, and it gets \
                another\n";
    for words in [&["users", "import", "-"][..], &["users", "import", "-", "--exist-ok"]] {
        let rest = export.lines().last().unwrap();
        let ran = world.run_with_input(words, &format!("{{\"username\":\"lee\"}}\n{rest}\n"));
        refuses(&world, &ran, 65, talk);
    }
    assert_eq!(world.sql("SELECT count(*) FROM users WHERE deleted_at IS NULL"), ["1"]);
}

#[test]
fn a_large_file_takes_a_few_times_its_room() {
    let world = World::new();
    let all = rows(40_000, Some((39_999, "user1,,,")));
    fs::write(world.home().join("rows"), all).unwrap();
    let ran = World::run_with(world.confined(&["users", "import", "rows"]), "");
    let talk = "error: line 40001: a name or uid of it stands on line 3 already\n";
    refuses(&world, &ran, 65, talk);
}

#[test]
fn a_row_is_whole_before_it_is_judged() {
    let world = World::with_admin();
    let ran = import(&world, "username,email\nkim,\n\"b c,\nd,\n");
    refuses(&world, &ran, 65, "error: line 3: a quote is not closed\n");
    let ran = import(&world, "username,email\nb c,\n\"kim,\nd,\n");
    let talk = "error: line 2: username: letters, digits and common signs only, no spaces\n";
    refuses(&world, &ran, 65, talk);
}

/// The class of the costliest password hash as the store has it.
fn costliest(world: &World) -> String {
    world.sql("SELECT costliest_hash FROM store").remove(0)
}

#[test]
fn costliest_hash_is_raised_by_import_and_lowered_by_prune() {
    let world = World::with_admin();
    let rows = |classes: &[(&str, &str)]| {
        let row = |(name, class): &(&str, &str)| {
            let hash = HASH.replace("m=256,t=2,p=1", class);
            json!({"username": name, "password_hash": hash}).to_string() + "\n"
        };
        classes.iter().map(row).collect::<String>()
    };
    import(&world, &rows(&[("cheap", "m=256,t=2,p=1")])).ok();
    assert_eq!(costliest(&world), "null");
    let costly = [("kim", "m=65536,t=3,p=1"), ("john", "m=32768,t=2,p=4")];
    import(&world, &rows(&costly)).ok();
    assert_eq!(costliest(&world), "$argon2id$v=19$m=65536,t=3,p=1");
    // An import that fails raises nothing.
    import(&world, &rows(&[("max", "m=131072,t=3,p=1"), ("ada", "m=8,t=1,p=1")])).fails(5);
    for name in ["nobody", "kim", "ada", "not a name"] {
        world.run_with_input(&["login", name, "--password-stdin"], "wrong").fails(6);
    }
    world.run(&["store", "prune"]).ok();
    assert_eq!(costliest(&world), "$argon2id$v=19$m=65536,t=3,p=1", "kim is still there");
    world.run(&["users", "delete", "kim", "--yes"]).ok();
    assert_eq!(costliest(&world), "$argon2id$v=19$m=65536,t=3,p=1");
    world.run(&["store", "prune"]).ok();
    assert_eq!(costliest(&world), "$argon2id$v=19$m=32768,t=2,p=4");
    world.run(&["users", "delete", "john", "--yes"]).ok();
    world.run(&["store", "prune"]).ok();
    assert_eq!(costliest(&world), "null");
    assert_eq!(world.run(&["store", "check"]).ok().out, "ok\n");
}
