//! Detection of conflicting readers of standard input, before a command runs.

use super::cli;
use super::global_args::innermost_matches;
use crate::failure::Failure;
use clap::{Arg, ArgMatches};
use std::any::Any;
use std::path::{Path, PathBuf};

/// Ids of flags that read standard input.
const STDIN_FLAGS: [&str; 3] = ["password_stdin", "token_stdin", "batch"];

/// Ids of file arguments for which `-` is standard input.
const FILE_ARGUMENTS: [&str; 9] = [
    "token_file",
    "password_file",
    "jwks",
    "key",
    "claims_file",
    "from",
    "key_file",
    "from_file",
    "rows",
];

/// Ids of token arguments for which `-` is a token on standard input.
const TOKEN_ARGUMENTS: [&str; 2] = ["token", "tokens"];

/// Refuses a command line that would read standard input more than once.
pub(super) fn require_single_reader(
    matches: &ArgMatches,
    command_name: &str,
) -> Result<(), Failure> {
    let readers = stdin_readers(innermost_matches(matches));
    if readers.len() < 2 {
        return Ok(());
    }
    let names: Vec<String> = readers.iter().map(|id| argument_name(command_name, id)).collect();
    let names = names.join(" and ");
    let message = format!("standard input can be read only once, but is requested by {names}");
    Err(Failure::usage(message).with_hint("use files for all but one of the arguments"))
}

/// Returns the ids of the arguments that would read standard input. Commands may use the same id
/// for arguments of different types; arguments of a type that cannot read standard input are
/// ignored.
fn stdin_readers(matches: &ArgMatches) -> Vec<&'static str> {
    let flags =
        STDIN_FLAGS.into_iter().filter(|id| values_of::<bool>(matches, id).any(|is_set| *is_set));
    let files = FILE_ARGUMENTS.into_iter().flat_map(|id| {
        values_of::<PathBuf>(matches, id).filter(|path| *path == Path::new("-")).map(move |_| id)
    });
    let tokens = TOKEN_ARGUMENTS.into_iter().flat_map(|id| {
        values_of::<String>(matches, id).filter(|token| *token == "-").map(move |_| id)
    });
    flags.chain(files).chain(tokens).collect()
}

/// Returns the values of an argument, or none if its type is not `T`.
pub(super) fn values_of<'m, T: Any + Clone + Send + Sync>(
    matches: &'m ArgMatches,
    id: &str,
) -> impl Iterator<Item = &'m T> {
    matches.try_get_many::<T>(id).ok().flatten().into_iter().flatten()
}

/// Returns the name of an argument on the command line: `--jwks`, `TOKEN`.
pub(super) fn argument_name(command_name: &str, id: &str) -> String {
    let root = cli::command();
    let command =
        command_name.split(' ').try_fold(&root, |parent, name| parent.find_subcommand(name));
    let name = command
        .and_then(|command| command.get_arguments().find(|argument| argument.get_id() == id))
        .and_then(|argument| {
            argument.get_long().map(|long| format!("--{long}")).or_else(|| value_name(argument))
        });
    format!("`{}`", name.unwrap_or_else(|| id.to_owned()))
}

fn value_name(argument: &Arg) -> Option<String> {
    argument.get_value_names()?.first().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdin_arguments_are_all_listed() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                let id = argument.get_id().as_str();
                let is_listed =
                    [&STDIN_FLAGS[..], &FILE_ARGUMENTS, &TOKEN_ARGUMENTS].concat().contains(&id);
                if help.contains("standard input") && id != "no_input" {
                    assert!(is_listed, "{} {id}", command.get_name());
                }
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&cli::command());
    }
}
