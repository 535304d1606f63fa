//! Prompts on a terminal: questions, hidden input and signals. A submodule tests the progress
//! display. Other tests also use the pseudo-terminal of this module.

mod confirm;
mod input;
mod new_password;
mod progress;
mod redirected_output;
mod signal_default_actions;
mod signals;

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rexpect::process::{Signal, WaitStatus};
use rexpect::session::{Options, PtySession, spawn_with_options};
use rustix::termios::{LocalModes, tcgetattr, tcgetpgrp};
use std::process::Command;
use std::time::{Duration, Instant};

/// A command on its own pseudo-terminal, with echo enabled at the start.
pub(crate) struct PtyCommand(pub(crate) PtySession);

impl PtyCommand {
    pub(crate) fn start(sandbox: &Sandbox, words: &[&str]) -> Self {
        Self::start_with_env(sandbox, words, &[])
    }

    fn start_with_env(sandbox: &Sandbox, words: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_shell_line(sandbox, "exec \"$0\" \"$@\"", words, variables)
    }

    /// Starts jeton with both outputs redirected to files in the home directory of the sandbox.
    fn start_redirected(sandbox: &Sandbox, [stdout, stderr]: [&str; 2], words: &[&str]) -> Self {
        Self::start_shell_line(
            sandbox,
            &format!("exec \"$0\" \"$@\" >{stdout} 2>{stderr}"),
            words,
            &[],
        )
    }

    /// Starts a shell command line, in which `"$0" "$@"` runs jeton with `words`.
    fn start_shell_line(
        sandbox: &Sandbox,
        line: &str,
        words: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let command = shell_command(sandbox, &format!("stty echo && {line}"), words, variables);
        let options = Options::new().timeout_ms(Some(20_000)).strip_ansi_escape_codes(true);
        Self(spawn_with_options(command, options).unwrap())
    }

    /// Starts jeton like [`Self::start`], but keeps the escape sequences in the output.
    fn start_unstripped(sandbox: &Sandbox, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let line = "stty echo && exec \"$0\" \"$@\"";
        let command = shell_command(sandbox, line, words, variables);
        let options = Options::new().timeout_ms(Some(20_000));
        Self(spawn_with_options(command, options).unwrap())
    }

    /// Waits for the question and for hidden input, then types the answer and Enter.
    fn answer(&mut self, question: &str, answer: &str) -> &mut Self {
        self.wait_for(question).wait_for_hidden_input();
        self.0.send_line(answer).unwrap();
        self
    }

    /// Waits for the question, then sends the keys. Unlike [`Self::answer`], neither waits for
    /// hidden input nor types Enter.
    fn press(&mut self, question: &str, keys: &str) -> &mut Self {
        self.wait_for(question).0.send(keys).unwrap();
        self.0.flush().unwrap();
        self
    }

    pub(crate) fn wait_for(&mut self, text: &str) -> &mut Self {
        self.0.exp_string(text).unwrap();
        self
    }

    /// Waits until echo is disabled and the command waits for input. A test must not type earlier:
    /// the crate dialoguer discards characters that are typed between the question and this time.
    fn wait_for_hidden_input(&mut self) -> &mut Self {
        let start = Instant::now();
        while self.has_echo() || !self.is_sleeping() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "the command does not wait for hidden input"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        self
    }

    /// Returns whether the main thread of the command in the foreground sleeps (state `S` in
    /// proc(5)). On a system without `/proc`, returns `true`.
    fn is_sleeping(&self) -> bool {
        let terminal = self.0.process().get_file_handle().unwrap();
        let foreground_pid = tcgetpgrp(terminal).unwrap();
        let status =
            std::fs::read_to_string(format!("/proc/{foreground_pid}/status")).unwrap_or_default();
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        state.is_none_or(|state| state.trim().starts_with('S'))
    }

    fn has_echo(&self) -> bool {
        let terminal = self.0.process().get_file_handle().unwrap();
        tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until a signal kills the command. Returns the signal, and whether echo is enabled.
    fn wait_for_signal(self) -> (Signal, bool) {
        let status = self.0.process().wait().unwrap();
        let WaitStatus::Signaled(_, signal, _) = status else { panic!("{status:?}") };
        (signal, self.has_echo())
    }

    /// Waits until the command exits. Returns the exit code, the output after the text that the
    /// test last waited for, and whether echo is enabled.
    pub(crate) fn finish(mut self) -> (i32, String, bool) {
        let screen = self.0.exp_eof().unwrap().replace("\r\n", "\n");
        let status = self.0.process().wait().unwrap();
        let WaitStatus::Exited(_, code) = status else { panic!("{status:?}: {screen}") };
        (code, screen, self.has_echo())
    }
}

/// Waits until a command without prompts exits, and asserts that echo is then enabled. Returns the
/// output, followed by the exit code.
fn screen_and_code(command: PtyCommand) -> String {
    let (code, screen, has_echo) = command.finish();
    assert!(has_echo, "{screen}");
    format!("{screen}--- exit code {code}")
}

/// Returns a command that runs a shell command line, in which `"$0" "$@"` runs jeton with `words`.
fn shell_command(
    sandbox: &Sandbox,
    line: &str,
    words: &[&str],
    variables: &[(&str, &str)],
) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", line, env!("CARGO_BIN_EXE_jeton")])
        .args(words)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", sandbox.home())
        .env("TERM", "xterm")
        .envs(sandbox.variables())
        .envs(variables.iter().copied())
        .current_dir(sandbox.home());
    command
}

