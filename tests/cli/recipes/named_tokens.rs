//! The recipes with named tokens, which the file `tokens.toml` defines. One `jeton run` command, or
//! one step of a GitHub job, creates the tokens and passes them to the tests in environment
//! variables.

use super::workflow::run_job;
use super::{Project, package};
use crate::required::{node, node_scripts};
use crate::run_output::RunOutput;
use std::fs;
use std::os::unix::fs::symlink;

const SECRET: &str = "the-secret-of-my-service-0123456789";
const RUN_PYTEST: &str =
    "jeton run --file tokens.toml --allow-env JWT_SECRET_KEY -- python3 -m pytest";
const RUN_NODE: &str = "jeton run --file tokens.toml --allow-env JWT_SECRET_KEY -- node --test";

/// Runs a command with the secret of the service in `JWT_SECRET_KEY`. Asserts that the guide `ci`
/// shows the command.
fn run(project: &Project, command: &str) -> RunOutput {
    let guide = fs::read_to_string(package().join("src/guides/ci.md")).unwrap();
    assert!(guide.contains(&format!("\n{command}\n")), "not in the guide: {command}");
    RunOutput::capture(project.bash().env("JWT_SECRET_KEY", SECRET).args(["-c", command]))
}

#[test]
#[ignore = "needs Python"]
fn flask_service_is_tested_by_one_command() {
    let project = Project::with_python(&["flask"]);
    let output = run(&project, RUN_PYTEST).ok();
    assert!(output.stdout.contains(" 4 passed in "), "{output:?}");
    assert!(
        output.stderr.contains("warning: 3 externally signed tokens cannot be revoked"),
        "{output:?}"
    );
    assert_eq!(project.calls(), [RUN_PYTEST.strip_prefix("jeton ").unwrap()]);
    project.assert_clean();
    // Removes the role check, so one of the tests fails.
    project.replace("app.py", "\"admin\" not in", "None in");
    let output = run(&project, RUN_PYTEST);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains(" 1 failed, 3 passed in "), "{output:?}");
}

#[test]
#[ignore = "needs Node"]
fn express_service_is_tested_by_one_command() {
    let project = Project::with_recipes(&["express"]);
    symlink(node_scripts().join("node_modules"), project.path().join("node_modules")).unwrap();
    let directory = node().parent().unwrap().display();
    let line = format!("PATH={directory}:$PATH\n{RUN_NODE}");
    // Node 18 needs the flag for the Web Crypto API that jose uses; newer versions ignore the flag.
    let node_option = ("NODE_OPTIONS", "--experimental-global-webcrypto");
    let run_suite = || {
        let mut shell = project.bash();
        shell.env("JWT_SECRET_KEY", SECRET).env(node_option.0, node_option.1);
        RunOutput::capture(shell.args(["-c", &line]))
    };
    let output = run_suite().ok();
    assert!(output.stdout.contains(" pass 5\n"), "{output:?}");
    project.assert_clean();
    // Removes the audience check, so one of the tests fails.
    project.replace("app.mjs", "audience: \"api\", ", "");
    let output = run_suite();
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains(" fail 1\n"), "{output:?}");
    let guide = fs::read_to_string(package().join("src/guides/ci.md")).unwrap();
    assert!(guide.contains(&format!("\n{RUN_NODE}\n")));
}

#[test]
#[ignore = "needs Python"]
fn github_job_masks_the_tokens_and_sets_variables() {
    let project = Project::with_python(&["flask"]);
    let outputs = run_job(&project, "github.yml", &[("JWT_SECRET_KEY", SECRET)]);
    let [(_, create), (_, test)] = outputs.as_slice() else { panic!("{outputs:?}") };
    let mask_count =
        create.stdout.lines().filter(|line| line.starts_with("::add-mask::ey")).count();
    assert_eq!((mask_count, create.stdout.lines().count()), (3, 3), "{create:?}");
    assert!(test.stdout.contains(" 4 passed in "), "{test:?}");
    project.assert_clean();
}
