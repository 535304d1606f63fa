//! On a terminal: Ctrl-C reaches the command once, by the terminal, and jeton outlives it.

use super::is_dead;
use crate::prompts::OnTerminal;
use crate::python::{ask, python};
use crate::sandbox::Sandbox;
use rexpect::process::Signal;
use serde_json::json;

fn on_terminal(sandbox: &Sandbox, line: &str) -> OnTerminal {
    OnTerminal::run(sandbox, &["run", "--", "sh", "-c", line])
}

/// The token that the command wrote into a file.
fn token(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.home().join("token")).unwrap()
}

#[test]
fn ctrl_c_ends_a_command_and_its_token() {
    for (key, code) in [('c', 130), ('\\', 131)] {
        let sandbox = Sandbox::with_admin();
        let line = "echo \"$API_TOKEN\" >token; echo ready; exec sleep 600";
        let mut run = on_terminal(&sandbox, line);
        run.wait_for("ready\r\n").0.send_control(key).unwrap();
        let (exit, screen, echoes) = run.finish();
        assert_eq!((exit, echoes), (code, true), "{screen}");
        is_dead(&sandbox, &token(&sandbox));
    }
}

#[test]
fn ctrl_c_is_heard_once_and_the_command_may_go_on() {
    let sandbox = Sandbox::with_admin();
    // Waiting for a process in the background, the shell hears a signal at once.
    let line = "echo \"$API_TOKEN\" >token; sleep 600 & trap 'n=$((n + 1)); echo heard' INT; \
                trap 'kill $!; echo \"$n times\"; exit 5' USR1; echo ready; while :; do wait; done";
    let mut run = on_terminal(&sandbox, line);
    run.wait_for("ready\r\n");
    for _ in 0..20 {
        run.0.send_control('c').unwrap();
        run.wait_for("heard\r\n");
    }
    // What jeton does about Ctrl-C it has done before it passes this on.
    run.0.process_mut().signal(Signal::SIGUSR1).unwrap();
    assert_eq!(run.finish(), (5, "20 times\n".to_owned(), true));
    is_dead(&sandbox, &token(&sandbox));
}

#[test]
fn a_signal_from_another_process_is_passed_on_there_too() {
    let sandbox = Sandbox::with_admin();
    let line = "echo \"$API_TOKEN\" >token; trap 'echo heard; exit 6' INT; echo ready; \
                while :; do sleep 0.02; done";
    let mut run = on_terminal(&sandbox, line);
    run.wait_for("ready\r\n").0.process_mut().signal(Signal::SIGINT).unwrap();
    assert_eq!(run.finish(), (6, "heard\n".to_owned(), true));
    is_dead(&sandbox, &token(&sandbox));
}

#[test]
fn a_terminal_that_is_closed_ends_the_command_and_its_token() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::with_admin();
    // The system tells jeton, which began the terminal's session, and nobody else.
    let line = "echo \"$API_TOKEN\" >token; echo ready; exec sleep 600";
    let question = json!({
        "words": [super::JETON, "run", "--", "/bin/sh", "-c", format!("cd; {line}")],
        "environment": {"HOME": sandbox.home()},
    });
    assert_eq!(ask(&python, "hangup.py", &question), json!({"exit_code": 129}));
    is_dead(&sandbox, &token(&sandbox));
}
