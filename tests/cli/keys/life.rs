//! `jeton keys generate`, `list`, `activate`, `rotate`, `retire`, `revoke`

use super::{ALL, kids};
use crate::mask::{json_says, refuses, says};
use crate::world::World;
use serde_json::{Value, json};

#[test]
fn every_algorithm_makes_app_tokens_and_sessions() {
    for algorithm in ALL {
        let world = World::new();
        world.run(&["init", "ada", "--alg", algorithm]).ok();
        let token = world.get(&["token", "create", "app"]);
        world.run(&["token", "verify", &token]).ok();
        world.run(&["refresh"]).ok();
        assert_eq!(world.json(&["token", "decode", &token])["header"]["alg"], algorithm);
    }
}

#[test]
fn every_algorithm_makes_test_tokens() {
    let world = World::with_admin();
    for algorithm in ALL {
        let token = world.get(&["token", "mint", "--alg", algorithm]);
        world.run(&["token", "verify", &token, "--type", "test"]).ok();
        assert_eq!(world.json(&["token", "decode", &token])["header"]["alg"], algorithm);
    }
    let public = world.json(&["keys", "export", "--jwks", "--purpose", "test"]);
    assert_eq!(public["keys"].as_array().unwrap().len(), 9, "no secret is among them");
}

#[test]
fn a_new_key_stands_by_until_it_is_rotated_in() {
    let world = World::with_admin();
    let [old] = <[String; 1]>::try_from(kids(&world, "app", "active")).unwrap();
    let before = world.get(&["token", "create", "before"]);
    let ran = world.run(&["keys", "generate", "--alg", "EdDSA"]);
    let talk = "a new EdDSA key for app tokens stands by\n\
                hint: let it sign: jeton keys activate <key>\n";
    says(&world, &ran, "<key>\n", talk);
    let new = ran.out.trim().to_owned();
    assert_eq!(kids(&world, "app", "standby"), std::slice::from_ref(&new));
    let published = world.json(&["keys", "export", "--jwks"]);
    assert_eq!(published["keys"][1]["kid"], json!(new), "verifiers get it before it signs");
    let ran = world.run(&["keys", "rotate", "--overlap", "1d"]);
    let talk = "key <key> (EdDSA) signs now\nkey <key> verifies until <time>\n\
                warning: 1 live token that it signed would have worked longer\n";
    says(&world, &ran, "", talk);
    assert_eq!(kids(&world, "app", "active"), std::slice::from_ref(&new));
    assert_eq!(kids(&world, "app", "retired"), std::slice::from_ref(&old));
    let after = world.get(&["token", "create", "after"]);
    assert_eq!(world.json(&["token", "decode", &after])["header"]["kid"], json!(new));
    for token in [&before, &after] {
        world.run(&["token", "verify", token]).ok();
    }
    world.run(&["refresh"]).ok();
    json_says(
        &world,
        &["keys", "activate", &new],
        "{\"changed\":false,\"active\":\"<key>\",\"retired\":null}",
    );
    world.run(&["keys", "activate", &old]).ok();
    assert_eq!(kids(&world, "app", "active"), [old]);
    world.run(&["token", "verify", &after]).ok();
}

#[test]
fn rotating_without_one_that_stands_by_makes_one_of_the_same_kind() {
    let world = World::new();
    world.run(&["init", "ada", "--alg", "ES384"]).ok();
    let rotated = world.json(&["keys", "rotate"]);
    assert_eq!(rotated["active"], json!(kids(&world, "app", "active")[0]));
    assert_eq!(rotated["retired"]["kid"], json!(kids(&world, "app", "retired")[0]));
    let keys = world.json(&["keys", "list"]);
    let algorithms: Vec<&Value> =
        keys["items"].as_array().unwrap().iter().map(|key| &key["algorithm"]).collect();
    assert_eq!(algorithms, ["ES384", "ES384"]);
    world.run(&["keys", "rotate", "--alg", "HS256"]).ok();
    assert_eq!(world.json(&["keys", "list"])["items"][2]["algorithm"], "HS256");
    world.run(&["keys", "rotate", "--purpose", "test", "--alg", "RS256"]).ok();
    let first = kids(&world, "test", "active");
    world.run(&["keys", "rotate", "--purpose", "test"]).ok();
    assert_eq!(kids(&world, "test", "retired"), first);
}

#[test]
fn a_retired_key_verifies_until_its_end_and_is_published_as_long() {
    let world = World::with_admin();
    let token = world.get(&["token", "mint", "--ttl", "1d"]);
    let [kid] = <[String; 1]>::try_from(kids(&world, "test", "active")).unwrap();
    let ran = world.run(&["keys", "retire", &kid, "--overlap", "2s"]);
    says(&world, &ran, "", "key <key> verifies until <time>\n");
    world.run(&["token", "verify", &token, "--type", "test"]).ok();
    let published =
        || world.json(&["keys", "export", "--jwks", "--purpose", "test"])["keys"].take();
    assert_eq!(published()[0]["kid"], json!(kid));
    std::thread::sleep(std::time::Duration::from_secs(3));
    let ran = world.run(&["token", "verify", &token, "--type", "test"]);
    assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: unknown_key\n"));
    assert_eq!(published(), json!([]));
}

