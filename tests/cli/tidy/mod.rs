//! The source tree against its own plan: floors, one room for each outside crate, ceilings.

mod writes;

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms and the floors they are on. A room imports only from floors below its own.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("paths", 0),
    ("files", 0),
    ("signals", 0),
    ("directory", 0),
    ("store", 1),
    ("crypto", 1),
    ("terminal", 1),
    ("credentials", 1),
    ("authority", 2),
    ("failure", 3),
    ("app", 4),
    ("commands", 5),
    ("fuzzing", 6),
];

/// What commands may know besides themselves.
const FOR_COMMANDS: &[&str] = &["app", "authority", "failure", "model"];

/// Outside crates and the only rooms that know them.
const ONE_ROOM: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("jsonwebtoken", &["crypto"]),
    ("argon2", &["crypto"]),
    ("aws_lc_rs", &["crypto"]),
    ("base64", &["crypto", "fuzzing"]),
    ("percent_encoding", &["store"]),
    ("comfy_table", &["terminal"]),
    ("console", &["terminal"]),
    ("ctor", &["terminal"]),
    ("dialoguer", &["terminal"]),
    ("csv", &["model"]),
    ("csv_core", &["model"]),
    ("anstream", &["terminal"]),
    ("anstyle", &["terminal"]),
    ("directories", &["paths"]),
    ("nix", &["directory"]),
    ("fluent_uri", &["model"]),
    ("shlex", &["model"]),
    ("clap", &["commands", "lib"]),
    ("clap_complete", &["commands", "lib"]),
    ("clap_mangen", &["commands"]),
];

const LONGEST_FILE: usize = 300;

/// A source file: where it is below the package, which room it belongs to, its text.
struct File {
    path: PathBuf,
    room: String,
    text: String,
}

impl File {
    /// Its lines of code, with their numbers; comments are left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// How many modules below the crate it is: 1 for `failure.rs` and `store/mod.rs`.
    fn depth(&self) -> usize {
        let parts = self.path.components().count() - 1;
        if self.path.file_name().unwrap() == "mod.rs" { parts - 1 } else { parts }
    }
}

fn files(folder: &str) -> Vec<File> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![package.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What a fuzzer builds beside its targets is not of this tree.
                folders.extend((!path.ends_with("target")).then_some(path));
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(package).unwrap().to_owned();
                let room = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
                let room = room.trim_end_matches(".rs").to_owned();
                found.push(File { path, room, text });
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Where `name` stands as a whole word; `name` may end in a sign.
fn words<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back().is_none_or(|c| !is_part(c));
        let after = text[at + name.len()..].chars().next().is_none_or(|c| !is_part(c));
        before && (after || !name.ends_with(is_part))
    })
}

