//! Misplaced secrets: no output repeats a value that may be a secret.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use clap::{Arg, ArgAction, Command};

/// Values that jeton recognizes as possible secrets. The second text of each pair is a part of the
/// secret in lower case. Except for [`PUBLIC_ARGUMENTS`], no output, converted to lower case, may
/// contain this part.
const SECRETS: [(&str, &str); 3] = [
    (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2VjcmV0LXNpZ25hdHVyZQ",
        "c2vjcmv0lxnpz25hdhvyzq",
    ),
    (
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA7b\n-----END PRIVATE KEY-----\n",
        "mc4caqawbqydk2vwbcieia7b",
    ),
    ("q7RfT2vXk9LmPz4WbN8cYd3H", "q7rft2vxk9lmpz4wbn8cyd3h"),
];

/// A password that looks like an ordinary word. The command lines of
/// `misplaced_passwords_are_in_neither_output_nor_audit` contain this password.
const PASSWORD: &str = "hunter2";

/// Arguments whose value is public, as the command and the clap id of the argument. A successful
/// command may print such a value.
const PUBLIC_ARGUMENTS: &[(&str, &str)] = &[
    // Paths that the command creates.
    ("man", "dir"),
    ("store backup", "file"),
    ("token fixtures", "out"),
    // Claims of the created tokens, which the command prints.
    ("token fixtures", "iss"),
    ("token fixtures", "aud"),
    ("token fixtures", "scope"),
    ("token fixtures", "permission"),
    // The id of a key, which every token of the key contains.
    ("keys generate", "kid"),
    // The names of a user and of an application, and a setting.
    ("token create", "app"),
    ("users rename", "username"),
    ("settings set", "value"),
];

/// Returns a valid value for a required argument.
fn valid_value(argument: &Arg) -> &'static str {
    match argument.get_id().as_str() {
        "user" => "ada",
        "role" => "user",
        "quota" => "3",
        "name" => "issuer",
        "alg" => "HS256",
        "preset" => "flask",
        "out" | "dir" | "file" => "made",
        "shell" => "bash",
        "tokens" | "token" => "1",
        "command" => "true",
        _ => "x",
    }
}

fn takes_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Calls `visit` for every command without subcommands, with the words of the command (such as
/// `token` and `create`).
fn visit_commands(command: &Command, path: &[String], visit: &mut impl FnMut(&Command, &[String])) {
    if command.get_subcommands().next().is_none() {
        visit(command, path);
    }
    for subcommand in command.get_subcommands() {
        visit_commands(subcommand, &[path, &[subcommand.get_name().to_owned()]].concat(), visit);
    }
}

/// Returns a command line that gives `value` to one argument, and valid values to the other
/// required arguments.
fn command_line(command: &Command, path: &[String], argument: &Arg, value: &str) -> Vec<String> {
    let mut arguments = path.to_vec();
    let mut trailing = Vec::new();
    for candidate in command.get_arguments() {
        let is_target = candidate.get_id() == argument.get_id();
        if !is_target && !candidate.is_required_set() {
            continue;
        }
        let value = if is_target { value } else { valid_value(candidate) };
        match candidate.get_long() {
            _ if candidate.is_last_set() => trailing = vec!["--".to_owned(), value.to_owned()],
            Some(long) => arguments.push(format!("--{long}={value}")),
            None => arguments.push(value.to_owned()),
        }
    }
    arguments.extend(trailing);
    arguments
}

fn output_contains(output: &RunOutput, part: &str) -> bool {
    format!("{}{}", output.stdout, output.stderr).to_lowercase().contains(part)
}

#[test]
fn possible_secrets_in_arguments_are_not_repeated() {
    let mut leaks = Vec::new();
    visit_commands(&jeton::command(), &[], &mut |command, path| {
        let name = path.join(" ");
        let sandbox = Sandbox::with_admin();
        sandbox.run(&["settings", "set", "token.quota", "1000"]).ok();
        for argument in command.get_arguments().filter(|argument| takes_value(argument)) {
            let id = argument.get_id().as_str();
            // Only global options have a heading. Every command has the same global options, so
            // they are checked for `whoami` only.
            if argument.get_help_heading().is_some() && name != "whoami" {
                continue;
            }
            for (secret, part) in SECRETS {
                let arguments = command_line(command, path, argument, secret);
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let output = sandbox.run(&arguments);
                let is_public = PUBLIC_ARGUMENTS.contains(&(name.as_str(), id));
                if output_contains(&output, part) && !(is_public && output.code == 0) {
                    leaks.push(format!(
                        "{name} {id}: {} {}{}",
                        output.code, output.stdout, output.stderr
                    ));
                }
            }
        }
    });
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn misplaced_passwords_are_in_neither_output_nor_audit() {
    let sandbox = Sandbox::with_admin();
    for line in [
        "token mint --key hunter2",
        "token mint --key-file hunter2",
        "token mint --secret-env hunter2 --alg HS256",
        "token fixtures --key hunter2 --out f",
        "token fixtures --key-file hunter2 --out f",
        "token verify x --key hunter2 --alg HS256",
        "token verify x --jwks hunter2",
        "token inspect @hunter2",
        "keys import --from-file hunter2",
        "keys import --from-env hunter2",
        "keys revoke hunter2",
        "keys activate hunter2",
        "keys retire hunter2",
        "keys export hunter2",
        "keys export --private hunter2",
        "login ada --password-file hunter2",
        "passwd --password-file hunter2",
        "whoami --token-file hunter2",
        "run --env hunter2.x -- true",
        "run --env=hunter2- -- true",
        "run --key hunter2 -- true",
        "login ada hunter2",
        "login ada --hunter2",
        "login ada --password=hunter2",
        "login ada --password-stdin=hunter2",
        "passwd hunter2",
        "passwd old hunter2",
        "init ada hunter2",
        "register eve hunter2",
        "recover ada hunter2",
        "users show ada hunter2",
        "logout hunter2",
    ] {
        for format in ["text", "json"] {
            let output =
                sandbox.run(&[&["-o", format], &line.split(' ').collect::<Vec<_>>()[..]].concat());
            assert!(output.code != 0 && output.code != 101, "{line}: {output:?}");
            assert!(!output_contains(&output, PASSWORD), "{line}: {output:?}");
        }
    }
    let audit =
        sandbox.sql("SELECT concat_ws(' ', target_kind, target_id, detail) FROM audit").join(" ");
    assert!(!audit.contains(PASSWORD), "{audit}");
}

#[test]
fn harmless_words_are_repeated_in_errors() {
    let sandbox = Sandbox::with_admin();
    for (line, word) in [
        ("token list --status dead", "dead"),
        ("users show nobody", "nobody"),
        ("token crate x", "crate"),
        ("whoami --quite", "--quite"),
        ("token create x --tll 7d", "--tll"),
    ] {
        let output = sandbox.run(&line.split(' ').collect::<Vec<_>>());
        assert!(output.code != 0 && output_contains(&output, word), "{line}: {output:?}");
    }
}
