//! Interpreters and programs that the tests with `#[ignore = "needs …"]` require. A missing program
//! or package fails the test.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Returns the value of an environment variable of the test process. An empty variable counts as
/// unset.
pub(crate) fn environment_variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "a setting of the test, not of the program")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns the path of the Python interpreter that `JETON_TEST_PYTHON` names (`python3` by
/// default). The packages of `python/requirements.txt` must be installed.
pub(crate) fn python() -> &'static Path {
    static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
        let script = "import sys, jwt, flask_jwt_extended, cryptography, jsonschema, pytest, yaml; \
                      print(sys.executable)";
        let mut command = interpreter("JETON_TEST_PYTHON", "python3");
        let needed = "Python with the packages of tests/cli/python/requirements.txt \
                      (`JETON_TEST_PYTHON` names the interpreter)";
        probe(command.args(["-I", "-c", script]), needed).map(PathBuf::from)
    });
    PYTHON.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the path of the Node.js interpreter that `JETON_TEST_NODE` names (`node` by default).
/// The packages of `node/package.json` must be installed.
pub(crate) fn node() -> &'static Path {
    static NODE: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
        let script = "import 'jose'; console.log(process.execPath)";
        let mut command = interpreter("JETON_TEST_NODE", "node");
        command.args(["--input-type=module", "--eval", script]).current_dir(node_scripts());
        let needed = "Node.js (`JETON_TEST_NODE` names the interpreter) with the packages of \
                      tests/cli/node/package.json (npm ci --prefix tests/cli/node)";
        probe(&mut command, needed).map(PathBuf::from)
    });
    NODE.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the directory of the Node.js scripts and packages.
pub(crate) fn node_scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/node")
}

/// Panics if the command `NAME --version` fails.
#[track_caller]
pub(crate) fn require_program(name: &str) {
    require(Command::new(name).arg("--version"), &format!("the program `{name}`"));
}

/// Panics if the command fails. `needed` describes the missing program, package or permission in
/// the message.
#[track_caller]
pub(crate) fn require(command: &mut Command, needed: &str) {
    probe(command, needed).unwrap_or_else(|error| panic!("{error}"));
}

fn interpreter(variable_name: &str, default: &str) -> Command {
    Command::new(environment_variable(variable_name).unwrap_or_else(|| OsString::from(default)))
}

/// Returns the standard output of a command, without whitespace at the end. If the command fails,
/// returns an error message with `needed` and the reason.
fn probe(command: &mut Command, needed: &str) -> Result<String, String> {
    let reason = match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            return Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned());
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    let program = command.get_program().to_string_lossy();
    Err(format!("the test needs {needed}; `{program}` failed: {reason}"))
}

#[test]
fn message_names_the_requirement_the_program_and_the_reason() {
    let error = probe(&mut Command::new("/nowhere/make"), "the program `make`").unwrap_err();
    insta::assert_snapshot!(error, @"the test needs the program `make`; `/nowhere/make` failed: No such file or directory (os error 2)");
    let mut failing = Command::new("sh");
    let error = probe(failing.args(["-c", "echo reason >&2; exit 1"]), "a package").unwrap_err();
    insta::assert_snapshot!(error, @"the test needs a package; `sh` failed: reason");
}
