//! `jeton version`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
fn version_is_printed_without_a_store() {
    let sandbox = Sandbox::new();
    let version = format!("jeton {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.run(&["version"]).ok().stdout, version);
    assert_eq!(sandbox.run(&["--version"]).ok().stdout, version);
}

#[test]
fn json_output_states_how_the_program_was_built() {
    let output = Sandbox::new().run_json(&["version"]).ok().stdout;
    let output: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(output["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(output["jitter_entropy"], false);
    assert_snapshot!(output["sqlite"]["options"], @r#"{"DEFAULT_MEMSTATUS=0":true,"DQS=0":true,"LIKE_DOESNT_MATCH_BLOBS":true,"OMIT_DECLTYPE":true,"OMIT_DEPRECATED":true,"OMIT_LOAD_EXTENSION":true,"OMIT_SHARED_CACHE":true,"USE_ALLOCA":true}"#);
}
