//! A test never passes without running: a test that needs more than Rust and a basic Linux system
//! is ignored by default, with the reason. If such a test is run and the needed program is missing,
//! the test fails.

use super::{File, assert_no_violations, source_files};
use syn::visit::{self, Visit};
use syn::{ExprClosure, ExprReturn, ItemFn, ReturnType};

/// Collector of the functions in which a `return` could end a test early: tests, and helpers
/// without a return value.
struct EarlyReturns<'f> {
    path: &'f str,
    /// Set for a file of `tests/cli`, in which functions without a return value are test helpers.
    includes_helpers: bool,
    /// One line for each function that was found.
    violations: Vec<String>,
}

impl<'ast> Visit<'ast> for EarlyReturns<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let is_test = function.attrs.iter().any(|attribute| attribute.path().is_ident("test"));
        let has_return_value = !matches!(function.sig.output, ReturnType::Default);
        let mut returns = ReturnCount(0);
        returns.visit_block(&function.block);
        if (is_test || self.includes_helpers && !has_return_value) && returns.0 > 0 {
            self.violations.push(format!("{}: {}: `return`", self.path, function.sig.ident));
        }
        visit::visit_item_fn(self, function);
    }
}

/// Number of `return` expressions in a function, without nested closures and functions.
struct ReturnCount(usize);

impl<'ast> Visit<'ast> for ReturnCount {
    fn visit_expr_return(&mut self, _: &'ast ExprReturn) {
        self.0 += 1;
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_item_fn(&mut self, _: &'ast ItemFn) {}
}

/// Returns one line for each function in which a `return` could end a test early.
fn early_returns(path: &str, text: &str) -> Vec<String> {
    let mut visitor = EarlyReturns {
        path,
        includes_helpers: path.starts_with("tests/cli"),
        violations: Vec::new(),
    };
    visitor.visit_file(&syn::parse_file(text).unwrap());
    visitor.violations
}

/// Returns two kinds of lines: `ignore` attributes without a reason that starts with `needs `, and
/// lines of `tests/cli` that open the `Stderr` stream. The test harness captures `eprintln!`, but
/// not text that is written to the stream. So a test could write to the stream that it was skipped,
/// and pass.
fn lines_allowing_skips(path: &str, text: &str) -> Vec<String> {
    let is_ignored = |line: &str| line.contains(concat!("#[", "ignore"));
    let states_need = |line: &str| line.contains("ignore = \"needs ");
    let writes_to_stderr =
        |line: &str| path.starts_with("tests/cli") && line.contains(concat!("io::", "stderr()"));
    let is_violation =
        |line: &&str| is_ignored(line) && !states_need(line) || writes_to_stderr(line);
    text.lines().filter(is_violation).map(|line| format!("{path}: {}", line.trim())).collect()
}

#[test]
fn tests_never_pass_without_running() {
    let mut violations = Vec::new();
    for File { path, text, .. } in source_files("src").iter().chain(&source_files("tests")) {
        let path = path.to_str().unwrap();
        violations.extend(early_returns(path, text));
        violations.extend(lines_allowing_skips(path, text));
    }
    assert_no_violations(&violations);
}

#[test]
fn early_returns_and_lines_allowing_skips_are_found() {
    let in_test = "#[test] fn a() { let Some(_) = find() else { return }; }";
    let in_helper = "fn a() { if missing() { return; } }";
    let harmless = "fn a() -> i32 { return 1; } #[test] fn b() { let f = || return; f(); }";
    for (text, path, count) in [
        (in_test, "src/a.rs", 1),
        (in_helper, "tests/cli/a.rs", 1),
        (in_helper, "src/a.rs", 0),
        (harmless, "tests/cli/a.rs", 0),
    ] {
        assert_eq!(early_returns(path, text).len(), count, "{path}: {text}");
    }
    let lines = concat!("#[", "ignore]\n#[", "ignore = \"slow\"]\n#[", "ignore = \"needs make\"]");
    assert_eq!(lines_allowing_skips("src/a.rs", lines).len(), 2);
    let line = concat!("io::", "stderr().write_all(b\"skipped\").unwrap();");
    assert_eq!(lines_allowing_skips("tests/cli/a.rs", line).len(), 1);
    assert_eq!(lines_allowing_skips("src/a.rs", line).len(), 0);
}
