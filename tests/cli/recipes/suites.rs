//! The recipes for pytest, for node:test and for make.

use super::{
    CLAIM_OPTIONS, Project, assert_all_passed, expected_mint_call, negative_fixture_names, package,
};
use crate::readme::code_blocks;
use crate::required::{node, node_scripts, require_program};
use crate::run_output::RunOutput;
use std::fs;
use std::os::unix::fs::symlink;

/// Returns the first two jeton command lines of the pytest suite and of the node:test suite:
/// `init`, and the creation of the fixtures.
fn expected_suite_calls() -> [String; 2] {
    let fixtures = format!("token fixtures {CLAIM_OPTIONS} --out …/fixtures --quiet");
    ["init ci --quiet".to_owned(), fixtures]
}

/// Removes one check at a time from the service of a recipe. A change consists of the old text, the
/// new text, and the names of the fixtures whose tests then fail. Asserts that
/// `list_failed_fixtures` returns these names, and that no files are left.
fn assert_missing_checks_detected(
    recipe: &str,
    create_project: impl Fn(&[&str]) -> Project,
    changes: &[(&str, &str, &[&str])],
    list_failed_fixtures: impl Fn(&Project) -> Vec<String>,
) {
    for (old, new, expected) in changes {
        let project = create_project(&[recipe]);
        let service = if recipe == "node" { "service.mjs" } else { "service.py" };
        project.replace(service, old, new);
        assert_eq!(list_failed_fixtures(&project), *expected, "`{old}` replaced by `{new}`");
        project.assert_clean();
    }
}

#[test]
#[ignore = "needs Python"]
fn pytest_suite_creates_tokens_once_and_tests_each_token() {
    let project = Project::with_python(&["pytest"]);
    let output = project.run("python3 -m pytest --verbose").ok();
    for name in negative_fixture_names() {
        assert!(
            output.stdout.contains(&format!("is_refused[{name}] PASSED")),
            "{name}: {}",
            output.stdout
        );
    }
    assert_all_passed(&output);
    let [init, fixtures] = expected_suite_calls();
    assert_eq!(project.calls(), [init, fixtures, expected_mint_call("https://id.example")]);
    project.assert_clean();
}

