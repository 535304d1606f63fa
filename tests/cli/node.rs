//! Node, with the packages of `node/package.json`: how a test asks it.

use crate::python::{answer, skipped, variable};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An interpreter beside whose scripts `npm ci` was run; which one, `JETON_TEST_NODE` says.
/// `JETON_TEST_REQUIRE_NODE` makes a missing one a failure.
pub(crate) fn node() -> Option<OsString> {
    let named = variable("JETON_TEST_NODE");
    let node = named.unwrap_or_else(|| OsString::from("node"));
    let mut probe = Command::new(&node);
    probe.args(["--input-type=module", "--eval", "import 'jose'"]).current_dir(folder());
    if probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Some(node);
    }
    let lacks =
        format!("{} lacks the packages of tests/cli/node/package.json", node.to_string_lossy());
    skipped(&lacks, "JETON_TEST_REQUIRE_NODE");
    None
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/node")
}

/// A script of `node/`, to be started.
pub(crate) fn script(node: &OsString, name: &str) -> Command {
    let mut command = Command::new(node);
    command.arg(folder().join(name)).stdin(Stdio::piped());
    command
}

/// What such a script answers.
pub(crate) fn ask(node: &OsString, name: &str, question: &Value) -> Value {
    answer(script(node, name), question)
}
