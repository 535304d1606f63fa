//! Completion of files and directories: for every argument of the command tree that takes a path,
//! after `@` in token arguments, and for the command of `run`.

use super::completion::candidates;
use crate::sandbox::Sandbox;
use clap::builder::ValueParser;

/// Argument that takes a path.
struct PathArgument {
    /// Command line without `jeton`, up to the path.
    line: String,
    /// Set if only directories are valid, not files.
    takes_directory: bool,
}

/// Returns whether the value of an argument is a path, as the type or a name of the value shows.
fn takes_path(argument: &clap::Arg, value_names: &[&str]) -> bool {
    argument.get_value_parser().type_id() == ValueParser::path_buf().type_id()
        || ["FILE", "PATH", "DIR"].iter().any(|name| value_names.contains(name))
}

/// Returns the command line without `jeton`, up to the value of an argument. Earlier positional
/// arguments have the value `a`.
fn line_before_value(command_path: &str, argument: &clap::Arg) -> String {
    let earlier_positionals = argument.get_index().map(|index| vec!["a"; index - 1]);
    match (argument.get_long(), earlier_positionals) {
        (Some(long), _) => format!("{command_path} --{long} "),
        (None, Some(values)) => {
            format!("{} ", [&[command_path], values.as_slice()].concat().join(" "))
        }
        (None, None) => panic!("{argument:?}"),
    }
}

/// Calls `visit` for every argument of the command and its subcommands, with the path of the
/// command that has the argument (such as `token create`), and with the names of the value (such as
/// `FILE`).
fn visit_arguments(
    command_path: &str,
    command: &clap::Command,
    visit: &mut impl FnMut(&str, &clap::Arg, &[&str]),
) {
    for argument in command.get_arguments() {
        let names = argument.get_value_names().unwrap_or_default();
        let names: Vec<&str> = names.iter().flat_map(|name| name.split('|')).collect();
        visit(command_path, argument, &names);
    }
    for subcommand in command.get_subcommands() {
        let subcommand_path = format!("{command_path} {}", subcommand.get_name());
        visit_arguments(subcommand_path.trim_start(), subcommand, visit);
    }
}

fn sandbox_with_files() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["x1.json", "y"] {
        std::fs::write(sandbox.home().join(name), "").unwrap();
    }
    std::fs::create_dir(sandbox.home().join("x2")).unwrap();
    std::fs::write(sandbox.home().join("x2/z"), "").unwrap();
    sandbox
}

#[test]
fn every_path_argument_completes_files_and_directories_or_only_directories() {
    let mut arguments = Vec::new();
    visit_arguments("", &jeton::command(), &mut |command_path, argument, names| {
        // Every command has the global options, so they are checked only once, without a command.
        if takes_path(argument, names) && (command_path.is_empty() || !argument.is_global_set()) {
            let line = line_before_value(command_path, argument);
            arguments.push(PathArgument { line, takes_directory: names.contains(&"DIR") });
        }
    });
    assert!(arguments.len() > 20, "{}", arguments.len());
    let sandbox = sandbox_with_files();
    for PathArgument { line, takes_directory } in arguments {
        let expected = if takes_directory { &["x2/"][..] } else { &["x1.json", "x2/"] };
        assert_eq!(candidates(&sandbox, &format!("{line}x")), expected, "{line}");
        let expected_inside = if takes_directory { &[][..] } else { &["x2/z"] };
        assert_eq!(candidates(&sandbox, &format!("{line}x2/z")), expected_inside, "{line}");
    }
}

#[test]
fn every_token_argument_completes_files_only_after_at_sign() {
    let mut lines = Vec::new();
    visit_arguments("", &jeton::command(), &mut |command_path, argument, _| {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        if help.contains("`@FILE`") {
            lines.push(line_before_value(command_path, argument));
        }
    });
    assert!(lines.len() >= 6, "{lines:?}");
    let sandbox = sandbox_with_files();
    for line in lines {
        assert_eq!(candidates(&sandbox, &format!("{line}@x")), ["@x1.json", "@x2/"], "{line}");
        assert_eq!(candidates(&sandbox, &format!("{line}@x2/")), ["@x2/z"], "{line}");
        assert!(candidates(&sandbox, &format!("{line}x")).is_empty(), "{line}");
    }
}

#[test]
fn command_of_run_completes_programs_and_files() {
    let mut sandbox = sandbox_with_files();
    let bin = sandbox.home().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.join("xsh")).unwrap();
    std::fs::write(bin.join("xdata"), "").unwrap();
    sandbox.set_variable("PATH", bin.to_str().unwrap());
    for (line, words) in [
        ("run -- x", &["xsh"][..]),
        ("run --quiet -- x", &["xsh"]),
        ("run -- x2/", &["x2/z"]),
        ("run -- xsh x", &["x1.json", "x2/"]),
        ("run -- xsh -c x", &["x1.json", "x2/"]),
        ("run x", &[]),
    ] {
        assert_eq!(candidates(&sandbox, line), words, "{line}");
    }
}