/// Returns the names of the fixtures whose tests failed in pytest.
fn failed_fixture_names(output: &RunOutput) -> Vec<String> {
    assert_eq!(output.code, 1, "{output:?}");
    let lines = output.stdout.lines().filter(|line| line.starts_with("FAILED "));
    lines.map(|line| line.split(['[', ']']).nth(1).unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs Python"]
fn pytest_suite_detects_missing_checks_of_the_service() {
    let changes: &[(&str, &str, &[&str])] = &[
        ("issuer=issuer,", "", &["wrong_issuer"]),
        ("audience=\"api\",", "audience=[\"api\", \"something-else\"],", &["wrong_audience"]),
        ("[\"exp\", \"jti\"]", "[\"jti\"]", &["missing_exp"]),
        ("in revoked", "in []", &["revoked"]),
        ("if \"read\" not in", "if None in", &["missing_permission"]),
        ("MAX_TOKEN_BYTES = 8 * 1024", "MAX_TOKEN_BYTES = 1024 * 1024", &["oversized"]),
        ("{\"require\"", "{\"verify_exp\": False, \"require\"", &["expired"]),
    ];
    assert_missing_checks_detected("pytest", Project::with_python, changes, |project| {
        failed_fixture_names(&project.run("python3 -m pytest -rf"))
    });
}

/// Runs the `node:test` suite of a project, with the installed packages.
fn run_node_tests(project: &Project) -> RunOutput {
    let modules = node_scripts().join("node_modules");
    symlink(modules, project.path().join("node_modules")).unwrap();
    // The `PATH` of the project's shell may not contain the directory of node.
    let command = ["-c", "exec \"$0\" --test --test-reporter=tap", node().to_str().unwrap()];
    // Node 18 needs the flag for the Web Crypto API that jose uses; newer versions ignore the flag.
    let node_option = ("NODE_OPTIONS", "--experimental-global-webcrypto");
    RunOutput::capture(project.bash().env(node_option.0, node_option.1).args(command))
}

#[test]
#[ignore = "needs Node"]
fn node_suite_creates_tokens_once_and_tests_each_token() {
    let project = Project::with_recipes(&["node"]);
    let output = run_node_tests(&project).ok();
    let names = negative_fixture_names();
    for name in &names {
        assert!(
            output.stdout.contains(&format!(" - {name} is refused\n")),
            "{name}: {}",
            output.stdout
        );
    }
    // The two other tests are for the valid fixture and for a request without a token.
    assert!(
        output.stdout.contains(&format!("\n# pass {}\n", names.len() + 2)),
        "{}",
        output.stdout
    );
    assert_eq!(project.calls(), expected_suite_calls());
    project.assert_clean();
}

#[test]
#[ignore = "needs Node"]
fn node_suite_detects_missing_checks_of_the_service() {
    let changes: &[(&str, &str, &[&str])] = &[
        ("issuer, audience: \"api\"", "audience: \"api\"", &["wrong_issuer"]),
        ("issuer, audience: \"api\"", "issuer", &["wrong_audience"]),
        ("[\"exp\", \"jti\"]", "[\"jti\"]", &["missing_exp"]),
        (" || revoked.has(claims.jti)", "", &["revoked"]),
        (".includes(\"read\")", ".includes(\"\") && false", &["missing_permission"]),
        ("createServer(async", "createServer({ maxHeaderSize: 1 << 20 }, async", &["oversized"]),
    ];
    assert_missing_checks_detected("node", Project::with_recipes, changes, |project| {
        let output = run_node_tests(project);
        assert_eq!(output.code, 1, "{output:?}");
        let lines = output.stdout.lines().filter(|line| line.starts_with("not ok "));
        lines.map(|line| line.split(' ').nth(4).unwrap().to_owned()).collect()
    });
}

#[test]
#[ignore = "needs make and Python"]
fn make_test_passes_tokens_to_the_suite() {
    require_program("make");
    let project = Project::with_python(&["Makefile", "pytest"]);
    let output = project.run("make test").ok();
    assert_all_passed(&output);
    let fixtures = format!("token fixtures {CLAIM_OPTIONS} --out …/fixtures --quiet");
    let mint = expected_mint_call("https://id.example");
    assert_eq!(project.calls(), ["init ci --quiet --no-input", &fixtures, &mint]);
    project.assert_clean();
}

#[test]
#[ignore = "needs make"]
fn make_test_leaves_no_files_after_success_failure_or_signal() {
    require_program("make");
    let project = Project::with_recipes(&["Makefile"]);
    for (test_command, code) in
        [("false", 2), ("kill -TERM $$$$", 2), ("grep -q eyJ $$FIXTURES/good.jwt", 0)]
    {
        let output = project.run(&format!("make test TESTS='{test_command}'"));
        assert_eq!(output.code, code, "{test_command}: {output:?}");
        project.assert_clean();
    }
}

#[test]
fn guides_show_recipe_files_unchanged() {
    for file in ["pytest/conftest.py", "flask/tokens.toml"] {
        let text = fs::read_to_string(package().join("tests/recipes").join(file)).unwrap();
        let heading = format!("# {}", file.split('/').next_back().unwrap());
        let blocks = code_blocks().into_iter().filter(|(_, lines)| lines[0] == heading);
        let blocks: Vec<String> = blocks.map(|(_, lines)| lines.join("\n") + "\n").collect();
        assert_eq!(blocks, [text], "{file}");
    }
}

#[test]
fn ci_guide_links_every_recipe_and_only_existing_files() {
    let guide = include_str!("../../../src/guides/ci.md");
    for entry in fs::read_dir(package().join("tests/recipes")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(guide.contains(&format!("](../../tests/recipes/{name}")), "no link to {name}");
    }
    let links = guide.split("](../../tests/").skip(1).map(|rest| rest.split(')').next().unwrap());
    for link in links {
        assert!(package().join("tests").join(link).exists(), "{link}");
    }
}
