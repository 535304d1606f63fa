//! `jeton run` on a terminal. After Ctrl-C or Ctrl-\, the command receives the signal once: from
//! the terminal, and not from jeton. A signal that only jeton receives is forwarded: a signal from
//! another process, or SIGHUP of a closed terminal. The program jeton exits after the command.

use super::assert_revoked;
use crate::prompts::PtyCommand;
use crate::python::run_script;
use crate::sandbox::Sandbox;
use rexpect::process::Signal;
use serde_json::json;

fn run_on_terminal(sandbox: &Sandbox, line: &str) -> PtyCommand {
    PtyCommand::start(sandbox, &["run", "--", "sh", "-c", line])
}

/// Returns the token that the command wrote to the file `token`.
fn read_written_token(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.home().join("token")).unwrap()
}

#[test]
fn ctrl_c_or_ctrl_backslash_ends_the_command_and_revokes_the_token() {
    for (key, code) in [('c', 130), ('\\', 131)] {
        let sandbox = Sandbox::with_admin();
        let line = "echo \"$API_TOKEN\" >token; echo ready; exec sleep 600";
        let mut run = run_on_terminal(&sandbox, line);
        run.wait_for("ready\r\n").0.send_control(key).unwrap();
        let (exit_code, screen, has_echo) = run.finish();
        assert_eq!((exit_code, has_echo), (code, true), "{screen}");
        assert_revoked(&sandbox, &read_written_token(&sandbox));
    }
}

#[test]
fn ctrl_c_is_delivered_once() {
    let sandbox = Sandbox::with_admin();
    // A shell that waits for a background process handles a signal immediately.
    let line = "echo \"$API_TOKEN\" >token; sleep 600 & trap 'n=$((n + 1)); echo received' INT; \
                trap 'kill $!; echo \"$n times\"; exit 5' USR1; echo ready; while :; do wait; done";
    let mut run = run_on_terminal(&sandbox, line);
    run.wait_for("ready\r\n");
    for _ in 0..20 {
        run.0.send_control('c').unwrap();
        run.wait_for("received\r\n");
    }
    // If jeton forwarded a Ctrl-C, the command would receive that SIGINT before USR1 and count it.
    run.0.process_mut().signal(Signal::SIGUSR1).unwrap();
    assert_eq!(run.finish(), (5, "20 times\n".to_owned(), true));
    assert_revoked(&sandbox, &read_written_token(&sandbox));
}

#[test]
fn signal_from_another_process_is_forwarded() {
    let sandbox = Sandbox::with_admin();
    let line = "echo \"$API_TOKEN\" >token; trap 'echo received; exit 6' INT; echo ready; \
                while :; do sleep 0.02; done";
    let mut run = run_on_terminal(&sandbox, line);
    run.wait_for("ready\r\n").0.process_mut().signal(Signal::SIGINT).unwrap();
    assert_eq!(run.finish(), (6, "received\n".to_owned(), true));
    assert_revoked(&sandbox, &read_written_token(&sandbox));
}

#[test]
#[ignore = "needs Python"]
fn closed_terminal_ends_the_command_and_revokes_the_token() {
    let sandbox = Sandbox::with_admin();
    // The kernel sends SIGHUP only to jeton, the leader of the terminal's session.
    let line = "echo \"$API_TOKEN\" >token; echo ready; exec sleep 600";
    let input = json!({
        "command": [super::JETON, "run", "--", "/bin/sh", "-c", format!("cd; {line}")],
        "environment": {"HOME": sandbox.home()},
    });
    assert_eq!(run_script("hangup.py", &input), json!({"exit_code": 129}));
    assert_revoked(&sandbox, &read_written_token(&sandbox));
}
