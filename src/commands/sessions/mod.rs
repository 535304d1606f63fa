//! `jeton sessions …`

mod list;
mod revoke;
mod token;

use crate::commands::command::command_group;

command_group! {
    /// List and end sessions, or print an access token for other programs
    pub(crate) enum Commands {
        #[command(alias = "ls")]
        List(list::Args),
        #[command(alias = "rm")]
        Revoke(revoke::Args),
        Token(token::Args),
    }
}
