//! `jeton keys export --site`, which exports metadata and keys for verifiers that know only the
//! issuer.

use super::ALGORITHMS;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const ISSUER: &str = "https://id.example";
/// Command that exports to the directory `public`.
const EXPORT: [&str; 6] = ["keys", "export", "--site", "public", "--issuer", ISSUER];

/// Returns the content of a file in `public/.well-known`.
fn read_exported_json(sandbox: &Sandbox, name: &str) -> Value {
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
        read_exported_json(&sandbox, "openid-configuration"),
        json!({
            "issuer": ISSUER,
            "jwks_uri": "https://id.example/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    );
    assert_eq!(
        read_exported_json(&sandbox, "jwks.json"),
        sandbox.json(&["keys", "export", "--jwks"])
    );
}

#[test]
fn exported_set_contains_all_public_test_keys_and_no_secrets() {
    let sandbox = Sandbox::with_admin();
    for algorithm in ALGORITHMS {
        sandbox.stdout_of(&["token", "mint", "--alg", algorithm]);
    }
    let output = sandbox.run(&[&EXPORT[..], &["--purpose", "test"]].concat());
    assert_snapshot!(output, @"
    --- stderr
    wrote public/.well-known/jwks.json
    wrote public/.well-known/openid-configuration
    warning: symmetric keys omitted: anyone who can verify with a symmetric key can also sign
    warning: issuer mismatch: tokens have `jeton`
    hint: change the issuer: jeton settings set issuer URL
    ");
    let configuration = read_exported_json(&sandbox, "openid-configuration");
    assert_eq!(configuration["id_token_signing_alg_values_supported"], json!(ALGORITHMS[3..]));
    let keys = read_exported_json(&sandbox, "jwks.json");
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 11);
    for key in keys {
        assert_ne!(key["kty"], "oct");
        assert!(key.get("d").is_none() && key.get("k").is_none(), "{key}");
    }
}

#[test]
fn jwk_set_file_is_world_readable_and_replaced_only_if_changed() {
    let sandbox = Sandbox::with_admin();
    // Returns the content, the inode and the mode of the JWK Set file.
    let file_state = || {
        let path = sandbox.home().join("public/.well-known/jwks.json");
        let attributes = fs::metadata(&path).unwrap();
        (fs::read(path).unwrap(), attributes.ino(), attributes.permissions().mode() & 0o777)
    };
    sandbox.run(&EXPORT).ok();
    let before = file_state();
    let (old_content, old_inode, mode) = &before;
    assert_eq!(*mode, 0o644);
    sandbox.run(&EXPORT).ok();
    assert_eq!(file_state(), before, "unchanged files are not rewritten");
    sandbox.run(&["keys", "generate"]).ok();
    sandbox.run(&EXPORT).ok();
    let (new_content, new_inode, _) = file_state();
    assert_ne!(new_content, *old_content, "the new key is exported");
    assert_ne!(new_inode, *old_inode, "the file is replaced, not changed in place");
    let mut names: Vec<_> = fs::read_dir(sandbox.home().join("public/.well-known"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["jwks.json", "openid-configuration"], "no temporary files left");
}

#[test]
fn invalid_issuer_option_or_directory_is_refused() {
    let sandbox = Sandbox::with_admin();
    for issuer in [
        "jeton",
        "ftp://id.example",
        "https://id.example?x",
        "https://ada:x@id.example",
        "https://id.example:99999",
        "https://id.example/../x",
        "http://id.example",
    ] {
        let output = sandbox.run(&["keys", "export", "--site", "public", "--issuer", issuer]);
        assert_eq!(output.code, 2, "{output:?}");
    }
    assert!(!sandbox.home().join("public").exists());
    assert_eq!(sandbox.run(&["keys", "export", "--site", "public"]).code, 2);
    assert_eq!(sandbox.run(&["keys", "export", "--jwks", "--issuer", ISSUER]).code, 2);
    fs::write(sandbox.home().join("file"), "").unwrap();
    let output = sandbox.run(&["keys", "export", "--site", "file", "--issuer", ISSUER]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: directory `file` cannot be written: File exists
    ");
}

/// Returns the names and contents of the files in `public/.well-known`.
fn exported_files(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let directory = sandbox.home().join("public/.well-known");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn replacing_files_of_another_or_unknown_issuer_requires_yes_option() {
    let sandbox = Sandbox::with_admin();
    let directory = sandbox.home().join("public/.well-known");
    fs::create_dir_all(&directory).unwrap();
    let assert_refused = || {
        let before = exported_files(&sandbox);
        let output = sandbox.run(&EXPORT);
        assert_eq!(sandbox.json_error(&EXPORT)["code"], "file_exists");
        assert_eq!(exported_files(&sandbox), before);
        output
    };
    let (metadata_file, keys_file) = ("openid-configuration", "jwks.json");
    for text in [
        "{\"issuer\":\"https://other.example\",\"jwks_uri\":\"https://other.example/keys\"}",
        "{\"issuer\":\"https://id.example/\"}",
        "{\"issuer\":[\"https://id.example\"]}",
        "{}",
        "",
        "https://id.example",
    ] {
        fs::write(directory.join(metadata_file), text).unwrap();
        allow_duplicates!(assert_snapshot!(assert_refused(), @"
        --- exit code 5, stderr
        error: `public/.well-known/openid-configuration` already exists and does not name this issuer
        hint: use another directory, or replace the files with `--yes`
        "));
    }
    fs::write(directory.join(keys_file), "{\"keys\":[]}").unwrap();
    assert_snapshot!(assert_refused(), @"
    --- exit code 5, stderr
    error: `public/.well-known/openid-configuration` already exists and does not name this issuer
    hint: use another directory, or replace the files with `--yes`
    ");
    fs::remove_file(directory.join(metadata_file)).unwrap();
    assert_snapshot!(assert_refused(), @"
    --- exit code 5, stderr
    error: `public/.well-known/jwks.json` already exists with other content, and no metadata file names its issuer
    hint: use another directory, or replace the files with `--yes`
    ");
    sandbox.run(&[&EXPORT[..], &["--yes"]].concat()).ok();
    assert_eq!(
        read_exported_json(&sandbox, keys_file),
        sandbox.json(&["keys", "export", "--jwks"])
    );
    // Without `--yes`, an export replaces files of the same issuer. It also accepts the state that
    // an interrupted export leaves: the file with the current keys, but no metadata file.
    fs::write(directory.join(metadata_file), json!({"issuer": ISSUER, "x": 1}).to_string())
        .unwrap();
    fs::write(directory.join(keys_file), "{\"keys\":[]}").unwrap();
    sandbox.run(&EXPORT).ok();
    fs::remove_file(directory.join(metadata_file)).unwrap();
    sandbox.run(&EXPORT).ok();
    let export_for_other_issuer =
        ["keys", "export", "--site", "public", "--issuer", "https://other.example"];
    assert_eq!(sandbox.run(&export_for_other_issuer).code, 5);
    sandbox.run(&[&export_for_other_issuer[..], &["--yes"]].concat()).ok();
    assert_eq!(read_exported_json(&sandbox, metadata_file)["issuer"], "https://other.example");
}
