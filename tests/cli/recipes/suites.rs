//! The recipes for pytest, for node:test and for make.

use super::{Project, TOKENS, broken, has_passed, has_python, package};
use crate::node::node;
use crate::python::skipped;
use crate::readme::blocks;
use crate::run_output::RunOutput;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

/// How jeton is called for a whole suite.
fn once() -> [String; 2] {
    let fixtures = format!("token fixtures {TOKENS} --out …/fixtures --quiet");
    ["init ci --quiet".to_owned(), fixtures]
}

/// What becomes of a service that leaves out a check: which tests fail, and nothing is left.
fn sloppy(
    files: &str,
    changes: &[(&str, &str, &[&str])],
    failures: impl Fn(&Project) -> Vec<String>,
) {
    for (old, new, expected) in changes {
        let project = Project::of(&[files]);
        let service = if files == "node" { "service.mjs" } else { "service.py" };
        project.replace(service, old, new);
        assert_eq!(failures(&project), *expected, "`{old}` replaced by `{new}`");
        project.is_clean();
    }
}

#[test]
fn pytest_has_tokens_made_once_and_tests_each() {
    if !has_python() {
        return;
    }
    let project = Project::of(&["pytest"]);
    let output = project.run("python3 -m pytest --verbose").ok();
    for name in broken() {
        assert!(
            output.stdout.contains(&format!("is_refused[{name}] PASSED")),
            "{name}: {}",
            output.stdout
        );
    }
    has_passed(&output);
    assert_eq!(project.calls(), once());
    project.is_clean();
}

/// The names of the tests that failed.
fn failed(output: &RunOutput) -> Vec<String> {
    assert_eq!(output.code, 1, "{output:?}");
    let lines = output.stdout.lines().filter(|line| line.starts_with("FAILED "));
    lines.map(|line| line.split(['[', ']']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn pytest_finds_what_a_service_does_not_check() {
    if !has_python() {
        return;
    }
    let changes: &[(&str, &str, &[&str])] = &[
        ("issuer=issuer,", "", &["wrong_issuer"]),
        ("audience=\"api\",", "audience=[\"api\", \"something-else\"],", &["wrong_audience"]),
        ("[\"exp\", \"jti\"]", "[\"jti\"]", &["missing_exp"]),
        ("in revoked", "in []", &["revoked"]),
        ("if \"read\" not in", "if None in", &["missing_permission"]),
        ("MAX_TOKEN_BYTES = 8 * 1024", "MAX_TOKEN_BYTES = 1024 * 1024", &["oversized"]),
        ("{\"require\"", "{\"verify_exp\": False, \"require\"", &["expired"]),
    ];
    sloppy("pytest", changes, |project| failed(&project.run("python3 -m pytest -rf")));
}

/// The suite of node in a project, where the packages are installed.
fn node_test(node: &OsStr, project: &Project) -> RunOutput {
    let modules = package().join("tests/cli/node/node_modules");
    symlink(modules, project.path().join("node_modules")).unwrap();
    // The shell of a project looks for programs in other places.
    let found = Command::new(node).args(["-p", "process.execPath"]).output().unwrap();
    let program = RunOutput::from(found).ok().stdout;
    let command = ["-c", "exec \"$0\" --test --test-reporter=tap", program.trim()];
    // Node 18 keeps to itself what jose needs; later ones take the flag for what they do anyway.
    let option = ("NODE_OPTIONS", "--experimental-global-webcrypto");
    RunOutput::of(project.bash().env(option.0, option.1).args(command))
}

#[test]
fn node_has_tokens_made_once_and_tests_each() {
    let Some(node) = node() else { return };
    let project = Project::of(&["node"]);
    let output = node_test(&node, &project).ok();
    let names = broken();
    for name in &names {
        assert!(
            output.stdout.contains(&format!(" - {name} is refused\n")),
            "{name}: {}",
            output.stdout
        );
    }
    assert!(
        output.stdout.contains(&format!("\n# pass {}\n", names.len() + 2)),
        "{}",
        output.stdout
    );
    assert_eq!(project.calls(), once());
    project.is_clean();
}

#[test]
fn node_finds_what_a_service_does_not_check() {
    let Some(node) = node() else { return };
    let changes: &[(&str, &str, &[&str])] = &[
        ("issuer, audience: \"api\"", "audience: \"api\"", &["wrong_issuer"]),
        ("issuer, audience: \"api\"", "issuer", &["wrong_audience"]),
        ("[\"exp\", \"jti\"]", "[\"jti\"]", &["missing_exp"]),
        (" || revoked.has(claims.jti)", "", &["revoked"]),
        (".includes(\"read\")", ".includes(\"\") && false", &["missing_permission"]),
        ("createServer(async", "createServer({ maxHeaderSize: 1 << 20 }, async", &["oversized"]),
    ];
    sloppy("node", changes, |project| {
        let output = node_test(&node, project);
        assert_eq!(output.code, 1, "{output:?}");
        let lines = output.stdout.lines().filter(|line| line.starts_with("not ok "));
        lines.map(|line| line.split(' ').nth(4).unwrap().to_owned()).collect()
    });
}

/// Whether there is a make; `JETON_TEST_REQUIRE_MAKE` makes its absence a failure.
fn has_make() -> bool {
    let is_there = Command::new("make").arg("--version").output().is_ok();
    if !is_there {
        skipped("there is no make", "JETON_TEST_REQUIRE_MAKE");
    }
    is_there
}

#[test]
fn make_test_gives_a_suite_what_it_made() {
    if !has_make() || !has_python() {
        return;
    }
    let project = Project::of(&["Makefile", "pytest"]);
    let output = project.run("make test").ok();
    has_passed(&output);
    let fixtures = format!("token fixtures {TOKENS} --out …/fixtures --quiet");
    assert_eq!(project.calls(), ["init ci --quiet --no-input", &fixtures]);
    project.is_clean();
}

#[test]
fn make_test_leaves_nothing_when_a_test_fails_or_is_stopped() {
    if !has_make() {
        return;
    }
    let project = Project::of(&["Makefile"]);
    for (tests, code) in
        [("false", 2), ("kill -TERM $$$$", 2), ("grep -q eyJ $$FIXTURES/good.jwt", 0)]
    {
        let output = project.run(&format!("make test TESTS='{tests}'"));
        assert_eq!(output.code, code, "{tests}: {output:?}");
        project.is_clean();
    }
}

#[test]
fn recipes_in_the_readme_are_the_files() {
    let conftest = fs::read_to_string(package().join("tests/recipes/pytest/conftest.py")).unwrap();
    let shown = blocks().into_iter().filter(|(_, lines)| lines[0] == "# conftest.py");
    assert_eq!(shown.map(|(_, lines)| lines.join("\n") + "\n").collect::<Vec<_>>(), [conftest]);
}

#[test]
fn every_recipe_is_linked_in_the_readme() {
    let readme = include_str!("../../../README.md");
    for entry in fs::read_dir(package().join("tests/recipes")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("](tests/recipes/{name}")), "no link to {name}");
    }
    let links = readme.split("](tests/").skip(1).map(|rest| rest.split(')').next().unwrap());
    for link in links {
        assert!(package().join("tests").join(link).exists(), "{link}");
    }
}
