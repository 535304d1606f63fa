//! Who hears what: results, talk, errors; readers who leave; forms, colours, quiet.

mod closed;
mod colours;
mod completion;
mod escaping;
mod help;
mod lists;
mod screen;
mod secrets;
mod shells;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;
use std::io::Write;
use std::process::Command;

/// The end of a pipe that nobody reads any more.
fn closed_pipe() -> std::io::PipeWriter {
    let (_, mut writer) = std::io::pipe().unwrap();
    // A process that another test is just starting may still hold the other end.
    while writer.write(&[0]).is_ok() {}
    writer
}

/// Runs it with standard output closed by its reader, and standard error captured.
fn run_unheard(command: &mut Command) -> RunOutput {
    RunOutput::of(command.stdout(closed_pipe()))
}

#[test]
fn a_reader_who_leaves_has_heard_enough() {
    let sandbox = Sandbox::with_john();
    for words in [
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
        let output = run_unheard(&mut sandbox.command(words));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{words:?}");
    }
}

#[test]
fn a_token_that_nobody_receives_is_revoked_again() {
    let sandbox = Sandbox::with_john();
    let output = run_unheard(&mut sandbox.command(&["token", "create", "lost"]));
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the token could not be written; token 1 was revoked
    ");
    assert_eq!(sandbox.json(&["token", "show", "1"])["status"], "revoked");
    assert_eq!(sandbox.json(&["token", "list"])["total"], 0);
    let audit = sandbox.sql("SELECT action || ' ' || target || ' ' || outcome FROM audit");
    assert_eq!(audit.last().unwrap(), "token create token 1 undelivered");
}

#[test]
fn a_pair_that_nobody_receives_ends_its_session() {
    let sandbox = Sandbox::with_john();
    let refresh = sandbox.home().join("refresh");
    std::fs::write(&refresh, sandbox.session("refresh")).unwrap();
    let mut command = sandbox.command(&["refresh", "--token-stdin"]);
    let output = run_unheard(command.stdin(std::fs::File::open(refresh).unwrap()));
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the new token pair could not be written; its session was ended
    hint: log in again: jeton login
    ");
    sandbox.run(&["whoami"]).fails(12);
}

#[test]
fn with_json_standard_error_is_silent_on_success() {
    let sandbox = Sandbox::with_john();
    for words in [
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
        let json = sandbox.json(words);
        assert!(json.is_object(), "{words:?}");
    }
    let output =
        Sandbox::new().run_with_input(&["init", "ada", "--password-stdin", "-o", "json"], "x");
    assert_eq!(output.stderr, "");
    assert_eq!(serde_json::from_str::<Value>(&output.ok().stdout).unwrap()["changed"], true);
    let random = Sandbox::new().json(&["init", "ada"]);
    assert_eq!(random["user"]["username"], "ada");
}

