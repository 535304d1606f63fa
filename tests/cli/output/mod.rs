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

use crate::world::{Ran, World};
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
fn run_unheard(command: &mut Command) -> Ran {
    Ran::from(command.stdout(closed_pipe()).output().unwrap())
}

#[test]
fn a_reader_who_leaves_has_heard_enough() {
    let world = World::with_john();
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
        let ran = run_unheard(&mut world.command(words));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}");
    }
}

#[test]
fn a_token_that_nobody_receives_is_revoked_again() {
    let world = World::with_john();
    let ran = run_unheard(&mut world.command(&["token", "create", "lost"]));
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (1, "error: the token could not be written; token 1 is revoked again\n")
    );
    assert_eq!(world.json(&["token", "show", "1"])["status"], "revoked");
    assert_eq!(world.json(&["token", "list"])["total"], 0);
    let audit = world.sql("SELECT action || ' ' || target || ' ' || outcome FROM audit");
    assert_eq!(audit.last().unwrap(), "token create token 1 undelivered");
}

#[test]
fn a_pair_that_nobody_receives_ends_its_session() {
    let world = World::with_john();
    let refresh = world.home().join("refresh");
    std::fs::write(&refresh, world.session("refresh")).unwrap();
    let mut command = world.command(&["refresh", "--token-stdin"]);
    let ran = run_unheard(command.stdin(std::fs::File::open(refresh).unwrap()));
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            1,
            "error: the new pair could not be written\n\
             hint: its session is ended; log in again: jeton login\n"
        )
    );
    world.run(&["whoami"]).fails(12);
}

#[test]
fn with_json_standard_error_is_silent_on_success() {
    let world = World::with_john();
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
        let json = world.json(words);
        assert!(json.is_object(), "{words:?}");
    }
    let ran = World::new().run_with_input(&["init", "ada", "--password-stdin", "-o", "json"], "x");
    assert_eq!(ran.err, "");
    assert_eq!(serde_json::from_str::<Value>(&ran.ok().out).unwrap()["changed"], true);
    let random = World::new().json(&["init", "ada"]);
    assert_eq!(random["user"]["username"], "ada");
}

#[test]
fn with_json_a_failure_is_one_line_wherever_it_comes_from() {
    let mut world = World::with_admin();
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
            let ran = world.run(&[words, json].concat()).fails(exit);
            assert_eq!(ran.error()["code"], code, "{words:?}");
        }
    }
    world.set("JETON_OUTPUT", "json");
    assert_eq!(world.run(&["frobnicate"]).fails(2).error()["code"], "usage");
    assert_eq!(world.run(&["token", "show", "9"]).fails(3).error()["code"], "token_not_found");
    for text in [&["-o", "text"][..], &["-otext"], &["--output=text"], &["-o="]] {
        let ran = world.run(&[&["frobnicate"], text].concat()).fails(2);
        assert_eq!(ran.err.lines().next().unwrap(), "error: unrecognized subcommand 'frobnicate'");
    }
}

#[test]
fn a_form_that_a_command_does_not_have() {
    let mut world = World::with_admin();
    for form in ["csv", "jsonl"] {
        assert_eq!(
            world.run(&["whoami", "-o", form]).fails(2).err,
            format!("error: this command has no {form} form\nhint: use `-o text` or `-o json`\n")
        );
    }
    for words in [&["completions", "bash"][..], &["help", "trust"], &["help", "token", "create"]] {
        let text = world.run(words).ok().out;
        let error = world.json_error(words);
        assert_eq!((&error["code"], &error["exit_code"]), (&"usage".into(), &2.into()));
        assert_eq!(error["message"], "this command has no json form");
        assert_eq!(error["hint"], "use `-o text`");
        for form in ["json", "csv"] {
            let ran = Ran::from(world.command(words).env("JETON_OUTPUT", form).output().unwrap());
            assert_eq!((ran.code, ran.out, ran.err), (0, text.clone(), String::new()));
        }
    }
    assert!(world.get(&["completions", "--help"]).contains("The form of results: text\n"));
    assert_eq!(world.run(&["whoami", "-o", "xml"]).fails(2).code, 2);
    let text = world.run(&["whoami"]).ok();
    world.set("JETON_OUTPUT", "csv");
    assert_eq!(world.run(&["whoami"]).ok().out, text.out);
    world.run(&["whoami", "-o", "csv"]).fails(2);
    assert!(world.run(&["users", "export"]).ok().out.starts_with("uid,"));
    world.run(&["logout"]).ok();
    let talk = "error: nobody is logged in\nhint: log in: jeton login\n";
    assert_eq!(world.run(&["users", "export"]).fails(4).err, talk, "no JSON");
}

