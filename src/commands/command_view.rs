//! JSON views of commands, arguments and options, for `jeton help -o json`.

use crate::app::{Rendered, Report};
use clap::builder::StyledStr;
use clap::{Arg, Command};
use serde::Serialize;

/// JSON view of a command with its subcommands.
#[derive(Debug, Serialize)]
pub(super) struct CommandView {
    /// Path of the command: `jeton token create`.
    command: String,
    about: String,
    aliases: Vec<String>,
    arguments: Vec<ArgumentView>,
    options: Vec<OptionView>,
    /// Subcommands.
    commands: Vec<Self>,
}

/// JSON view of a positional argument.
#[derive(Debug, Serialize)]
struct ArgumentView {
    name: String,
    required: bool,
    /// True if the argument accepts several values.
    repeatable: bool,
    help: String,
}

/// JSON view of an option.
#[derive(Debug, Serialize)]
struct OptionView {
    long: Option<String>,
    short: Option<char>,
    /// Placeholder for the value in the help, such as `FILE`; null for a flag.
    #[serde(rename = "value")]
    value_name: Option<String>,
    required: bool,
    /// True if the option can be given several times, or accepts several values.
    repeatable: bool,
    /// True if every command accepts the option.
    global: bool,
    /// Default values, joined by commas; null for a flag, and for an option without default values.
    default: Option<String>,
    /// Environment variable that sets the option.
    env: Option<String>,
    possible_values: Vec<String>,
    help: String,
}

impl Report for CommandView {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl CommandView {
    /// Creates the view of a command from a tree for which [`Command::build`] was called. `parent`
    /// is the path of the parent command; empty if `command` is the root of the tree.
    pub(super) fn new(parent: &str, command: &Command) -> Self {
        let path = format!("{parent} {}", command.get_name()).trim_start().to_owned();
        let (positional, options): (Vec<&Arg>, Vec<&Arg>) =
            command.get_arguments().partition(|argument| argument.is_positional());
        Self {
            about: to_plain_text(command.get_long_about().or_else(|| command.get_about())),
            aliases: command.get_all_aliases().map(str::to_owned).collect(),
            arguments: positional.into_iter().map(ArgumentView::new).collect(),
            options: options.into_iter().map(OptionView::new).collect(),
            commands: command.get_subcommands().map(|child| Self::new(&path, child)).collect(),
            command: path,
        }
    }
}

impl ArgumentView {
    fn new(argument: &Arg) -> Self {
        Self {
            name: value_name(argument).unwrap_or_else(|| argument.get_id().to_string()),
            required: argument.is_required_set(),
            repeatable: is_repeatable(argument),
            help: to_plain_text(argument.get_long_help().or_else(|| argument.get_help())),
        }
    }
}

impl OptionView {
    fn new(option: &Arg) -> Self {
        let takes_value = option.get_action().takes_values();
        let defaults: Vec<_> =
            option.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let possible_values = option.get_possible_values();
        Self {
            long: option.get_long().map(str::to_owned),
            short: option.get_short(),
            value_name: value_name(option).filter(|_| takes_value),
            required: option.is_required_set(),
            repeatable: is_repeatable(option),
            global: option.is_global_set(),
            default: (takes_value && !defaults.is_empty()).then(|| defaults.join(",")),
            env: option.get_env().map(|name| name.to_string_lossy().into_owned()),
            possible_values: possible_values
                .iter()
                .filter(|value| takes_value && !value.is_hide_set())
                .map(|value| value.get_name().to_owned())
                .collect(),
            help: to_plain_text(option.get_long_help().or_else(|| option.get_help())),
        }
    }
}

/// Returns the placeholder for the first value of an argument in the help, such as `FILE`.
fn value_name(argument: &Arg) -> Option<String> {
    Some(argument.get_value_names()?.first()?.to_string())
}

fn is_repeatable(argument: &Arg) -> bool {
    let takes_several = |count: clap::builder::ValueRange| count.max_values() > 1;
    matches!(argument.get_action(), clap::ArgAction::Append | clap::ArgAction::Count)
        || argument.get_num_args().is_some_and(takes_several)
}

/// Returns a text without its styles; an empty text for `None`.
fn to_plain_text(styled: Option<&StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
