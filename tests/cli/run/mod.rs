//! `jeton run`: the token is valid while the command runs, and is revoked after the command exits.

mod exit_status;
mod external_key;
mod options;
mod secrets;
mod signals;
mod store;
mod terminal;
mod token_file;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const JETON: &str = env!("CARGO_BIN_EXE_jeton");

/// Returns the command `jeton run OPTIONS -- /bin/sh -c LINE`. In the line, `$0` is the path of
/// jeton, and the token is in `$API_TOKEN` by default.
fn shell_command(sandbox: &Sandbox, options: &[&str], line: &str) -> Command {
    sandbox.command(&[&["run"], options, &["--", "/bin/sh", "-c", line, JETON]].concat())
}

/// Runs the command of [`shell_command`] to its end.
fn run_shell(sandbox: &Sandbox, options: &[&str], line: &str) -> RunOutput {
    RunOutput::capture(shell_command(sandbox, options, line))
}

/// Asserts that the token is revoked, and that the store has no other token.
#[track_caller]
fn assert_revoked(sandbox: &Sandbox, token: &str) {
    let output = sandbox.run(&["token", "verify", token.trim(), "--type", "any"]);
    assert_eq!((output.code, &*output.verdict()), (12, "invalid: token_revoked"));
    assert_all_revoked(sandbox, 1);
}

/// Asserts that the store has `count` tokens, and that all tokens are revoked.
#[track_caller]
fn assert_all_revoked(sandbox: &Sandbox, count: usize) {
    let sql = "SELECT count(*) || ' created, ' || count(revoked_at) || ' revoked' FROM tokens";
    assert_eq!(sandbox.sql(sql), [format!("{count} created, {count} revoked")]);
}

/// Returns the audit events of `run`. Each text consists of the id of the user or `-`, the objects
/// (`test token`, `3 tokens`) or the target (`token ID`), the outcome and the count of tokens.
fn run_events(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT concat_ws(' ', coalesce(CAST(user_id AS TEXT), '-'),
             coalesce(detail ->> 'objects', target_kind || ' ' || target_id), outcome, count)
         FROM audit WHERE action = 'run' ORDER BY id",
    )
}

/// A process of `jeton run` whose command exchanges lines with the test.
struct RunProcess {
    jeton: Child,
    /// Standard input of the command, or `None` after a test closed it.
    input: Option<ChildStdin>,
    /// Standard output of the command.
    output: BufReader<ChildStdout>,
}

impl RunProcess {
    fn start(mut command: Command) -> Self {
        let mut jeton = Sandbox::start(command.stdin(Stdio::piped()));
        let output = BufReader::new(jeton.stdout.take().unwrap());
        Self { input: jeton.stdin.take(), jeton, output }
    }

    /// Returns the next line that the command prints. Returns an empty text for an empty line, and
    /// at the end of the output.
    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn send_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.jeton)
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the end of the output, and asserts that the command prints no further text. Then
    /// closes the input of the command, and waits until jeton exits. Returns the exit code and
    /// standard error.
    #[track_caller]
    fn finish(mut self) -> (Option<i32>, String) {
        assert_eq!(self.read_line(), "");
        drop(self.input);
        let output = self.jeton.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn test_token_is_valid_during_the_command_and_revoked_afterwards() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" token verify \"$API_TOKEN\" --type test && echo \"$API_TOKEN\"";
    let output = run_shell(&sandbox, &[], line).ok();
    assert_eq!(output.stderr, "");
    let token = output.stdout.strip_prefix("valid\n").unwrap();
    assert_revoked(&sandbox, token);
    let claims = crate::sandbox::payload(token);
    // The default lifetime is one hour.
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(run_events(&sandbox), ["1 test token done 1", "1 token 1 revoked 1"]);
}

#[test]
fn app_token_is_valid_during_the_command_and_revoked_afterwards() {
    let sandbox = Sandbox::with_john();
    let line = "\"$0\" token verify \"$API_TOKEN\" -p read --aud api && echo \"$API_TOKEN\"";
    let output = run_shell(&sandbox, &["--app", "ci", "-p", "read", "--aud", "api"], line).ok();
    assert_eq!(output.stderr, "");
    let token = output.stdout.strip_prefix("valid\n").unwrap();
    assert_revoked(&sandbox, token);
    let claims = crate::sandbox::payload(token);
    assert_eq!((&claims["app"], &claims["id"]), (&"ci".into(), &2.into()));
    // The default lifetime is one hour.
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(run_events(&sandbox), ["2 token 1 done 1", "2 token 1 revoked 1"]);
}

#[test]
fn run_accepts_a_minting_credential() {
    let mut sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "ci", "-p", "jeton:mint"]);
    sandbox.run(&["logout"]).ok();
    sandbox.set_variable("JETON_TOKEN", &token);
    let output = run_shell(&sandbox, &[], "\"$0\" token verify \"$API_TOKEN\" --type test").ok();
    assert_snapshot!(output, @"valid");
    // The credential is token 1, and stays valid.
    assert_eq!(sandbox.sql("SELECT id FROM tokens WHERE revoked_at IS NULL"), ["1"]);
}

#[test]
fn standard_streams_are_inherited() {
    let sandbox = Sandbox::with_admin();
    let command = shell_command(&sandbox, &[], "tr a-z A-Z; echo message >&2");
    let output = Sandbox::run_command_with_input(command, "line\n").ok();
    assert_snapshot!(output, @"
    LINE
    --- stderr
    message
    ");
    let command = shell_command(&sandbox, &["-o", "json"], "tr a-z A-Z; echo message >&2");
    let output = Sandbox::run_command_with_input(command, "line\n").ok();
    // `-o json` does not change the output, because `run` itself has no result.
    assert_snapshot!(output, @"
    LINE
    --- stderr
    message
    ");
}

#[test]
fn fifty_runs_in_parallel_revoke_their_tokens() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "25"]).ok();
    sandbox.set_variable("JETON_WAIT", "5m");
    let line = "\"$0\" token verify \"$API_TOKEN\" --type any && echo \"$API_TOKEN\"";
    let option_sets = [&[][..], &["--app", "ci"]].into_iter().cycle().take(50);
    let outputs =
        Sandbox::run_in_parallel(option_sets.map(|options| shell_command(&sandbox, options, line)));
    let mut tokens: Vec<String> = outputs
        .into_iter()
        .map(|output| {
            let output = output.ok();
            assert_eq!(output.stderr, "");
            output.stdout.strip_prefix("valid\n").unwrap().trim_end().to_owned()
        })
        .collect();
    assert_all_revoked(&sandbox, 50);
    let verify = ["token", "verify", "--batch", "--type", "any"];
    let output = sandbox.run_with_input(&verify, &tokens.join("\n"));
    let revoked_count =
        output.stdout.lines().filter(|line| line.contains("\"token_revoked\"")).count();
    assert_eq!((output.code, revoked_count), (12, 50));
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 50);
}
