//! `jeton audit …`

mod list;

use crate::commands::command::{CommandTree, command_group};

command_group! {
    /// Show the audit log of changes, exports of secrets and refusals
    pub(crate) enum Commands<T: CommandTree> {
        #[command(alias = "ls")]
        List(list::Args<T>),
    }
}
