//! Node.js with the packages of `node/package.json`, for tests with third-party libraries.

use crate::python::{report_skip, run_with_json, variable};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the interpreter named by `JETON_TEST_NODE` (`node` by default). If the packages of
/// `node/package.json` are missing, reports that the test is skipped and returns `None`.
/// `JETON_TEST_REQUIRE_NODE` makes missing packages a failure.
pub(crate) fn find_node() -> Option<OsString> {
    let configured = variable("JETON_TEST_NODE");
    let program = configured.unwrap_or_else(|| OsString::from("node"));
    let mut probe = Command::new(&program);
    probe.args(["--input-type=module", "--eval", "import 'jose'"]).current_dir(scripts_dir());
    if probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Some(program);
    }
    let reason =
        format!("{} lacks the packages of tests/cli/node/package.json", program.to_string_lossy());
    report_skip(&reason, "JETON_TEST_REQUIRE_NODE");
    None
}

fn scripts_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/node")
}

/// Returns the command of a script in `node/`.
pub(crate) fn script_command(node: &OsString, name: &str) -> Command {
    let mut command = Command::new(node);
    command.arg(scripts_dir().join(name)).stdin(Stdio::piped());
    command
}

/// Runs a script in `node/` with a JSON value on standard input. Returns its JSON output.
pub(crate) fn run_script(node: &OsString, name: &str, input: &Value) -> Value {
    run_with_json(script_command(node, name), input)
}
