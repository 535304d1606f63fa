//! Fast path of the parser: builds only the clap command that `argv` names, because building the
//! complete command tree takes longer than running most commands. If parsing with this command
//! fails, parses with the complete tree.

use super::cli::{self, Tree};
use super::command::{CommandTree, Node};
use super::global_args::GlobalArgs;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Subcommand};
use std::ffi::OsString;
use std::mem;

/// Parses `argv`. The complete command tree is needed only for error messages, for help, and if the
/// value of a flag is also the name of a command or group.
pub(super) fn parse(argv: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let Some((group_name, position, command)) = find_command(argv) else {
        // No command was found: `argv` may ask for the version or the help of the program.
        let program = clap::Command::new("jeton").version(env!("CARGO_PKG_VERSION"));
        let parsed = GlobalArgs::augment_args(program).try_get_matches_from(argv);
        return match parsed.as_ref().map_err(clap::Error::kind) {
            Err(ErrorKind::DisplayVersion) => parsed,
            Err(ErrorKind::DisplayHelp) => {
                cli::command_for_program_help().try_get_matches_from(argv)
            }
            Ok(_) | Err(_) => cli::command().try_get_matches_from(argv),
        };
    };
    let parsed = parse_command(argv, group_name, position, command);
    parsed.map_or_else(|| cli::command().try_get_matches_from(argv), Ok)
}

/// Finds the command that `argv` names. Returns the group of the command, if any, the index of the
/// word that names the command, and the command.
fn find_command(argv: &[OsString]) -> Option<(Option<&'static str>, usize, clap::Command)> {
    // The words after `--` belong to another program.
    let own_words = argv.split(|word| word == "--").next().unwrap_or_default();
    let group = own_words.iter().find_map(find_group);
    let all_commands: AddSubcommands = cli::Commands::augment_subcommands;
    let (name, add_subcommands) = group.unwrap_or(("jeton", all_commands));
    let (position, command) =
        take_subcommand(add_subcommands(clap::Command::new(name)), own_words)?;
    Some((group.map(|(name, _)| name), position, command))
}

/// Parses `argv` with `command` as the only command. `group_name` is the group of the command, if
/// any. `position` is the index of the word that names `command`. `None` if parsing fails. If the
/// word at `position` is the value of a flag, parsing fails unless a later word also names
/// `command`. For example, `login` in `--store whoami login` is an unexpected word, because neither
/// the program nor a command group has positional arguments.
fn parse_command(
    argv: &[OsString],
    group_name: Option<&'static str>,
    position: usize,
    command: clap::Command,
) -> Option<ArgMatches> {
    let mut path = vec![clap::Command::new("jeton")];
    path.extend(group_name.map(clap::Command::new));
    // Without flags before the command name, the position is the number of preceding commands.
    // Flags before the command name belong to the program, and the command inherits them.
    // `find_group` finds no aliases. For an alias of a group (`tokens list`), `command` is
    // therefore the whole group. The group also inherits the flags, since flags can precede its
    // subcommand.
    let inherits_flags =
        position > path.len() || find_group(&OsString::from(command.get_name())).is_some();
    let command = if inherits_flags { command } else { with_global_flags(command) };
    let root =
        path.into_iter().rev().fold(command, |child, parent| with_single_subcommand(parent, child));
    let root = if inherits_flags { GlobalArgs::augment_args(root) } else { root };
    root.try_get_matches_from(argv).ok()
}

/// Finds the first word that names a subcommand of `parent`, and removes this subcommand from
/// `parent`. Returns the index of the word, and the subcommand.
fn take_subcommand(
    mut parent: clap::Command,
    words: &[OsString],
) -> Option<(usize, clap::Command)> {
    words
        .iter()
        .enumerate()
        .find_map(|(position, word)| Some((position, mem::take(parent.find_subcommand_mut(word)?))))
}

/// Adds the global flags to a command as its own flags, for a command that inherits no flags.
fn with_global_flags(command: clap::Command) -> clap::Command {
    GlobalArgs::augment_args(command).mut_args(|flag| flag.global(false))
}

fn with_single_subcommand(parent: clap::Command, child: clap::Command) -> clap::Command {
    parent.subcommand(child).subcommand_required(true).disable_help_subcommand(true)
}

/// Function that adds all subcommands of a group or of the program to a command.
type AddSubcommands = fn(clap::Command) -> clap::Command;

/// Finds the command group with the name `word`; an alias of a group is not found. Returns the
/// name, and the function that adds the subcommands of the group.
fn find_group(word: &OsString) -> Option<(&'static str, AddSubcommands)> {
    let Node::Group { members, .. } = Tree::ROOT else { return None };
    members.iter().find_map(|member| match member {
        Node::Group { add_subcommands, .. } if word == member.first_word() => {
            Some((member.first_word(), *add_subcommands))
        }
        Node::Group { .. } | Node::Command(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::OutputFormat;
    use clap::FromArgMatches;

    fn split_argv(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn find_group_finds_exactly_the_groups() {
        for command in cli::command().get_subcommands() {
            let is_group = find_group(&OsString::from(command.get_name())).is_some();
            assert_eq!(is_group, command.has_subcommands(), "{}", command.get_name());
        }
    }

    #[test]
    fn lazy_parse_matches_full_parse() {
        let formats = [OutputFormat::Text, OutputFormat::Json];
        for line in [
            "jeton -q token create my-app --permission read,write -o json",
            "jeton token --store token ls --page 2",
            "jeton tokens list",
            "jeton whoami --wait 3s",
            "jeton token presets show flask -o json",
            "jeton --yes users rm john",
            "jeton run --app ci --env TOKEN -q -- jeton token verify -q",
            "jeton --store store store check -o json",
        ] {
            let argv = split_argv(line);
            let (group_name, position, command) = find_command(&argv).unwrap();
            assert!(parse_command(&argv, group_name, position, command).is_some(), "{line}");
            let lazy = parse(&argv).unwrap();
            let full = cli::command().try_get_matches_from(argv).unwrap();
            let describe = |matches| {
                let command = cli::Commands::from_arg_matches(matches).unwrap();
                let global = GlobalArgs::from_innermost_matches(matches).unwrap();
                format!("{command:?} {:?}", global.into_options(&formats, None).unwrap())
            };
            assert_eq!(describe(&lazy), describe(&full), "{line}");
        }
    }

    #[test]
    fn error_help_and_version_of_lazy_parse_match_full_parse() {
        for line in [
            "jeton",
            "jeton --version",
            "jeton --help",
            "jeton -h",
            "jeton -q --help",
            "jeton --help tokn",
            "jeton --store --help",
            "jeton tokn",
            "jeton --store token whoami --nope",
            "jeton token",
            "jeton token crate",
            "jeton token create --help",
        ] {
            let lazy = parse(&split_argv(line)).unwrap_err();
            let full = cli::command().try_get_matches_from(split_argv(line)).unwrap_err();
            assert_eq!(lazy.render().to_string(), full.render().to_string(), "{line}");
        }
    }
}
