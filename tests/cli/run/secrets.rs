//! Who sees what: the command the token and nothing of the caller's, everybody else nothing.

use super::{Running, is_dead, run_shell, shell};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

/// The processes in whose `file` below `/proc` the text stands.
fn processes_with(text: &str, file: &str) -> Vec<i32> {
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let pid = path.file_name().unwrap().to_str().unwrap().parse::<i32>().ok()?;
        // It may have ended meanwhile.
        let bytes = fs::read(path.join(file)).unwrap_or_default();
        let is_in = bytes.windows(text.len()).any(|part| part == text.as_bytes());
        is_in.then_some(pid)
    });
    all.collect()
}

#[test]
fn the_token_is_in_no_other_process() {
    for kind in [&[][..], &["--app", "ci"]] {
        let sandbox = Sandbox::with_admin();
        let mut run = Running::start(shell(&sandbox, kind, "echo $$ \"$API_TOKEN\"; exec cat"));
        let line = run.line();
        let (pid, token) = line.split_once(' ').unwrap();
        let pid: i32 = pid.parse().unwrap();
        // Not before it is the program that it becomes.
        run.answer("are you there");
        assert_eq!(run.line(), "are you there");
        assert_eq!(processes_with(token, "environ"), [pid]);
        let signature = token.rsplit('.').next().unwrap();
        assert_eq!(processes_with(signature, "environ"), [pid]);
        assert_eq!(processes_with(signature, "cmdline"), [0; 0]);
        let parent = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let parent = parent.lines().find_map(|line| line.strip_prefix("PPid:\t")).unwrap();
        assert_eq!(parent, run.pid().to_string());
        drop(run.input.take());
        assert_eq!(run.ends(), (Some(0), String::new()));
        is_dead(&sandbox, token);
    }
}

#[test]
fn the_callers_credentials_are_not_handed_on() {
    let sandbox = Sandbox::with_admin();
    let access = sandbox.session("access");
    let file = sandbox.home().join("access");
    fs::write(&file, &access).unwrap();
    let file = file.to_str().unwrap();
    for credential in [("JETON_TOKEN", access.as_str()), ("JETON_TOKEN_FILE", file)] {
        let mut command = sandbox.command(&["run", "--", "/usr/bin/env"]);
        command.envs([credential, ("JETON_PASSWORD", "lovelace"), ("OTHER", "1")]);
        command.env("JETON_STORE", sandbox.store());
        let output = RunOutput::of(command).ok();
        let names: BTreeMap<&str, &str> =
            output.stdout.lines().map(|line| line.split_once('=').unwrap()).collect();
        let names: Vec<&str> = names.into_keys().collect();
        assert_eq!(names, ["API_TOKEN", "HOME", "JETON_STORE", "OTHER"]);
        assert!(!output.stdout.contains(&access) && !output.stdout.contains("lovelace"));
    }
}

#[test]
fn the_token_is_said_nowhere() {
    let sandbox = Sandbox::with_admin();
    let mut run = Running::start(shell(&sandbox, &[], "echo \"$API_TOKEN\"; exec \"$0\" whoami"));
    let token = run.line();
    while !run.line().is_empty() {}
    assert_eq!(run.ends(), (Some(0), String::new()));
    let signature = token.rsplit('.').next().unwrap();
    for end in ["db", "db-wal"] {
        let bytes = fs::read(sandbox.store().with_extension(end)).unwrap();
        let is_in = bytes.windows(signature.len()).any(|part| part == signature.as_bytes());
        assert!(!is_in, "{end}");
    }
}

#[test]
fn nothing_of_jeton_is_open_in_the_command() {
    let sandbox = Sandbox::with_admin();
    let line = "ls /proc/$$/fd";
    let mut alone = Command::new("/bin/sh");
    let alone = alone.args(["-c", line]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(run_shell(&sandbox, &[], line).ok().stdout, RunOutput::from(alone).stdout);
}
