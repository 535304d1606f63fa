//! Results on standard output, messages and errors on standard error, output formats, colours,
//! `--quiet` and command aliases.

mod closed_stdout;
mod colours;
mod completed_files;
mod completion;
mod empty_lists;
mod escaping;
mod help;
mod secrets;
mod shells;
mod terminal;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;
use std::io::Write;
use std::process::Command;

/// Returns the writing end of a pipe whose reading end is closed.
pub(crate) fn closed_pipe() -> std::io::PipeWriter {
    let (_, mut writer) = std::io::pipe().unwrap();
    // A process that another test starts may briefly hold a copy of the reading end. Until the copy
    // is closed, writes succeed.
    while writer.write(&[0]).is_ok() {}
    writer
}

/// Runs a command with a closed pipe as standard output, and captures standard error.
fn run_with_closed_pipe(command: &mut Command) -> RunOutput {
    RunOutput::capture(command.stdout(closed_pipe()))
}

#[test]
fn command_with_public_result_and_closed_pipe_as_stdout_exits_0() {
    let sandbox = Sandbox::with_john();
    for arguments in [
        &["users", "list", "--all"][..],
        &["users", "list", "--all", "-o", "json"],
        &["whoami"],
        &["keys", "export", "--jwks"],
        &["settings", "get", "issuer"],
        &["completions", "bash"],
        &["help"],
        &["--help"],
        &["--version"],
    ] {
        let output = run_with_closed_pipe(&mut sandbox.command(arguments));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn undelivered_token_pair_ends_its_session() {
    let sandbox = Sandbox::with_john();
    let refresh = sandbox.home().join("refresh");
    std::fs::write(&refresh, sandbox.session_member("refresh")).unwrap();
    let mut command = sandbox.command(&["refresh", "--token-stdin"]);
    let output = run_with_closed_pipe(command.stdin(std::fs::File::open(refresh).unwrap()));
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the new token pair could not be written; its session was ended
    hint: log in again: jeton login
    ");
    sandbox.run(&["whoami"]).fails(12);
}

#[test]
fn successful_json_command_prints_an_object_and_leaves_stderr_empty() {
    let sandbox = Sandbox::with_john();
    for arguments in [
        &["whoami"][..],
        &["token", "create", "x"],
        &["token", "list", "--per-page", "1"],
        &["users", "list", "--per-page", "1"],
        &["token", "revoke", "1"],
        &["refresh"],
        &["keys", "export", "--jwks"],
        &["token", "decode", "eyJhbGciOiJub25lIn0.e30."],
        &["logout"],
    ] {
        let json = sandbox.json(arguments);
        assert!(json.is_object(), "{arguments:?}");
    }
    let output =
        Sandbox::new().run_with_input(&["init", "ada", "--password-stdin", "-o", "json"], "x");
    assert_eq!(output.stderr, "");
    assert_eq!(serde_json::from_str::<Value>(&output.ok().stdout).unwrap()["changed"], true);
    let init_output = Sandbox::new().json(&["init", "ada"]);
    assert_eq!(init_output["user"]["username"], "ada");
}

#[test]
fn error_format_follows_every_spelling_of_the_output_option_and_the_variable() {
    let mut sandbox = Sandbox::with_admin();
    for (arguments, exit_code, code) in [
        (&["frobnicate"][..], 2, "usage"),
        (&["token", "create"], 2, "usage"),
        (&["token", "list", "--nonsense"], 2, "usage"),
        (&["users", "list", "--page", "0"], 2, "invalid_input"),
        (&["token", "list", "--status", "odd"], 2, "invalid_input"),
        (&["settings", "get", "nonsense"], 2, "invalid_input"),
        (&["whoami", "--wait", "soon"], 2, "invalid_input"),
        (&["token", "show", "9"], 3, "token_not_found"),
        (&["token", "inspect", "x"], 10, "invalid_token"),
        (&["login", "ada", "--password-file", "/nowhere"], 2, "usage"),
    ] {
        for json_option in [
            &["-o", "json"][..],
            &["-ojson"],
            &["-o=json"],
            &["-qo", "json"],
            &["-yqojson"],
            &["--output", "json"],
            &["--output=json"],
        ] {
            let output = sandbox.run(&[arguments, json_option].concat()).fails(exit_code);
            assert_eq!(output.error()["code"], code, "{arguments:?}");
        }
    }
    sandbox.set_variable("JETON_OUTPUT", "json");
    assert_eq!(sandbox.run(&["frobnicate"]).fails(2).error()["code"], "usage");
    assert_eq!(sandbox.run(&["token", "show", "9"]).fails(3).error()["code"], "token_not_found");
    for text_option in [&["-o", "text"][..], &["-otext"], &["--output=text"], &["-o="]] {
        let output = sandbox.run(&[&["frobnicate"], text_option].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: unrecognized subcommand 'frobnicate'
        hint: usage: jeton [OPTIONS] <COMMAND>
        "));
    }
}

#[test]
fn unsupported_format_is_refused_in_option_and_ignored_in_variable() {
    let mut sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for format in ["csv", "jsonl"] {
        outputs += &sandbox.run(&["whoami", "-o", format]).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton whoami -o csv
    --- exit code 2, stderr
    error: output format `csv` is not supported by this command
    hint: use `-o text` or `-o json`
    $ jeton whoami -o jsonl
    --- exit code 2, stderr
    error: output format `jsonl` is not supported by this command
    hint: use `-o text` or `-o json`
    ");
    for arguments in [&["completions", "bash"], &["completions", "zsh"]] {
        let text = sandbox.run(arguments).ok().stdout;
        allow_duplicates!(assert_snapshot!(sandbox.run_json(arguments), @r#"
        --- exit code 2, stderr
        {"error":{"kind":"Usage","code":"usage","exit_code":2,"message":"output format `json` is not supported by this command","hint":"use `-o text`","details":{}}}
        "#));
        for format in ["json", "csv"] {
            let output = RunOutput::capture(sandbox.command(arguments).env("JETON_OUTPUT", format));
            assert_eq!(
                (output.code, output.stdout, output.stderr),
                (0, text.clone(), String::new())
            );
        }
    }
    assert!(sandbox.stdout_of(&["completions", "--help"]).contains("Output format: text\n"));
    assert_eq!(sandbox.run(&["whoami", "-o", "xml"]).fails(2).code, 2);
    let text = sandbox.stdout_of(&["whoami"]);
    sandbox.set_variable("JETON_OUTPUT", "json");
    assert!(sandbox.stdout_of(&["whoami"]).starts_with("{\"user\":"));
    assert_eq!(sandbox.stdout_of(&["whoami", "-o", "text"]), text);
    for format in ["text", "", "csv"] {
        sandbox.set_variable("JETON_OUTPUT", format);
        assert_eq!(sandbox.stdout_of(&["whoami"]), text);
    }
    sandbox.run(&["whoami", "-o", "csv"]).fails(2);
    assert!(sandbox.run(&["users", "export"]).ok().stdout.starts_with("uid,"));
    sandbox.run(&["logout"]).ok();
    // `JETON_OUTPUT=csv` does not change the format of errors.
    assert_snapshot!(sandbox.run(&["users", "export"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn quiet_option_omits_messages_and_keeps_results_errors_and_warnings() {
    let sandbox = Sandbox::with_john();
    let verbose = sandbox.run(&["users", "list", "--per-page", "1"]).ok();
    assert_snapshot!(verbose, @"
    ID  USERNAME  EMAIL
    1   ada       -
    --- stderr
    1 of 2 users, page 1 of 2, next: --page 2
    ");
    let quiet = sandbox.run(&["-q", "users", "list", "--per-page", "1"]).ok();
    assert_eq!((quiet.stdout, quiet.stderr), (verbose.stdout, String::new()));
    let token = sandbox.run(&["token", "create", "x", "--quiet"]).ok();
    assert_eq!((token.stdout.lines().count(), token.stderr.as_str()), (1, ""));
    assert_eq!(sandbox.run(&["token", "revoke", "1", "-q"]).ok().stderr, "");
    assert_snapshot!(sandbox.run(&["-q", "token", "show", "9"]), @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    let hs256_sandbox = Sandbox::new();
    hs256_sandbox.run(&["init", "ada", "--alg", "HS256", "-q"]).ok();
    let export = hs256_sandbox.run(&["keys", "export", "--jwks", "-q"]).ok();
    assert_snapshot!(export, @r#"
    {
      "keys": []
    }
    --- stderr
    warning: symmetric keys omitted: anyone who can verify with a symmetric key can also sign
    "#);
}

#[test]
fn colours_follow_no_color_and_clicolor_force() {
    let sandbox = Sandbox::with_admin();
    let run = |arguments: &[&str], variable_name: &str| {
        let output = RunOutput::capture(sandbox.command(arguments).env(variable_name, "1"));
        (output.stdout, output.stderr)
    };
    let (plain, coloured_prefix) =
        ("error: token `9` not found\n", "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m");
    let show_missing = ["token", "show", "9"];
    assert_eq!(sandbox.run(&show_missing).fails(3).stderr, plain);
    assert_eq!(run(&show_missing, "NO_COLOR").1, plain);
    assert_eq!(
        run(&show_missing, "CLICOLOR_FORCE").1,
        format!("{coloured_prefix} token `9` not found\n")
    );
    assert!(run(&["frobnicate"], "CLICOLOR_FORCE").1.starts_with(coloured_prefix));
    let mut not_forced = sandbox.command(&show_missing);
    assert_eq!(RunOutput::capture(not_forced.env("CLICOLOR_FORCE", "0")).stderr, plain);

    let is_coloured = |text: &str| text.contains('\u{1b}');
    for arguments in
        [&["--help"][..], &["help", "token", "create"], &["users", "list"], &["whoami"]]
    {
        assert!(!is_coloured(&sandbox.run(arguments).ok().stdout), "{arguments:?}");
        assert!(!is_coloured(&run(arguments, "NO_COLOR").0), "{arguments:?}");
    }
    assert!(is_coloured(&run(&["--help"], "CLICOLOR_FORCE").0));
    assert!(is_coloured(&run(&["users", "list"], "CLICOLOR_FORCE").0));
    assert!(is_coloured(&run(&["users", "show", "ada"], "CLICOLOR_FORCE").0));
    assert!(!is_coloured(&run(&["users", "list", "-o", "csv"], "CLICOLOR_FORCE").0));
    // `CLICOLOR_FORCE` does not colour JSON errors.
    let mut json = sandbox.command(&["token", "show", "9", "-o", "json"]);
    assert!(!is_coloured(&RunOutput::capture(json.env("CLICOLOR_FORCE", "1")).stderr));
}

#[test]
fn command_aliases_are_equivalent_and_not_listed_in_help() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    sandbox.stdout_of(&["token", "create", "x"]);
    for (words, alias_words) in [
        (&["users", "list"][..], &["user", "ls"][..]),
        (&["users", "show", "ada"], &["user", "show", "ada"]),
        (&["token", "list"], &["tokens", "ls"]),
        (&["keys", "export", "--jwks"], &["key", "export", "--jwks"]),
        (&["settings", "get", "issuer"], &["setting", "get", "issuer"]),
    ] {
        let (output, alias_output) = (sandbox.run(words).ok(), sandbox.run(alias_words).ok());
        assert_eq!((output.stdout, output.stderr), (alias_output.stdout, alias_output.stderr));
    }
    assert_snapshot!(sandbox.run(&["users", "rm", "john", "--yes"]), @"
    --- stderr
    deleted john, revoked 0 tokens
    ");
    let help = sandbox.run(&["users", "--help"]).ok().stdout;
    assert!(help.split_whitespace().all(|word| !["ls", "rm"].contains(&word)), "{help}");
    assert_eq!(sandbox.sql("SELECT action FROM audit").last().unwrap(), "users delete");
}
