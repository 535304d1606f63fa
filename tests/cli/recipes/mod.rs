//! Tests of the recipes in `tests/recipes`: example projects whose tests send tokens from jeton to
//! a service. Most tests of this module copy recipes into an empty directory. The module checks
//! that the commands of a recipe succeed, that the tests of a recipe fail if its service lacks a
//! check, and that no files are left.

mod named_tokens;
mod site;
mod suites;
mod workflow;

use crate::readme::bash;
use crate::required::python;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The claim options that the recipes for pytest, node:test, make and GitHub Actions pass to
/// `jeton token`.
const CLAIM_OPTIONS: &str = "--iss https://id.example --aud api --scope read --sub alice";

/// Parts of the names of files and directories that jeton writes: store, sessions and fixtures.
const LEFTOVERS: [&str; 7] =
    [".db", "sessions", ".jwt", "fixtures.md", "jwks.json", "manifest.json", "secret"];

/// Returns the command line with which the pytest recipe creates a token of the user bob, as the
/// script `tests/cli/recipes/jeton` records it: without quotes around the claims.
fn expected_mint_call(issuer: &str) -> String {
    let claims = format!("{{\"iss\": \"{issuer}\", \"sub\": \"bob\", \"roles\": [\"admin\"]}}");
    format!("token mint {CLAIM_OPTIONS} --claims {claims} --quiet")
}

/// A user's project directory with copies of some recipes.
struct Project {
    sandbox: Sandbox,
    /// Directory of the Python interpreter that the shells run as `python3`. The interpreter has
    /// the required packages.
    python_directory: Option<&'static Path>,
}

impl Project {
    /// Creates a project with copies of files. Each recipe is a file or a directory in
    /// `tests/recipes`; of a directory, the files are copied.
    fn with_recipes(recipes: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        for directory in ["project", "tmp"] {
            fs::create_dir(sandbox.home().join(directory)).unwrap();
        }
        let project = Self { sandbox, python_directory: None };
        for recipe in recipes {
            let path = package().join("tests/recipes").join(recipe);
            let entries = fs::read_dir(&path).map(|found| found.map(|file| file.unwrap().path()));
            let files: Vec<PathBuf> = entries.map_or_else(|_| vec![path], Iterator::collect);
            for file in files.iter().filter(|file| file.is_file()) {
                fs::copy(file, project.path().join(file.file_name().unwrap())).unwrap();
            }
        }
        project
    }

    /// Creates a project like [`Project::with_recipes`] whose shells run Python with the packages
    /// of `python/requirements.txt`.
    fn with_python(recipes: &[&str]) -> Self {
        Self { python_directory: python().parent(), ..Self::with_recipes(recipes) }
    }

    fn path(&self) -> PathBuf {
        self.sandbox.home().join("project")
    }

    /// Returns a command that runs Bash in the project directory. As on a developer's machine, the
    /// environment names another store and another token, which the recipes must not use. In this
    /// shell, `jeton` is a script that records each call and then executes the program.
    fn bash(&self) -> Command {
        let mut shell = bash(&self.sandbox, self.python_directory);
        let path_of = |(name, value): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| {
            (name == "PATH").then(|| value.unwrap().to_owned())
        };
        let path = shell.get_envs().find_map(path_of).unwrap();
        let wrapper_directory = package().join("tests/cli/recipes");
        let search_path = std::env::join_paths(
            [wrapper_directory].into_iter().chain(std::env::split_paths(&path)),
        );
        shell
            .current_dir(self.path())
            .env("PATH", search_path.unwrap())
            .env("PROGRAM", env!("CARGO_BIN_EXE_jeton"))
            .env("CALLS", self.sandbox.home().join("calls"))
            .env("TMPDIR", self.sandbox.home().join("tmp"))
            .env("JETON_STORE", self.sandbox.home().join("own/jeton.db"))
            .env("JETON_TOKEN", "a token for another store");
        shell
    }

    fn run(&self, command: &str) -> RunOutput {
        RunOutput::capture(self.bash().args(["-c", command]))
    }

    /// Replaces the only occurrence of `old` in a file.
    fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {file}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    /// Returns the command lines with which jeton has been run so far, with `…` in place of
    /// temporary directories.
    fn calls(&self) -> Vec<String> {
        let temporary = self.sandbox.home().join("tmp").to_string_lossy().into_owned() + "/";
        let mask_temporary_path = |word: &str| match word.strip_prefix(&temporary) {
            Some(path) => format!("…/{}", path.rsplit('/').next().unwrap()),
            None => word.to_owned(),
        };
        let calls = fs::read_to_string(self.sandbox.home().join("calls")).unwrap();
        calls
            .lines()
            .map(|call| call.split(' ').map(mask_temporary_path).collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// Asserts that no file of jeton is left: the home directory contains only the project and the
    /// records of this module, and the project contains no store, session or fixtures.
    #[track_caller]
    fn assert_clean(&self) {
        let list_names = |path: &Path| {
            let entries = fs::read_dir(path).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(list_names(self.sandbox.home()), ["calls", "project", "tmp"]);
        assert_eq!(list_names(&self.sandbox.home().join("tmp")), [""; 0]);
        let mut directories = vec![self.path()];
        while let Some(directory) = directories.pop() {
            for name in list_names(&directory) {
                let path = directory.join(&name);
                assert!(!LEFTOVERS.iter().any(|part| name.contains(part)), "{}", path.display());
                // `node_modules` is a symbolic link.
                directories.extend((path.is_dir() && !path.is_symlink()).then_some(path));
            }
        }
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the names of the negative fixtures: the test tokens of `jeton token fixtures` that a
/// service must refuse.
fn negative_fixture_names() -> Vec<String> {
    let sandbox = Sandbox::with_admin();
    let words: Vec<&str> =
        ["token", "fixtures"].into_iter().chain(CLAIM_OPTIONS.split(' ')).collect();
    let fixtures = sandbox.json(&words);
    let negative_fixtures =
        fixtures["fixtures"].as_array().unwrap().iter().filter(|item| !item["defect"].is_null());
    negative_fixtures.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// Asserts that pytest reports the expected number of passed tests: one test for each negative
/// fixture, and three tests for the valid fixture, a token of the user bob, and a request without a
/// token.
#[track_caller]
fn assert_all_passed(output: &RunOutput) {
    assert!(
        output.stdout.contains(&format!(" {} passed in ", negative_fixture_names().len() + 3)),
        "{output:?}"
    );
}
