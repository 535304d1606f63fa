//! The picture in the README, which is generated from the output of the program.

use super::{bash, readme};
use crate::redact::redact;
use crate::required::environment_variable;
use crate::sandbox::Sandbox;
use anstyle_svg::Term;
use std::path::Path;

const PICTURE_PATH: &str = ".github/session.svg";

/// The commands that the picture shows.
const COMMANDS: &[&str] = &[
    "jeton init ada",
    "jeton token fixtures --preset keycloak --aud api --out fixtures",
    "jeton token verify @fixtures/good.jwt --type test --aud api",
    "jeton token verify @fixtures/alg_none.jwt --type test --aud api",
    "jeton token verify @fixtures/wrong_audience.jwt --type test --aud api",
    "jeton token verify @fixtures/revoked.jwt --type test --aud api",
];

/// Runs the commands with colours, but without a terminal. Returns the commands and their redacted
/// output, with terminal escape codes.
fn record_session() -> String {
    let sandbox = Sandbox::new();
    let mut session = String::new();
    for command in COMMANDS {
        let mut shell = bash(&sandbox, None);
        let output = shell
            .env("CLICOLOR_FORCE", "1")
            .args(["-c", &format!("{{ {command}\n}} 2>&1")])
            .output()
            .unwrap();
        session.extend(["\u{1b}[1m$ ", command, "\u{1b}[0m\n"]);
        session += &redact(&sandbox, &String::from_utf8(output.stdout).unwrap());
    }
    session
}

#[test]
fn picture_shows_the_current_output() {
    assert!(readme().contains(&format!("]({PICTURE_PATH})")));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE_PATH);
    let new_picture = Term::new().render_svg(record_session().trim_end());
    if environment_variable("UPDATE_README").is_some() {
        std::fs::write(&path, &new_picture).unwrap();
    }
    let stored_picture = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored_picture == new_picture,
        "{PICTURE_PATH} is outdated: run this test with UPDATE_README=1"
    );
}
