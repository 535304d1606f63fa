//! A primary server with a synchronous standby.

use super::wait_until;
use crate::required;
use crate::sandbox::Sandbox;
use crate::test_server::{self, TestServer};
use rustix::process::Signal;
use std::process::Command;

/// A primary server and its standby. Each commit on the primary waits for the standby.
pub(super) struct Replication {
    pub(super) primary: TestServer,
    pub(super) standby: TestServer,
}

impl Replication {
    /// Starts both servers. The data of the standby is a backup of the primary.
    pub(super) fn start() -> Self {
        let primary = TestServer::start(&["fsync=on", "synchronous_standby_names=standby"]);
        let directory = test_server::create_directory();
        let mut backup = Command::new("pg_basebackup");
        backup
            .args(["--write-recovery-conf", "--checkpoint=fast", "--dbname"])
            .arg(format!("{}&application_name=standby", primary.address()))
            .arg("--pgdata")
            .arg(directory.path().join("data"));
        required::require(&mut backup, "the program `pg_basebackup`");
        let standby = TestServer::start_in(directory, &["synchronous_standby_names="]);
        let synchronous_standby_count_sql =
            "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        wait_until(|| primary.run_sql(synchronous_standby_count_sql) == ["1"]);
        Self { primary, standby }
    }

    /// Creates a sandbox with a store whose address names both servers. The admin of the store has
    /// no token quota.
    pub(super) fn create_store(&self) -> Sandbox {
        let mut sandbox = Sandbox::new();
        let [primary, standby] =
            [&self.primary, &self.standby].map(|server| server.directory().display());
        let address = format!("postgres:///postgres?host={primary},{standby}");
        sandbox.set_variable("JETON_STORE", &address);
        sandbox.create_store();
        sandbox.run(&["users", "set-quota", "ada", "unlimited"]).ok();
        sandbox
    }

    /// Blocks until exactly one commit on the primary waits for the standby.
    pub(super) fn wait_for_pending_commit(&self) {
        let waiting_commit_count_sql =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        wait_until(|| self.primary.run_sql(waiting_commit_count_sql) == ["1"]);
    }

    /// Kills the primary, and promotes the standby to the new primary.
    pub(super) fn fail_over(&self) {
        self.primary.signal(Signal::KILL);
        assert_eq!(self.standby.run_sql("SELECT pg_promote()"), ["t"]);
    }
}