#[test]
fn with_json_a_failure_is_one_line_wherever_it_comes_from() {
    let mut sandbox = Sandbox::with_admin();
    for (words, exit, code) in [
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
        for json in [
            &["-o", "json"][..],
            &["-ojson"],
            &["-o=json"],
            &["-qo", "json"],
            &["-yqojson"],
            &["--output", "json"],
            &["--output=json"],
        ] {
            let output = sandbox.run(&[words, json].concat()).fails(exit);
            assert_eq!(output.error()["code"], code, "{words:?}");
        }
    }
    sandbox.set("JETON_OUTPUT", "json");
    assert_eq!(sandbox.run(&["frobnicate"]).fails(2).error()["code"], "usage");
    assert_eq!(sandbox.run(&["token", "show", "9"]).fails(3).error()["code"], "token_not_found");
    for text in [&["-o", "text"][..], &["-otext"], &["--output=text"], &["-o="]] {
        let output = sandbox.run(&[&["frobnicate"], text].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: unrecognized subcommand 'frobnicate'
        hint: usage: jeton [OPTIONS] <COMMAND>
        "));
    }
}

#[test]
fn a_form_that_a_command_does_not_have() {
    let mut sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for form in ["csv", "jsonl"] {
        outputs += &sandbox.run(&["whoami", "-o", form]).with_command();
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
    for words in [&["completions", "bash"][..], &["help", "trust"], &["help", "token", "create"]] {
        let text = sandbox.run(words).ok().stdout;
        allow_duplicates!(assert_snapshot!(sandbox.run_json(words), @r#"
        --- exit code 2, stderr
        {"error":{"kind":"Usage","code":"usage","exit_code":2,"message":"output format `json` is not supported by this command","hint":"use `-o text`","details":{}}}
        "#));
        for form in ["json", "csv"] {
            let output = RunOutput::of(sandbox.command(words).env("JETON_OUTPUT", form));
            assert_eq!(
                (output.code, output.stdout, output.stderr),
                (0, text.clone(), String::new())
            );
        }
    }
    assert!(sandbox.get(&["completions", "--help"]).contains("Output format: text\n"));
    assert_eq!(sandbox.run(&["whoami", "-o", "xml"]).fails(2).code, 2);
    let text = sandbox.run(&["whoami"]).ok();
    sandbox.set("JETON_OUTPUT", "csv");
    assert_eq!(sandbox.run(&["whoami"]).ok().stdout, text.stdout);
    sandbox.run(&["whoami", "-o", "csv"]).fails(2);
    assert!(sandbox.run(&["users", "export"]).ok().stdout.starts_with("uid,"));
    sandbox.run(&["logout"]).ok();
    // `JETON_OUTPUT=csv` does not change the form of errors.
    assert_snapshot!(sandbox.run(&["users", "export"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn quiet_leaves_results_errors_and_warnings() {
    let sandbox = Sandbox::with_john();
    let loud = sandbox.run(&["users", "list", "--per-page", "1"]).ok();
    assert_snapshot!(loud, @"
    ID  UID                                   USERNAME  EMAIL
    1   <uuid>  ada       -
    --- stderr
    1 of 2 users, page 1 of 2, next: --page 2
    ");
    let quiet = sandbox.run(&["-q", "users", "list", "--per-page", "1"]).ok();
    assert_eq!((quiet.stdout, quiet.stderr), (loud.stdout, String::new()));
    let token = sandbox.run(&["token", "create", "x", "--quiet"]).ok();
    assert_eq!((token.stdout.lines().count(), token.stderr.as_str()), (1, ""));
    assert_eq!(sandbox.run(&["token", "revoke", "1", "-q"]).ok().stderr, "");
    assert_snapshot!(sandbox.run(&["-q", "token", "show", "9"]), @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users
    ");
    let symmetric = Sandbox::new();
    symmetric.run(&["init", "ada", "--alg", "HS256", "-q"]).ok();
    let export = symmetric.run(&["keys", "export", "--jwks", "-q"]).ok();
    assert_snapshot!(export, @r#"
    {
      "keys": []
    }
    --- stderr
    warning: omitted symmetric keys: anyone who can verify with them can also sign
    "#);
}

#[test]
fn colours_are_for_terminals_and_for_whoever_asks() {
    let sandbox = Sandbox::with_admin();
    let run = |words: &[&str], name: &str| {
        let output = RunOutput::of(sandbox.command(words).env(name, "1"));
        (output.stdout, output.stderr)
    };
    let (plain, coloured) = ("error: token `9` not found\n", "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m");
    let missing = ["token", "show", "9"];
    assert_eq!(sandbox.run(&missing).fails(3).stderr, plain);
    assert_eq!(run(&missing, "NO_COLOR").1, plain);
    assert_eq!(run(&missing, "CLICOLOR_FORCE").1, format!("{coloured} token `9` not found\n"));
    assert!(run(&["frobnicate"], "CLICOLOR_FORCE").1.starts_with(coloured));
    let mut unforced = sandbox.command(&missing);
    assert_eq!(RunOutput::of(unforced.env("CLICOLOR_FORCE", "0")).stderr, plain);

    let escape = |text: &str| text.contains('\u{1b}');
    for words in [&["--help"][..], &["help", "token", "create"], &["users", "list"], &["whoami"]] {
        assert!(!escape(&sandbox.run(words).ok().stdout), "{words:?}");
        assert!(!escape(&run(words, "NO_COLOR").0), "{words:?}");
    }
    assert!(escape(&run(&["--help"], "CLICOLOR_FORCE").0));
    // JSON and results stay as they are.
    let mut json = sandbox.command(&["token", "show", "9", "-o", "json"]);
    assert!(!escape(&RunOutput::of(json.env("CLICOLOR_FORCE", "1")).stderr));
    assert!(!escape(&run(&["users", "list"], "CLICOLOR_FORCE").0));
}

#[test]
fn other_names_of_commands_do_the_same() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    sandbox.get(&["token", "create", "x"]);
    for (one, other) in [
        (&["users", "list"][..], &["user", "ls"][..]),
        (&["users", "show", "ada"], &["user", "show", "ada"]),
        (&["token", "list"], &["tokens", "ls"]),
        (&["keys", "export", "--jwks"], &["key", "export", "--jwks"]),
        (&["settings", "get", "issuer"], &["setting", "get", "issuer"]),
    ] {
        let (one, other) = (sandbox.run(one).ok(), sandbox.run(other).ok());
        assert_eq!((one.stdout, one.stderr), (other.stdout, other.stderr));
    }
    assert_snapshot!(sandbox.run(&["users", "rm", "john", "--yes"]), @"
    --- stderr
    deleted john, revoked 0 tokens
    ");
    let help = sandbox.run(&["users", "--help"]).ok().stdout;
    assert!(help.split_whitespace().all(|word| !["ls", "rm"].contains(&word)), "{help}");
    assert_eq!(sandbox.sql("SELECT action FROM audit").last().unwrap(), "users delete");
}
