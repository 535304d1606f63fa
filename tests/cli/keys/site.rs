//! `jeton keys export --site`: metadata and keys for verifiers that know the issuer only.

use super::ALL;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const ISSUER: &str = "https://id.example";
const EXPORT: [&str; 6] = ["keys", "export", "--site", "public", "--issuer", ISSUER];

fn read(sandbox: &Sandbox, name: &str) -> Value {
    let path = sandbox.home().join("public/.well-known").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn exported_metadata_follows_oidc_discovery() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "issuer", ISSUER]).ok();
    assert_snapshot!(sandbox.run(&EXPORT), @"
    --- stderr
    wrote public/.well-known/jwks.json
    wrote public/.well-known/openid-configuration
    ");
    assert_snapshot!(sandbox.run_json(&EXPORT), @r#"{"files":["public/.well-known/jwks.json","public/.well-known/openid-configuration"]}"#);
    assert_eq!(
        read(&sandbox, "openid-configuration"),
        json!({
            "issuer": ISSUER,
            "jwks_uri": "https://id.example/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    );
    assert_eq!(read(&sandbox, "jwks.json"), sandbox.json(&["keys", "export", "--jwks"]));
}

#[test]
fn exported_set_has_all_test_keys_but_no_secrets() {
    let sandbox = Sandbox::with_admin();
    for algorithm in ALL {
        sandbox.get(&["token", "mint", "--alg", algorithm]);
    }
    let output = sandbox.run(&[&EXPORT[..], &["--purpose", "test"]].concat());
    assert_snapshot!(output, @"
    --- stderr
    wrote public/.well-known/jwks.json
    wrote public/.well-known/openid-configuration
    warning: symmetric keys are left out: whoever could check with one could sign with it
    warning: tokens name another issuer, `jeton`: see `jeton settings set issuer`
    ");
    let configuration = read(&sandbox, "openid-configuration");
    assert_eq!(configuration["id_token_signing_alg_values_supported"], json!(ALL[3..]));
    let keys = read(&sandbox, "jwks.json");
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 9);
    for key in keys {
        assert_ne!(key["kty"], "oct");
        assert!(key.get("d").is_none() && key.get("k").is_none(), "{key}");
    }
}

#[test]
fn unchanged_export_is_not_rewritten_and_is_world_readable() {
    let sandbox = Sandbox::with_admin();
    let state = || {
        let path = sandbox.home().join("public/.well-known/jwks.json");
        let metadata = fs::metadata(&path).unwrap();
        (fs::read(path).unwrap(), metadata.ino(), metadata.permissions().mode() & 0o777)
    };
    sandbox.run(&EXPORT).ok();
    let before = state();
    assert_eq!(before.2, 0o644);
    sandbox.run(&EXPORT).ok();
    assert_eq!(state(), before, "what is there is not written again");
    sandbox.run(&["keys", "generate"]).ok();
    sandbox.run(&EXPORT).ok();
    let after = state();
    assert_ne!(
        (&after.0, after.1),
        (&before.0, before.1),
        "it is another file, not changed in place"
    );
    let mut names: Vec<_> = fs::read_dir(sandbox.home().join("public/.well-known"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["jwks.json", "openid-configuration"], "nothing is left beside them");
}

#[test]
fn invalid_issuer_or_directory_is_refused() {
    let sandbox = Sandbox::with_admin();
    for bad in [
        "jeton",
        "ftp://id.example",
        "https://id.example?x",
        "https://ada:x@id.example",
        "https://id.example:99999",
        "https://id.example/../x",
        "http://id.example",
    ] {
        let output = sandbox.run(&["keys", "export", "--site", "public", "--issuer", bad]);
        assert_eq!(output.code, 2, "{output:?}");
    }
    assert!(!sandbox.home().join("public").exists());
    assert_eq!(sandbox.run(&["keys", "export", "--site", "public"]).code, 2);
    assert_eq!(sandbox.run(&["keys", "export", "--jwks", "--issuer", ISSUER]).code, 2);
    fs::write(sandbox.home().join("file"), "").unwrap();
    let output = sandbox.run(&["keys", "export", "--site", "file", "--issuer", ISSUER]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `file` cannot be written: File exists (os error 17)
    ");
}

/// Returns the files in the directory with their contents.
fn files(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let folder = sandbox.home().join("public/.well-known");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn files_of_other_issuer_require_yes() {
    let sandbox = Sandbox::with_admin();
    let folder = sandbox.home().join("public/.well-known");
    fs::create_dir_all(&folder).unwrap();
    let refused = || {
        let before = files(&sandbox);
        let output = sandbox.run(&EXPORT);
        assert_eq!(sandbox.json_error(&EXPORT)["code"], "file_exists");
        assert_eq!(files(&sandbox), before);
        output
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
        allow_duplicates!(assert_snapshot!(refused(), @"
        --- exit code 5, stderr
        error: `public/.well-known/openid-configuration` already exists and does not name this issuer
        hint: name another directory, or replace the files with `--yes`
        "));
    }
    fs::write(folder.join(keys), "{\"keys\":[]}").unwrap();
    assert_snapshot!(refused(), @"
    --- exit code 5, stderr
    error: `public/.well-known/openid-configuration` already exists and does not name this issuer
    hint: name another directory, or replace the files with `--yes`
    ");
    fs::remove_file(folder.join(metadata)).unwrap();
    assert_snapshot!(refused(), @"
    --- exit code 5, stderr
    error: `public/.well-known/jwks.json` already exists and does not name this issuer
    hint: name another directory, or replace the files with `--yes`
    ");
    sandbox.run(&[&EXPORT[..], &["--yes"]].concat()).ok();
    assert_eq!(read(&sandbox, keys), sandbox.json(&["keys", "export", "--jwks"]));
    // Metadata of the same issuer with other members, then an interrupted export.
    fs::write(folder.join(metadata), json!({"issuer": ISSUER, "x": 1}).to_string()).unwrap();
    fs::write(folder.join(keys), "{\"keys\":[]}").unwrap();
    sandbox.run(&EXPORT).ok();
    fs::remove_file(folder.join(metadata)).unwrap();
    sandbox.run(&EXPORT).ok();
    let other = ["keys", "export", "--site", "public", "--issuer", "https://other.example"];
    assert_eq!(sandbox.run(&other).code, 5);
    sandbox.run(&[&other[..], &["--yes"]].concat()).ok();
    assert_eq!(read(&sandbox, metadata)["issuer"], "https://other.example");
}
