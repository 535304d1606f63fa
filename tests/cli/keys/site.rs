//! `jeton keys export --site`: what verifiers find that know nothing but the issuer.

use super::ALL;
use crate::mask::{json_says, refuses, says};
use crate::world::World;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const ISSUER: &str = "https://id.example";
const EXPORT: [&str; 6] = ["keys", "export", "--site", "public", "--issuer", ISSUER];

fn read(world: &World, name: &str) -> Value {
    let path = world.home().join("public/.well-known").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn it_is_what_discovery_asks_for() {
    let world = World::with_admin();
    world.run(&["settings", "set", "issuer", ISSUER]).ok();
    let wrote = "wrote public/.well-known/jwks.json\n\
                 wrote public/.well-known/openid-configuration\n";
    says(&world, &world.run(&EXPORT), "", wrote);
    let files = "{\"files\":[\"public/.well-known/jwks.json\",\
                 \"public/.well-known/openid-configuration\"]}";
    json_says(&world, &EXPORT, files);
    assert_eq!(
        read(&world, "openid-configuration"),
        json!({
            "issuer": ISSUER,
            "jwks_uri": "https://id.example/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    );
    assert_eq!(read(&world, "jwks.json"), world.json(&["keys", "export", "--jwks"]));
}

#[test]
fn all_test_keys_stand_in_it_but_no_secret() {
    let world = World::with_admin();
    for algorithm in ALL {
        world.get(&["token", "mint", "--alg", algorithm]);
    }
    let ran = world.run(&[&EXPORT[..], &["--purpose", "test"]].concat());
    let talk = "wrote public/.well-known/jwks.json\n\
         wrote public/.well-known/openid-configuration\n\
         warning: symmetric keys are left out: whoever could check with one could sign with it\n\
         warning: tokens name another issuer, `jeton`: see `jeton settings set issuer`\n";
    says(&world, &ran, "", talk);
    let configuration = read(&world, "openid-configuration");
    assert_eq!(configuration["id_token_signing_alg_values_supported"], json!(ALL[3..]));
    let keys = read(&world, "jwks.json");
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 9);
    for key in keys {
        assert_ne!(key["kty"], "oct");
        assert!(key.get("d").is_none() && key.get("k").is_none(), "{key}");
    }
}

#[test]
fn the_same_keys_are_the_same_bytes_and_others_may_read_them() {
    let world = World::with_admin();
    let state = || {
        let path = world.home().join("public/.well-known/jwks.json");
        let metadata = fs::metadata(&path).unwrap();
        (fs::read(path).unwrap(), metadata.ino(), metadata.permissions().mode() & 0o777)
    };
    world.run(&EXPORT).ok();
    let before = state();
    assert_eq!(before.2, 0o644);
    world.run(&EXPORT).ok();
    assert_eq!(state(), before, "what is there is not written again");
    world.run(&["keys", "generate"]).ok();
    world.run(&EXPORT).ok();
    let after = state();
    assert_ne!(
        (&after.0, after.1),
        (&before.0, before.1),
        "it is another file, not changed in place"
    );
    let mut names: Vec<_> = fs::read_dir(world.home().join("public/.well-known"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["jwks.json", "openid-configuration"], "nothing is left beside them");
}

#[test]
fn what_cannot_be_published_is_refused() {
    let world = World::with_admin();
    for bad in [
        "jeton",
        "ftp://id.example",
        "https://id.example?x",
        "https://ada:x@id.example",
        "https://id.example:99999",
        "https://id.example/../x",
        "http://id.example",
    ] {
        let ran = world.run(&["keys", "export", "--site", "public", "--issuer", bad]);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    assert!(!world.home().join("public").exists());
    assert_eq!(world.run(&["keys", "export", "--site", "public"]).code, 2);
    assert_eq!(world.run(&["keys", "export", "--jwks", "--issuer", ISSUER]).code, 2);
    fs::write(world.home().join("file"), "").unwrap();
    let ran = world.run(&["keys", "export", "--site", "file", "--issuer", ISSUER]);
    let why = "error: `file` cannot be written: File exists (os error 17)\n";
    refuses(&world, &ran, 2, why);
}

/// The files in the directory, with their contents.
fn files(world: &World) -> Vec<(String, Vec<u8>)> {
    let folder = world.home().join("public/.well-known");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn files_of_another_issuer_are_replaced_only_with_yes() {
    let world = World::with_admin();
    let folder = world.home().join("public/.well-known");
    fs::create_dir_all(&folder).unwrap();
    let refuses_all = |name: &str| {
        let before = files(&world);
        let ran = world.run(&EXPORT);
        let talk = format!(
            "error: `public/.well-known/{name}` already exists and does not name this issuer\n\
             hint: name another directory, or replace the files with `--yes`\n"
        );
        refuses(&world, &ran, 5, &talk);
        assert_eq!(world.json_error(&EXPORT)["code"], "file_exists");
        assert_eq!(files(&world), before);
    };
    let (metadata, keys) = ("openid-configuration", "jwks.json");
    for text in [
        "{\"issuer\":\"https://other.example\",\"jwks_uri\":\"https://other.example/keys\"}",
        "{\"issuer\":\"https://id.example/\"}",
        "{\"issuer\":[\"https://id.example\"]}",
        "{}",
        "",
        "https://id.example",
    ] {
        fs::write(folder.join(metadata), text).unwrap();
        refuses_all(metadata);
    }
    fs::write(folder.join(keys), "{\"keys\":[]}").unwrap();
    refuses_all(metadata);
    fs::remove_file(folder.join(metadata)).unwrap();
    refuses_all(keys);
    world.run(&[&EXPORT[..], &["--yes"]].concat()).ok();
    assert_eq!(read(&world, keys), world.json(&["keys", "export", "--jwks"]));
    // The same issuer, whatever else its metadata say; and an export that was interrupted.
    fs::write(folder.join(metadata), json!({"issuer": ISSUER, "x": 1}).to_string()).unwrap();
    fs::write(folder.join(keys), "{\"keys\":[]}").unwrap();
    world.run(&EXPORT).ok();
    fs::remove_file(folder.join(metadata)).unwrap();
    world.run(&EXPORT).ok();
    let other = ["keys", "export", "--site", "public", "--issuer", "https://other.example"];
    assert_eq!(world.run(&other).code, 5);
    world.run(&[&other[..], &["--yes"]].concat()).ok();
    assert_eq!(read(&world, metadata)["issuer"], "https://other.example");
}
