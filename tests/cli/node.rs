//! Helpers that run the Node.js scripts in `node/`. The scripts use third-party libraries.

use crate::python::run_with_json;
use crate::required::{node, node_scripts};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Returns a command that runs a script in `node/`, with a pipe as standard input.
pub(crate) fn script_command(name: &str) -> Command {
    let mut command = Command::new(node());
    command.arg(node_scripts().join(name)).stdin(Stdio::piped());
    command
}

/// Runs a script in `node/` with a JSON value on standard input. Returns its JSON output.
pub(crate) fn run_script(name: &str, input: &Value) -> Value {
    run_with_json(script_command(name), input)
}
