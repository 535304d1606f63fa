//! The recipes of `tests/recipes`, copied into an empty directory: they work as they stand, find what
//! is wrong in a service, and leave nothing behind.

mod site;
mod suites;
mod workflow;

use crate::python::{python, skipped, variable};
use crate::readme::bash;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What all recipes ask jeton for.
const TOKENS: &str = "--iss https://id.example --aud api --scope read --sub alice";

/// The directory of somebody who copied a few recipes.
struct Project {
    sandbox: Sandbox,
}

impl Project {
    /// One with those files, and the files of those directories, side by side.
    fn of(recipes: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        for directory in ["project", "tmp"] {
            fs::create_dir(sandbox.home().join(directory)).unwrap();
        }
        let project = Self { sandbox };
        for recipe in recipes {
            let path = package().join("tests/recipes").join(recipe);
            let below = fs::read_dir(&path).map(|found| found.map(|file| file.unwrap().path()));
            let files: Vec<PathBuf> = below.map_or_else(|_| vec![path], Iterator::collect);
            for file in files.iter().filter(|file| file.is_file()) {
                fs::copy(file, project.path().join(file.file_name().unwrap())).unwrap();
            }
        }
        project
    }

    fn path(&self) -> PathBuf {
        self.sandbox.home().join("project")
    }

    /// A shell in it, where another store and another token are named, as on somebody's own machine.
    fn bash(&self) -> Command {
        let mut shell = bash(&self.sandbox);
        let search = |(name, value): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| {
            (name == "PATH").then(|| value.unwrap().to_owned())
        };
        let path = shell.get_envs().find_map(search).unwrap();
        let here = package().join("tests/cli/recipes");
        let all = std::env::join_paths([here].into_iter().chain(std::env::split_paths(&path)));
        shell
            .current_dir(self.path())
            .env("PATH", all.unwrap())
            .env("PROGRAM", env!("CARGO_BIN_EXE_jeton"))
            .env("CALLS", self.sandbox.home().join("calls"))
            .env("TMPDIR", self.sandbox.home().join("tmp"))
            .env("JETON_STORE", self.sandbox.home().join("own/jeton.db"))
            .env("JETON_TOKEN", "a token for my own store");
        shell
    }

    fn run(&self, command: &str) -> RunOutput {
        RunOutput::of(self.bash().args(["-c", command]))
    }

    /// Changes a file in one place.
    fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {file}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    /// How jeton was called until now; temporary names are `…`.
    fn calls(&self) -> Vec<String> {
        let temporary = self.sandbox.home().join("tmp").to_string_lossy().into_owned() + "/";
        let without_name = |word: &str| match word.strip_prefix(&temporary) {
            Some(path) => format!("…/{}", path.rsplit('/').next().unwrap()),
            None => word.to_owned(),
        };
        let calls = fs::read_to_string(self.sandbox.home().join("calls")).unwrap();
        calls
            .lines()
            .map(|call| call.split(' ').map(without_name).collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// No store, no session, no key and no token is left outside of the project, nor in it.
    #[track_caller]
    fn is_clean(&self) {
        let names = |path: &Path| {
            let found = fs::read_dir(path).unwrap();
            let mut names: Vec<_> =
                found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(self.sandbox.home()), ["calls", "project", "tmp"]);
        assert_eq!(names(&self.sandbox.home().join("tmp")), [""; 0]);
        let kept = names(&self.path()).into_iter().filter(|name| {
            [".db", ".jwt"].iter().any(|end| name.contains(end)) || name.contains("fixtures.md")
        });
        assert_eq!(kept.collect::<Vec<_>>(), [""; 0]);
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether `python3` of the shell has the packages: `JETON_TEST_PYTHON` says where it is.
fn has_python() -> bool {
    let is_named = variable("JETON_TEST_PYTHON").is_some();
    if !is_named {
        skipped("recipes that need JETON_TEST_PYTHON", "JETON_TEST_REQUIRE_PYTHON");
    }
    is_named && python().is_some()
}

/// The tokens of the recipes that a service has to refuse.
fn broken() -> Vec<String> {
    let sandbox = Sandbox::with_admin();
    let words: Vec<&str> = ["token", "fixtures"].into_iter().chain(TOKENS.split(' ')).collect();
    let made = sandbox.json(&words);
    let broken =
        made["fixtures"].as_array().unwrap().iter().filter(|item| !item["defect"].is_null());
    broken.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// In what pytest printed, everything passed: all that are to be refused, the good one, and nobody's.
#[track_caller]
fn has_passed(output: &RunOutput) {
    assert!(output.stdout.contains(&format!(" {} passed in ", broken().len() + 2)), "{output:?}");
}
