//! `jeton keys import`: keys that exist already, in every form.

use super::{ALL, kids};
use crate::mask::{json_says, refuses, says};
use crate::python::{ask, python};
use crate::world::World;
use serde_json::{Value, json};
use std::fs;

const SEC1: &str = include_str!("samples/sec1.pem");
const PKCS1: &str = include_str!("samples/pkcs1.pem");
const TEST: [&str; 4] = ["keys", "import", "--purpose", "test"];

#[test]
fn what_one_store_exports_another_takes_in() {
    let (here, there) = (World::with_admin(), World::with_admin());
    for algorithm in ALL {
        let token = here.get(&["token", "mint", "--alg", algorithm]);
        let header = here.json(&["token", "decode", &token, "--part", "header"]);
        let kid = header["kid"].as_str().unwrap();
        let key = here.get(&["keys", "export", "--private", kid, "--yes"]);
        fs::write(there.home().join("key"), key).unwrap();
        let words = [&TEST[..], &["--from-file", "key", "--alg", algorithm]].concat();
        let imported = there.get(&words);
        let verified = there.run(&["token", "verify", &token, "--type", "test"]);
        if algorithm.starts_with("HS") {
            assert_ne!(imported, kid, "the id of a secret is random");
            assert_eq!(verified.out, "invalid: unknown_key\n");
        } else {
            assert_eq!(imported, kid, "the id is the thumbprint");
            verified.ok();
        }
        let token = there.get(&["token", "mint", "--alg", algorithm]);
        there.run(&["token", "verify", &token, "--type", "test"]).ok();
    }
}

/// HMAC fills up short secrets with zeros and hashes long ones (RFC 2104, section 2).
#[test]
fn secrets_that_sign_alike_are_one() {
    let world = World::with_admin();
    let text = "of more than one hundred and twenty-eight bytes ".repeat(3);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, text.as_bytes());
    let files = [
        ("HS256", b"B".repeat(32), [b"B".repeat(32), b"\0".to_vec()].concat()),
        ("HS512", text.clone().into_bytes(), hash.as_ref().to_vec()),
    ];
    for (algorithm, one, other) in files {
        fs::write(world.home().join("one"), one).unwrap();
        fs::write(world.home().join("other"), other).unwrap();
        let import = |file, purpose| {
            let raw = ["--encoding", "raw", "--alg", algorithm, "--from-file", file];
            world.run(&[&["keys", "import", "--purpose", purpose][..], &raw].concat())
        };
        let kid = import("one", "app").ok().out.trim().to_owned();
        assert_eq!(import("other", "app").ok().out.trim(), kid);
        let ran = import("other", "test");
        assert_eq!(ran.code, 5, "{}", ran.err);
        world.run(&["keys", "revoke", &kid, "--yes"]).ok();
        assert_eq!(import("other", "app").code, 5);
    }
}

#[test]
fn every_form_of_a_private_key_is_taken() {
    let world = World::with_admin();
    let words = ["keys", "import", "--from-file", "-"];
    let talk = |algorithm| {
        format!(
            "the {algorithm} key for app tokens was imported and stands by\n\
             hint: let it sign: jeton keys activate <key>\n"
        )
    };
    for (text, algorithm) in [(SEC1, "ES256"), (PKCS1, "RS256")] {
        says(&world, &world.run_with_input(&words, text), "<key>\n", &talk(algorithm));
        let kid = kids(&world, "app", "standby").pop().unwrap();
        let pkcs8 = world.get(&["keys", "export", "--private", &kid, "--yes"]);
        let ran = world.run_with_input(&words, &pkcs8);
        let before = "key <key> was there before and stands by\n\
                      hint: let it sign: jeton keys activate <key>\n";
        says(&world, &ran, "<key>\n", before);
        for form in [pkcs8.as_str(), text] {
            let block = form.split("-----BEGIN ").last().unwrap();
            let base64: String =
                block.lines().skip(1).take_while(|l| !l.starts_with('-')).collect();
            fs::write(world.home().join("key.der"), decoded(&base64)).unwrap();
            let ran = world.run(&["keys", "import", "--from-file", "key.der"]);
            says(&world, &ran, "<key>\n", before);
        }
    }
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}

