//! Standard input can be read only once: a command refuses two inputs from standard input.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn stdin_for_two_inputs_is_a_usage_error() {
    let mut sandbox = Sandbox::with_admin();
    let access = sandbox.session_member("access");
    let mut outputs = String::new();
    for words in [
        "token verify --batch --jwks -",
        "token verify --batch --key - --alg HS256",
        "token verify - --jwks -",
        "token verify - --token-file -",
        "--token-file - register eve --password-file -",
        "--token-file - login ada --password-stdin",
        "--token-file - refresh --token-stdin",
        "--token-file - token mint --claims -",
        "--token-file - token mint --from -",
        "token mint --claims - --key-file - --alg HS256",
        "keys import --from-file - --token-file -",
        "users import - --token-file -",
        "token revoke - -",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        outputs += &sandbox.run_with_input(&words, &access).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token verify --batch --jwks -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--jwks` and `--batch`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token verify --batch --key - --alg HS256
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--key` and `--batch`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token verify - --jwks -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--jwks` and `TOKEN`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token verify - --token-file -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `TOKEN`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - register eve --password-file -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--password-file`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - login ada --password-stdin
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--password-stdin`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - refresh --token-stdin
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--token-stdin`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - token mint --claims -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--claims`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - token mint --from -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--from`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token mint --claims - --key-file - --alg HS256
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--key-file` and `--claims`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton keys import --from-file - --token-file -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--from-file`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton users import - --token-file -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `FILE`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token revoke - -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `ID|JTI|TOKEN` and `ID|JTI|TOKEN`
    hint: use standard input for one input only, and files for the other inputs
    ");
    let access = sandbox.session_member("access");
    sandbox.set_variable("JETON_TOKEN_FILE", "-");
    let output = sandbox.run_with_input(&["passwd", "--password-stdin"], &access);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--password-stdin` and `JETON_TOKEN_FILE`
    hint: use standard input for one input only, and files for the other inputs
    ");
    // `token decode` needs no credential, so only its argument reads standard input.
    sandbox.run_with_input(&["token", "decode", "-"], &access).ok();
    // `--token-file` has precedence over the variable.
    let passwd_with_missing_token_file = ["--token-file", "nowhere", "passwd", "--password-stdin"];
    assert_snapshot!(sandbox.run_with_input(&passwd_with_missing_token_file, "x"), @"
    --- exit code 2, stderr
    error: the file with the token (value of `--token-file`) cannot be read: No such file or directory
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["1"]);
    assert_eq!(sandbox.sql("SELECT action FROM audit"), ["init"]);
}

#[test]
fn conflict_over_stdin_is_found_before_any_input_is_read() {
    let mut sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for words in [
        "--token-file - passwd --password-stdin",
        "--token-file - keys import --from-file -",
        "--token-file - users import -",
        "--token-file - init ada --exist-ok --password-stdin",
        "token revoke - -",
        "token verify - --key - --alg HS256",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        // This input is no token: a command that reads the input would report another error.
        outputs += &sandbox.run_with_input(&words, "secret\nsecret").with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton --token-file - passwd --password-stdin
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--password-stdin`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - keys import --from-file -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--from-file`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - users import -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `FILE`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton --token-file - init ada --exist-ok --password-stdin
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--token-file` and `--password-stdin`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token revoke - -
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `ID|JTI|TOKEN` and `ID|JTI|TOKEN`
    hint: use standard input for one input only, and files for the other inputs
    $ jeton token verify - --key - --alg HS256
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--key` and `TOKEN`
    hint: use standard input for one input only, and files for the other inputs
    ");
    sandbox.set_variable("JETON_TOKEN_FILE", "-");
    let output = sandbox.run_with_input(&["passwd", "--password-stdin"], "old\nnew");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--password-stdin` and `JETON_TOKEN_FILE`
    hint: use standard input for one input only, and files for the other inputs
    ");
    assert_eq!(sandbox.sql("SELECT action FROM audit"), ["init"]);
}

#[test]
fn conflict_over_stdin_creates_no_store() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_TOKEN_FILE", "-");
    let register = ["register", "eve", "--role", "minter", "--password-stdin"];
    assert_snapshot!(sandbox.run_with_input(&register, "lovelace"), @"
    --- exit code 2, stderr
    error: standard input can be read only once, but is requested by `--password-stdin` and `JETON_TOKEN_FILE`
    hint: use standard input for one input only, and files for the other inputs
    ");
    sandbox.set_variable("JETON_TOKEN_FILE", "");
    sandbox.run(&["users", "list"]).fails(3);
}

#[test]
fn dash_as_backup_file_or_key_id_does_not_read_stdin() {
    let sandbox = Sandbox::with_admin();
    let access = sandbox.session_member("access");
    let backup = ["store", "backup", "-", "--token-file", "-", "--quiet"];
    assert_snapshot!(sandbox.run_with_input(&backup, &access), @"
    --- exit code 2, stderr
    error: backup to standard output is not supported
    hint: give a file name: jeton store backup FILE
    ");
    let mint = ["token", "mint", "--key", "-", "--token-file", "-"];
    assert_snapshot!(sandbox.run_with_input(&mint, &access), @"
    --- exit code 3, stderr
    error: key with this id not found
    hint: list the keys: jeton keys list
    ");
}

#[test]
fn token_from_stdin_authorizes_all_steps_of_a_command() {
    let sandbox = Sandbox::with_admin();
    let access = sandbox.session_member("access");
    let output = sandbox.run_with_input(&["sessions", "token", "--token-file", "-"], &access);
    assert_snapshot!(output, @"<token>");
    let output = sandbox.run_with_input(&["logout", "--all", "--token-file", "-"], &access);
    assert_snapshot!(output, @"
    --- stderr
    ended 0 other sessions
    logged out
    ");
}
