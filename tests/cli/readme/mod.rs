//! The README's commands run and print what it shows.

mod tables;

pub(crate) use tables::grammar;

use crate::redact::redact;
use crate::sandbox::Sandbox;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) const README: &str = include_str!("../../../README.md");

const INSTALL: &str = "cargo install --locked --path . && jeton init && \
                       jeton token create my-app --permission read,write";
const TEST: &str = "cargo test --locked";
const VENDORS: &str = "tests/vendor/run";

/// A command of a console block, with its expected exit code and output.
struct Step {
    command: String,
    exit: i32,
    /// Index in the README of the line after the command, where the output begins.
    output_at: usize,
    shown: Vec<&'static str>,
}

/// Where the Python with the packages of `python/requirements.txt` is, as `JETON_TEST_PYTHON`
/// says. `JETON_TEST_REQUIRE_PYTHON` makes its absence a failure.
fn python() -> Option<PathBuf> {
    let named = variable("JETON_TEST_PYTHON").map(PathBuf::from);
    let required = variable("JETON_TEST_REQUIRE_PYTHON").is_some();
    assert!(named.is_some() || !required, "JETON_TEST_PYTHON is required and not set");
    named.and_then(|python| python.parent().map(Path::to_owned))
}

fn variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "it is the test that is asked, not the program")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The fenced blocks: language and lines.
pub(crate) fn blocks() -> Vec<(&'static str, Vec<&'static str>)> {
    let without_positions = |lines: Vec<(usize, &'static str)>| {
        lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>()
    };
    numbered_blocks().map(|(language, lines)| (language, without_positions(lines))).collect()
}

/// The fenced blocks: language, and lines with their indexes in the README.
fn numbered_blocks() -> impl Iterator<Item = (&'static str, Vec<(usize, &'static str)>)> {
    let mut lines = README.lines().enumerate();
    std::iter::from_fn(move || {
        let language = lines.by_ref().find_map(|(_, line)| line.strip_prefix("```"))?;
        Some((language, lines.by_ref().take_while(|(_, line)| *line != "```").collect()))
    })
}

/// What a shell can run, in order. A Python block is kept under the name in its first line.
fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (language, lines) in numbered_blocks() {
        match language {
            "console" => console(&lines, &mut steps),
            "python" => {
                let lines: Vec<_> = lines.iter().map(|(_, line)| *line).collect();
                let name = lines[0].strip_prefix("# ").expect("a file name in the first line");
                let text = lines.join("\n");
                let command = format!("cat > {name} <<'END OF FILE'\n{text}\nEND OF FILE");
                steps.push(Step { command, exit: 0, output_at: 0, shown: Vec::new() });
            }
            "sh" => {}
            language => panic!("no rule for a block of `{language}`"),
        }
    }
    steps
}

