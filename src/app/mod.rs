//! What one run has: the voice, the time, the store on request, the caller.

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
pub(crate) use output_files::{OutputDir, PRIVATE_MODE, PUBLIC_MODE};
pub(crate) use report::SecretOutput;
pub(crate) use subprocess::SignalForwarder;

use crate::authority::{self, AuditContext, AuditTarget, PublicKeys, RejectReason};
use crate::directory::{GROUP_WRITABLE_WARNING, Writers};
use crate::failure::Failure;
use crate::model::{Algorithm, KeySpec, Purpose, RsaBits, Timestamp, UserId};
use crate::store::{self, OpenOutcome, PermissionFix, Store};
use crate::terminal::Confirmation;
use crate::{model, paths};
use clock::Clock;
use secrecy::SecretString;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the global flags say.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Where the store is, where that was said.
    pub(crate) store: Option<PathBuf>,
    /// A file with the caller's token.
    pub(crate) token_file: Option<PathBuf>,
    /// The form of results.
    pub(crate) output_format: OutputFormat,
    /// Whether to leave the talk out.
    pub(crate) quiet: bool,
    /// Whether questions are answered with yes.
    pub(crate) yes: bool,
    /// Whether nobody may be asked.
    pub(crate) no_input: bool,
    /// How long to wait for a lock.
    pub(crate) wait: Duration,
}

/// One run of the program.
pub(crate) struct App {
    options: Options,
    environment: Environment,
    console: Console,
    clock: Clock,
    action: String,
    is_change: bool,
    /// What it is about, for the audit of a refusal.
    pub(crate) audit_target: Option<AuditTarget>,
    store: Option<Store>,
    user_id: Option<UserId>,
    exit_code: u8,
    bearer_credential: OnceCell<Option<(SecretString, String)>>,
}

impl App {
    /// A run that carries out `action` (`token create`), which `changes` something or only reads.
    pub(crate) fn new(
        options: Options,
        environment: Environment,
        action: String,
        is_change: bool,
    ) -> Self {
        let console = Console::new(options.output_format, options.quiet)
            .with_signal_report(Failure::interrupted_json);
        Self {
            options,
            environment,
            console,
            clock: Clock::default(),
            action,
            is_change,
            audit_target: None,
            store: None,
            user_id: None,
            exit_code: 0,
            bearer_credential: OnceCell::new(),
        }
    }

