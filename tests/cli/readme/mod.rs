//! Executes the commands of the README and the guides, and compares the printed and shown output.

mod picture;
mod tables;

pub(crate) use tables::{commands_and_flags, documented_rights};

use crate::redact::redact;
use crate::required::{environment_variable, python};
use crate::sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A document whose commands, in fenced code blocks (blocks), are executed.
pub(crate) struct Document {
    /// Path in the package.
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

/// Defines [`DOCUMENTS`]: the README, then the guides in the order of the help. Also defines one
/// test for each document before the semicolon. These tests omit commands that need Python or jq.
macro_rules! documents {
    ($($test:ident: $path:literal),*; $($other:literal),*) => {
        pub(crate) const DOCUMENTS: &[Document] = &[
            $(Document { path: $path, text: include_str!(concat!("../../../", $path)) },)*
            $(Document { path: $other, text: include_str!(concat!("../../../", $other)) },)*
        ];
        $(
            #[test]
            fn $test() {
                let document = DOCUMENTS.iter().find(|document| document.path == $path).unwrap();
                let is_compared = |step: &Step| !step.needs_python_or_jq();
                assert_commands_print_the_shown_output(document, None, &[], is_compared);
            }
        )*
    };
}

documents! {
    readme_blocks_print_the_shown_output: "README.md",
    tour_blocks_print_the_shown_output: "src/guides/tour.md",
    jobs_blocks_print_the_shown_output: "src/guides/jobs.md",
    install_blocks_print_the_shown_output: "src/guides/install.md",
    ci_blocks_print_the_shown_output: "src/guides/ci.md",
    test_tokens_blocks_print_the_shown_output: "src/guides/test-tokens.md",
    accounts_blocks_print_the_shown_output: "src/guides/accounts.md",
    keys_blocks_print_the_shown_output: "src/guides/keys.md",
    administration_blocks_print_the_shown_output: "src/guides/administration.md",
    scripting_blocks_print_the_shown_output: "src/guides/scripting.md",
    security_blocks_print_the_shown_output: "src/guides/security.md",
    performance_blocks_print_the_shown_output: "src/guides/performance.md";
    // Tested in `server::guide`.
    "src/guides/many-machines.md"
}

/// Command line of the README. The tests execute only the commands after `cargo install`.
const INSTALL_COMMAND: &str = "cargo install --locked --path . && jeton init && \
                       jeton token create my-app --permission read,write";
const TEST_COMMAND: &str = "cargo test --locked";

/// A command of a block, with the exit code and the output that the document shows.
pub(crate) struct Step {
    command: String,
    exit_code: i32,
    /// Index of the first output line in the document.
    output_index: usize,
    shown_lines: Vec<&'static str>,
}

impl Step {
    /// Returns whether the command needs Python or jq.
    fn needs_python_or_jq(&self) -> bool {
        self.command.starts_with("python3 ") || self.command.contains("| jq ")
    }
}

/// Returns the language and the lines of each block of all documents.
pub(crate) fn code_blocks() -> Vec<(&'static str, Vec<&'static str>)> {
    let without_positions = |lines: Vec<(usize, &'static str)>| {
        lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>()
    };
    let blocks = DOCUMENTS.iter().flat_map(|document| numbered_code_blocks(document.text));
    blocks.map(|(language, lines)| (language, without_positions(lines))).collect()
}

/// Returns the blocks of a document: the language, and each line with its index in the document.
fn numbered_code_blocks(
    text: &'static str,
) -> impl Iterator<Item = (&'static str, Vec<(usize, &'static str)>)> {
    let mut lines = text.lines().enumerate();
    std::iter::from_fn(move || {
        let language = lines.by_ref().find_map(|(_, line)| line.strip_prefix("```"))?;
        Some((language, lines.by_ref().take_while(|(_, line)| *line != "```").collect()))
    })
}

