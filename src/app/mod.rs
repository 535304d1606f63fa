//! State of one run: options, console, clock, store and authenticated user.

mod clock;
mod completion_source;
mod environment;
mod input;
mod input_files;
mod login;
mod maintenance;
mod output_files;
mod presets;
mod report;
mod session;
mod subprocess;

pub(crate) use crate::terminal::{Cell, Console, OutputFormat, Rendered, Report, Style, Table};
pub(crate) use completion_source::CompletionSource;
pub(crate) use environment::Environment;
pub(crate) use input::PasswordSource;
pub(crate) use input_files::TokenLines;
pub(crate) use output_files::{OutputDir, PRIVATE_MODE, PUBLIC_MODE};
pub(crate) use report::SecretOutput;
pub(crate) use subprocess::SignalForwarder;

use crate::authority::audit_context::AuditTarget;
use crate::authority::{self, AuditContext, RejectReason};
use crate::crypto::PublicKeys;
use crate::directory::{GROUP_WRITABLE_WARNING, Writers};
use crate::failure::{Code, Failure};
use crate::model::{Algorithm, KeySpec, Purpose, RsaBits, Timestamp, UserId};
use crate::store::{self, OpenOutcome, PermissionFix, Store};
use crate::terminal::Confirmation;
use crate::{model, paths};
use clock::Clock;
use input_files::StdinGuard;
use secrecy::SecretString;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Values of the global flags.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Path of the store, if given.
    pub(crate) store: Option<PathBuf>,
    /// File with the caller's token.
    pub(crate) token_file: Option<PathBuf>,
    /// Output format of results.
    pub(crate) output_format: OutputFormat,
    /// Suppress status messages.
    pub(crate) quiet: bool,
    /// Skip confirmation prompts.
    pub(crate) yes: bool,
    /// Never prompt.
    pub(crate) no_input: bool,
    /// Maximum time to wait for a lock.
    pub(crate) wait: Duration,
}

/// One run of the program.
pub(crate) struct App {
    options: Options,
    environment: Environment,
    console: Console,
    clock: Clock,
    action: &'static str,
    is_change: bool,
    /// Audit target for the event that records a refusal.
    audit_target: Option<AuditTarget>,
    store: Option<Store>,
    user_id: Option<UserId>,
    exit_code: u8,
    /// Token that replaces the session file, if given, and the source of the token for messages
    /// (such as `JETON_TOKEN`).
    bearer_credential: OnceCell<Option<(SecretString, String)>>,
    stdin_guard: StdinGuard,
}

impl App {
    /// Creates the run of `action`, such as `token create`. `is_change` is `false` for a read-only
    /// action, `audit_target` the object that the arguments name.
    pub(crate) fn new(
        options: Options,
        environment: Environment,
        action: &'static str,
        is_change: bool,
        audit_target: Option<AuditTarget>,
    ) -> Self {
        let console = Console::new(options.output_format, options.quiet)
            .with_signal_report(Failure::interrupted_json);
        let stdin_guard = StdinGuard::new(options.token_file.as_deref());
        Self {
            options,
            environment,
            console,
            clock: Clock::default(),
            action,
            is_change,
            audit_target,
            store: None,
            user_id: None,
            exit_code: 0,
            bearer_credential: OnceCell::new(),
            stdin_guard,
        }
    }