#[test]
fn what_is_no_name_of_a_variable_is_not_repeated() {
    let world = World::with_admin();
    let talk = "error: the environment variable that was named is not set\n\
                hint: give the name of the variable, without `$`; its value is read there\n";
    for name in [
        "s3cretS3cretS3cretS3cretS3cret12",
        "S3cret/Value+With/Slash==",
        "secret-value",
        "7secret",
        "a b",
        "",
    ] {
        for words in [
            &["keys", "import", "--alg", "HS256", "--from-env", name][..],
            &["token", "mint", "--alg", "HS256", "--secret-env", name],
            &["token", "fixtures", "--alg", "HS256", "--secret-env", name],
        ] {
            refuses(&world, &world.run(words), 2, talk);
        }
    }
}

#[test]
fn a_shared_secret_comes_from_the_environment_and_is_marked_if_it_is_weak() {
    let mut world = World::with_admin();
    world.set("JWT_SECRET_KEY", "super-secret");
    let words = [&TEST[..], &["--from-env", "JWT_SECRET_KEY", "--alg", "HS256"]].concat();
    let short = "error: 12 bytes are too short a secret for HS256: 32 at least\n\
                 hint: take it all the same: `--allow-weak`\n";
    refuses(&world, &world.run(&words), 65, short);
    let ran = world.run(&[&words[..], &["--allow-weak"]].concat());
    let talk = "the HS256 key for test tokens was imported and signs now\n\
                warning: the secret is short for HS256: it can be guessed\n";
    says(&world, &ran, "<uuid>\n", talk);
    let keys = world.json(&["keys", "list"]);
    assert_eq!(
        (&keys["items"][0]["weak"], &keys["items"][1]["weak"]),
        (&json!(false), &json!(true))
    );
    assert!(world.get(&["keys", "list"]).contains("HS256 (weak)"));
    let not_set = "error: the environment variable that was named is not set\n\
               hint: give the name of the variable, without `$`; its value is read there\n";
    refuses(&world, &world.run(&["keys", "import", "--from-env", "NOT_SET"]), 2, not_set);
    let Some(python) = python() else { return };
    let token = world.get(&["token", "mint", "--alg", "HS256", "--sub", "alice"]);
    let secret = json!({"kty": "oct", "k": "c3VwZXItc2VjcmV0"}).to_string();
    let case = json!({"alg": "HS256", "kid": kids(&world, "test", "active")[0], "token": token,
        "tampered": crate::world::tampered(&token, 2),
        "public": secret, "private": secret});
    let answers = ask(&python, "algorithms.py", &json!([case]));
    assert_eq!(answers[0]["claims"]["sub"], "alice");
    let signed = answers[0]["signed"].as_str().unwrap();
    world.run(&["token", "verify", signed, "--type", "test"]).ok();
}

#[test]
fn the_same_key_never_serves_two_purposes() {
    let world = World::with_admin();
    let import = |flags: &[&str]| {
        world.run_with_input(&[&["keys", "import", "--from-file", "-"], flags].concat(), PKCS1)
    };
    let kid = import(&["--purpose", "test"]).ok().out;
    let there = "error: the store has this key, for test tokens with RS256\n\
                 hint: a key serves one purpose and one algorithm for ever; use another key\n";
    refuses(&world, &import(&[]), 5, there);
    refuses(&world, &import(&["--purpose", "test", "--alg", "PS256"]), 5, there);
    assert_eq!(import(&["--purpose", "test"]).ok().out, kid);
    world.run(&["keys", "revoke", kid.trim(), "--yes"]).ok();
    refuses(&world, &import(&["--purpose", "test"]), 5, "error: the key is revoked\n");
}

