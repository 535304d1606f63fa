//! `jeton token fixtures` and `jeton token mint --defect`

use crate::mask::{refuses, says};
use crate::world::{World, payload};
use rustix::fs::{CWD, FileType, Mode};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const OUT: [&str; 4] = ["token", "fixtures", "--out", "fixtures"];

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}

/// What our own checks answer to each of them, and what the manifest expects.
fn answers(world: &World, fixtures: &Value, more: &[&str]) -> Vec<(String, Value, Value)> {
    let items = fixtures["fixtures"].as_array().unwrap();
    let answer = |item: &Value| {
        let file = format!("@fixtures/{}", item["file"].as_str().unwrap());
        let ran = world.run(&[&["token", "verify", &file, "-o", "json"], more].concat());
        let verdict: Value = serde_json::from_str(&ran.out).unwrap();
        let answer = json!({"accepted": verdict["valid"], "reason": verdict["reasons"][0],
            "exit_code": ran.code});
        (item["name"].as_str().unwrap().to_owned(), answer, item["expected"].clone())
    };
    items.iter().map(answer).collect()
}

#[test]
fn the_manifest_says_what_the_checks_answer() {
    let world = World::with_admin();
    let more = ["--aud", "api", "--scope", "read write", "--at", "2026-11-21T10:00:00Z"];
    let ran = world.run(&[&OUT[..], &more].concat());
    says(&world, &ran, "", "wrote 18 tokens to fixtures\n");
    let folder = world.home().join("fixtures");
    let made = manifest(&folder);
    assert_eq!(
        (&made["at"], &made["issuer"], &made["audience"], &made["keys"], &made["secret"]),
        (
            &json!("2026-11-21T10:00:00Z"),
            &json!("jeton"),
            &json!("api"),
            &json!("jwks.json"),
            &Value::Null
        )
    );
    let checks = ["--iss", "jeton", "--aud", "api", "-p", "read", "--at", "2026-11-21T10:00:00Z"];
    for (name, answer, expected) in
        answers(&world, &made, &[&checks[..], &["--type", "test"]].concat())
    {
        assert_eq!(answer, expected, "{name}");
    }
    // Without the store nobody knows what was taken back, and a token may have no end.
    for (name, answer, expected) in
        answers(&world, &made, &[&checks[..], &["--jwks", "fixtures/jwks.json"]].concat())
    {
        let is_unknown = ["revoked", "missing_exp"].contains(&name.as_str());
        assert_eq!(answer == expected, !is_unknown, "{name}: {answer}");
    }
    for item in made["fixtures"].as_array().unwrap() {
        let token = fs::read_to_string(folder.join(item["file"].as_str().unwrap())).unwrap();
        if token.len() > 8 * 1024 {
            assert_eq!((&item["name"], &item["token"]), (&json!("oversized"), &Value::Null));
        } else {
            assert_eq!(json!(token.trim_end()), item["token"]);
        }
    }
    let table = fs::read_to_string(folder.join("fixtures.md")).unwrap();
    assert_eq!(table.lines().count(), 20, "{table}");
    assert!(table.contains("| alg_none.jwt "), "{table}");
}

#[test]
fn times_repeat_with_the_time() {
    let world = World::with_admin();
    let claims = |name: &str| {
        let made = world.json(&["token", "fixtures", "--at", "1800000000", "--ttl", "1h"]);
        let items = made["fixtures"].as_array().unwrap().clone();
        let item = items.into_iter().find(|item| item["name"] == name).unwrap();
        let claims = payload(item["token"].as_str().unwrap());
        (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap())
    };
    for _ in 0..2 {
        assert_eq!(claims("good"), (1_800_000_000, 1_800_003_600));
        assert_eq!(claims("expired"), (1_799_910_000, 1_799_913_600));
    }
}

