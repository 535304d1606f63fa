//! Non-UTF-8 passwords and tokens are refused. Non-UTF-8 store paths are not converted lossily:
//! distinct paths stay distinct.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;

fn os_str(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

fn run(command: &mut Command) -> RunOutput {
    RunOutput::capture(command)
}

#[test]
fn non_utf8_password_variable_is_refused_or_unused() {
    let sandbox = Sandbox::with_admin();
    // A lossy conversion would turn the first two byte strings below into this password.
    sandbox.run_with_input(&["register", "eve", "--password-stdin"], "pass\u{fffd}word").ok();
    let sid = sandbox.session_member("sid");
    for words in [&["login", "eve"][..], &["register", "bob"]] {
        for bytes in [&b"pass\xffword"[..], b"pass\xfeword", b"\xff\xff\xff\xff\xff\xff\xff\xff"] {
            let output = run(sandbox.command(words).env("JETON_PASSWORD", os_str(bytes)));
            allow_duplicates!(assert_snapshot!(output, @"
            --- exit code 2, stderr
            error: `JETON_PASSWORD` is not UTF-8
            "));
        }
        assert_eq!(sandbox.session_member("sid"), sid, "{words:?}: the session is unchanged");
    }
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["2"]);
    // Commands without a password do not read the variable.
    run(sandbox.command(&["whoami"]).env("JETON_PASSWORD", os_str(b"\xff"))).ok();
}

#[test]
fn non_utf8_password_in_file_or_stdin_is_refused() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("password"), b"pass\xffword").unwrap();
    let words = ["register", "eve", "--password-file", "password"];
    assert_snapshot!(sandbox.run(&words), @"
    --- exit code 2, stderr
    error: password input is not UTF-8
    ");
    let register = sandbox.command(&["register", "eve", "--password-stdin"]);
    assert_snapshot!(Sandbox::run_command_with_input(register, b"pass\xffword"), @"
    --- exit code 2, stderr
    error: password input is not UTF-8
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["1"]);
}

#[test]
fn non_utf8_token_in_variable_file_or_stdin_is_refused() {
    let sandbox = Sandbox::with_admin();
    let mut token = sandbox.session_member("access").into_bytes();
    token.push(0xff);
    fs::write(sandbox.home().join("token"), &token).unwrap();
    run(sandbox.command(&["whoami"]).env("JETON_TOKEN", os_str(&token))).fails(10);
    run(sandbox.command(&["whoami"]).env("JETON_TOKEN_FILE", "token")).fails(10);
    sandbox.run(&["whoami", "--token-file", "token"]).fails(10);
    for words in [&["@token"][..], &["-"], &["--batch"]] {
        let verify = sandbox.command(&[&["token", "verify"], words].concat());
        let output = Sandbox::run_command_with_input(verify, &token);
        assert!(output.code == 10 && output.stdout.contains("malformed"), "{output:?}");
    }
}

/// Creates a store with the logged-in admin ada in a new directory of the sandbox. Returns the path
/// of the store.
fn create_store(sandbox: &Sandbox, directory_name: &[u8]) -> OsString {
    let directory = sandbox.home().join(os_str(directory_name));
    let store = directory.join("jeton.db").into_os_string();
    let mut init = sandbox.command(&["init", "ada", "--password-stdin"]);
    init.env("JETON_STORE", &store);
    Sandbox::run_command_with_input(init, "lovelace").ok();
    store
}

#[test]
fn session_works_with_a_non_utf8_store_path() {
    let sandbox = Sandbox::new();
    let store = create_store(&sandbox, b"store-\xff");
    for words in [&["whoami"][..], &["refresh"], &["whoami"], &["logout"]] {
        run(sandbox.command(words).env("JETON_STORE", &store)).ok();
    }
    run(sandbox.command(&["whoami"]).env("JETON_STORE", &store)).fails(4);
}

#[test]
fn store_copy_at_another_non_utf8_path_has_no_session() {
    let sandbox = Sandbox::new();
    let store = create_store(&sandbox, b"store-\xff");
    let directory = sandbox.home().join(os_str(b"store-\xfe"));
    let copy = directory.join("jeton.db");
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&directory).unwrap();
    run(sandbox.command(&["store", "backup"]).arg(&copy).env("JETON_STORE", &store)).ok();
    run(sandbox.command(&["whoami"]).env("JETON_STORE", &store)).ok();
    run(sandbox.command(&["whoami"]).env("JETON_STORE", &copy)).fails(4);
    run(sandbox.command(&["whoami"]).env("JETON_STORE", &store)).ok();
}

#[test]
fn session_file_records_a_utf8_store_path_as_in_version_0_1_0() {
    let sandbox = Sandbox::with_admin();
    let text = fs::read_to_string(sandbox.session_file()).unwrap();
    let path: PathBuf = sandbox.store_path();
    assert!(text.starts_with(&format!("{{\"store\":\"{}\",", path.display())), "{text}");
    sandbox.run(&["whoami"]).ok();
}
