//! Completion in real shells. If a stored name or a file name contains a shell command, neither
//! completion nor a hint copied into a shell runs the command.

mod completed_words;

use crate::required::require_program;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use rexpect::session::{Options, PtySession, spawn_with_options};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

// Each of these names contains a shell command that creates the file `pwned`.
const EMAIL: &str = "bob`touch$IFS$HOME/pwned`@example.com";
const USERNAME: &str = "x;{touch,pwned}";
const KID: &str = "k;{touch,pwned}";
const FILE_NAME: &str = "f;touch pwned";
const APP: &str = "$(touch pwned)";

/// Lines to type, each followed by Tab and Enter. The test replaces `$PWD` by the home directory.
const LINES: [&str; 6] = [
    "jeton users show bo",
    "jeton users show x",
    "jeton keys export --pem k",
    "jeton whoami --token-file $PWD/f",
    "jeton users show ",
    "jeton token show ",
];

/// Creates a sandbox with a username, an e-mail address, a key id, an app name and a file name that
/// contain shell commands.
fn sandbox_with_hostile_names() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.run_with_input(&["register", "--email", EMAIL, "--password-stdin"], "123456").ok();
    sandbox.run_with_input(&["register", USERNAME, "--password-stdin"], "123456").ok();
    sandbox.stdout_of(&["token", "create", APP]);
    sandbox.stdout_of(&["keys", "generate", "--purpose", "test"]);
    sandbox.sql(&format!("UPDATE keys SET kid = '{KID}' WHERE purpose = 'test'"));
    std::fs::write(sandbox.home().join(FILE_NAME), "x").unwrap();
    sandbox
}

fn command_in_a_name_was_run(sandbox: &Sandbox) -> bool {
    sandbox.home().join("pwned").exists()
}

/// An interactive shell on a terminal, with the completion script of `jeton completions`.
struct Shell(PtySession);

impl Shell {
    /// Starts a shell by name, and waits for the prompt.
    fn start(sandbox: &Sandbox, name: &str, options: &[&str]) -> Self {
        let bin = Path::new(env!("CARGO_BIN_EXE_jeton")).parent().unwrap();
        let mut command = Command::new(name);
        command
            .args(options)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("HOME", sandbox.home())
            .env("ZDOTDIR", sandbox.home())
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("PS1", "ready> ")
            .envs(sandbox.variables())
            .current_dir(sandbox.home());
        let options = Options::new().timeout_ms(Some(30_000)).strip_ansi_escape_codes(true);
        let mut session = spawn_with_options(command, options).unwrap();
        session.exp_string("ready> ").unwrap();
        Self(session)
    }

    /// Starts bash with the completion script.
    fn bash(sandbox: &Sandbox) -> Self {
        let rc = format!("source {}; PS1='ready> '", completion_script_path("jeton.bash"));
        std::fs::write(sandbox.home().join("rc"), rc).unwrap();
        Self::start(sandbox, "bash", &["--rcfile", "rc", "-i"])
    }

    /// Starts zsh with the completion script.
    fn zsh(sandbox: &Sandbox) -> Self {
        require_program("zsh");
        let rc = format!(
            "autoload -Uz compinit; compinit -u -D; source {}\n",
            completion_script_path("jeton.zsh")
        );
        std::fs::write(sandbox.home().join(".zshrc"), rc).unwrap();
        Self::start(sandbox, "zsh", &["-d", "-i"])
    }

    /// Starts fish with the completion script.
    fn fish(sandbox: &Sandbox) -> Self {
        require_program("fish");
        let prompt = "function fish_prompt; echo 'ready> '; end";
        let load = format!("source {}", completion_script_path("jeton.fish"));
        Self::start(sandbox, "fish", &["--no-config", "-i", "-C", prompt, "-C", &load])
    }

    /// Types a line, Tab and Enter. Returns the echo of the completed line and the output of the
    /// command.
    fn complete_and_run(&mut self, line: &str) -> String {
        self.type_and_run(&[line, "\t", "\r"])
    }

    /// Types the texts, then a command that prints a marker. Returns the terminal output up to the
    /// marker.
    fn type_and_run(&mut self, texts: &[&str]) -> String {
        for typed in texts.iter().chain(&["printf '%s\\n' mar''ker\r"]) {
            self.0.send(typed).unwrap();
            self.0.flush().unwrap();
        }
        self.0.exp_string("marker").unwrap()
    }

    fn exit(mut self) {
        self.0.send("exit\r").unwrap();
        self.0.flush().unwrap();
        self.0.exp_eof().unwrap();
    }
}