#[test]
fn a_secret_is_for_its_owner_alone() {
    let mut world = World::with_john();
    let flask = [&OUT[..], &["--preset", "flask"]].concat();
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    let talk = "warning: a new secret signs, which no service knows: `jeton keys import` brings \
                theirs\nwarning: the secret is not written: only an admin's session is given it\n\
                wrote 14 tokens to fixtures\n";
    says(&world, &world.run(&flask), "", talk);
    let secret = world.home().join("fixtures/secret");
    assert!(!secret.exists());
    world.log_in("ada", "lovelace");
    let ci = world.get(&["token", "create", "ci", "-p", "jeton:mint"]);
    world.set("JETON_TOKEN", &ci);
    world.run(&flask).ok();
    assert!(!secret.exists(), "a token for minting is no admin's session");
    world.set("JETON_TOKEN", "");
    says(&world, &world.run(&flask), "", "wrote 14 tokens to fixtures\n");
    let mode = || fs::metadata(&secret).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    world.run(&flask).ok();
    assert_eq!(mode(), 0o600, "though it is the same secret");
    let text = fs::read_to_string(&secret).unwrap();
    assert!(text.len() == 43 && text.bytes().all(|b| b.is_ascii_graphic()), "fit for a variable");
    let mut verify = vec!["token", "verify", "@fixtures/good.jwt"];
    verify.extend(["--key", "fixtures/secret", "--alg", "HS256"]);
    world.run(&verify).ok();
    assert_eq!(
        world.sql("SELECT target FROM audit WHERE action = 'token fixtures' ORDER BY id")[1..3],
        [
            "test tokens as fixtures".to_owned(),
            format!(
                "test tokens as fixtures, and the secret of key {}",
                world.sql("SELECT kid FROM keys WHERE purpose = 'test'")[0]
            )
        ]
    );
}

