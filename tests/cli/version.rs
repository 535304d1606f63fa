//! `jeton version`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[test]
fn version_is_printed_without_a_store() {
    let sandbox = Sandbox::new();
    let version = concat!("jeton ", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.run(&["--version"]).ok().stdout, format!("{version}\n"));
    let commit = sandbox.json(&["version"])["commit"].as_str().map(str::to_owned);
    let commit = commit.map(|commit| format!(" ({})", &commit[..12])).unwrap_or_default();
    assert_eq!(sandbox.run(&["version"]).ok().stdout, format!("{version}{commit}\n"));
}

#[test]
fn version_json_states_the_commit_of_the_repository() {
    let directory = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("git").args(["-C", directory, "rev-parse", "HEAD"]).output();
    let successful_output = output
        .ok()
        .filter(|git| git.status.success() && Path::new(directory).join(".git").exists());
    let head =
        successful_output.map(|git| String::from_utf8(git.stdout).unwrap().trim().to_owned());
    assert_eq!(Sandbox::new().json(&["version"])["commit"], serde_json::json!(head));
}

#[test]
fn version_json_states_the_build_options() {
    let output = Sandbox::new().run_json(&["version"]).ok().stdout;
    let output: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(output["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(output["jitter_entropy"], false);
    assert_snapshot!(output["sqlite"]["options"], @r#"{"DEFAULT_MEMSTATUS=0":true,"DQS=0":true,"ENABLE_NULL_TRIM":true,"LIKE_DOESNT_MATCH_BLOBS":true,"OMIT_DECLTYPE":true,"OMIT_DEPRECATED":true,"OMIT_LOAD_EXTENSION":true,"OMIT_SHARED_CACHE":true,"USE_ALLOCA":true}"#);
}

#[test]
fn recommended_sqlite_options_are_compiled_in_and_documented() {
    let output = Sandbox::new().run_json(&["version"]).ok().stdout;
    let output: serde_json::Value = serde_json::from_str(&output).unwrap();
    let options = output["sqlite"]["options"].as_object().unwrap();
    assert!(options.values().all(|is_compiled| *is_compiled == true), "{output}");
    let options: BTreeSet<&str> = options.keys().map(String::as_str).collect();
    for text in [
        include_str!("../../.cargo/config.toml"),
        include_str!("../../src/guides/install.md"),
        include_str!("../recipes/workflow.yml"),
    ] {
        let words = text.split(|character: char| character.is_whitespace() || character == '\'');
        let configured_options: BTreeSet<&str> =
            words.filter_map(|word| word.strip_prefix("-DSQLITE_")).collect();
        assert_eq!(configured_options, options);
    }
}
