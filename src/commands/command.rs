//! Interface of a command: each command implements [`Command`] for its arguments, and
//! `command_group!` lists the commands of a group.

use crate::app::{App, OutputFormat};
use crate::authority::audit_context::AuditTarget;
use crate::failure::Failure;

/// Effect of a command on the store, and whether the audit log records a refusal of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Refusals are not recorded.
    Reads,
    /// Refusals are recorded.
    Changes,
}

/// Arguments of a command, with everything that is specific to the command.
pub(super) trait Command: clap::Args + 'static {
    /// Path of the command, such as `token create`.
    const ACTION: &'static str;
    /// Effect of the command, independent of the arguments.
    const EFFECT: Effect;
    /// Supported output formats; the first format is text.
    const FORMATS: &'static [OutputFormat] = &[OutputFormat::Text, OutputFormat::Json];

    /// Returns the effect of the command with these arguments.
    fn effect(&self) -> Effect {
        Self::EFFECT
    }

    /// Returns the object that the arguments name, even if the object does not exist, for the audit
    /// event of a refusal. `None` if the arguments name several objects or none.
    fn audit_target(&self) -> Option<AuditTarget> {
        None
    }

    /// Runs the command.
    fn run(self, app: &mut App) -> Result<(), Failure>;
}

/// Constants of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommandInfo {
    pub(super) action: &'static str,
    pub(super) formats: &'static [OutputFormat],
}

/// Command with arguments, ready to run.
pub(super) struct Invocation {
    pub(super) info: CommandInfo,
    pub(super) effect: Effect,
    pub(super) audit_target: Option<AuditTarget>,
    pub(super) run: Run,
}

/// Function that runs a command.
type Run = Box<dyn FnOnce(&mut App) -> Result<(), Failure>>;

/// A command, or a group of commands.
pub(super) trait CommandSet {
    /// Returns the constants of all commands, in the order of the help.
    fn list() -> Vec<CommandInfo>;

    /// Returns the selected command.
    fn into_invocation(self) -> Invocation;
}

impl<C: Command> CommandSet for C {
    fn list() -> Vec<CommandInfo> {
        vec![CommandInfo { action: C::ACTION, formats: C::FORMATS }]
    }

    fn into_invocation(self) -> Invocation {
        Invocation {
            info: CommandInfo { action: C::ACTION, formats: C::FORMATS },
            effect: self.effect(),
            audit_target: self.audit_target(),
            run: Box::new(|app| self.run(app)),
        }
    }
}

/// Defines the enum of the commands of a group, and implements [`CommandSet`] for the enum.
macro_rules! command_group {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident($args:ty),)*
        }
    ) => {
        #[derive(Debug, clap::Subcommand)]
        #[command(defer = true)]
        $(#[$attribute])*
        $visibility enum $name {
            $($(#[$variant_attribute])* $variant($args),)*
        }

        impl $crate::commands::command::CommandSet for $name {
            fn list() -> Vec<$crate::commands::command::CommandInfo> {
                [$(<$args as $crate::commands::command::CommandSet>::list()),*].concat()
            }

            fn into_invocation(self) -> $crate::commands::command::Invocation {
                match self {
                    $(Self::$variant(args) => args.into_invocation(),)*
                }
            }
        }
    };
}

pub(super) use command_group;