#[test]
fn of_a_set_all_keys_are_taken_or_none() {
    let world = World::with_admin();
    let mut set = json!({"keys": []});
    for algorithm in ["ES256", "EdDSA", "HS256"] {
        world.get(&["token", "mint", "--alg", algorithm]);
    }
    let other = World::with_admin();
    for kid in kids(&world, "test", "active") {
        let key = world.get(&["keys", "export", "--private", &kid, "--yes"]);
        if let Ok(jwk) = serde_json::from_str::<Value>(&key) {
            set["keys"].as_array_mut().unwrap().push(jwk);
        }
    }
    let okp = json!({"kty": "OKP", "crv": "Ed25519", "kid": "its own",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    set["keys"].as_array_mut().unwrap().push(okp);
    fs::write(other.home().join("good.json"), set.to_string()).unwrap();
    set["keys"].as_array_mut().unwrap().push(json!({"kty": "RSA"}));
    fs::write(other.home().join("bad.json"), set.to_string()).unwrap();
    let before = kids(&other, "test", "active");
    let why = "error: key 3 of 3: it has no private part (`d`), and nothing signs without\n";
    refuses(&other, &other.run(&[&TEST[..], &["--from-file", "bad.json"]].concat()), 65, why);
    assert_eq!(kids(&other, "test", "active"), before);
    json_says(
        &other,
        &[&TEST[..], &["--from-file", "good.json"]].concat(),
        "{\"changed\":true,\"items\":[\
         {\"kid\":\"<uuid>\",\"purpose\":\"test\",\"algorithm\":\"HS256\",\"state\":\"active\",\
         \"weak\":false,\"changed\":true},\
         {\"kid\":\"<key>\",\"purpose\":\"test\",\"algorithm\":\"EdDSA\",\"state\":\"active\",\
         \"weak\":false,\"changed\":true}]}",
    );
    let audit = "SELECT count FROM audit WHERE action = 'keys import' AND outcome = 'done'";
    assert_eq!(other.sql(audit), ["2"], "one row a command");
}

#[test]
fn the_first_command_can_be_one_that_brings_or_makes_a_key() {
    let world = World::new();
    let ran = world.run_with_input(&["keys", "import", "--from-file", "-"], SEC1);
    let talk = "made the store `~/.local/share/jeton/jeton.db`\n\
                the ES256 key for app tokens was imported and signs now\n";
    says(&world, &ran, "<key>\n", talk);
    let kid = ran.out.trim().to_owned();
    assert_eq!(kids(&world, "app", "active"), [kid]);
    world.run_with_input(&["init", "ada", "--password-stdin"], "lovelace").ok();
    world.run(&["token", "create", "app"]).ok();
    let other = World::new();
    let ran = other.run(&["keys", "generate", "--purpose", "test", "--alg", "EdDSA"]);
    let talk = "made the store `~/.local/share/jeton/jeton.db`\n\
                a new EdDSA key for test tokens signs now\n";
    says(&other, &ran, "<key>\n", talk);
    other.run(&["keys", "generate"]).ok();
    other.register("ada", "lovelace");
    let nobody = "error: nobody is logged in\nhint: log in: jeton login\n";
    refuses(&other, &other.run(&["keys", "generate"]), 4, nobody);
}

#[test]
fn only_admins_import_keys() {
    let world = World::with_john();
    let ran = world.run_with_input(&["keys", "import", "--from-file", "-"], SEC1);
    refuses(&world, &ran, 7, "error: only admins manage keys\n");
    assert_eq!(kids(&world, "app", "standby").len(), 0);
}

#[test]
fn another_secret_signs_at_once_if_that_is_said() {
    let mut world = World::with_admin();
    let import = |world: &World, more: &[&str]| {
        let words = [&TEST[..], &["--from-env", "SECRET", "--alg", "HS256"], more].concat();
        world.run(&words).ok()
    };
    world.set("SECRET", "a secret that is as long as the hash");
    let old = import(&world, &[]).out;
    world.set("SECRET", "another one that is as long as the hash");
    let new = import(&world, &[]).out;
    assert_eq!(kids(&world, "test", "active"), [old.trim()]);
    let talk = "the HS256 key for test tokens was imported and signs now\n";
    says(&world, &import(&world, &["--activate"]), "<uuid>\n", talk);
    assert_eq!(kids(&world, "test", "active"), [new.trim()]);
    let talk = "key <uuid> was there before and signs now\n";
    says(&world, &import(&world, &["--activate"]), "<uuid>\n", talk);
    world.set("SECRET", "a secret that is as long as the hash");
    let talk = "key <uuid> was there before and is retired\n\
                hint: let it sign: jeton keys activate <uuid>\n";
    says(&world, &import(&world, &[]), "<uuid>\n", talk);
}

#[test]
fn where_nobody_is_registered_the_way_in_is_told() {
    let world = World::new();
    world.run_with_input(&["keys", "import", "--from-file", "-"], SEC1).ok();
    let talk = "error: nobody is logged in\nhint: make the first admin: jeton init\n";
    refuses(&world, &world.run(&["token", "mint"]), 4, talk);
}
