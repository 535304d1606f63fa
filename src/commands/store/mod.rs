//! `jeton store …`

mod backup;
mod check;
mod copy;
mod info;
mod migrate;
mod prune;
mod restore;
mod roles;

use crate::commands::command::command_group;

command_group! {
    /// Inspect, check, back up, copy and maintain the store
    pub(crate) enum Commands {
        Info(info::Args),
        Check(check::Args),
        Backup(backup::Args),
        Copy(copy::Args),
        Restore(restore::Args),
        Prune(prune::Args),
        Migrate(migrate::Args),
        Roles(roles::Args),
    }
}