/// Runs a shell command line on a terminal with `columns` columns. Returns the terminal output,
/// including escape sequences. In the line, `"$0" "$@"` runs jeton with `words`. The command must
/// not prompt.
pub(crate) fn terminal_output(
    sandbox: &Sandbox,
    columns: usize,
    line: &str,
    words: &[&str],
    variables: &[(&str, &str)],
) -> String {
    let line = format!("stty rows 24 cols {columns} && {line}");
    let options = Options::new().timeout_ms(Some(20_000));
    let command = shell_command(sandbox, &line, words, variables);
    let text = spawn_with_options(command, options).unwrap().exp_eof().unwrap();
    // rexpect returns each byte as one character.
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

#[test]
fn login_prompts_for_password_without_echo() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start(&sandbox, &["login", "ada"]);
    run.answer("Password: ", "lovelace");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    assert!(!screen.contains("lovelace"), "{screen}");
    assert!(screen.contains("logged in as ada\n"), "{screen}");
}

#[test]
fn empty_password_cancels() {
    let sandbox = Sandbox::with_admin();
    for ending in ["\n", "\u{4}"] {
        let mut run = PtyCommand::start(&sandbox, &["login", "ada"]);
        run.wait_for("Password: ").wait_for_hidden_input();
        run.0.send(ending).unwrap();
        run.0.flush().unwrap();
        let (code, screen, has_echo) = run.finish();
        assert_eq!((code, has_echo), (2, true), "{screen}");
        assert!(screen.contains("error: cancelled\n"), "{screen}");
    }
}

#[test]
fn init_prompts_for_password_twice() {
    let sandbox = Sandbox::new();
    let mut run = PtyCommand::start(&sandbox, &["init", "ada"]);
    run.answer("New password: ", "lovelace").answer("Confirm password: ", "lovelace");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    assert!(screen.contains("created admin ada; logged in as ada\n"), "{screen}");
    assert!(!screen.contains("random"), "{screen}");
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn passwd_prompts_for_current_password_first() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start(&sandbox, &["passwd"]);
    run.answer("Current password: ", "lovelace")
        .answer("New password: ", "countess")
        .answer("Confirm password: ", "countess");
    let (code, screen, _) = run.finish();
    assert_eq!(code, 0, "{screen}");
    sandbox.log_in("ada", "countess");
}

#[test]
fn ci_variable_and_no_input_option_disable_prompts() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    let run_in_ci = |words: &[&str]| {
        screen_and_code(PtyCommand::start_with_env(&sandbox, words, &[("CI", "1")]))
    };
    assert_snapshot!(run_in_ci(&["login", "ada"]), @"
    error: password required, but the variable `CI` disables prompts
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    --- exit code 2
    ");
    let no_input = PtyCommand::start(&sandbox, &["login", "ada", "--no-input"]);
    assert_snapshot!(screen_and_code(no_input), @"
    error: password required, but `--no-input` disables prompts
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    --- exit code 2
    ");
    assert_snapshot!(run_in_ci(&["users", "delete", "john"]), @"
    error: confirmation required, but the variable `CI` disables prompts
    hint: add `--yes`
    --- exit code 2
    ");
    assert_snapshot!(sandbox.run(&["login", "ada"]), @"
    --- exit code 2, stderr
    error: password required, but standard input is not a terminal
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    ");
    let empty_sandbox = Sandbox::new();
    let (code, screen, _) =
        PtyCommand::start_with_env(&empty_sandbox, &["init", "ci"], &[("CI", "1")]).finish();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("a random password was set and not shown"), "{screen}");
}

#[test]
fn unknown_user_is_refused_before_password_prompt() {
    let sandbox = Sandbox::with_admin();
    let refused = PtyCommand::start(&sandbox, &["recover", "nobody"]);
    assert_snapshot!(screen_and_code(refused), @"
    error: user `nobody` not found
    --- exit code 3
    ");
    let audit = sandbox.sql("SELECT outcome FROM audit WHERE action = 'recover'");
    assert_eq!(audit, ["user_not_found"]);
}