    /// Returns the time of this run, read on first use. Callers read their input before the clock,
    /// so that a token that another process has just issued does not appear to be from the future.
    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        self.clock.now()
    }

    /// Returns the audit context of this run.
    pub(crate) fn audit_context(&mut self) -> Result<AuditContext, Failure> {
        Ok(AuditContext {
            now: self.now()?,
            os_uid: rustix::process::getuid().as_raw(),
            action: self.action.to_owned(),
        })
    }

    /// Returns the store, opened on first use. A missing store is an error.
    pub(crate) fn store(&mut self) -> Result<&mut Store, Failure> {
        if self.store.is_none() {
            let path = self.store_path()?;
            let outcome = Store::open(&path, self.options.wait)?;
            return Ok(self.adopt_store(outcome));
        }
        self.store.as_mut().ok_or_else(store_closed_error)
    }

    /// Returns the public keys of the store, or no keys if the store cannot be read: a command that
    /// works without a store does not fail because of the store.
    pub(crate) fn public_keys(&self) -> PublicKeys {
        let wait = self.options.wait.min(Duration::from_secs(1));
        let outcome = self.store_path().ok().and_then(|path| Store::open(&path, wait).ok());
        let keys = outcome.and_then(|mut outcome| outcome.store.read(|tx| tx.keys()).ok());
        keys.unwrap_or_default().iter().filter_map(|key| key.spec.public_jwk.as_ref()).collect()
    }

    /// Closes the store and resets the clock, before a child process runs or an operation replaces
    /// the store file. The next use reads the clock again.
    pub(crate) fn release_store(&mut self) {
        self.store = None;
        self.clock = Clock::default();
    }

    /// Creates the store with the key from `first_key` if the store is missing. Returns whether the
    /// store was created.
    pub(crate) fn create_store_if_missing(
        &mut self,
        first_key: impl FnOnce() -> Result<KeySpec, Failure>,
    ) -> Result<bool, Failure> {
        if self.has_store()? {
            return Ok(false);
        }
        let path = self.store_path()?;
        let rows = authority::keys::build_initial_rows(first_key()?, self.now()?);
        let outcome = Store::open_or_create(&path, self.options.wait, || rows)?;
        let is_created = outcome.created;
        self.adopt_store(outcome);
        Ok(is_created)
    }

    /// Creates the store with a key for `algorithm` if the store is missing. Returns whether the
    /// store was created.
    pub(crate) fn create_store_with_algorithm(
        &mut self,
        algorithm: Algorithm,
    ) -> Result<bool, Failure> {
        let first_key =
            || Ok(authority::keys::generate(algorithm, Purpose::App, RsaBits::default())?);
        self.create_store_if_missing(first_key)
    }

    fn adopt_store(&mut self, outcome: OpenOutcome) -> &mut Store {
        let display_path = model::escape(&outcome.store.path().to_string_lossy());
        if outcome.created {
            self.console.print_status(&format!("created store `{display_path}`"));
        }
        match outcome.permission_fix {
            PermissionFix::NotNeeded => {}
            PermissionFix::Applied => {
                self.console.print_warning(&format!(
                    "`{display_path}` was readable by other users; fixed its permissions"
                ));
            }
            PermissionFix::Failed => {
                self.console.print_warning(&format!(
                    "`{display_path}` is readable by other users, and its permissions cannot be changed"
                ));
            }
        }
        self.warn_of_group_writers(
            outcome.writers,
            outcome.store.path().parent().unwrap_or(Path::new("/")),
        );
        self.store.insert(outcome.store)
    }

    /// Warns if the user's private group can write a directory.
    pub(crate) fn warn_of_group_writers(&self, writers: Writers, directory: &Path) {
        if writers == Writers::PrivateGroup {
            let display_path = model::escape(&directory.to_string_lossy());
            self.console.print_warning(&format!("{GROUP_WRITABLE_WARNING} `{display_path}`"));
        }
    }

    fn store_path(&self) -> Result<PathBuf, Failure> {
        self.options.store.clone().or_else(paths::default_store_path).ok_or_else(|| {
            Failure::usage("no home directory for the store")
                .with_hint("set the path with `--store` or `JETON_STORE`")
        })
    }

    /// Returns whether the store exists.
    pub(crate) fn has_store(&mut self) -> Result<bool, Failure> {
        match self.store() {
            Ok(_) => Ok(true),
            Err(failure) if failure.code == Code::StoreNotFound => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Asks for confirmation of a destructive change.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.options.yes {
            return Ok(());
        }
        if !self.can_prompt() {
            return Err(Failure::usage("confirmation required, but no terminal to prompt on")
                .with_hint("add `--yes`"));
        }
        match self.console.confirm(question)? {
            Confirmation::Yes => Ok(()),
            Confirmation::No => Err(Failure::usage("cancelled, nothing was changed")),
        }
    }

    /// Returns whether `--yes` was given.
    pub(crate) fn has_yes_flag(&self) -> bool {
        self.options.yes
    }

    /// Prints the failure, and records the refusal of a change. Returns the exit code of the
    /// failure, even if recording fails.
    pub(crate) fn finish_with_failure(mut self, failure: &Failure) -> u8 {
        // A reused refresh token ended its session: that change already has an audit event.
        let is_recorded = failure.has_reason(RejectReason::Reused);
        if self.is_change && failure.is_refusal() && !is_recorded && self.store.is_some() {
            let (user_id, target) = (self.user_id, self.audit_target.take());
            if let (Ok(context), Some(store)) = (self.audit_context(), self.store.as_mut()) {
                let _ = authority::audit_context::record_refusal(
                    store,
                    &context,
                    user_id,
                    target.as_ref(),
                    failure.code.as_str(),
                );
            }
        }
        self.console.print_failure(&failure.message, failure.hint.as_deref(), &failure.to_json());
        self.finish();
        failure.kind().exit_code()
    }

    /// Sets the exit code of this run to the exit code of its child process.
    pub(crate) fn set_exit_code(&mut self, code: u8) {
        self.exit_code = code;
    }

    /// Closes the store and returns the exit code.
    pub(crate) fn finish(self) -> u8 {
        if let Some(store) = self.store {
            store.close_at_exit();
        }
        self.exit_code
    }
}

fn store_closed_error() -> Failure {
    Failure::from(store::Error::Failed("already closed".to_owned()))
}