    /// The time of this run, read when it is first asked for: after the input was read, so that a
    /// token that another process makes meanwhile is not from the future.
    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        self.clock.now()
    }

    /// What is being carried out, for the rules.
    pub(crate) fn audit_context(&mut self) -> Result<AuditContext, Failure> {
        Ok(AuditContext {
            now: self.now()?,
            os_uid: rustix::process::getuid().as_raw(),
            action: self.action.clone(),
        })
    }

    /// The store, which must be there.
    pub(crate) fn store(&mut self) -> Result<&mut Store, Failure> {
        if self.store.is_none() {
            let path = self.store_path()?;
            let opened = Store::open(&path, self.options.wait)?;
            return Ok(self.adopt_store(opened));
        }
        self.store.as_mut().ok_or_else(store_closed_error)
    }

    /// Returns the public keys of the store, if there is one that can be read. A command that works
    /// without a store does not fail for the state of one.
    pub(crate) fn public_keys(&self) -> PublicKeys {
        let wait = self.options.wait.min(Duration::from_secs(1));
        let opened = self.store_path().ok().and_then(|path| Store::open(&path, wait).ok());
        let keys = opened.and_then(|mut opened| opened.store.read(|tx| tx.keys()).ok());
        keys.unwrap_or_default().iter().filter_map(|key| key.spec.public_jwk.as_ref()).collect()
    }

    /// Lets go of the store while another program runs, which may use it, too. What comes after
    /// that is later.
    pub(crate) fn release_store(&mut self) {
        self.store = None;
        self.clock = Clock::default();
    }

    /// Makes the store with that key if it is not there; whether it was made.
    pub(crate) fn create_store_if_missing(
        &mut self,
        first_key: impl FnOnce() -> Result<KeySpec, Failure>,
    ) -> Result<bool, Failure> {
        if self.has_store()? {
            return Ok(false);
        }
        let path = self.store_path()?;
        let initial_rows = authority::initial_rows(first_key()?, self.now()?);
        let opened = Store::open_or_create(&path, self.options.wait, || initial_rows)?;
        let created = opened.created;
        self.adopt_store(opened);
        Ok(created)
    }

    /// Makes the store with a key for `algorithm` if it is not there.
    pub(crate) fn create_store_with_algorithm(
        &mut self,
        algorithm: Algorithm,
    ) -> Result<bool, Failure> {
        let first_key =
            || Ok(authority::generate_key(algorithm, Purpose::App, RsaBits::default())?);
        self.create_store_if_missing(first_key)
    }

    fn adopt_store(&mut self, opened: OpenOutcome) -> &mut Store {
        let display_path = model::escape(&opened.store.path().to_string_lossy());
        if opened.created {
            self.console.print_status(&format!("made the store `{display_path}`"));
        }
        match opened.permission_fix {
            PermissionFix::NotNeeded => {}
            PermissionFix::Applied => {
                self.console
                    .print_warning(&format!("others could read `{display_path}`; now they cannot"));
            }
            PermissionFix::Failed => {
                self.console.print_warning(&format!(
                    "others can read `{display_path}`, and that cannot be changed"
                ));
            }
        }
        self.warn_of_group_writers(
            opened.writers,
            opened.store.path().parent().unwrap_or(Path::new("/")),
        );
        self.store.insert(opened.store)
    }

    /// Warns where the user's private group can write a directory.
    pub(crate) fn warn_of_group_writers(&self, writers: Writers, directory: &Path) {
        if writers == Writers::PrivateGroup {
            let display_path = model::escape(&directory.to_string_lossy());
            self.console.print_warning(&format!("{GROUP_WRITABLE_WARNING} `{display_path}`"));
        }
    }

    fn store_path(&self) -> Result<PathBuf, Failure> {
        self.options.store.clone().or_else(paths::default_store_path).ok_or_else(|| {
            Failure::usage("there is no home directory to keep a store in")
                .with_hint("say where with `--store` or `JETON_STORE`")
        })
    }

    /// Whether there is a store.
    pub(crate) fn has_store(&mut self) -> Result<bool, Failure> {
        match self.store() {
            Ok(_) => Ok(true),
            Err(failure) if failure.code == "store_not_found" => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Asks before something is destroyed.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.options.yes {
            return Ok(());
        }
        if !self.can_prompt() {
            return Err(Failure::usage("nobody is there to confirm it").with_hint("add `--yes`"));
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

    /// From here on it is more than reading: if it is refused, that is written down.
    pub(crate) fn mark_change(&mut self) {
        self.is_change = true;
    }

    /// Tells the failure, and writes down that a change was refused. The exit code is the failure's,
    /// whatever becomes of the writing.
    pub(crate) fn finish_with_failure(mut self, failure: &Failure) -> u8 {
        // A reused refresh token ended its session: that change has its row already.
        let is_recorded = failure.has_reason(RejectReason::Reused);
        if self.is_change && failure.is_refusal() && !is_recorded && self.store.is_some() {
            let (user_id, target) = (self.user_id, self.audit_target.take());
            if let (Ok(context), Some(store)) = (self.audit_context(), self.store.as_mut()) {
                let _ = authority::record_refusal(
                    store,
                    &context,
                    user_id,
                    target.as_ref(),
                    failure.code,
                );
            }
        }
        self.console.print_failure(&failure.message, failure.hint.as_deref(), &failure.to_json());
        self.finish();
        failure.kind.exit_code()
    }

    /// Ends with the exit code of the command that was run.
    pub(crate) fn set_exit_code(&mut self, code: u8) {
        self.exit_code = code;
    }

    /// The end of a run that did what it was called for; its exit code.
    pub(crate) fn finish(self) -> u8 {
        if let Some(store) = self.store {
            store.close_at_exit();
        }
        self.exit_code
    }
}

fn store_closed_error() -> Failure {
    Failure::from(store::Error::Failed("it was closed".to_owned()))
}
