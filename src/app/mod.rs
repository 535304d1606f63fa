//! State of one run: console, store and session.

mod caller;
mod completion_source;
mod environment;
mod github_env;
mod input;
mod input_files;
mod interruption;
mod locations;
mod login;
mod login_state;
mod output_files;
mod presets;
mod run_console;
mod session;
mod stdin_guard;
mod store_handle;
mod subprocess;
mod token_batch;
mod token_input;

pub(crate) use crate::os_users::user_name;
pub(crate) use crate::signals::Interrupted;
pub(crate) use crate::store::{AddressSource, SqliteBuild, StoreAddress};
pub(crate) use crate::terminal::{
    Cell, Console, JsonLines, OutputFormat, PartialWrite, Rendered, Report, Style, Table, Total,
};
pub(crate) use completion_source::CompletionSource;
pub(crate) use environment::{Environment, Options};
pub(crate) use github_env::GithubEnvFile;
pub(crate) use input::{PasswordSource, display_file, is_inline_json, read_key_variable};
pub(crate) use input_files::resolve_below;
pub(crate) use interruption::{InterruptionWatch, Monitor, describe_interruption};
pub(crate) use login_state::LoginState;
pub(crate) use output_files::{
    NewSecretFile, OutputDir, PRIVATE_MODE, PUBLIC_MODE, manual_directory, parent_directory,
};
pub(crate) use run_console::{RunConsole, SecretOutput};
pub(crate) use store_handle::StoreHandle;
pub(crate) use subprocess::SignalForwarder;
pub(crate) use token_batch::TokenChunk;
pub(crate) use token_input::SEVERAL_TOKENS_HINT;

use crate::authority::audit_context::{RequestedTarget, record_refusal};
use crate::authority::principal::Principal;
use crate::authority::{Caller, RejectReason};
use crate::failure::Failure;
use environment::Clock;
use session::SessionHandle;
use std::rc::Rc;

/// One run of the program.
pub(crate) struct App {
    /// Input and output.
    pub(crate) console: Rc<RunConsole>,
    /// Store and time.
    pub(crate) store: StoreHandle,
    /// Session file, and credential of the caller.
    pub(crate) session: SessionHandle,
    /// Environment variables, and the presets of the user.
    pub(crate) environment: Rc<Environment>,
    /// Exit code of a run without a failure.
    pub(crate) exit_code: u8,
    /// `false` for a read-only command.
    is_change: bool,
    /// The object that the arguments of the command name, if any.
    audit_target: Option<RequestedTarget>,
}

impl App {
    /// Creates the run of `action`, such as `token create`. `is_change` is `false` for a read-only
    /// action. `audit_target` is the object that the arguments name.
    pub(crate) fn new(
        options: Options,
        environment: Environment,
        action: &'static str,
        is_change: bool,
        audit_target: Option<RequestedTarget>,
    ) -> Self {
        let environment = Rc::new(environment);
        let console = Rc::new(RunConsole::new(options, Rc::clone(&environment), Clock::default()));
        Self {
            store: StoreHandle::new(Rc::clone(&console), action),
            session: SessionHandle::new(Rc::clone(&console)),
            console,
            environment,
            exit_code: 0,
            is_change,
            audit_target,
        }
    }

    /// Authenticates the caller by the bearer credential, or else by the session file.
    pub(crate) fn caller(&mut self) -> Result<Caller, Failure> {
        self.session.caller(&mut self.store)
    }

    /// Returns the principal that mints tokens: the user of a session, or the owner of an app token
    /// with the permission `jeton:mint`.
    pub(crate) fn minter(&mut self) -> Result<Principal, Failure> {
        self.session.minter(&mut self.store)
    }

    /// Writes a secret to standard output. The [`SecretOutput`] proves that standard output was
    /// writable before the secret was created or loaded. If the secret cannot be delivered, `undo`
    /// revokes the secret, if possible, and returns the failure to report.
    pub(crate) fn deliver_secret(
        &mut self,
        _: SecretOutput,
        secret: &impl Report,
        undo: impl FnOnce(&mut Self) -> Result<Failure, Failure>,
    ) -> Result<(), Failure> {
        if self.console.write_secret(secret) { Ok(()) } else { Err(undo(self)?) }
    }

    /// Writes test tokens that are not recorded in the store to standard output, which was writable
    /// before the tokens were minted. A closed pipe is no error, since no record has to be revoked.
    pub(crate) fn deliver_unrecorded(
        &self,
        _: SecretOutput,
        tokens: &impl Report,
    ) -> Result<(), Failure> {
        self.console.report(tokens)
    }

    /// Writes lines with secrets to standard output, as [`App::deliver_secret`] does. If not all
    /// lines can be written, `undo` revokes the lost secrets and returns the failure to report, or
    /// `None` if there is nothing to report. Returns whether all lines were written.
    pub(crate) fn deliver_secret_lines(
        &mut self,
        _: SecretOutput,
        lines: &[u8],
        undo: impl FnOnce(&mut Self, PartialWrite) -> Result<Option<Failure>, Failure>,
    ) -> Result<bool, Failure> {
        let Err(partial_write) = self.console.write_secret_lines(lines) else { return Ok(true) };
        undo(self, partial_write)?.map_or(Ok(false), Err)
    }

    /// Prints the failure, and records the refusal of a change in the audit log if the store is
    /// open. Returns the exit code of the failure, even if recording fails.
    pub(crate) fn finish_with_failure(mut self, failure: Failure) -> u8 {
        // A reused refresh token ended its session: that change already has an audit event.
        let is_recorded = failure.has_reason(RejectReason::Reused);
        if self.is_change
            && failure.is_refusal()
            && !is_recorded
            && let Some((store, audit)) = self.store.get_with_audit_if_open()
        {
            let (user_id, target) =
                (self.session.authenticated_user_id(), self.audit_target.as_ref());
            let _ = record_refusal(store, &audit, user_id, target, failure.code.as_str());
        }
        let failure = self.console.add_location(failure);
        self.console.print_failure(&failure);
        self.finish();
        failure.kind().exit_code()
    }

    /// Closes the store and returns the exit code.
    pub(crate) fn finish(self) -> u8 {
        self.store.close_at_exit();
        self.exit_code
    }
}
