//! `jeton store …`

mod backup;
mod check;
mod info;
mod migrate;
mod prune;
mod restore;

use crate::commands::command::command_group;

command_group! {
    /// Inspect, check, back up and maintain the store file
    pub(crate) enum Commands {
        Info(info::Args),
        Check(check::Args),
        Backup(backup::Args),
        Restore(restore::Args),
        Prune(prune::Args),
        Migrate(migrate::Args),
    }
}
