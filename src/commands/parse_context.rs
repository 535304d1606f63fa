//! Functions that read the command line and the errors of clap, for messages and hints.

use super::cli::command;
use super::shortcuts::command_position;
use clap::error::{ContextKind, ContextValue};
use std::ffi::OsString;

/// Returns the flag in the text with which clap describes an argument: `--wait` for the text
/// `--wait <DURATION>`. The text of a positional argument, such as `[TOKEN]`, is returned
/// unchanged.
pub(super) fn flag_name(argument: &str) -> &str {
    argument.split(' ').next().unwrap_or_default()
}

/// Returns the texts that clap attached to an error as context of one kind, such as the invalid
/// argument.
pub(super) fn context_values(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// Returns the words of `argv` before `--`, except words that are not UTF-8. The words after `--`
/// belong to the command of `jeton run`.
pub(super) fn own_words(argv: &[OsString]) -> impl Iterator<Item = &str> {
    argv.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str())
}

/// Returns the option with this long flag (`--kid`), if the option takes a value.
pub(super) fn find_option<'a>(command: &'a clap::Command, flag: &str) -> Option<&'a clap::Arg> {
    let name = flag.strip_prefix("--")?;
    command
        .get_arguments()
        .find(|option| option.get_action().takes_values() && option.get_long() == Some(name))
}

/// Returns the path of the innermost command that `argv` names: `jeton token create`.
pub(super) fn command_path(argv: &[OsString]) -> String {
    let root = command();
    let mut path = "jeton".to_owned();
    visit_commands(&root, argv, |command| path = format!("{path} {}", command.get_name()));
    path
}

/// Returns the innermost command that `argv` names, or `root` if `argv` names no command.
pub(super) fn innermost_command<'a>(
    root: &'a clap::Command,
    argv: &[OsString],
) -> &'a clap::Command {
    visit_commands(root, argv, |_| {})
}

/// Calls `visit` for each command below `root` that `argv` names. Returns the innermost command, or
/// `root` if `argv` names no command.
fn visit_commands<'a>(
    root: &'a clap::Command,
    argv: &[OsString],
    mut visit: impl FnMut(&clap::Command),
) -> &'a clap::Command {
    let mut innermost = root;
    let mut words = argv;
    while let Some(position) = command_position(words) {
        words = words.get(position..).unwrap_or_default();
        let subcommand = words.first().and_then(|word| innermost.find_subcommand(word));
        if let Some(subcommand) = subcommand {
            visit(subcommand);
            innermost = subcommand;
        }
    }
    innermost
}
