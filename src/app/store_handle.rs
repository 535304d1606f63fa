//! Store and time of a run.

use super::environment::{Clock, resolve_address};
use super::interruption::Monitor;
use super::run_console::RunConsole;
use crate::authority::{self, AuditContext, Caller};
use crate::crypto::PublicKeys;
use crate::failure::{Code, Failure};
use crate::model::{
    Algorithm, InvalidValue, KeySpec, Purpose, RolePrefix, RsaBits, Timestamp, Untrusted,
};
use crate::store::{
    self, Findings, OpenOutcome, PermissionFix, ResolvedAddress, RestoreOutcome, Store,
    StoreAddress,
};
use crate::terminal::{Progress, Total};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Hint for a restore if the store of the run is on a database server, not in a file.
const RESTORE_ALTERNATIVE: &str = "copy the backup to a new schema: jeton store copy FILE ADDRESS";

/// Store of a run, opened on first use.
pub(crate) struct StoreHandle {
    console: Rc<RunConsole>,
    /// Name of the command for audit events, such as `token create`.
    action: &'static str,
    store: Option<Store>,
}

impl StoreHandle {
    pub(super) fn new(console: Rc<RunConsole>, action: &'static str) -> Self {
        Self { console, action, store: None }
    }

    /// Returns the store and the audit context with the time of the run. A missing store is an
    /// error.
    ///
    /// The time is read after the store is open, and again after a wait for input, for a prompt or
    /// for the lock of the session file: a token that another process issued in the meantime does
    /// not appear to be from the future.
    pub(crate) fn open_with_audit(&mut self) -> Result<(&mut Store, AuditContext), Failure> {
        self.get()?;
        let audit = self.audit_context()?;
        Ok((self.get()?, audit))
    }

    /// Returns the store, for a use that needs no time. A missing store is an error.
    pub(crate) fn get(&mut self) -> Result<&mut Store, Failure> {
        if self.store.is_none() {
            let outcome = Store::open(self.resolve_own_address()?, self.console.options.wait)?;
            return Ok(self.adopt(outcome));
        }
        let closed_error = || store::Error::Failed("already closed".to_owned());
        Ok(self.store.as_mut().ok_or_else(closed_error)?)
    }

    /// Forgets the time after a wait for input: the next use reads the clock again.
    pub(crate) fn forget_time(&self) {
        self.console.clock.reset();
    }