#[test]
fn a_revoked_key_takes_with_it_what_it_signed() {
    let world = World::with_admin();
    let app = world.get(&["token", "create", "app"]);
    let [kid] = <[String; 1]>::try_from(kids(&world, "app", "active")).unwrap();
    let must_stay = "error: the app key that signs must stay\n";
    let ran = world.run(&["keys", "revoke", &kid, "--yes"]);
    let hint = "hint: `--replace` lets another one sign at once\n";
    refuses(&world, &ran, 5, &format!("{must_stay}{hint}"));
    let hint = "hint: let another one sign first: jeton keys rotate\n";
    refuses(&world, &world.run(&["keys", "retire", &kid]), 5, &format!("{must_stay}{hint}"));
    let ran = world.run(&["keys", "revoke", &kid, "--replace"]);
    refuses(&world, &ran, 2, "error: nobody is there to confirm it\nhint: add `--yes`\n");
    let ran = world.run(&["keys", "revoke", &kid, "--replace", "--yes"]);
    let talk = "revoked key <key>, and with it 1 token and 1 session\nkey <key> signs now\n";
    says(&world, &ran, "", talk);
    assert_eq!(world.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
    let ran = world.run(&["token", "verify", &app]);
    assert_eq!((ran.code, ran.out.as_str()), (12, "invalid: key_revoked\n"));
    let said = "error: the token is signed by a revoked key\n";
    refuses(&world, &world.run(&["token", "inspect", &app]), 12, said);
    let hint = "hint: log in again: jeton login\n";
    refuses(&world, &world.run(&["whoami"]), 12, &format!("{said}{hint}"));
    world.log_in("ada", "lovelace");
    assert_eq!(kids(&world, "app", "revoked"), std::slice::from_ref(&kid));
    json_says(
        &world,
        &["keys", "revoke", &kid, "--yes"],
        "{\"changed\":false,\"kid\":\"<key>\",\"active\":null,\"tokens_revoked\":0,\
         \"sessions_ended\":0}",
    );
    for verb in ["activate", "retire"] {
        refuses(&world, &world.run(&["keys", verb, &kid]), 5, "error: the key is revoked\n");
    }
    let published = world.json(&["keys", "export", "--jwks"]);
    assert_eq!(published["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn the_list_says_where_each_is_and_what_comes_next() {
    let world = World::with_admin();
    world.run(&["token", "create", "app"]).ok();
    world.run(&["keys", "rotate"]).ok();
    world.run(&["keys", "generate"]).ok();
    world.run(&["logout"]).ok();
    let ran = world.run(&["keys", "list"]).ok();
    let lines: Vec<String> = crate::mask::masked(&world, &ran.out)
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "KID PURPOSE ALG STATE CREATED LIVE TOKENS NEXT",
            "<key> app ES256 retired <time> 1 none: it verifies until <time>",
            "<key> app ES256 active <time> 0 rotate, and the next one signs",
            "<key> app ES256 standby <time> 0 activate it, and it signs",
        ]
    );
    let keys = world.json(&["keys", "list"]);
    let names: Vec<&String> = keys["items"][0].as_object().unwrap().keys().collect();
    let wanted = ["kid", "purpose", "algorithm", "weak", "state", "created_at", "verify_until"];
    assert_eq!(names[..7], wanted);
    assert_eq!(names[7..], ["live_tokens", "next"]);
}

#[test]
fn only_admins_manage_keys() {
    let world = World::with_john();
    let kid = &kids(&world, "app", "active")[0];
    for arguments in [
        ["keys", "generate"].as_slice(),
        &["keys", "rotate"],
        &["keys", "activate", kid],
        &["keys", "retire", kid],
        &["keys", "revoke", kid, "--replace", "--yes"],
    ] {
        refuses(&world, &world.run(arguments), 7, "error: only admins manage keys\n");
    }
    world.log_in("ada", "lovelace");
    for verb in ["activate", "retire", "revoke"] {
        let ran = world.run(&["keys", verb, "nothing"]);
        refuses(&world, &ran, 3, "error: there is no key with this id\n");
    }
    let ran = world.run(&["keys", "generate", "--bits", "4096"]);
    refuses(&world, &ran, 2, "error: `--bits` is for RSA keys\n");
    let ran = world.run(&["keys", "generate", "--alg", "none"]);
    let talk = "error: invalid value 'none' for '--alg <ALG>': algorithm: not one of HS256, HS384, \
                HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA\n\
                hint: see `jeton keys generate --help`\n";
    refuses(&world, &ran, 2, talk);
    assert_eq!(world.sql("SELECT count(*) FROM keys"), ["1"]);
}

#[test]
fn of_several_keys_that_sign_the_one_to_rotate_is_named() {
    let world = World::with_admin();
    for algorithm in ["ES256", "EdDSA"] {
        world.get(&["token", "mint", "--alg", algorithm]);
    }
    let talk = "error: keys for ES256, EdDSA sign: `--alg` says which is meant\n";
    refuses(&world, &world.run(&["keys", "rotate", "--purpose", "test"]), 2, talk);
    world.run(&["keys", "rotate", "--purpose", "test", "--alg", "EdDSA"]).ok();
}

/// One of 64 thumbprints of imported keys does.
#[test]
fn an_id_that_begins_with_a_hyphen_is_no_flag() {
    let world = World::with_admin();
    let kid = world.get(&["keys", "generate"]);
    world.sql(&format!("UPDATE keys SET kid = '-C-s' WHERE kid = '{kid}'"));
    for words in [
        &["keys", "activate", "-C-s"][..],
        &["keys", "rotate"],
        &["keys", "retire", "-C-s"],
        &["keys", "revoke", "-C-s", "--yes"],
    ] {
        world.run(words).ok();
    }
    assert_eq!(world.run(&["keys", "revoke", "--yess", "-C-s"]).code, 2);
}