/// Completes and runs every line of `LINES`, and asserts that no command in a name is run.
#[track_caller]
fn assert_no_command_is_run(sandbox: &Sandbox, mut shell: Shell) {
    // Shows that completion works in this shell: `ad` becomes `ada`, and the command finds the
    // user.
    let screen = shell.complete_and_run("jeton users show ad");
    assert!(screen.contains("admin"), "{screen}");
    for line in LINES {
        let line = line.replace("$PWD", sandbox.home().to_str().unwrap());
        let screen = shell.complete_and_run(&line);
        assert!(!command_in_a_name_was_run(sandbox), "{line}: {screen}");
    }
    shell.exit();
}

fn completion_script_path(name: &str) -> String {
    format!("{}/completions/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn bash_completion_runs_no_command_in_a_name() {
    let sandbox = sandbox_with_hostile_names();
    assert_no_command_is_run(&sandbox, Shell::bash(&sandbox));
}

#[test]
#[ignore = "needs zsh"]
fn zsh_completion_runs_no_command_in_a_name() {
    let sandbox = sandbox_with_hostile_names();
    assert_no_command_is_run(&sandbox, Shell::zsh(&sandbox));
}

#[test]
#[ignore = "needs fish"]
fn fish_completion_runs_no_command_in_a_name() {
    let sandbox = sandbox_with_hostile_names();
    assert_no_command_is_run(&sandbox, Shell::fish(&sandbox));
}

/// Runs a line in a shell in which `jeton` is the program under test and the password in
/// `JETON_PASSWORD` is `lovelace-2`. Asserts that no command in a name is run.
#[track_caller]
fn run_in_shell(sandbox: &Sandbox, line: &str) -> RunOutput {
    let line = format!("jeton() {{ \"$0\" \"$@\"; }}; {line}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_jeton")]).env_clear();
    shell
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", sandbox.home())
        .env("JETON_PASSWORD", "lovelace-2")
        .envs(sandbox.variables());
    let output = RunOutput::capture(shell.current_dir(sandbox.home()));
    assert!(!command_in_a_name_was_run(sandbox), "{line}: {output:?}");
    output
}

/// Returns the text that follows `before` in a line of standard error.
#[track_caller]
fn hint_after<'r>(output: &'r RunOutput, before: &str) -> &'r str {
    let rest = output.stderr.lines().find_map(|line| line.split_once(before));
    rest.unwrap_or_else(|| panic!("{output:?}")).1
}

#[test]
fn copied_hint_of_recover_enables_the_user() {
    for email in [EMAIL, "-q@example.com"] {
        let sandbox = Sandbox::with_admin();
        let option = format!("--email={email}");
        sandbox.run_with_input(&["register", &option, "--password-stdin"], "123456").ok();
        sandbox.run(&["users", "disable", "--yes", "2"]).ok();
        let output = sandbox.run_with_input(&["recover", "--password-stdin", "2"], "654321").ok();
        sandbox.log_in("ada", "lovelace");
        run_in_shell(&sandbox, hint_after(&output, "enable the user: ")).ok();
        assert_eq!(sandbox.json(&["users", "show", "2"])["disabled_at"], Value::Null, "{email}");
    }
}

#[test]
fn copied_hint_of_init_sets_the_password() {
    for login in [USERNAME, EMAIL] {
        let sandbox = Sandbox::new();
        let output = sandbox.run(&["init", login]).ok();
        run_in_shell(&sandbox, hint_after(&output, "your own with: ")).ok();
        sandbox.run_with_input(&["login", login, "--password-stdin"], "lovelace-2").ok();
    }
}

#[test]
fn copied_hint_about_a_token_file_reads_the_file() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "ci"]);
    for name in [FILE_NAME, "a'b", "$(touch pwned)", "a b!"] {
        std::fs::write(sandbox.home().join(name), &token).unwrap();
        let output = sandbox.run(&["token", "decode", "--", name]).fails(2);
        let line = format!("jeton token decode {}", hint_after(&output, "to read the file, use "));
        run_in_shell(&sandbox, &line).ok();
    }
}

#[test]
fn usage_errors_omit_words_with_shell_metacharacters() {
    let sandbox = Sandbox::new();
    let repeats =
        |word: &str| sandbox.run(&["token", "decode", word]).fails(2).stderr.contains(word);
    assert!(repeats("--foo"));
    assert!(!repeats("--foo;{touch,pwned}"));
}
