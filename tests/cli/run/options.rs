//! What the token says, and the variable it is in.

use super::{nothing_lives, run_shell};
use crate::mask::refuses;
use crate::world::{World, payload};
use serde_json::json;

fn claims(world: &World, options: &[&str]) -> serde_json::Value {
    payload(run_shell(world, options, "echo \"$API_TOKEN\"").ok().out.trim())
}

#[test]
fn it_says_what_a_test_token_can_say() {
    let world = World::with_admin();
    std::fs::write(world.home().join("claims.json"), "{\"team\":7}").unwrap();
    let flags = "--sub alice --aud api --iss me --scope a -p read,write --claim email=a@b.c \
                 --claim-json roles=[] --claims claims.json --header typ=at+jwt --ttl 5m --alg RS256";
    let said = claims(&world, &flags.split_whitespace().collect::<Vec<_>>());
    let expected = json!({
        "sub": "alice", "aud": "api", "iss": "me", "scope": "a", "team": 7, "email": "a@b.c",
        "permissions": ["read", "write"], "roles": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&said[name], value, "{name}");
    }
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 300);
    let flask = claims(&world, &["--preset", "flask", "--sub", "7", "--set", "fresh=true"]);
    assert_eq!((&flask["fresh"], &flask["sub"]), (&json!(true), &json!("7")));
    assert_eq!(flask["exp"].as_i64().unwrap() - flask["iat"].as_i64().unwrap(), 3_600);
    nothing_lives(&world, 2);
}

#[test]
fn a_token_of_any_preset_can_be_revoked() {
    let world = World::with_admin();
    let presets = world.json(&["token", "presets"]);
    let names = presets["items"].as_array().unwrap().iter().map(|item| item["name"].as_str());
    let names: Vec<&str> = names.flatten().collect();
    for name in &names {
        let jti = claims(&world, &["--preset", name])["jti"].as_str().unwrap().to_owned();
        assert_eq!(
            world.sql(&format!(
                "SELECT revoked_at IS NOT NULL FROM tokens WHERE \
            hex(jti) = upper(replace('{jti}', '-', ''))"
            )),
            ["1"],
            "{name}"
        );
    }
    nothing_lives(&world, names.len());
    let said = "00000000-0000-7000-8000-000000000000";
    let own = format!("jti={said}");
    assert_eq!(claims(&world, &["--preset", "okta", "--claim", &own])["jti"], said);
    std::fs::write(world.home().join("claims.json"), "{\"jti\":\"mine\"}").unwrap();
    let ran = run_shell(&world, &["--claims", "claims.json"], "true");
    let talk = "error: a recorded token has a UUID as its `jti`\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn a_service_with_a_secret_of_its_own_takes_it_once_that_is_a_test_key() {
    let mut world = World::with_admin();
    world.set("JWT_SECRET_KEY", "a secret that is as long as the hash");
    run_shell(&world, &["--preset", "flask"], "true").ok();
    let import = "keys import --from-env JWT_SECRET_KEY --alg HS256 --purpose test --activate";
    world.get(&import.split(' ').collect::<Vec<_>>());
    let check = "printf %s \"$JWT_SECRET_KEY\" > secret; \
                 \"$0\" token verify \"$API_TOKEN\" --key secret --alg HS256";
    let ran = run_shell(&world, &["--preset", "flask", "--alg", "HS256"], check).ok();
    assert_eq!(ran.out, "valid\n");
    nothing_lives(&world, 2);
}

#[test]
fn a_new_secret_is_warned_of_as_by_mint() {
    let world = World::with_admin();
    let ran = run_shell(&world, &["--alg", "HS256"], "true").ok();
    let mint = World::with_admin().run(&["token", "mint", "--alg", "HS256"]).ok();
    assert_eq!(ran.err, mint.err);
    assert!(ran.err.starts_with("warning: a new secret signs"), "{ran:?}");
}

