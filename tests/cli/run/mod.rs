//! `jeton run`: the token lives as long as the command, and no longer, however that ends.

mod endings;
mod options;
mod secrets;
mod signals;
mod store;
mod terminal;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const JETON: &str = env!("CARGO_BIN_EXE_jeton");

/// Runs that line of shell, in which `$0` is jeton.
fn shell(sandbox: &Sandbox, options: &[&str], line: &str) -> Command {
    sandbox.command(&[&["run"], options, &["--", "/bin/sh", "-c", line, JETON]].concat())
}

fn run_shell(sandbox: &Sandbox, options: &[&str], line: &str) -> RunOutput {
    RunOutput::of(shell(sandbox, options, line))
}

/// Nobody is let in by it any more, and nothing else that was made is good.
#[track_caller]
fn is_dead(sandbox: &Sandbox, token: &str) {
    let verdict = sandbox.run(&["token", "verify", token.trim(), "--type", "any"]);
    assert_eq!((verdict.code, verdict.stdout.as_str()), (12, "invalid: token_revoked\n"));
    nothing_lives(sandbox, 1);
}

/// So many tokens were made, and all of them are revoked.
#[track_caller]
fn nothing_lives(sandbox: &Sandbox, made: usize) {
    let count = "SELECT count(*) || ' made, ' || count(revoked_at) || ' revoked' FROM tokens";
    assert_eq!(sandbox.sql(count), [format!("{made} made, {made} revoked")]);
}

/// What was done to the store by `run`: who, to what, with which outcome. Which key was new is left
/// out.
fn audit(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT coalesce(user_id, '-') || ' ' || substr(target, 1, instr(target || ',', ',') - 1) \
         || ' ' || outcome || ' ' || count FROM audit WHERE action = 'run' ORDER BY id",
    )
}

/// A run whose command talks to the test.
struct Running {
    jeton: Child,
    input: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut jeton = Sandbox::start(command.stdin(Stdio::piped()));
        let lines = BufReader::new(jeton.stdout.take().unwrap());
        Self { input: jeton.stdin.take(), jeton, lines }
    }

    /// The next line that the command prints; empty at the end.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn answer(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.jeton)
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its exit code, and what jeton said; the command has nothing more to say.
    #[track_caller]
    fn ends(mut self) -> (Option<i32>, String) {
        assert_eq!(self.line(), "");
        drop(self.input);
        let output = self.jeton.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn the_token_lives_in_the_command_and_not_after_it() {
    let sandbox = Sandbox::with_admin();
    let line = "\"$0\" token verify \"$API_TOKEN\" --type test && echo \"$API_TOKEN\"";
    let output = run_shell(&sandbox, &[], line).ok();
    assert_eq!(output.stderr, "");
    let token = output.stdout.strip_prefix("valid\n").unwrap();
    is_dead(&sandbox, token);
    let claims = crate::sandbox::payload(token);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(audit(&sandbox), ["1 test token done 1", "1 token 1 revoked 1"]);
}

#[test]
fn an_app_token_lives_in_the_command_and_not_after_it() {
    let sandbox = Sandbox::with_john();
    let line = "\"$0\" token verify \"$API_TOKEN\" -p read --aud api && echo \"$API_TOKEN\"";
    let output = run_shell(&sandbox, &["--app", "ci", "-p", "read", "--aud", "api"], line).ok();
    assert_eq!(output.stderr, "");
    let token = output.stdout.strip_prefix("valid\n").unwrap();
    is_dead(&sandbox, token);
    let claims = crate::sandbox::payload(token);
    assert_eq!((&claims["app"], &claims["id"]), (&"ci".into(), &2.into()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(audit(&sandbox), ["2 token 1 done 1", "2 token 1 revoked 1"]);
}

#[test]
fn a_token_for_minting_is_enough() {
    let mut sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "create", "ci", "-p", "jeton:mint"]);
    sandbox.run(&["logout"]).ok();
    sandbox.set("JETON_TOKEN", &token);
    let output = run_shell(&sandbox, &[], "\"$0\" token verify \"$API_TOKEN\" --type test").ok();
    assert_snapshot!(output, @"valid");
    assert_eq!(sandbox.sql("SELECT id FROM tokens WHERE revoked_at IS NULL"), ["1"]);
}

#[test]
fn all_three_streams_are_those_of_the_command() {
    let sandbox = Sandbox::with_admin();
    let command = shell(&sandbox, &[], "tr a-z A-Z; echo talk >&2");
    let output = Sandbox::run_with(command, "line\n").ok();
    assert_snapshot!(output, @"
    LINE
    --- stderr
    talk
    ");
    let command = shell(&sandbox, &["-o", "json"], "tr a-z A-Z; echo talk >&2");
    let output = Sandbox::run_with(command, "line\n").ok();
    // `run` itself has no result.
    assert_snapshot!(output, @"
    LINE
    --- stderr
    talk
    ");
}

#[test]
fn fifty_at_once() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "25"]).ok();
    sandbox.set("JETON_WAIT", "5m");
    let line = "\"$0\" token verify \"$API_TOKEN\" --type any && echo \"$API_TOKEN\"";
    let kinds = [&[][..], &["--app", "ci"]].into_iter().cycle().take(50);
    let all = Sandbox::run_at_once(kinds.map(|options| shell(&sandbox, options, line)));
    let mut tokens: Vec<String> = all
        .into_iter()
        .map(|output| {
            let output = output.ok();
            assert_eq!(output.stderr, "");
            output.stdout.strip_prefix("valid\n").unwrap().trim_end().to_owned()
        })
        .collect();
    nothing_lives(&sandbox, 50);
    let verdicts = ["token", "verify", "--batch", "--type", "any"];
    let output = sandbox.run_with_input(&verdicts, &tokens.join("\n"));
    let revoked = output.stdout.lines().filter(|line| line.contains("\"token_revoked\"")).count();
    assert_eq!((output.code, revoked), (12, 50));
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 50);
}
