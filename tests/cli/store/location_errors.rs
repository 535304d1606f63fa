//! Errors about paths and environment variables. An error about the path of the store or of the
//! session file names the path, and a variable or option that changes the path. An error about an
//! invalid value of a variable names the variable.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::symlink;

/// Runs jeton with one additional environment variable.
fn run_with_variable(sandbox: &Sandbox, (name, value): (&str, &str), arguments: &[&str]) -> String {
    let mut command = sandbox.command(arguments);
    command.env(name, value);
    RunOutput::capture(command).to_string()
}

#[test]
fn error_for_unusable_path_names_path_and_variable_or_option() {
    let sandbox = Sandbox::new();
    let init = |name, value| run_with_variable(&sandbox, (name, value), &["init", "ada"]);
    assert_snapshot!(init("XDG_DATA_HOME", "/proc/x"), @"
    --- exit code 78, stderr
    error: `/proc/x/jeton/jeton.db`: cannot open the store: No such file or directory
    hint: set `XDG_DATA_HOME` to a directory that you own, or `JETON_STORE` to a file
    ");
    assert_snapshot!(init("JETON_STORE", "/proc/x/jeton.db"), @"
    --- exit code 78, stderr
    error: `/proc/x/jeton.db`: cannot open the store: No such file or directory
    hint: set `JETON_STORE` to another file
    ");
    assert_snapshot!(init("HOME", "/proc/x"), @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file cannot be used: No such file or directory
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_snapshot!(init("XDG_CONFIG_HOME", "/proc/x"), @"
    --- exit code 78, stderr
    error: `/proc/x/jeton/sessions`: the session file cannot be used: No such file or directory
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_snapshot!(init("JETON_CONFIG_DIR", "/proc/x"), @"
    --- exit code 78, stderr
    error: `/proc/x/sessions`: the session file cannot be used: No such file or directory
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_snapshot!(sandbox.run(&["init", "ada", "--store", "/proc/x.db"]), @"
    --- exit code 78, stderr
    error: `/proc/x.db`: cannot open the store: No such file or directory
    hint: use another file with `--store`
    ");
}

#[test]
fn directory_or_device_as_store_is_refused_with_a_hint() {
    let sandbox = Sandbox::new();
    let home = sandbox.home().to_str().unwrap();
    let output = sandbox.run(&["users", "list", "--store", home]);
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `~` is a directory, expected a store file
    hint: use the path of the file: --store ~/jeton.db
    ");
    assert_snapshot!(run_with_variable(&sandbox, ("JETON_STORE", home), &["init", "ada"]), @"
    --- exit code 78, stderr
    error: `~` is a directory, expected a store file
    hint: set the path of the file: JETON_STORE=~/jeton.db
    ");
    assert_snapshot!(run_with_variable(&sandbox, ("JETON_STORE", "/dev/null"), &["init", "ada"]), @"
    --- exit code 78, stderr
    error: `/dev/null`: the file is not a regular file
    hint: set `JETON_STORE` to another file
    ");
}

#[test]
fn error_in_a_linked_session_directory_has_no_hint_about_the_store() {
    let sandbox = Sandbox::with_admin();
    let (directory, target) = (sandbox.session_directory(), sandbox.home().join("target"));
    let lock = sandbox.session_file().with_extension("lock");
    fs::rename(&directory, &target).unwrap();
    symlink(&target, &directory).unwrap();
    // A directory in place of the lock file causes the error.
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- exit code 1, stderr
    error: `~/.config/jeton/sessions`: the session file cannot be used: Is a directory
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
}

#[test]
fn missing_home_is_named_by_errors_about_default_paths() {
    let sandbox = Sandbox::new();
    let run_without_home = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env_remove("HOME");
        RunOutput::capture(command)
    };
    assert_snapshot!(run_without_home(&["whoami"]), @"
    --- exit code 2, stderr
    error: default path of the store unknown: `HOME` is not set
    hint: set the path with `--store` or `JETON_STORE`
    ");
    assert_snapshot!(run_without_home(&["init", "ada", "--store", "a.db"]), @"
    --- exit code 2, stderr
    error: directory of the session file unknown: neither `HOME` nor `JETON_CONFIG_DIR` is set
    hint: set `JETON_CONFIG_DIR`
    ");
    assert_snapshot!(run_without_home(&["man"]), @"
    --- exit code 2, stderr
    error: default directory of the manual pages unknown: `HOME` is not set
    hint: use `--dir DIR`
    ");
}

#[test]
fn error_for_invalid_variable_names_the_variable() {
    let sandbox = Sandbox::new();
    let whoami = |name, value| run_with_variable(&sandbox, (name, value), &["whoami"]);
    assert_snapshot!(whoami("JETON_OUTPUT", "xml"), @"
    --- exit code 2, stderr
    error: invalid value 'xml' in `JETON_OUTPUT`
      [possible values: text, json]
    hint: see `jeton whoami --help`
    ");
    assert_snapshot!(whoami("JETON_WAIT", "1y"), @"
    --- exit code 2, stderr
    error: invalid value '1y' in `JETON_WAIT`: duration: months and years have no fixed length
    hint: use `365d`
    ");
    assert_snapshot!(whoami("JETON_WAIT", "-5"), @"
    --- exit code 2, stderr
    error: invalid value '-5' in `JETON_WAIT`: duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    ");
    // `--wait` has precedence over the variable.
    assert_snapshot!(run_with_variable(&sandbox, ("JETON_WAIT", "1h"), &["whoami", "--wait", "5"]), @"
    --- exit code 2, stderr
    error: invalid value '5' for '--wait <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `5s` for seconds
    ");
    // The invalid value `5` is also a part of values on the command line.
    let mint = ["token", "mint", "--alg", "HS256", "--sub", "15s"];
    assert_snapshot!(run_with_variable(&sandbox, ("JETON_WAIT", "5"), &mint), @"
    --- exit code 2, stderr
    error: invalid value '5' in `JETON_WAIT`: duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `5s` for seconds
    ");
    let sandbox = Sandbox::with_admin();
    let whoami = |name, value| run_with_variable(&sandbox, (name, value), &["whoami"]);
    assert_snapshot!(whoami("JETON_TOKEN_FILE", "/nonexistent"), @"
    --- exit code 2, stderr
    error: `/nonexistent` in `JETON_TOKEN_FILE` cannot be read: No such file or directory
    ");
    assert_snapshot!(whoami("JETON_TOKEN_FILE", "name-or-secret"), @"
    --- exit code 2, stderr
    error: the file with the token (value of `JETON_TOKEN_FILE`) cannot be read: No such file or directory
    ");
    assert_snapshot!(whoami("JETON_TOKEN", "abc"), @"
    --- exit code 10, stderr
    error: token malformed: expected three parts
    hint: check the token in JETON_TOKEN
    ");
}
