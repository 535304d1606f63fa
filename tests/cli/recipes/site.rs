//! The recipe for a service that knows only the issuer and fetches the keys from the issuer's URL.

use super::{Project, assert_all_passed};
use crate::run_output::RunOutput;
use std::fs;
use std::net::TcpStream;

/// Runs a command while `site.sh` serves the keys of the issuer. Then asserts that the server has
/// stopped. The first line of the output is the URL of the server.
#[track_caller]
fn run_with_site(project: &Project, command: &str) -> RunOutput {
    // Standard error goes to a file: a pipe would stay open as long as a leftover server runs.
    // `exit $?` turns an exit of `site.sh` by a signal into an exit code.
    let line = format!("bash site.sh sh -c 'echo $ISSUER; {command}' 2> stderr; exit $?");
    let mut output = project.run(&line);
    output.stderr = fs::read_to_string(project.path().join("stderr")).unwrap();
    let address = output.stdout.lines().next().unwrap().strip_prefix("http://").unwrap();
    assert!(TcpStream::connect(address).is_err(), "the file server is still running");
    output
}

#[test]
#[ignore = "needs Python"]
fn service_fetches_keys_from_issuer_url() {
    let project = Project::with_python(&["site.sh", "pytest"]);
    let output = run_with_site(&project, "python3 -m pytest").ok();
    assert_all_passed(&output);
    for file in ["openid-configuration", "jwks.json"] {
        let line = format!("\"GET /.well-known/{file} HTTP/1.1\" 200 -");
        assert!(output.stderr.contains(&line), "{}", output.stderr);
    }
    let calls = project.calls();
    assert_eq!(calls.len(), 5, "fixtures are created once for all tests: {calls:?}");
    project.assert_clean();
}

#[test]
#[ignore = "needs Python"]
fn failed_or_stopped_tests_leave_no_files() {
    let project = Project::with_python(&["site.sh"]);
    for (command, code) in [("exit 7", 7), ("kill -TERM $PPID", 143)] {
        let output = run_with_site(&project, command);
        assert_eq!(output.code, code, "{output:?}");
        project.assert_clean();
    }
}