#[test]
fn quiet_leaves_results_errors_and_warnings() {
    let world = World::with_john();
    let loud = world.run(&["users", "list", "--per-page", "1"]).ok();
    assert_eq!(loud.err, "1 of 2 users, page 1 of 2; next: --page 2\n");
    let quiet = world.run(&["-q", "users", "list", "--per-page", "1"]).ok();
    assert_eq!((quiet.out, quiet.err), (loud.out, String::new()));
    let token = world.run(&["token", "create", "x", "--quiet"]).ok();
    assert_eq!((token.out.lines().count(), token.err.as_str()), (1, ""));
    assert_eq!(world.run(&["token", "revoke", "1", "-q"]).ok().err, "");
    assert_eq!(
        world.run(&["-q", "token", "show", "9"]).fails(7).err,
        "error: only admins see the tokens of others\n"
    );
    let symmetric = World::new();
    symmetric.run(&["init", "ada", "--alg", "HS256", "-q"]).ok();
    let export = symmetric.run(&["keys", "export", "--jwks", "-q"]).ok();
    assert_eq!(
        (export.out.as_str(), export.err.as_str()),
        (
            "{\n  \"keys\": []\n}\n",
            "warning: symmetric keys are left out: whoever could check with one could sign with it\n"
        )
    );
}

#[test]
fn colours_are_for_terminals_and_for_whoever_asks() {
    let world = World::with_admin();
    let run = |words: &[&str], name: &str| {
        let ran = Ran::from(world.command(words).env(name, "1").output().unwrap());
        (ran.out, ran.err)
    };
    let (plain, coloured) =
        ("error: there is no token `9`\n", "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m");
    let missing = ["token", "show", "9"];
    assert_eq!(world.run(&missing).fails(3).err, plain);
    assert_eq!(run(&missing, "NO_COLOR").1, plain);
    assert_eq!(run(&missing, "CLICOLOR_FORCE").1, format!("{coloured} there is no token `9`\n"));
    assert!(run(&["frobnicate"], "CLICOLOR_FORCE").1.starts_with(coloured));
    let mut unforced = world.command(&missing);
    assert_eq!(Ran::from(unforced.env("CLICOLOR_FORCE", "0").output().unwrap()).err, plain);

    let escape = |text: &str| text.contains('\u{1b}');
    for words in [&["--help"][..], &["help", "token", "create"], &["users", "list"], &["whoami"]] {
        assert!(!escape(&world.run(words).ok().out), "{words:?}");
        assert!(!escape(&run(words, "NO_COLOR").0), "{words:?}");
    }
    assert!(escape(&run(&["--help"], "CLICOLOR_FORCE").0));
    // JSON and results stay as they are.
    let mut json = world.command(&["token", "show", "9", "-o", "json"]);
    assert!(!escape(&Ran::from(json.env("CLICOLOR_FORCE", "1").output().unwrap()).err));
    assert!(!escape(&run(&["users", "list"], "CLICOLOR_FORCE").0));
}

#[test]
fn other_names_of_commands_do_the_same() {
    let world = World::with_admin();
    world.register("john", "123456");
    world.get(&["token", "create", "x"]);
    for (one, other) in [
        (&["users", "list"][..], &["user", "ls"][..]),
        (&["users", "show", "ada"], &["user", "show", "ada"]),
        (&["token", "list"], &["tokens", "ls"]),
        (&["keys", "export", "--jwks"], &["key", "export", "--jwks"]),
        (&["settings", "get", "issuer"], &["setting", "get", "issuer"]),
    ] {
        let (one, other) = (world.run(one).ok(), world.run(other).ok());
        assert_eq!((one.out, one.err), (other.out, other.err));
    }
    assert_eq!(
        world.run(&["users", "rm", "john", "--yes"]).ok().err,
        "deleted john, revoked 0 tokens\n"
    );
    let help = world.run(&["users", "--help"]).ok().out;
    assert!(help.split_whitespace().all(|word| !["ls", "rm"].contains(&word)), "{help}");
    assert_eq!(world.sql("SELECT action FROM audit").last().unwrap(), "users delete");
}