#[test]
fn an_app_token_has_an_app_tokens_options_only() {
    let world = World::with_admin();
    let says = claims(&world, &["--app", "ci", "--ttl", "2h", "--claim", "team=7", "-p", "a,b"]);
    assert_eq!(says["exp"].as_i64().unwrap() - says["iat"].as_i64().unwrap(), 7_200);
    assert_eq!((&says["team"], &says["permissions"]), (&json!("7"), &json!(["a", "b"])));
    for options in [
        &["--preset", "flask"][..],
        &["--preset", "flask", "--set", "fresh=true"],
        &["--set", "nope=1"],
        &["--sub", "alice"],
        &["--iss", "me"],
        &["--scope", "a"],
        &["--claims", "claims.json"],
        &["--header", "typ=x"],
        &["--alg", "ES256"],
        &["--key", "x"],
        &["--app", "another"],
        &["--claim", "sub=alice"],
        &["-p", ""],
    ] {
        let ran = run_shell(&world, &[&["--app", "ci"], options].concat(), "true");
        assert_eq!(ran.fails(2).code, 2, "{options:?}");
    }
    nothing_lives(&world, 1);
}

#[test]
fn an_app_token_takes_a_place_while_it_lives() {
    let world = World::with_john();
    world.get(&["token", "create", "a"]);
    world.get(&["token", "create", "b"]);
    let inner = "\"$0\" run --app d -- /bin/true";
    let ran = run_shell(&world, &["--app", "c"], inner).fails(8);
    let talk = "error: 3 of 3 tokens are in use\nhint: in use: 1 (a), 2 (b), 3 (c); free a place \
                with `jeton token revoke 1`\n";
    assert_eq!(ran.err, talk);
    run_shell(&world, &["--app", "d"], "true").ok();
}

#[test]
fn test_tokens_are_for_minters_and_nothing_is_run_without_a_token() {
    let world = World::with_john();
    let touch = ["run", "--", "/bin/touch", "ran"];
    refuses(&world, &world.run(&touch), 7, "error: only minters and admins mint test tokens\n");
    world.run(&["logout"]).ok();
    world.run(&touch).fails(4);
    world.run(&["run", "--app", "ci", "--", "/bin/touch", "ran"]).fails(4);
    assert!(!world.home().join("ran").exists());
}

#[test]
fn the_variable_can_be_named() {
    let world = World::with_admin();
    for name in ["TOKEN", "_t", "a1", "JETON"] {
        let line = format!("\"$0\" token verify \"${name}\" --type test; echo \"${{API_TOKEN-}}\"");
        let ran = run_shell(&world, &["--env", name], &line).ok();
        assert_eq!(ran.out, "valid\n\n", "{name}");
    }
    let own = "one of jeton's own";
    let acted_on = "the loader, a shell or a runtime acts on it";
    let bad = "not a name of letters, digits and `_`";
    for (name, why) in [
        ("JETON_TOKEN", own),
        ("JETON_STORE", own),
        ("JETON_", own),
        ("PATH", acted_on),
        ("LD_PRELOAD", acted_on),
        ("BASH_ENV", acted_on),
        ("NODE_OPTIONS", acted_on),
        ("GITHUB_TOKEN", acted_on),
        ("http_proxy", acted_on),
        ("", bad),
        ("1A", bad),
        ("A=B", bad),
        ("A B", bad),
        ("Ä", bad),
    ] {
        let ran = run_shell(&world, &["--env", name], "true").fails(2);
        assert!(ran.err.contains(why), "{name}: {ran:?}");
    }
    nothing_lives(&world, 4);
}

#[test]
fn a_command_is_needed_behind_two_dashes() {
    let world = World::with_admin();
    for words in [&["run"][..], &["run", "--"], &["run", "true"]] {
        let ran = world.run(words).fails(2);
        assert!(ran.err.contains("hint: usage: jeton run "), "{ran:?}");
    }
    nothing_lives(&world, 0);
}