    /// Returns the time of the run, also for a command that works without the store.
    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        self.console.clock.now()
    }

    /// Returns a separate copy of the clock, for a thread that reads the time again during the run.
    pub(crate) fn clock(&self) -> Clock {
        self.console.clock.clone()
    }

    fn audit_context(&self) -> Result<AuditContext, Failure> {
        Ok(AuditContext {
            now: self.now()?,
            os_uid: rustix::process::getuid().as_raw(),
            action: self.action.to_owned(),
        })
    }

    /// Returns whether the store exists. An existing store is opened.
    pub(crate) fn exists(&mut self) -> Result<bool, Failure> {
        match self.get() {
            Ok(_) => Ok(true),
            Err(failure) if failure.code == Code::StoreNotFound => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Returns the store and the audit context, if the store is open.
    pub(super) fn get_with_audit_if_open(&mut self) -> Option<(&mut Store, AuditContext)> {
        let audit = self.audit_context().ok()?;
        self.store.as_mut().map(|store| (store, audit))
    }

    /// Returns the public keys of the store, or no keys if the store cannot be read: a command that
    /// works without a store does not fail because of the store.
    pub(crate) fn public_keys(&self) -> PublicKeys {
        let wait = self.console.options.wait.min(Duration::from_secs(1));
        let address = self.resolve_own_address().ok();
        let outcome = address.and_then(|address| Store::open(address, wait).ok());
        let keys = outcome.and_then(|mut outcome| outcome.store.read(|tx| tx.keys()).ok());
        keys.unwrap_or_default().iter().filter_map(|key| key.spec.public_jwk.as_ref()).collect()
    }

    /// Closes the store and forgets the time, before a child process runs or a restore replaces
    /// the content of the store. The next use opens the store and reads the clock again.
    pub(crate) fn release(&mut self) {
        if let Some(store) = self.store.take() {
            self.warn_of_unconfirmed_commit(&store);
        }
        self.console.clock.reset();
    }

    /// Closes the store at the end of the run.
    pub(super) fn close_at_exit(mut self) {
        if let Some(store) = self.store.take() {
            self.warn_of_unconfirmed_commit(&store);
            store.close_at_exit();
        }
    }

    fn warn_of_unconfirmed_commit(&self, store: &Store) {
        if store.has_unconfirmed_commit() {
            self.console.print_warning(
                "the change is stored, but without the confirmation of a standby: \
                 a failover may lose the change",
            );
        }
    }

    /// Creates the store with the key from `first_key` if the store is missing. Returns whether the
    /// store was created. In a dry run, the creation is simulated.
    pub(crate) fn create_if_missing(
        &mut self,
        first_key: impl FnOnce() -> Result<KeySpec, Failure>,
    ) -> Result<bool, Failure> {
        if self.exists()? {
            return Ok(false);
        }
        let (address, wait) = (self.address()?, self.console.options.wait);
        let rows = authority::keys::build_initial_rows(first_key()?, self.now()?);
        let outcome = if self.is_dry_run() {
            Store::simulate_creation(address, wait, &rows)?
        } else {
            Store::open_or_create(resolve_address(address)?, wait, || rows)?
        };
        let is_created = outcome.is_created;
        self.adopt(outcome);
        Ok(is_created)
    }

    /// Creates the store with a key for `algorithm` if the store is missing. Returns whether the
    /// store was created.
    pub(crate) fn create_if_missing_with_algorithm(
        &mut self,
        algorithm: Algorithm,
    ) -> Result<bool, Failure> {
        let first_key =
            || Ok(authority::keys::generate(algorithm, Purpose::App, RsaBits::default())?);
        self.create_if_missing(first_key)
    }

    /// Starts a dry run: nothing that the command changes from now on is committed, status messages
    /// are marked, and confirmations are not requested.
    pub(crate) fn start_dry_run(&mut self) {
        self.console.is_dry_run.set(true);
        if let Some(store) = &mut self.store {
            store.start_dry_run();
        }
    }

    /// Returns whether this run is a dry run.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.console.is_dry_run.get()
    }

    /// Keeps the opened store for the run, and reports what opening created, fixed or noticed.
    fn adopt(&mut self, outcome: OpenOutcome) -> &mut Store {
        let display_path = outcome.store.address().to_display();
        if outcome.is_created {
            self.console.print_status(&format!("created store `{display_path}`"));
        }
        match outcome.permission_fix {
            PermissionFix::NotNeeded => {}
            PermissionFix::Applied => {
                self.console.print_warning(&format!(
                    "`{display_path}` was accessible to other users; its permissions are now fixed"
                ));
            }
            PermissionFix::Failed => {
                self.console.print_warning(&format!(
                    "`{display_path}` is accessible to other users, and its permissions cannot be changed"
                ));
            }
        }
        let path = outcome.store.address().to_path();
        self.console
            .warn_of_group_writers(outcome.writers, path.parent().unwrap_or(Path::new("/")));
        if let Some(server_time) = outcome.store.server_time() {
            self.console.adopt_server_time(server_time);
        }
        let store = self.store.insert(outcome.store);
        if self.console.is_dry_run.get() {
            store.start_dry_run();
        }
        store
    }

    /// Returns the address of the store. The store need not exist.
    pub(crate) fn address(&self) -> Result<StoreAddress, Failure> {
        self.console.store_address().ok_or_else(|| {
            Failure::usage("default path of the store unknown: `HOME` is not set")
                .with_hint("set the path with `--store` or `JETON_STORE`")
        })
    }

    /// Returns the SQL that creates the database roles of the store. The store need not exist. For
    /// a store in a file, the SQL is for the schema `public`.
    pub(crate) fn roles_sql(&self, prefix: Option<RolePrefix>) -> Result<String, InvalidValue> {
        store::roles_sql(self.console.store_address().as_ref(), prefix)
    }

    fn resolve_own_address(&self) -> Result<ResolvedAddress, Failure> {
        resolve_address(self.address()?)
    }

    /// Completes the address of another store with the values that a connection needs.
    pub(crate) fn resolve_other_address(address: StoreAddress) -> Result<ResolvedAddress, Failure> {
        resolve_address(address)
    }

    /// Returns the path of the store. Refuses a store on a server, with `alternative` as the hint.
    fn file_path(&self, alternative: &str) -> Result<PathBuf, Failure> {
        self.address()?.file().map(Path::to_owned).ok_or_else(|| {
            Failure::usage("this command works on a SQLite file, not on a database server")
                .with_hint(alternative)
        })
    }

    /// Returns the faults of the store. Also checks a store that [`Self::get`] refuses to open.
    pub(crate) fn check(&mut self) -> Result<Findings, Failure> {
        let (address, now) = (self.resolve_own_address()?, self.now()?);
        let _progress = self.start_check_progress();
        Ok(authority::maintenance::check(address, now, self.console.options.wait)?)
    }

    /// Migrates an older store to the current schema, after a backup to `backup` or a default path.
    /// Returns the path of the backup; `None` if the store already has the current schema.
    pub(crate) fn migrate(&mut self, backup: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
        let path = self.file_path("back up a database with `pg_dump`")?;
        let context = self.audit_context()?;
        Ok(authority::maintenance::migrate(&path, &context, backup, self.console.options.wait)?)
    }

    fn start_check_progress(&self) -> Progress {
        self.console.terminal.start_progress("checking", Total::Uncounted, false)
    }

    /// Refuses a file that cannot be restored, and asks for confirmation to replace an existing
    /// store.
    pub(crate) fn confirm_restore(&mut self, file: &Path) -> Result<(), Failure> {
        let (store_path, now) = (self.file_path(RESTORE_ALTERNATIVE)?, self.now()?);
        let progress = self.start_check_progress();
        let warnings =
            authority::maintenance::check_backup(file, &store_path, now, self.console.options.wait);
        drop(progress);
        for warning in warnings? {
            self.console.print_warning(&warning);
        }
        if store_path.symlink_metadata().is_ok_and(|metadata| metadata.len() > 0) {
            let display_path =
                |path: &Path| Untrusted::new(path.to_string_lossy()).to_display().clone();
            self.console.confirm(&format!(
                "Replace `{}` with `{}`?",
                display_path(&store_path),
                display_path(file)
            ))?;
        }
        Ok(())
    }

    /// Replaces the content of the store with the content of `file`. Closes the store first: the
    /// connection of this process would block the exclusive lock of the restore.
    pub(crate) fn restore(
        &mut self,
        file: &Path,
        caller: Option<&Caller>,
    ) -> Result<RestoreOutcome, Failure> {
        self.release();
        let (path, context) = (self.file_path(RESTORE_ALTERNATIVE)?, self.audit_context()?);
        let wait = self.console.options.wait;
        let job = authority::maintenance::RestoreJob::lock(&path, &context, caller, wait)?;
        let monitor = Monitor::start(&self.console, "restoring", Total::Bytes(0))?;
        let observer = monitor.clone();
        let result = job.run(file, move |done, total| observer.set(done, total));
        monitor.finish(result, || "; the store was not changed".to_owned())
    }
}