/// Returns the commands of the `console` blocks in order. A block of Python or TOML becomes a
/// command that writes the block into the file named in its first line. Other blocks are left out.
fn parse_steps(text: &'static str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (language, lines) in numbered_code_blocks(text) {
        match language {
            "console" => parse_console(&lines, &mut steps),
            "python" | "toml" => {
                let lines: Vec<_> = lines.iter().map(|(_, line)| *line).collect();
                let name = lines[0].strip_prefix("# ").expect("a file name in the first line");
                let text = lines.join("\n");
                let command = format!("cat > {name} <<'END OF FILE'\n{text}\nEND OF FILE");
                steps.push(Step { command, exit_code: 0, output_index: 0, shown_lines: vec![] });
            }
            "ini" | "sh" | "yaml" => {}
            language => panic!("no rule for a block of `{language}`"),
        }
    }
    steps
}

fn parse_console(lines: &[(usize, &'static str)], steps: &mut Vec<Step>) {
    let (_, first) = lines[0];
    assert!(first.starts_with("$ "), "console block without a command: {first}");
    for (at, line) in lines {
        let output_index = at + 1;
        if let Some(command) = line.strip_prefix("$ ") {
            let command = command.to_owned();
            steps.push(Step { command, exit_code: 0, output_index, shown_lines: vec![] });
            continue;
        }
        let step = steps.last_mut().unwrap();
        if let Some(continuation) = line.strip_prefix("> ") {
            step.command = format!("{}\n{continuation}", step.command);
            step.output_index = output_index;
        } else if let Some(exit) = line.strip_prefix("# exit ") {
            step.exit_code = exit.parse().unwrap();
        } else {
            step.shown_lines.push(line);
        }
    }
}

/// Returns a command that runs Bash in the home directory of the sandbox, without other variables
/// of the sandbox. `PATH` has the directory of jeton, `extra_directory`, `/usr/bin` and `/bin`.
pub(crate) fn bash(sandbox: &Sandbox, extra_directory: Option<&Path>) -> Command {
    let jeton_directory = Path::new(env!("CARGO_BIN_EXE_jeton")).parent().unwrap();
    let system = ["/usr/bin", "/bin"].map(PathBuf::from);
    let own_directories = [jeton_directory].into_iter().chain(extra_directory).map(Path::to_owned);
    let mut command = Command::new("/bin/bash");
    command
        .env_clear()
        .env("HOME", sandbox.home())
        .env("TMPDIR", sandbox.home())
        .env("PATH", std::env::join_paths(own_directories.chain(system)).unwrap())
        .current_dir(sandbox.home())
        .stdin(Stdio::null());
    command
}

/// Executes the commands of a document in one shell, and compares the outputs and exit codes of the
/// commands that `is_compared` selects. Without `python_directory`, leaves out the commands that
/// need Python or jq. If the variable `UPDATE_README` is set, replaces shown outputs that differ.
#[track_caller]
pub(crate) fn assert_commands_print_the_shown_output(
    document: &Document,
    python_directory: Option<&Path>,
    variables: &[(&str, &str)],
    is_compared: impl Fn(&Step) -> bool,
) {
    let sandbox = Sandbox::new();
    let results = tempfile::tempdir().unwrap();
    let steps: Vec<_> = parse_steps(document.text)
        .into_iter()
        .filter(|step| python_directory.is_some() || !step.needs_python_or_jq())
        .collect();
    // One shell runs all commands, so that variables persist. Each output goes to a separate file.
    let redirect_step_output = |(number, step): (usize, &Step)| {
        let result = format!("\"$R/{number}.out\" 2>&1; echo $? >\"$R/{number}.exit\"");
        format!("{{ {}\n}} >{result}", step.command)
    };
    let script = steps.iter().enumerate().map(redirect_step_output).collect::<Vec<_>>().join("\n");
    let mut shell = bash(&sandbox, python_directory);
    shell.env("R", results.path()).envs(variables.iter().copied());
    let output = shell.args(["-c", &script]).output().unwrap();
    let mut updated_lines: Vec<String> = document.text.lines().map(str::to_owned).collect();
    let should_update = environment_variable("UPDATE_README").is_some();
    // The order is reversed, so that a changed number of lines does not shift pending replacements.
    for (number, step) in steps.iter().enumerate().rev().filter(|(_, step)| is_compared(step)) {
        let read = |extension| {
            std::fs::read_to_string(results.path().join(format!("{number}.{extension}")))
        };
        let command = &step.command;
        let printed = read("out").unwrap_or_else(|_| panic!("`{command}` was not run: {output:?}"));
        let exit =
            read("exit").unwrap_or_else(|_| panic!("`{command}` ended the shell: {output:?}"));
        assert_eq!(
            exit.trim(),
            step.exit_code.to_string(),
            "exit code of `{command}`, printed:\n{printed}"
        );
        let lines: Vec<_> = printed.lines().collect();
        let is_equal = lines.len() == step.shown_lines.len()
            && lines.iter().zip(&step.shown_lines).all(|(line, shown)| matches_shown(line, shown));
        if should_update && !is_equal {
            let output_range = step.output_index..step.output_index + step.shown_lines.len();
            updated_lines.splice(
                output_range,
                lines.iter().map(|line| shown_line(&sandbox, line, &step.shown_lines)),
            );
            continue;
        }
        assert!(
            is_equal,
            "`{command}`\nshown:\n{}\nprinted:\n{printed}",
            step.shown_lines.join("\n")
        );
    }
    if updated_lines.iter().ne(document.text.lines()) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document.path);
        std::fs::write(path, updated_lines.join("\n") + "\n").unwrap();
    }
}

