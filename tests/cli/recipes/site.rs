//! The recipe for a service that finds the keys by their issuer.

use super::{Project, has_passed, has_python};
use crate::run_output::RunOutput;
use std::fs;
use std::net::TcpStream;

/// Runs that while the site is served; it prints where the site is, first. The server has ended.
#[track_caller]
fn served(project: &Project, tests: &str) -> RunOutput {
    // What the server says goes to a file: whoever waited for the end of a pipe would wait for ever
    // for a server that goes on.
    let site = format!("bash site.sh sh -c 'echo $ISSUER; {tests}' 2> said; exit $?");
    let mut output = project.run(&site);
    output.stderr = fs::read_to_string(project.path().join("said")).unwrap();
    let server = output.stdout.lines().next().unwrap().strip_prefix("http://").unwrap();
    assert!(TcpStream::connect(server).is_err(), "the file server goes on");
    output
}

#[test]
fn a_service_finds_the_keys_by_the_issuer() {
    if !has_python() {
        return;
    }
    let project = Project::of(&["site.sh", "pytest"]);
    let output = served(&project, "python3 -m pytest").ok();
    has_passed(&output);
    for file in ["openid-configuration", "jwks.json"] {
        let line = format!("\"GET /.well-known/{file} HTTP/1.1\" 200 -");
        assert!(output.stderr.contains(&line), "{}", output.stderr);
    }
    let calls = project.calls();
    assert_eq!(calls.len(), 4, "once for all tests: {calls:?}");
    project.is_clean();
}

#[test]
fn nothing_is_left_when_the_tests_fail_or_are_stopped() {
    if !has_python() {
        return;
    }
    let project = Project::of(&["site.sh"]);
    for (tests, code) in [("exit 7", 7), ("kill -TERM $PPID", 143)] {
        let output = served(&project, tests);
        assert_eq!(output.code, code, "{output:?}");
        project.is_clean();
    }
}