fn console(lines: &[(usize, &'static str)], steps: &mut Vec<Step>) {
    let (_, first) = lines[0];
    assert!(first.starts_with("$ "), "a console block begins with a command: {first}");
    for (at, line) in lines {
        let output_at = at + 1;
        if let Some(command) = line.strip_prefix("$ ") {
            let command = command.to_owned();
            steps.push(Step { command, exit: 0, output_at, shown: Vec::new() });
            continue;
        }
        let step = steps.last_mut().unwrap();
        if let Some(more) = line.strip_prefix("> ") {
            step.command = format!("{}\n{more}", step.command);
            step.output_at = output_at;
        } else if let Some(exit) = line.strip_prefix("# exit ") {
            step.exit = exit.parse().unwrap();
        } else {
            step.shown.push(line);
        }
    }
}

/// A shell in the sandbox that finds `jeton` and, where there is one, the Python with packages.
pub(crate) fn bash(sandbox: &Sandbox) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_jeton")).parent().unwrap();
    let system = ["/usr/bin", "/bin"].map(PathBuf::from);
    let directories = [program.to_owned()].into_iter().chain(python()).chain(system);
    let mut command = Command::new("/bin/bash");
    command
        .env_clear()
        .env("HOME", sandbox.home())
        .env("TMPDIR", sandbox.home())
        .env("PATH", std::env::join_paths(directories).unwrap())
        .current_dir(sandbox.home())
        .stdin(Stdio::null());
    command
}

#[test]
fn every_command_prints_what_is_shown() {
    let sandbox = Sandbox::new();
    let results = tempfile::tempdir().unwrap();
    let has_python = python().is_some();
    if !has_python {
        // Past the capture of passing tests: who reads the log must see it.
        let _ = writeln!(std::io::stderr(), "skipped: Python in the README, no JETON_TEST_PYTHON");
    }
    let steps: Vec<_> = steps()
        .into_iter()
        .filter(|step| has_python || !step.command.starts_with("python3 "))
        .collect();
    assert!(!steps.is_empty());
    // One shell for all, so that variables last; its end says nothing, each command's does.
    let in_shell = |(number, step): (usize, &Step)| {
        let result = format!("\"$R/{number}.out\" 2>&1; echo $? >\"$R/{number}.exit\"");
        format!("{{ {}\n}} >{result}", step.command)
    };
    let script = steps.iter().enumerate().map(in_shell).collect::<Vec<_>>().join("\n");
    let ran = bash(&sandbox).env("R", results.path()).args(["-c", &script]).output().unwrap();
    let mut readme: Vec<String> = README.lines().map(str::to_owned).collect();
    let update = variable("UPDATE_README").is_some();
    // From the end, so that a changed number of lines moves no output that is still to be replaced.
    for (number, step) in steps.iter().enumerate().rev() {
        let read = |end| std::fs::read_to_string(results.path().join(format!("{number}.{end}")));
        let command = &step.command;
        let out = read("out").unwrap_or_else(|_| panic!("`{command}` was not run: {ran:?}"));
        let exit = read("exit").unwrap_or_else(|_| panic!("`{command}` ended the shell: {ran:?}"));
        assert_eq!(exit.trim(), step.exit.to_string(), "exit code of `{command}`, printed:\n{out}");
        let lines: Vec<_> = out.lines().collect();
        let same = lines.len() == step.shown.len()
            && lines.iter().zip(&step.shown).all(|(line, shown)| fits(line, shown));
        if update && !same {
            let output = step.output_at..step.output_at + step.shown.len();
            readme.splice(output, lines.iter().map(|line| example(&sandbox, line, &step.shown)));
            continue;
        }
        assert!(same, "`{command}`\nshown:\n{}\nprinted:\n{out}", step.shown.join("\n"));
    }
    if update {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        std::fs::write(path, readme.join("\n") + "\n").unwrap();
    }
}

/// The printed line as the README shows it: the line that is there already if it still fits, else
/// with `…` for all that differs from run to run.
fn example(sandbox: &Sandbox, printed: &str, shown: &[&str]) -> String {
    if let Some(line) = shown.iter().find(|line| fits(printed, line)) {
        return (*line).to_owned();
    }
    let mut line = redact(sandbox, printed);
    for mask in ["<uuid>", "<time>", "<token>", "<key>", "~"] {
        line = line.replace(mask, "…");
    }
    line
}

/// Whether the line is the shown one, where `…` stands for any text.
fn fits(line: &str, shown: &str) -> bool {
    let Some((first, rest)) = shown.split_once('…') else { return line == shown };
    let Some(mut line) = line.strip_prefix(first) else { return false };
    let parts: Vec<_> = rest.split('…').collect();
    let (last, middle) = parts.split_last().unwrap();
    for part in middle {
        match line.split_once(part) {
            Some((_, behind)) => line = behind,
            None => return false,
        }
    }
    line.ends_with(last)
}

#[test]
fn dots_stand_for_any_text_and_nothing_else_does() {
    assert!(fits("a 1 b 2 c", "a … b … c"));
    assert!(fits("abc", "…"));
    for (line, shown) in [("abc", "ab"), ("a b", "a … b"), ("ab", "ab…b"), ("xay", "…a"), ("", "a")]
    {
        assert!(!fits(line, shown), "`{line}` is not `{shown}`");
    }
}

#[test]
fn one_command_installs_and_mints_a_first_token() {
    assert!(README.lines().any(|line| line == INSTALL));
    let (install, tail) = INSTALL.split_once(" && ").unwrap();
    assert!(install.starts_with("cargo install"));
    let sandbox = Sandbox::new();
    let ran = bash(&sandbox).args(["-c", tail]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let out = String::from_utf8(ran.stdout).unwrap();
    let token = out.strip_suffix('\n').expect("a line");
    let answer = sandbox.json(&["token", "inspect", token]);
    assert_eq!(answer["app"], "my-app");
    assert_eq!(answer["permissions"], serde_json::json!(["read", "write"]));
}

#[test]
fn the_commands_that_cannot_run_in_a_test_run_in_ci() {
    let ci = include_str!("../../../.ci/run");
    for command in [INSTALL, TEST, VENDORS] {
        assert!(README.lines().any(|line| line == command), "not in the README: {command}");
        assert!(ci.lines().any(|line| line.ends_with(&format!("'{command}'"))), "{command}");
    }
}