/// Returns the line to show for a printed line: the first of the `shown` lines that matches. If no
/// line matches, returns the printed line with `…` in place of the values that [`redact`] replaces.
fn shown_line(sandbox: &Sandbox, printed: &str, shown: &[&str]) -> String {
    if let Some(line) = shown.iter().find(|line| matches_shown(printed, line)) {
        return (*line).to_owned();
    }
    let mut line = redact(sandbox, printed);
    for mask in ["<uuid>", "<time>", "<ago>", "<token>", "<key>", "~"] {
        line = line.replace(mask, "…");
    }
    line
}

/// Returns whether a printed line matches a shown line, in which `…` matches any text.
fn matches_shown(line: &str, shown: &str) -> bool {
    let Some((first, rest)) = shown.split_once('…') else { return line == shown };
    let Some(mut line) = line.strip_prefix(first) else { return false };
    let parts: Vec<_> = rest.split('…').collect();
    let (last, middle) = parts.split_last().unwrap();
    for part in middle {
        match line.split_once(part) {
            Some((_, rest_of_line)) => line = rest_of_line,
            None => return false,
        }
    }
    line.ends_with(last)
}

/// Compares only the commands that need Python or jq. The other commands are run too, because they
/// create the files that the compared commands read.
#[test]
#[ignore = "needs Python and jq"]
fn python_and_jq_commands_print_the_shown_output() {
    let documents = DOCUMENTS
        .iter()
        .filter(|document| parse_steps(document.text).iter().any(Step::needs_python_or_jq));
    for document in documents {
        let directory = python().parent();
        assert_commands_print_the_shown_output(document, directory, &[], Step::needs_python_or_jq);
    }
}

#[test]
fn only_ellipsis_matches_any_text() {
    assert!(matches_shown("a 1 b 2 c", "a … b … c"));
    assert!(matches_shown("abc", "…"));
    for (line, shown) in [("abc", "ab"), ("a b", "a … b"), ("ab", "ab…b"), ("xay", "…a"), ("", "a")]
    {
        assert!(!matches_shown(line, shown), "`{line}` matches `{shown}`");
    }
}

fn readme() -> &'static str {
    DOCUMENTS[0].text
}

#[test]
fn install_command_creates_the_first_token() {
    assert!(readme().lines().any(|line| line == INSTALL_COMMAND));
    let (install, jeton_commands) = INSTALL_COMMAND.split_once(" && ").unwrap();
    assert!(install.starts_with("cargo install"));
    let sandbox = Sandbox::new();
    let output = bash(&sandbox, None).args(["-c", jeton_commands]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let token = stdout.strip_suffix('\n').expect("final newline");
    let claims = sandbox.json(&["token", "inspect", token]);
    assert_eq!(claims["app"], "my-app");
    assert_eq!(claims["permissions"], serde_json::json!(["read", "write"]));
}

#[test]
fn ci_runs_the_install_and_test_commands_of_the_readme() {
    let ci = include_str!("../../../.ci/run");
    for command in [INSTALL_COMMAND, TEST_COMMAND] {
        assert!(readme().lines().any(|line| line == command), "not in the README: {command}");
        assert!(ci.lines().any(|line| line.ends_with(&format!("'{command}'"))), "{command}");
    }
}
