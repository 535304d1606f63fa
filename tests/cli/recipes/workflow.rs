//! The recipe for GitHub Actions: the tests execute the steps of the workflow as a GitHub runner
//! would.

use super::{CLAIM_OPTIONS, Project, assert_all_passed, expected_mint_call, package};
use crate::python::run_script;
use crate::run_output::RunOutput;
use serde_json::Value;
use std::fs;

/// Installation steps, which `run_job` skips because they need the network and take long.
const SKIPPED_STEPS: [&str; 2] = ["install jeton", "install the packages of the service"];

/// Name and output of a step of a job.
pub(super) type StepOutput = (String, RunOutput);

fn parse_workflow(file: &str) -> Value {
    let text = fs::read_to_string(package().join("tests/recipes").join(file)).unwrap();
    run_script("workflow.py", &Value::from(text))
}

/// Returns the variables of an `env` mapping.
fn parse_env(env: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = env.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Runs the steps of the job `tests` in a workflow file, except `SKIPPED_STEPS` and the steps that
/// use an action. After a failed step, runs only steps with the condition `always()`. `secrets`
/// contains a name and a value for each expression `${{ secrets.NAME }}`.
pub(super) fn run_job(project: &Project, file: &str, secrets: &[(&str, &str)]) -> Vec<StepOutput> {
    let workflow = parse_workflow(file);
    let mut env = parse_env(&workflow["env"]);
    for (name, value) in secrets {
        let expression = format!("${{{{ secrets.{name} }}}}");
        let variable = env.iter_mut().find(|(_, value)| *value == expression).unwrap();
        (*value).clone_into(&mut variable.1);
    }
    let mut outputs: Vec<StepOutput> = Vec::new();
    let steps = workflow["jobs"]["tests"]["steps"].as_array().unwrap();
    for step in steps.iter().filter(|step| step["uses"].is_null()) {
        let name = step["name"].as_str().unwrap();
        if SKIPPED_STEPS.contains(&name) {
            continue;
        }
        let has_failed = outputs.iter().any(|(_, output)| output.code != 0);
        match step["if"].as_str() {
            None if has_failed => continue,
            None | Some("always()") => {}
            Some(condition) => panic!("unsupported condition `{condition}`"),
        }
        let (output, new_variables) = run_step(project, step["run"].as_str().unwrap(), &env);
        outputs.push((name.to_owned(), output));
        env.extend(new_variables);
    }
    outputs
}

/// Runs the script of a step. Returns the output, and the variables that the script sets for later
/// steps.
fn run_step(
    project: &Project,
    script: &str,
    env: &[(String, String)],
) -> (RunOutput, Vec<(String, String)>) {
    assert!(!script.contains("${{"), "unsupported expression: {script}");
    let runner = tempfile::tempdir().unwrap();
    let [script_file, env_file] = ["step.sh", "env"].map(|name| runner.path().join(name));
    fs::write(&script_file, script).unwrap();
    fs::write(&env_file, "").unwrap();
    let mut shell = project.bash();
    shell
        .env_remove("JETON_STORE")
        .env_remove("JETON_TOKEN")
        .env("CI", "true")
        .env("RUNNER_TEMP", project.sandbox.home().join("tmp"))
        .env("GITHUB_ENV", &env_file)
        .envs(env.iter().cloned());
    let output = RunOutput::capture(shell.arg("-e").arg(script_file));
    let env_lines = fs::read_to_string(env_file).unwrap();
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.into(), value.into()));
    (output, env_lines.lines().map(|line| pair(line).unwrap()).collect())
}

fn step_codes(outputs: &[StepOutput]) -> Vec<(&str, i32)> {
    outputs.iter().map(|(name, output)| (name.as_str(), output.code)).collect()
}

#[test]
#[ignore = "needs Python"]
fn github_job_creates_and_removes_its_tokens() {
    let project = Project::with_python(&["pytest"]);
    let outputs = run_job(&project, "workflow.yml", &[]);
    let expected = [
        ("set the paths of store and fixtures", 0),
        ("create tokens", 0),
        ("test", 0),
        ("remove the store and the tokens", 0),
    ];
    assert_eq!(step_codes(&outputs), expected, "{outputs:?}");
    assert_all_passed(&outputs[2].1);
    let fixtures = format!("token fixtures {CLAIM_OPTIONS} --out …/fixtures");
    let mint = expected_mint_call("https://id.example");
    assert_eq!(project.calls(), ["init ci --quiet", &fixtures, &mint]);
    project.assert_clean();
}

#[test]
#[ignore = "needs Python"]
fn github_job_removes_tokens_after_failed_tests() {
    let project = Project::with_python(&["pytest"]);
    project.replace("service.py", "in revoked", "in []");
    let outputs = run_job(&project, "workflow.yml", &[]);
    assert_eq!(step_codes(&outputs)[2..], [("test", 1), ("remove the store and the tokens", 0)]);
    project.assert_clean();
}

#[test]
#[ignore = "needs Python"]
fn workflow_has_the_expected_actions_and_installation_commands() {
    let workflow = parse_workflow("workflow.yml");
    let steps = workflow["jobs"]["tests"]["steps"].as_array().unwrap();
    let uses: Vec<_> = steps.iter().filter_map(|step| step["uses"].as_str()).collect();
    assert_eq!(uses, ["actions/checkout@v4", "actions/setup-python@v5", "actions/cache@v4"]);
    let scripts = SKIPPED_STEPS.map(|name| {
        steps.iter().find(|step| step["name"] == name).unwrap()["run"].as_str().unwrap()
    });
    // The repository has several packages, so the command names the package `jeton`.
    let expected = [
        "cargo install --locked --git \"$SOURCE\" --rev \"$COMMIT\" jeton",
        "python3 -m pip install flask 'pyjwt[crypto]' pytest",
    ];
    assert_eq!(scripts, expected);
}
