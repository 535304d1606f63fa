//! `jeton audit …`

mod list;

use crate::commands::command::command_group;

command_group! {
    /// Show the audit log of changes and refusals
    pub(crate) enum Commands {
        #[command(alias = "ls")]
        List(list::Args),
    }
}
