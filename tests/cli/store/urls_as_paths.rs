//! A URL in place of a path is refused before any file is created.

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::collections::BTreeSet;
use std::fs;

/// Commands of three kinds: some create a store, some read a store, and some need no store.
const COMMANDS: [&[&str]; 9] = [
    &["init", "ada"],
    &["register", "ada"],
    &["login", "ada"],
    &["logout"],
    &["whoami"],
    &["keys", "generate"],
    &["token", "decode", "x"],
    &["store", "check"],
    &["token", "presets"],
];

/// Runs a command with a URL in place of a path, and returns the refusal. Asserts that the command
/// creates no file.
#[track_caller]
fn refusal_of(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let refusal = sandbox.run_json(arguments).to_string();
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0, "{arguments:?}");
    refusal
}

#[test]
fn unsupported_store_url_is_refused_by_each_kind_of_command() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for url in [
        "mysql://ada:secret@db.example.com/jeton",
        "sqlite:///tmp/jeton.db",
        "file://jeton.db",
        "S3+x.y-z://b",
    ] {
        let refusal =
            |arguments: &[&str]| refusal_of(&sandbox, &[arguments, &["--store", url]].concat());
        let distinct_refusals: BTreeSet<String> = COMMANDS.into_iter().map(refusal).collect();
        outputs.extend(distinct_refusals);
    }
    assert_snapshot!(outputs, @r#"
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--store`: unsupported URL scheme `mysql`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--store`: unsupported URL scheme `sqlite`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--store`: unsupported URL scheme `file`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--store`: unsupported URL scheme `S3+x.y-z`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    "#);
}

#[test]
fn refusal_of_store_url_in_environment_names_the_variable() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_STORE", "mysql://ada:secret@db.example.com/jeton");
    for arguments in COMMANDS {
        allow_duplicates!(assert_snapshot!(refusal_of(&sandbox, arguments), @r#"
        --- exit code 2, stderr
        {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`JETON_STORE`: unsupported URL scheme `mysql`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
        "#));
    }
    // Completion prints no error.
    let mut completion_command = sandbox.command(&["--", "jeton", "users", "show", ""]);
    completion_command.envs([("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "3")]);
    let output = completion_command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0);
}

#[test]
fn refusal_of_url_is_json_if_the_output_format_is_json_lines() {
    let output =
        Sandbox::new().run(&["users", "export", "-o", "jsonl", "--token-file", "https://x/y"]);
    assert_snapshot!(output, @r#"
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--token-file`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton users export -o jsonl --token-file -","details":{}}}
    "#);
}

#[test]
fn url_in_place_of_any_path_is_refused() {
    let mut sandbox = Sandbox::new();
    let mut outputs = String::new();
    for arguments in [
        &["whoami", "--token-file", "https://x/y"][..],
        &["man", "--dir", "https://x/y"],
        &["store", "backup", "https://x/y"],
        &["store", "migrate", "--backup", "https://x/y"],
        &["keys", "export", "--site", "https://x/y", "--issuer", "https://i.example"],
        &["keys", "import", "--from-file", "https://x/y"],
        &["token", "fixtures", "--out", "https://x/y"],
        &["token", "mint", "--from", "https://x/y"],
        &["users", "import", "https://x/y"],
        &["passwd", "--password-file", "https://x/y"],
        &["token", "verify", "a.b.c", "--key", "https://x/y", "--alg", "HS256"],
    ] {
        outputs += &refusal_of(&sandbox, arguments);
    }
    assert_snapshot!(outputs, @r#"
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--token-file`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton whoami --token-file - -o json","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--dir`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`FILE`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--backup`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--site`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--from-file`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton keys import --from-file - -o json","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--out`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--from`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton token mint --from - -o json","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`FILE`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton users import - -o json","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--password-file`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton passwd --password-file - -o json","details":{}}}
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`--key`: URL found, expected the name of a file","hint":"pipe the document: curl -fsS https://x/y | jeton token verify a.b.c --key - --alg HS256 -o json","details":{}}}
    "#);
    sandbox.set_variable("JETON_TOKEN_FILE", "https://x/y");
    assert_snapshot!(refusal_of(&sandbox, &["whoami"]), @r#"
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`JETON_TOKEN_FILE`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    "#);
    sandbox.set_variable("JETON_TOKEN_FILE", "");
    sandbox.set_variable("JETON_CONFIG_DIR", "https://x/y");
    assert_snapshot!(refusal_of(&sandbox, &["init", "ada"]), @r#"
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"invalid_input","exit_code":2,"message":"`JETON_CONFIG_DIR`: unsupported URL scheme `https`","hint":"use a path; if the path looks like a URL, put `./` before the path","details":{}}}
    "#);
}

#[test]
fn path_that_resembles_a_url_is_accepted() {
    let sandbox = Sandbox::new();
    for store in ["./a://b/jeton.db", "1://jeton.db", "a:/b.db"] {
        sandbox.run(&["init", "ada", "--store", store]).ok();
        assert!(sandbox.home().join(store).is_file(), "{store}");
    }
    // The arguments of the command that `run` starts are not checked.
    sandbox.run(&["run", "--store", "a:/b.db", "--", "/bin/echo", "postgres://x"]).ok();
}

#[test]
fn hint_suggests_a_download_if_it_cannot_repeat_the_command() {
    let sandbox = Sandbox::new();
    let url = "HTTPS://id.example/jwks.json";
    let pipe_hint = "hint: pipe the document: ";
    // The hint repeats no command that already reads standard input or has the URL twice. The hint
    // also repeats no word that may contain a secret or that needs quotes.
    for arguments in [
        &["--store", "postgres://u:hunter2@h/db", "users", "import", "http://i/u.csv"][..],
        &["--store=postgres://u:hunter2@h/db", "users", "import", "http://i/u.csv"],
        &["token", "verify", "@t", "--jwks", url, "--require", "password=hunter2"],
        &["token", "verify", "@t", "--jwks", url, "--aud", "hunter2 x"],
        &["token", "verify", "--batch", "--jwks", url],
        &["token", "verify", "-", "--jwks", url],
        &["token", "verify", "--token-file=-", "--jwks", url],
        &["token", "verify", "@t", "--iss", url, "--jwks", url],
    ] {
        let output = sandbox.run(arguments).to_string();
        assert!(output.contains("hint: download the document, then use `"));
        assert!(!output.contains(pipe_hint) && !output.contains("hunter2"), "{output}");
    }
    let output = sandbox.run(&["token", "verify", "@t", "--jwks", url]).to_string();
    assert!(
        output.contains(&format!("{pipe_hint}curl -fsS {url} | jeton token verify @t --jwks -"))
    );
}
