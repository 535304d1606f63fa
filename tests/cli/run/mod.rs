//! `jeton run`: the token lives as long as the command, and no longer, however that ends.

mod endings;
mod options;
mod secrets;
mod signals;
mod store;
mod terminal;

use crate::world::{Ran, World};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const JETON: &str = env!("CARGO_BIN_EXE_jeton");

/// Runs that line of shell, in which `$0` is jeton.
fn shell(world: &World, options: &[&str], line: &str) -> Command {
    world.command(&[&["run"], options, &["--", "/bin/sh", "-c", line, JETON]].concat())
}

fn run_shell(world: &World, options: &[&str], line: &str) -> Ran {
    Ran::from(shell(world, options, line).output().unwrap())
}

/// Nobody is let in by it any more, and nothing else that was made is good.
#[track_caller]
fn is_dead(world: &World, token: &str) {
    let verdict = world.run(&["token", "verify", token.trim(), "--type", "any"]);
    assert_eq!((verdict.code, verdict.out.as_str()), (12, "invalid: token_revoked\n"));
    nothing_lives(world, 1);
}

/// So many tokens were made, and all of them are revoked.
#[track_caller]
fn nothing_lives(world: &World, made: usize) {
    let count = "SELECT count(*) || ' made, ' || count(revoked_at) || ' revoked' FROM tokens";
    assert_eq!(world.sql(count), [format!("{made} made, {made} revoked")]);
}

/// What was done to the store by `run`: who, to what, with which outcome. Which key was new is left
/// out.
fn audit(world: &World) -> Vec<String> {
    world.sql(
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
        let mut jeton = World::start(command.stdin(Stdio::piped()));
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
    let world = World::with_admin();
    let line = "\"$0\" token verify \"$API_TOKEN\" --type test && echo \"$API_TOKEN\"";
    let ran = run_shell(&world, &[], line).ok();
    assert_eq!(ran.err, "");
    let token = ran.out.strip_prefix("valid\n").unwrap();
    is_dead(&world, token);
    let claims = crate::world::payload(token);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(audit(&world), ["1 test token done 1", "1 token 1 revoked 1"]);
}

#[test]
fn an_app_token_lives_in_the_command_and_not_after_it() {
    let world = World::with_john();
    let line = "\"$0\" token verify \"$API_TOKEN\" -p read --aud api && echo \"$API_TOKEN\"";
    let ran = run_shell(&world, &["--app", "ci", "-p", "read", "--aud", "api"], line).ok();
    assert_eq!(ran.err, "");
    let token = ran.out.strip_prefix("valid\n").unwrap();
    is_dead(&world, token);
    let claims = crate::world::payload(token);
    assert_eq!((&claims["app"], &claims["id"]), (&"ci".into(), &2.into()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(audit(&world), ["2 token 1 done 1", "2 token 1 revoked 1"]);
}

#[test]
fn a_token_for_minting_is_enough() {
    let mut world = World::with_admin();
    let token = world.get(&["token", "create", "ci", "-p", "jeton:mint"]);
    world.run(&["logout"]).ok();
    world.set("JETON_TOKEN", &token);
    let ran = run_shell(&world, &[], "\"$0\" token verify \"$API_TOKEN\" --type test").ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("valid\n", ""));
    assert_eq!(world.sql("SELECT id FROM tokens WHERE revoked_at IS NULL"), ["1"]);
}

#[test]
fn all_three_streams_are_those_of_the_command() {
    let world = World::with_admin();
    let command = shell(&world, &[], "tr a-z A-Z; echo talk >&2");
    let ran = World::run_with(command, "line\n").ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("LINE\n", "talk\n"));
    let command = shell(&world, &["-o", "json"], "tr a-z A-Z; echo talk >&2");
    let ran = World::run_with(command, "line\n").ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("LINE\n", "talk\n"), "it has no result");
}

#[test]
fn fifty_at_once() {
    let mut world = World::with_admin();
    world.run(&["settings", "set", "token.quota", "25"]).ok();
    world.set("JETON_WAIT", "5m");
    let line = "\"$0\" token verify \"$API_TOKEN\" --type any && echo \"$API_TOKEN\"";
    let kinds = [&[][..], &["--app", "ci"]].into_iter().cycle().take(50);
    let all = World::run_at_once(kinds.map(|options| shell(&world, options, line)));
    let mut tokens: Vec<String> = all
        .into_iter()
        .map(|ran| {
            let ran = ran.ok();
            assert_eq!(ran.err, "");
            ran.out.strip_prefix("valid\n").unwrap().trim_end().to_owned()
        })
        .collect();
    nothing_lives(&world, 50);
    let verdicts = ["token", "verify", "--batch", "--type", "any"];
    let ran = world.run_with_input(&verdicts, &tokens.join("\n"));
    let revoked = ran.out.lines().filter(|line| line.contains("\"token_revoked\"")).count();
    assert_eq!((ran.code, revoked), (12, 50));
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 50);
}
