//! Checks of the source tree: module layers, cycles, confined APIs, write transactions, skipped
//! tests and file lengths.

mod cycles;
mod layers;
mod skipped_tests;
mod transactions;

use std::fs;
use std::path::{Path, PathBuf};

const MAX_FILE_LINES: usize = 300;

/// A source file: its path relative to the package, its top-level module and its text.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Name of the top-level module if the file is in `src`, else the second component of the path.
    module: String,
    pub(crate) text: String,
}

impl File {
    /// Returns the lines that are not comments, with their line numbers.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Returns the module depth below the crate root: 1 for `failure.rs` and `store/mod.rs`.
    fn module_depth(&self) -> usize {
        let parts = self.path.components().count() - 1;
        if self.path.file_name().unwrap() == "mod.rs" { parts - 1 } else { parts }
    }
}

/// Returns all Rust files below a directory of the package.
pub(crate) fn source_files(directory: &str) -> Vec<File> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut pending = vec![package.join(directory)];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The build output of cargo-fuzz is skipped.
                pending.extend((!path.ends_with("target")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(package).unwrap().to_owned();
                let module = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
                let module = module.trim_end_matches(".rs").to_owned();
                files.push(File { path, module, text });
            }
        }
    }
    assert!(!files.is_empty());
    files
}

/// Returns the offsets at which `pattern` is a whole word. If `pattern` ends in punctuation, only
/// its start must be the start of a word.
fn whole_words<'t>(text: &'t str, pattern: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_word_character = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(pattern).map(|(offset, _)| offset).filter(move |offset| {
        let previous = text[..*offset].chars().next_back();
        let next = text[offset + pattern.len()..].chars().next();
        let is_word_start = previous.is_none_or(|c| !is_word_character(c));
        let is_word_end = next.is_none_or(|c| !is_word_character(c));
        is_word_start && (is_word_end || !pattern.ends_with(is_word_character))
    })
}

#[track_caller]
pub(crate) fn assert_no_violations(violations: &[String]) {
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// Asserts that `violates` returns `false` for each file in `src`. The failure message lists the
/// files for which `violates` returns `true`.
#[track_caller]
fn assert_no_file_violates(violates: impl Fn(&File) -> bool) {
    let files = source_files("src").into_iter().filter(violates);
    assert_no_violations(&files.map(|file| file.path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn verification_does_not_depend_on_minting() {
    // `Defect` is the enum of the defects that test tokens are minted with.
    const VERIFICATION: &[&str] = &[
        "src/authority/verification",
        "src/authority/claims",
        "src/authority/rejection",
        "src/crypto",
    ];
    for path in VERIFICATION {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
    assert_no_file_violates(|file| {
        VERIFICATION.iter().any(|path| file.path.starts_with(path))
            && file
                .code_lines()
                .any(|(_, line)| line.contains("minting") || line.contains("Defect"))
    });
}

#[test]
fn only_the_terminal_module_prints() {
    const PRINTING: &[&str] =
        &["println!", "eprintln!", "print!", "eprint!", "dbg!", "stdout()", "stderr()"];
    let mut violations = Vec::new();
    for file in source_files("src").iter().filter(|file| file.module != "terminal") {
        for (number, line) in file.code_lines() {
            for name in PRINTING.iter().filter(|name| whole_words(line, name).next().is_some()) {
                violations.push(format!("{}:{number}: {name}", file.path.display()));
            }
        }
    }
    assert_no_violations(&violations);
}

#[test]
fn source_files_have_no_unsafe_code() {
    // The attribute marks a function of `terminal/stdout.rs` that runs before `main`.
    let allowed_line = "    #[ctor(unsafe)]";
    assert_no_file_violates(|file| {
        let is_unsafe = |line| whole_words(line, "unsafe").next().is_some() && line != allowed_line;
        file.code_lines().any(|(_, line)| is_unsafe(line))
    });
}

#[test]
fn only_subprocess_module_starts_processes() {
    let starts_process = |line: &str| line.contains("std::process") && line.contains("Command");
    assert_no_file_violates(|file| {
        !file.path.ends_with("app/subprocess.rs")
            // This file starts the PostgreSQL server of the unit tests.
            && !file.path.ends_with("store/postgres/tests/server.rs")
            && file.code_lines().any(|(_, line)| starts_process(line))
    });
}

#[test]
fn files_are_short_and_open_with_a_summary() {
    let mut violations = Vec::new();
    for file in source_files("src").iter().chain(&source_files("tests")) {
        let lines = file.text.lines().count();
        if lines > MAX_FILE_LINES {
            violations.push(format!("{}: {lines} lines", file.path.display()));
        }
        if !file.text.starts_with("//! ") {
            violations.push(format!("{}: no `//!` summary", file.path.display()));
        }
    }
    assert_no_violations(&violations);
}

#[test]
fn files_have_no_unfinished_code() {
    // The test also reads this file, so the marks are composed of two parts.
    const UNFINISHED: &[&str] = &[
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let mut violations = Vec::new();
    for file in source_files("src").iter().chain(&source_files("tests")) {
        for mark in UNFINISHED.iter().filter(|mark| whole_words(&file.text, mark).next().is_some())
        {
            violations.push(format!("{}: {mark}", file.path.display()));
        }
    }
    assert_no_violations(&violations);
}

#[test]
fn whole_words_finds_no_parts_of_words() {
    assert_eq!(whole_words("eprintln!(1); println!(2)", "println!").count(), 1);
    assert_eq!(whole_words("use clap_complete::X", "use clap").count(), 0);
}
