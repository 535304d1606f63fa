//! Failures of the system call `getrandom`, which strace causes.

use super::{require_strace, run_traced};
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

#[test]
#[ignore = "needs strace"]
fn failed_getrandom_call_is_an_error_unless_the_call_is_missing() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let run_with_error = |error: &str, words: &[&str]| {
        let inject = format!("inject=getrandom:error={error}");
        run_traced(&sandbox, &["-o", "/dev/null", "-e", "trace=getrandom", "-e", &inject], words)
    };
    std::fs::write(sandbox.home().join("password"), "lovelace").unwrap();
    for words in [
        &["token", "create", "x"][..],
        &["token", "mint"],
        &["login", "ada", "--password-file", "password"],
        &["register", "eve", "--password-file", "password"],
        &["keys", "generate"],
        &["refresh"],
        &["init"],
        &["token", "create", "x", "-o", "json"],
    ] {
        for error in ["EIO", "EPERM"] {
            let output = run_with_error(error, words);
            allow_duplicates!(assert_snapshot!(output, @"
            --- exit code 1, stderr
            error: no random numbers available
            "));
        }
    }
    // An old kernel, which does not have the call, returns `ENOSYS`. The command must succeed then.
    assert_eq!(run_with_error("ENOSYS", &["token", "create", "x"]).code, 0);
}