/// The names that stand behind `crate::`, one by one or in braces.
fn imported(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for at in words(code, "crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(rest[..word_end(rest)].to_owned());
            continue;
        };
        let mut depth = 1;
        let mut begins = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                c if begins && !c.is_whitespace() => {
                    names.push(group[at..at + word_end(&group[at..])].to_owned());
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn may_import(room: &str, other: &str) -> bool {
    let known = room != "commands" || FOR_COMMANDS.contains(&other);
    other == room || (known && floor(other) < floor(room) && floor(other).is_some())
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_floor() {
    for file in files("src") {
        let known = floor(&file.room).is_some() || ["lib", "main"].contains(&file.room.as_str());
        assert!(known, "{} is on no floor", file.path.display());
    }
}

#[test]
fn rooms_import_only_from_below() {
    let mut wrong = Vec::new();
    for file in files("src") {
        if floor(&file.room).is_none() {
            continue;
        }
        let code: Vec<&str> = file.code().map(|(_, line)| line).collect();
        for other in imported(&code.join("\n")) {
            if !may_import(&file.room, &other) {
                wrong.push(format!("{}: imports `{other}`", file.path.display()));
            }
        }
        let out = "super::".repeat(file.depth());
        for (number, line) in file.code() {
            if line.contains(&out) && !line.contains(&format!("{out}*")) {
                wrong.push(format!("{}:{number}: leaves its room", file.path.display()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn what_checks_tokens_cannot_reach_what_breaks_them() {
    let checks = ["src/authority/verification", "src/authority/claims.rs", "src/crypto"];
    let wrong = files("src").into_iter().filter(|file| {
        checks.iter().any(|room| file.path.starts_with(room))
            && file.code().any(|(_, line)| line.contains("minting") || line.contains("Defect"))
    });
    none(&wrong.map(|file| file.path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn an_outside_crate_is_known_in_one_room() {
    let mut wrong = Vec::new();
    for file in files("src") {
        for (outside, rooms) in ONE_ROOM {
            if rooms.contains(&file.room.as_str()) {
                continue;
            }
            let path = format!("{outside}::");
            let import = format!("use {outside}");
            for (number, line) in file.code() {
                let named = words(line, &path).any(|at| !line[..at].ends_with("::"));
                if named || words(line, &import).next().is_some() {
                    wrong.push(format!("{}:{number}: knows `{outside}`", file.path.display()));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn only_the_terminal_writes() {
    const WRITING: &[&str] =
        &["println!", "eprintln!", "print!", "eprint!", "dbg!", "stdout()", "stderr()"];
    let mut wrong = Vec::new();
    for file in files("src").iter().filter(|file| file.room != "terminal") {
        for (number, line) in file.code() {
            for writing in WRITING.iter().filter(|writing| words(line, writing).next().is_some()) {
                wrong.push(format!("{}:{number}: {writing}", file.path.display()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn unsafe_code_stands_in_no_file() {
    let allowed = "    #[ctor(unsafe)]";
    let wrong = files("src").into_iter().filter(|file| {
        file.code().any(|(_, line)| words(line, "unsafe").next().is_some() && line != allowed)
    });
    none(&wrong.map(|file| file.path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn only_run_starts_a_process() {
    let starts = |line: &str| line.contains("std::process") && line.contains("Command");
    let wrong = files("src").into_iter().filter(|file| {
        !file.path.ends_with("app/child.rs") && file.code().any(|(_, line)| starts(line))
    });
    none(&wrong.map(|file| file.path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn files_are_short_and_say_what_they_hold() {
    let mut wrong = Vec::new();
    for file in files("src").iter().chain(&files("tests")) {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{}: {lines} lines", file.path.display()));
        }
        if !file.text.starts_with("//! ") {
            wrong.push(format!("{}: no opening sentence", file.path.display()));
        }
    }
    none(&wrong);
}

#[test]
fn nothing_is_left_for_later() {
    const LATER: &[&str] = &[
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("#[ig", "nore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let mut wrong = Vec::new();
    for file in files("src").iter().chain(&files("tests")) {
        for later in LATER.iter().filter(|later| words(&file.text, later).next().is_some()) {
            wrong.push(format!("{}: {later}", file.path.display()));
        }
    }
    none(&wrong);
}

#[test]
fn these_rules_can_be_broken() {
    let code = "use crate::store::Store;\nuse crate::{app, model::{Jti, Sid}, crypto::hash};";
    assert_eq!(imported(code), ["store", "app", "model", "crypto"]);
    assert_eq!(imported("pub(crate) fn f() -> crate::paths::P {}"), ["paths"]);
    assert!(may_import("app", "store") && may_import("store", "store"));
    assert!(!may_import("store", "crypto"), "sideways");
    assert!(!may_import("model", "store"), "up");
    assert!(!may_import("commands", "store") && !may_import("app", "nowhere"));
    assert_eq!(words("eprintln!(1); println!(2)", "println!").count(), 1);
    assert_eq!(words("use clap_complete::X", "use clap").count(), 0);
}
