//! Help contains no values of environment variables, and errors contain no secrets from environment
//! variables. Without a subcommand, jeton and its command groups print their help; with `-o json`,
//! the missing subcommand is an error.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;

/// Returns the words of each command and command group, such as `["token", "create"]`. jeton itself
/// has no words.
fn command_paths() -> Vec<Vec<String>> {
    fn collect(command: &clap::Command, path: &[String], paths: &mut Vec<Vec<String>>) {
        paths.push(path.to_vec());
        for subcommand in command.get_subcommands() {
            let path = [path, &[subcommand.get_name().to_owned()]].concat();
            collect(subcommand, &path, paths);
        }
    }
    let mut paths = Vec::new();
    collect(&jeton::command(), &[], &mut paths);
    assert!(paths.len() > 20, "{paths:?}");
    paths
}

#[test]
fn every_command_has_help_without_values_of_environment_variables() {
    let mut sandbox = Sandbox::new();
    for name in ["JETON_PASSWORD", "JETON_TOKEN", "JETON_STORE", "JETON_CONFIG_DIR"] {
        sandbox.set_variable(name, "/nowhere/marker-of-a-secret");
    }
    sandbox.set_variable("JETON_TOKEN_FILE", "/nowhere/marker-of-a-secret");
    sandbox.set_variable("JETON_WAIT", "4242s");
    let assert_no_leak = |help: &RunOutput| {
        let has_leak = help.stdout.contains("marker-of-a-secret") || help.stdout.contains("4242");
        assert!(!has_leak, "{help:?}");
    };
    for path in command_paths() {
        for flag in ["--help", "-h"] {
            let arguments: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let help = sandbox.run(&arguments).ok();
            assert_eq!(help.stderr, "", "{arguments:?}");
            assert!(help.stdout.contains("Usage: jeton"), "{arguments:?}");
            assert_no_leak(&help);
        }
        let arguments: Vec<&str> =
            ["help"].into_iter().chain(path.iter().map(String::as_str)).collect();
        let help = sandbox.run(&arguments).ok();
        // `jeton help keys` prints the guide `keys`, not the help of the command group `keys`.
        let usage = match path.as_slice() {
            [name] if name == "keys" => "Signing keys".to_owned(),
            path => ["Usage: jeton", &path.join(" ")].join(" "),
        };
        assert!(help.stdout.contains(usage.trim_end()) && help.stderr.is_empty(), "{arguments:?}");
        assert_no_leak(&help);
    }
}

#[test]
fn errors_omit_secrets_from_environment_variables() {
    let mut sandbox = Sandbox::with_admin();
    sandbox.set_variable("JETON_PASSWORD", "marker-of-a-password");
    sandbox.set_variable("JETON_TOKEN", "marker.of.a-token");
    for arguments in [
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
        for format in ["text", "json"] {
            let output = sandbox.run(&[arguments, &["-o", format]].concat());
            assert_ne!(output.code, 0, "{arguments:?}");
            assert!(
                !output.stdout.contains("marker") && !output.stderr.contains("marker"),
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn missing_subcommand_prints_help_in_text_and_an_error_in_json() {
    let sandbox = Sandbox::new();
    let mut sandbox_with_variable = Sandbox::new();
    sandbox_with_variable.set_variable("JETON_WAIT", "5s");
    for (arguments, usage) in [
        (&[][..], "Usage: jeton [OPTIONS] <COMMAND>"),
        (&["token"], "Usage: jeton token [OPTIONS] <COMMAND>"),
    ] {
        for sandbox in [&sandbox, &sandbox_with_variable] {
            let output = sandbox.run(arguments).ok();
            assert!(output.stdout.contains(usage), "{output}");
            assert!(output.stdout.contains("\nCommands:\n"), "{output}");
            assert_eq!(output.stderr, "");
        }
    }
    let error = sandbox.run_json(&["token"]).fails(2).error();
    assert_eq!(error["message"], "missing command");
    assert_eq!(error["hint"], "see `jeton token --help`");
}
