//! Only the command receives the token. The command receives neither the credentials of the caller
//! nor open files of jeton other than the standard streams.

use super::{RunProcess, assert_revoked, run_shell, shell_command};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

/// Returns the ids of the processes for which the file `/proc/PID/FILE_NAME` contains the text.
fn processes_with_text(file_name: &str, text: &str) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let pid = path.file_name().unwrap().to_str().unwrap().parse::<i32>().ok()?;
        // The process may have exited since the directory was listed.
        let bytes = fs::read(path.join(file_name)).unwrap_or_default();
        let is_contained = bytes.windows(text.len()).any(|part| part == text.as_bytes());
        is_contained.then_some(pid)
    });
    processes.collect()
}

#[test]
fn token_is_only_in_the_environment_of_the_command() {
    for options in [&[][..], &["--app", "ci"]] {
        let sandbox = Sandbox::with_admin();
        let mut run =
            RunProcess::start(shell_command(&sandbox, options, "echo $$ \"$API_TOKEN\"; exec cat"));
        let line = run.read_line();
        let (pid, token) = line.split_once(' ').unwrap();
        let pid: i32 = pid.parse().unwrap();
        // The reply shows that `cat` has replaced the shell.
        run.send_line("ping");
        assert_eq!(run.read_line(), "ping");
        assert_eq!(processes_with_text("environ", token), [pid]);
        let signature = token.rsplit('.').next().unwrap();
        assert_eq!(processes_with_text("environ", signature), [pid]);
        assert_eq!(processes_with_text("cmdline", signature), [0; 0]);
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t")).unwrap();
        assert_eq!(parent, run.pid().to_string());
        drop(run.input.take());
        assert_eq!(run.finish(), (Some(0), String::new()));
        assert_revoked(&sandbox, token);
    }
}

#[test]
fn caller_credentials_are_removed_from_the_environment() {
    let sandbox = Sandbox::with_admin();
    let access = sandbox.session_member("access");
    let file = sandbox.home().join("access");
    fs::write(&file, &access).unwrap();
    let file = file.to_str().unwrap();
    for credential in [("JETON_TOKEN", access.as_str()), ("JETON_TOKEN_FILE", file)] {
        let mut command = sandbox.command(&["run", "--", "/usr/bin/env"]);
        let passwords = ["JETON_PASSWORD", "PGPASSWORD"].map(|name| (name, "lovelace"));
        command.envs([credential, ("OTHER", "1")]).envs(passwords);
        command.env("JETON_STORE", sandbox.store_path());
        let output = RunOutput::capture(command).ok();
        let variables: BTreeMap<&str, &str> =
            output.stdout.lines().map(|line| line.split_once('=').unwrap()).collect();
        let names: Vec<&str> = variables.into_keys().collect();
        assert_eq!(names, ["API_TOKEN", "HOME", "JETON_STORE", "OTHER"]);
        assert!(!output.stdout.contains(&access) && !output.stdout.contains("lovelace"));
    }
}

#[cfg(feature = "postgres")]
#[test]
fn database_password_is_removed_from_the_store_variable() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_address();
    for (address, expected) in [
        ("postgres://ada:lovelace@h:6432/db?schema=s", "postgres://ada@h:6432/db?schema=s"),
        ("PostgreSQL:///db?password=lovelace&host=/run", "postgres:///db?host=/run"),
        ("postgres://ada@h/db", "postgres://ada@h/db"),
        ("/srv/jeton.db", "/srv/jeton.db"),
        // An invalid address may contain a password, so `JETON_STORE` is removed (expected: an
        // empty text).
        ("postgres://ada:lovelace@h:port/db", ""),
        ("mysql://ada:lovelace@h/db", ""),
    ] {
        let arguments = ["--store", &store, "run", "--", "/usr/bin/env"];
        let mut command = sandbox.command(&arguments);
        let output = RunOutput::capture(command.env("JETON_STORE", address)).ok();
        let mut lines = output.stdout.lines();
        let value = lines.find_map(|line| line.strip_prefix("JETON_STORE=")).unwrap_or_default();
        assert_eq!(value, expected);
        assert!(!output.stdout.contains("lovelace"), "{}", output.stdout);
    }
}

#[test]
fn token_is_in_neither_messages_nor_store() {
    let sandbox = Sandbox::with_admin();
    let mut run =
        RunProcess::start(shell_command(&sandbox, &[], "echo \"$API_TOKEN\"; exec \"$0\" whoami"));
    let token = run.read_line();
    while !run.read_line().is_empty() {}
    assert_eq!(run.finish(), (Some(0), String::new()));
    let signature = token.rsplit('.').next().unwrap();
    for extension in ["db", "db-wal"] {
        let bytes = fs::read(sandbox.store_path().with_extension(extension)).unwrap();
        let is_contained = bytes.windows(signature.len()).any(|part| part == signature.as_bytes());
        assert!(!is_contained, "{extension}");
    }
}

#[test]
fn command_inherits_only_standard_streams() {
    let sandbox = Sandbox::with_admin();
    let line = "ls /proc/$$/fd";
    let mut plain_shell = Command::new("/bin/sh");
    let plain_output = plain_shell.args(["-c", line]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(run_shell(&sandbox, &[], line).ok().stdout, RunOutput::from(plain_output).stdout);
}