#[test]
fn what_stood_there_of_another_set_goes_and_nothing_else() {
    let world = World::with_admin();
    let folder = world.home().join("fixtures");
    let make = |preset| world.run(&[&OUT[..], &["--preset", preset]].concat()).ok();
    let files = || {
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    make("rfc9068");
    let many = files();
    fs::write(folder.join("mine.jwt"), "a token of another maker").unwrap();
    make("flask");
    let few = files();
    assert!(few.contains(&"secret".to_owned()) && few.contains(&"mine.jwt".to_owned()), "{few:?}");
    let tokens = manifest(&folder)["fixtures"].as_array().unwrap().len();
    assert_eq!(few.len(), tokens + 4, "and manifest.json, fixtures.md: {few:?}");
    assert!(many.contains(&"jwks.json".to_owned()) && many.len() > few.len() - 1, "{many:?}");
    make("rfc9068");
    let mut again = files();
    again.retain(|name| name != "mine.jwt");
    assert_eq!(again, many, "the secret is gone");
    // What a manifest names that is not called like a fixture stays.
    let mut foreign = manifest(&folder);
    let lines = foreign["fixtures"].as_array_mut().unwrap();
    for file in ["other", "../john.jwt"] {
        fs::write(folder.join(file), "").unwrap();
        lines.push(json!({"file": file}));
    }
    fs::write(folder.join("manifest.json"), foreign.to_string()).unwrap();
    make("rfc9068");
    assert!(folder.join("other").exists() && world.home().join("john.jwt").exists());
}

#[test]
fn files_of_others_are_not_written_over() {
    let world = World::with_admin();
    let folder = world.home().join("fixtures");
    fs::create_dir(&folder).unwrap();
    for name in ["manifest.json", "jwks.json", "fixtures.md", "good.jwt"] {
        let file = folder.join(name);
        fs::write(&file, "{\"name\": \"of an extension\"}").unwrap();
        let talk = format!(
            "error: `fixtures/{name}` is there already, and not of an earlier set of fixtures\n\
             hint: name another directory, or remove the file\n"
        );
        refuses(&world, &world.run(&OUT), 5, &talk);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is written");
        fs::remove_file(file).unwrap();
    }
    rustix::fs::mknodat(CWD, folder.join("good.jwt"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let pipe = world.run(&OUT);
    assert_eq!(pipe.code, 5, "nobody waits for a pipe: {pipe:?}");
    fs::remove_file(folder.join("good.jwt")).unwrap();
    world.run(&OUT).ok();
    world.run(&OUT).ok();
}

#[test]
fn no_store_is_needed_with_a_key_of_ones_own() {
    let mut world = World::new();
    world.set("JWT_SECRET_KEY", "a secret that is as long as the hash");
    let words = ["--preset", "flask", "--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"];
    let ran = world.run(&[&OUT[..], &words].concat());
    says(&world, &ran, "", "wrote 14 tokens to fixtures\n");
    let made = manifest(&world.home().join("fixtures"));
    assert_eq!((&made["preset"], &made["secret"]), (&json!("flask"), &json!("secret")));
    let key = ["--key", "fixtures/secret", "--alg", "HS256"];
    for (name, answer, expected) in answers(&world, &made, &key) {
        let is_unknown = ["revoked", "missing_exp", "wrong_type"].contains(&name.as_str());
        assert_eq!(answer == expected, !is_unknown, "{name}: {answer}");
    }
    let printed = world.json(&[&["token", "fixtures"], &words[..]].concat());
    assert_eq!((&printed["keys"], &printed["secret"]), (&Value::Null, &Value::Null));
    assert!(!world.store().exists());
}

#[test]
fn one_broken_token_is_minted() {
    let world = World::with_admin();
    let mint = |words: &[&str]| world.run(&[&["token", "mint"], words].concat());
    let token = mint(&["--aud", "api", "--defect", "wrong_audience"]).ok().out;
    assert_eq!(payload(&token)["aud"], "something-else");
    let tokens = mint(&["--count", "3", "--defect", "expired"]).ok().out;
    for token in tokens.lines() {
        assert_eq!(world.run(&["token", "verify", token, "--type", "test"]).code, 11);
    }
    let talk = "error: a token of this kind cannot be wrong as `wrong_audience`: what it does not \
                say (`--aud`, `--scope`) cannot be wrong\n";
    refuses(&world, &mint(&["--defect", "wrong_audience"]), 2, talk);
    assert_eq!(mint(&["--defect", "expired", "--record"]).code, 2);
    let ran = mint(&["--defect", "shiny"]).fails(2);
    assert!(ran.err.contains("expired, not_yet_valid, bad_signature"), "{ran:?}");
}

#[test]
fn no_test_token_logs_in() {
    let mut world = World::with_admin();
    let (sid, uid) = (world.session("sid"), world.json(&["whoami"])["user"]["uid"].clone());
    let uid = uid.as_str().unwrap();
    let mut names: Vec<Option<String>> = vec![None];
    for preset in world.json(&["token", "presets"])["items"].as_array().unwrap() {
        names.push(preset["name"].as_str().map(str::to_owned));
    }
    assert!(names.len() > 3);
    for name in names {
        let mut words = vec!["token", "mint", "--sub", uid, "--header", "typ=session+jwt"];
        let (sid, sub) = (format!("sid={sid}"), format!("sub={uid}"));
        for claim in ["type=access", "role=admin", "iss=jeton", &sid, &sub] {
            words.extend(["--claim", claim]);
        }
        words.extend(["--claim-json", "id=1"]);
        words.extend(name.iter().flat_map(|name| ["--preset", name]));
        let token = world.get(&words);
        for words in [["token", "inspect", &token], ["token", "verify", &token]] {
            assert_eq!(world.run(&words).code, 10, "{name:?} {words:?}");
        }
        world.set("JETON_TOKEN", &token);
        for words in [["whoami"].as_slice(), &["sessions", "list"], &["token", "mint"]] {
            assert_eq!(world.run(words).code, 10, "{name:?} {words:?}");
        }
        world.set("JETON_TOKEN", "");
    }
}
