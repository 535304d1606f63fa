//! Every command explains itself, and tells no secret of the environment while it does.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// The words of every command and of every noun.
fn paths() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], paths: &mut Vec<Vec<String>>) {
        paths.push(path.to_vec());
        for command in command.get_subcommands() {
            let path = [path, &[command.get_name().to_owned()]].concat();
            below(command, &path, paths);
        }
    }
    let mut paths = Vec::new();
    below(&jeton::command(), &[], &mut paths);
    assert!(paths.len() > 20, "{paths:?}");
    paths
}

#[test]
fn every_command_has_a_help_without_secrets() {
    let mut sandbox = Sandbox::new();
    for name in ["JETON_PASSWORD", "JETON_TOKEN", "JETON_STORE", "JETON_CONFIG_DIR"] {
        sandbox.set(name, "/nowhere/marker-of-a-secret");
    }
    sandbox.set("JETON_TOKEN_FILE", "/nowhere/marker-of-a-secret");
    sandbox.set("JETON_WAIT", "4242s");
    for path in paths() {
        for flag in ["--help", "-h"] {
            let words: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let help = sandbox.run(&words).ok();
            assert_eq!(help.stderr, "", "{words:?}");
            assert!(help.stdout.contains("Usage: jeton"), "{words:?}");
            let leaks = help.stdout.contains("marker-of-a-secret") || help.stdout.contains("4242");
            assert!(!leaks, "{words:?}: {}", help.stdout);
        }
        let words: Vec<&str> =
            ["help"].into_iter().chain(path.iter().map(String::as_str)).collect();
        let help = sandbox.run(&words).ok();
        let usage = ["Usage: jeton", &path.join(" ")].join(" ");
        assert!(help.stdout.contains(usage.trim_end()) && help.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn errors_tell_no_secret_of_the_environment() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set("JETON_PASSWORD", "marker-of-a-password");
    sandbox.set("JETON_TOKEN", "marker.of.a-token");
    for words in [
        &["frobnicate"][..],
        &["login", "ada"],
        &["login", "nobody"],
        &["whoami"],
        &["token", "inspect"],
        &["token", "verify"],
        &["token", "decode"],
        &["token", "create", "x"],
        &["logout"],
        &["register", "ada"],
    ] {
        for form in ["text", "json"] {
            let output = sandbox.run(&[words, &["-o", form]].concat());
            assert_ne!(output.code, 0, "{words:?}");
            assert!(
                !output.stdout.contains("marker") && !output.stderr.contains("marker"),
                "{words:?}"
            );
        }
    }
}

#[test]
fn a_noun_alone_is_no_command() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for words in [&[][..], &["token"]] {
        let help = sandbox.run(words).fails(2).stderr;
        assert!(help.contains("\nCommands:\n"), "{help}");
        outputs += &help[help.find("error: ").unwrap()..];
        outputs += &sandbox.run_json(words).to_string();
    }
    assert_snapshot!(outputs, @r#"
    error: missing command
    hint: see `jeton --help`
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"usage","exit_code":2,"message":"missing command","hint":"see `jeton --help`","details":{}}}
    error: missing command
    hint: see `jeton token --help`
    --- exit code 2, stderr
    {"error":{"kind":"Usage","code":"usage","exit_code":2,"message":"missing command","hint":"see `jeton token --help`","details":{}}}
    "#);
    let version = concat!("jeton ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(sandbox.run(&["--version"]).ok().stdout, version);
}
