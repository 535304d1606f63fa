//! Interface of a command: each command implements [`Command`] for its arguments, and
//! `command_group!` lists the commands of a group.

use crate::app::{App, OutputFormat, StoreAddress};
use crate::authority::audit_context::RequestedTarget;
use crate::failure::Failure;
use std::fmt;

/// Effect of a command on the store, and whether the audit log records a refusal of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The command does not change the store, although the authentication may refresh the session.
    /// Refusals are not recorded.
    Reads,
    /// The command changes the store, or copies secrets out of the store. Refusals are recorded.
    Changes,
}

/// Output formats of most commands.
pub(super) const DEFAULT_FORMATS: &[OutputFormat] = &[OutputFormat::Text, OutputFormat::Json];

/// Output formats of commands that print a list.
pub(super) const LIST_FORMATS: &[OutputFormat] = &[
    OutputFormat::Text,
    OutputFormat::Wide,
    OutputFormat::Json,
    OutputFormat::JsonLines,
    OutputFormat::Csv,
    OutputFormat::Name,
];

/// Arguments of a command, with the constants of the command and the function that runs the
/// command.
pub(super) trait Command: clap::Args + 'static {
    /// Path of the command, such as `token create`; also the action of its audit events.
    const ACTION: &'static str;
    /// Effect of the command, unless [`Command::effect`] returns another effect for the arguments.
    const EFFECT: Effect;
    /// Supported output formats, unless [`Command::formats`] returns other formats for the
    /// arguments. The first format is text.
    const FORMATS: &'static [OutputFormat] = DEFAULT_FORMATS;

    /// Returns the effect of the command with these arguments.
    fn effect(&self) -> Effect {
        Self::EFFECT
    }

    /// Returns the output formats that the command supports with these arguments.
    fn formats(&self) -> &'static [OutputFormat] {
        Self::FORMATS
    }

    /// Returns the object that the arguments name, even if the object does not exist, for the audit
    /// event of a refusal. `None` if the arguments name several objects or none.
    fn audit_target(&self) -> Option<RequestedTarget> {
        None
    }

    /// Returns the address of the store that the arguments name in place of `--store`.
    fn store_address(&self) -> Result<Option<StoreAddress>, Failure> {
        Ok(None)
    }

    /// Returns the arguments that read standard input, by their names on the command line.
    fn stdin_arguments(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Runs the command.
    fn run(self, app: &mut App) -> Result<(), Failure>;
}

/// Constants of a command; see [`Command`].
#[derive(Debug, Clone, Copy)]
pub(super) struct CommandInfo {
    pub(super) action: &'static str,
    pub(super) formats: &'static [OutputFormat],
    pub(super) effect: Effect,
}

impl CommandInfo {
    const fn of<C: Command>() -> Self {
        Self { action: C::ACTION, formats: C::FORMATS, effect: C::EFFECT }
    }
}

/// A command, or a group with the commands in the order of the help.
pub(super) enum Node {
    Command(CommandInfo),
    Group {
        /// Adds the commands of the group to a clap command.
        add_subcommands: fn(clap::Command) -> clap::Command,
        members: &'static [Node],
    },
}

impl Node {
    /// Returns the constants of the command, or of all commands of the group.
    pub(super) fn commands(&self) -> Vec<CommandInfo> {
        match self {
            Self::Command(info) => vec![*info],
            Self::Group { members, .. } => members.iter().flat_map(Self::commands).collect(),
        }
    }

    /// Returns the first word of the command path: the name of a top-level group, or of a command
    /// outside groups.
    pub(super) fn first_word(&self) -> &'static str {
        match self {
            Self::Command(info) => info.action.split(' ').next().unwrap_or_default(),
            Self::Group { members, .. } => members.first().map_or("", Self::first_word),
        }
    }
}

/// Command with arguments, ready to run. Each field except `info` and `run` holds the result of the
/// method of [`Command`] that has the same name.
pub(super) struct Invocation {
    /// Constants of the command, but with the output formats for the arguments.
    pub(super) info: CommandInfo,
    pub(super) effect: Effect,
    pub(super) audit_target: Option<RequestedTarget>,
    pub(super) store_address: Result<Option<StoreAddress>, Failure>,
    pub(super) stdin_arguments: Vec<&'static str>,
    /// Runs the command.
    pub(super) run: Run,
}

/// Function that runs a command.
type Run = Box<dyn FnOnce(&mut App) -> Result<(), Failure>>;

/// A command, or a group in which one command was selected, with the parsed arguments.
pub(super) trait CommandOrGroup {
    /// The command or group, as a node of the command tree.
    const NODE: Node;

    /// Returns the selected command, ready to run.
    fn into_invocation(self) -> Invocation;
}

impl<C: Command> CommandOrGroup for C {
    const NODE: Node = Node::Command(CommandInfo::of::<C>());

    fn into_invocation(self) -> Invocation {
        Invocation {
            info: CommandInfo { formats: self.formats(), ..CommandInfo::of::<C>() },
            effect: self.effect(),
            audit_target: self.audit_target(),
            store_address: self.store_address(),
            stdin_arguments: self.stdin_arguments(),
            run: Box::new(|app| self.run(app)),
        }
    }
}

/// Access to the complete command tree, for commands that describe the tree. These commands have
/// the tree as a type parameter, because an import of `cli` would be circular: `cli` imports the
/// modules of all commands.
pub(super) trait CommandTree: fmt::Debug + Clone + Send + Sync + 'static {
    /// Root of the tree.
    const ROOT: Node;

    /// Builds the tree as a clap command.
    fn build() -> clap::Command;
}

/// Defines the enum of the commands of a group, and implements [`CommandOrGroup`] for the enum.
macro_rules! command_group {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident $(<$tree:ident: $bound:ident>)? {
            $($(#[$variant_attribute:meta])* $variant:ident($args:ty),)*
        }
    ) => {
        #[derive(Debug, clap::Subcommand)]
        #[command(defer = true)]
        $(#[$attribute])*
        $visibility enum $name $(<$tree: $bound>)? {
            $($(#[$variant_attribute])* $variant($args),)*
        }

        impl $(<$tree: $bound>)? $crate::commands::command::CommandOrGroup for $name $(<$tree>)? {
            const NODE: $crate::commands::command::Node = $crate::commands::command::Node::Group {
                add_subcommands: <Self as clap::Subcommand>::augment_subcommands,
                members: &[$(<$args as $crate::commands::command::CommandOrGroup>::NODE),*],
            };

            fn into_invocation(self) -> $crate::commands::command::Invocation {
                match self {
                    $(Self::$variant(args) => args.into_invocation(),)*
                }
            }
        }
    };
}

pub(super) use command_group;
