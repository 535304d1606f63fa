//! Standard input is read once: what would read it twice is refused before it begins.

use super::cli;
use super::global::innermost_matches;
use crate::failure::Failure;
use clap::{Arg, ArgMatches};
use std::any::Any;
use std::path::{Path, PathBuf};

/// Flags that read it.
const STDIN_FLAGS: [&str; 3] = ["password_stdin", "token_stdin", "batch"];

/// Files of which `-` is it.
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

/// Tokens of which `-` stands on it.
const TOKEN_ARGUMENTS: [&str; 2] = ["token", "tokens"];

/// Refuses a command whose words would read it more than once.
pub(super) fn require_single_reader(matches: &ArgMatches, action: &str) -> Result<(), Failure> {
    let readers = stdin_readers(innermost_matches(matches));
    if readers.len() < 2 {
        return Ok(());
    }
    let names: Vec<String> = readers.iter().map(|id| argument_name(action, id)).collect();
    let message = format!("standard input is read once, and wanted by {}", names.join(" and "));
    Err(Failure::usage(message).with_hint("name a file for all but one of them"))
}

/// All that would read it. A name may be that of something else in another command, of another type.
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

/// The values of an argument that has this type.
pub(super) fn values_of<'m, T: Any + Clone + Send + Sync>(
    matches: &'m ArgMatches,
    id: &str,
) -> impl Iterator<Item = &'m T> {
    matches.try_get_many::<T>(id).ok().flatten().into_iter().flatten()
}

/// What the user calls it: `--jwks`, `TOKEN`.
pub(super) fn argument_name(action: &str, id: &str) -> String {
    let root = cli::command();
    let command = action.split(' ').try_fold(&root, |parent, name| parent.find_subcommand(name));
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
