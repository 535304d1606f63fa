//! The recipe for GitHub Actions: its steps, run as a runner runs them.

use super::{Project, TOKENS, has_passed, has_python, package};
use crate::python::{ask, variable};
use crate::run_output::RunOutput;
use serde_json::Value;
use std::fs;
use std::io::Write;

/// Steps that bring in what is here already: they need the network, or minutes.
const NOT_HERE: [&str; 2] = ["install jeton", "install the packages of the service"];

/// What a step ended with, by its name.
type Ended = (String, RunOutput);

fn workflow() -> Value {
    let text = fs::read_to_string(package().join("tests/recipes/workflow.yml")).unwrap();
    ask(&variable("JETON_TEST_PYTHON").unwrap(), "workflow.py", &Value::from(text))
}

/// The variables of an `env`.
fn variables(env: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = env.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Runs those steps of the job that can be run here. After a failure only what is for `always()` is.
fn run(project: &Project) -> Vec<Ended> {
    let workflow = workflow();
    let mut known = variables(&workflow["env"]);
    let mut ended: Vec<Ended> = Vec::new();
    let steps = workflow["jobs"]["tests"]["steps"].as_array().unwrap();
    for step in steps.iter().filter(|step| step["uses"].is_null()) {
        let name = step["name"].as_str().unwrap();
        if NOT_HERE.contains(&name) {
            // Past the capture of passing tests: who reads the log must see it.
            let _ = writeln!(std::io::stderr(), "not run: the step `{name}` of the workflow");
            continue;
        }
        let has_failed = ended.iter().any(|(_, output)| output.code != 0);
        match step["if"].as_str() {
            None if has_failed => continue,
            None | Some("always()") => {}
            Some(other) => panic!("nobody knows here what `{other}` is"),
        }
        let (output, more) = run_step(project, step["run"].as_str().unwrap(), &known);
        ended.push((name.to_owned(), output));
        known.extend(more);
    }
    ended
}

/// Runs the script of a step: how it ended, and the variables that it sets for those behind it.
fn run_step(
    project: &Project,
    script: &str,
    known: &[(String, String)],
) -> (RunOutput, Vec<(String, String)>) {
    assert!(!script.contains("${{"), "an expression is not evaluated here: {script}");
    let runner = tempfile::tempdir().unwrap();
    let (file, set) = (runner.path().join("step.sh"), runner.path().join("env"));
    fs::write(&file, script).unwrap();
    fs::write(&set, "").unwrap();
    let mut shell = project.bash();
    shell
        .env_remove("JETON_STORE")
        .env_remove("JETON_TOKEN")
        .env("CI", "true")
        .env("RUNNER_TEMP", project.sandbox.home().join("tmp"))
        .env("GITHUB_ENV", &set)
        .envs(known.iter().cloned());
    let output = RunOutput::of(shell.arg("-e").arg(file));
    let set = fs::read_to_string(set).unwrap();
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.into(), value.into()));
    (output, set.lines().map(|line| pair(line).unwrap()).collect())
}

fn codes(ended: &[Ended]) -> Vec<(&str, i32)> {
    ended.iter().map(|(name, output)| (name.as_str(), output.code)).collect()
}

#[test]
fn the_job_tests_with_tokens_of_its_own_and_removes_them() {
    if !has_python() {
        return;
    }
    let project = Project::of(&["pytest"]);
    let ended = run(&project);
    let expected = [
        ("set the paths of store and fixtures", 0),
        ("create tokens", 0),
        ("test", 0),
        ("remove the store and the tokens", 0),
    ];
    assert_eq!(codes(&ended), expected, "{ended:?}");
    has_passed(&ended[2].1);
    let fixtures = format!("token fixtures {TOKENS} --out …/fixtures");
    assert_eq!(project.calls(), ["init ci --quiet", &fixtures]);
    project.is_clean();
}

#[test]
fn the_job_fails_with_the_tests_and_removes_the_tokens_all_the_same() {
    if !has_python() {
        return;
    }
    let project = Project::of(&["pytest"]);
    project.replace("service.py", "in revoked", "in []");
    let ended = run(&project);
    assert_eq!(codes(&ended)[2..], [("test", 1), ("remove the store and the tokens", 0)]);
    project.is_clean();
}

#[test]
fn the_steps_that_are_not_run_here_are_known() {
    if !has_python() {
        return;
    }
    let workflow = workflow();
    let steps = workflow["jobs"]["tests"]["steps"].as_array().unwrap();
    let uses: Vec<_> = steps.iter().filter_map(|step| step["uses"].as_str()).collect();
    assert_eq!(uses, ["actions/checkout@v4", "actions/setup-python@v5", "actions/cache@v4"]);
    let scripts = NOT_HERE.map(|name| {
        steps.iter().find(|step| step["name"] == name).unwrap()["run"].as_str().unwrap()
    });
    // There are several packages in the repository, so that the one that is meant is named.
    let expected = [
        "cargo install --locked --git \"$SOURCE\" --rev \"$COMMIT\" jeton",
        "python3 -m pip install flask 'pyjwt[crypto]' pytest",
    ];
    assert_eq!(scripts, expected);
}
