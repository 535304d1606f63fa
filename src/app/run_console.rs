//! Console of a run: results on standard output, messages on standard error, and confirmations.

use super::environment::{Clock, Environment, Options};
use super::stdin_guard::StdinGuard;
use crate::directory::{GROUP_WRITABLE_WARNING, Writers};
use crate::failure::{Code, Failure};
use crate::model::{self, Timestamp};
use crate::terminal::{
    self, Cell, Confirmation, Delivery, JsonLines, OutputFormat, PartialWrite, Report, Table,
};
use secrecy::SecretString;
use serde::Serialize;
use std::cell::{self, OnceCell};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::rc::Rc;

/// Console with the options of a run. A terminal also shows times relative to the time of the run.
pub(crate) struct RunConsole {
    pub(super) terminal: terminal::Console,
    pub(super) options: Options,
    pub(super) environment: Rc<Environment>,
    pub(super) clock: Clock,
    /// Token that is used instead of the session file, if given, and the source of the token, such
    /// as `JETON_TOKEN`. Empty until the first use.
    pub(super) bearer_credential: OnceCell<Option<(SecretString, String)>>,
    pub(super) stdin_guard: StdinGuard,
    /// Set during a dry run.
    pub(super) is_dry_run: cell::Cell<bool>,
}

/// Proof that standard output was writable before a secret was created or loaded. The delivery of
/// the secret requires this value: see [`super::App::deliver_secret`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretOutput(());

impl SecretOutput {
    /// Refuses a standard output that is closed or read-only. Called before a secret is created or
    /// loaded: a new secret would otherwise be lost.
    pub(crate) fn open() -> Result<Self, Failure> {
        if terminal::is_stdout_writable() {
            return Ok(Self(()));
        }
        let message = "standard output is not open for writing: the secret cannot be delivered";
        Err(Failure::new(Code::Internal, message))
    }
}

impl RunConsole {
    pub(super) fn new(options: Options, environment: Rc<Environment>, clock: Clock) -> Self {
        let terminal = terminal::Console::new(options.output_format, options.quiet)
            .with_signal_report(Failure::interrupted_json);
        let stdin_guard = StdinGuard::new(options.token_file.as_deref());
        let (bearer_credential, is_dry_run) = (OnceCell::new(), cell::Cell::new(false));
        Self { terminal, options, environment, clock, bearer_credential, stdin_guard, is_dry_run }
    }

    /// Reserves standard input for an argument before the command runs.
    pub(crate) fn reserve_stdin(&self, argument: &'static str) -> Result<(), Failure> {
        self.stdin_guard.reserve(argument)
    }

    /// Adopts the clock of the store's server. Warns if the clock of this machine differs by more
    /// than `MAX_DIFFERENCE_SECONDS`.
    pub(super) fn adopt_server_time(&self, server_time: Timestamp) {
        const MAX_DIFFERENCE_SECONDS: i64 = 5;
        // An unreadable clock is reported at its next use.
        let offset = self.clock.adopt_server_time(server_time).unwrap_or_default();
        if offset.abs() > MAX_DIFFERENCE_SECONDS {
            let (seconds, order) = (offset.abs(), if offset > 0 { "behind" } else { "ahead of" });
            self.print_warning(&format!(
                "the clock of this machine is {seconds} s {order} the clock of the database server; \
                 the clock of the server is used"
            ));
        }
    }

    /// Writes a result. A closed pipe is no error.
    pub(crate) fn report(&self, report: &impl Report) -> Result<(), Failure> {
        match self.write_report(report)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes lines of JSON in any output format. Returns `false` if the pipe is closed.
    pub(crate) fn write_json_lines(&self, lines: &JsonLines) -> Result<bool, Failure> {
        Ok(self.terminal.write_json_lines(lines)? == Delivery::Done)
    }

    /// Writes a batch of rows in a line-based output format. With `with_csv_header`, CSV starts
    /// with a header. Returns `false` if the pipe is closed.
    pub(crate) fn write_rows(
        &self,
        rows: &[impl Serialize],
        with_csv_header: bool,
    ) -> Result<bool, Failure> {
        Ok(self.terminal.write_rows(rows, with_csv_header)? == Delivery::Done)
    }

    /// Writes the CSV header of a list. Returns `false` if the pipe is closed.
    pub(crate) fn write_csv_header(&self, columns: &[&str]) -> Result<bool, Failure> {
        Ok(self.terminal.write_csv_header(columns)? == Delivery::Done)
    }

    /// Writes ids, one per line. Returns `false` if the pipe is closed.
    pub(crate) fn write_ids(&self, ids: &[String]) -> Result<bool, Failure> {
        Ok(self.terminal.write_ids(ids)? == Delivery::Done)
    }

    /// Writes items of a list that is one JSON document. Returns `false` if the pipe is closed.
    pub(crate) fn write_items(
        &self,
        items: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<bool, Failure> {
        Ok(self.terminal.write_items(items, is_first_batch)? == Delivery::Done)
    }

    /// Ends a JSON document that [`RunConsole::write_items`] started: adds the members after
    /// `items`. `empty_list` is the list without items. Returns `false` if the pipe is closed.
    pub(crate) fn end_item_list(&self, empty_list: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.terminal.end_item_list(empty_list)? == Delivery::Done)
    }

    /// Writes rows of a table, with the header before the first batch. Returns `false` if the pipe
    /// is closed.
    pub(crate) fn write_table(&self, rows: &Table, is_first_batch: bool) -> Result<bool, Failure> {
        Ok(self.terminal.write_table(rows, is_first_batch, self.clock.now().ok())?
            == Delivery::Done)
    }

    /// Writes trusted text unescaped, with styles if colours are shown. A closed pipe is no error.
    pub(crate) fn write_styled_text(&self, text: &str) -> Result<(), Failure> {
        match self.terminal.write_styled_text(text)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes a secret. Returns `false` if the secret was not delivered.
    pub(super) fn write_secret(&self, secret: &impl Report) -> bool {
        matches!(self.write_report(secret), Ok(Delivery::Done))
    }

    /// Writes lines with secrets.
    pub(super) fn write_secret_lines(&self, lines: &[u8]) -> Result<(), PartialWrite> {
        self.terminal.write_lines(lines)
    }

    fn write_report(&self, report: &impl Report) -> Result<Delivery, terminal::Error> {
        self.terminal.write_result(report, self.clock.now().ok())
    }

    /// Renders a cell for a message. On a terminal, a time is followed by the time relative to the
    /// run: `(in 3 h)`.
    pub(crate) fn render_cell(&self, cell: impl Into<Cell>) -> String {
        self.terminal.render_cell(&cell.into(), self.clock.now().ok())
    }

    /// Returns the output format of results.
    pub(crate) fn output_format(&self) -> OutputFormat {
        self.options.output_format
    }

    /// Returns whether status messages are printed.
    pub(crate) fn prints_status(&self) -> bool {
        !self.options.quiet && !self.options.output_format.is_json()
    }

    /// Prints a status message, marked in a dry run.
    pub(crate) fn print_status(&self, message: &str) {
        if self.is_dry_run.get() {
            self.terminal.print_status(&format!("dry run: {message}"));
        } else {
            self.terminal.print_status(message);
        }
    }

    /// Prints a status message, if there is one.
    pub(crate) fn print_status_if_some(&self, message: Option<String>) {
        if let Some(message) = message {
            self.print_status(&message);
        }
    }

    /// Prints a warning.
    pub(crate) fn print_warning(&self, message: &str) {
        self.terminal.print_warning(message);
    }

    /// Prints a hint, unless `--quiet` is set. Adds `--store` to the commands in the hint: see
    /// [`Self::repeat_store_flag`].
    pub(crate) fn print_hint(&self, message: &str) {
        if !self.options.quiet {
            self.terminal.print_hint(&self.repeat_store_flag(message));
        }
    }

    pub(super) fn print_failure(&self, failure: &Failure) {
        let Failure { message, hint, .. } = failure;
        self.terminal.print_failure(message, hint.as_deref(), &failure.to_json());
    }

    /// Warns if the user's private group can write a directory.
    pub(crate) fn warn_of_group_writers(&self, writers: Writers, directory: &Path) {
        if writers == Writers::PrivateGroup {
            let display_path = model::escape(&directory.to_string_lossy());
            self.print_warning(&format!("{GROUP_WRITABLE_WARNING} `{display_path}`"));
        }
    }

    /// Returns the reason why prompts are not possible, if any.
    pub(super) fn prompt_obstacle(&self) -> Option<&'static str> {
        if self.options.no_input {
            return Some("`--no-input` disables prompts");
        }
        if self.environment.ci {
            return Some("the variable `CI` disables prompts");
        }
        (!io::stdin().is_terminal()).then_some("standard input is not a terminal")
    }

    /// Returns the default login name: the name of the OS user, or else the answer to a prompt.
    /// `None` if the OS user has no name and no prompt is possible.
    pub(crate) fn default_login(&self) -> Result<Option<String>, Failure> {
        if let Some(name) = Environment::os_user_name() {
            return Ok(Some(name));
        }
        if self.prompt_obstacle().is_some() {
            return Ok(None);
        }
        self.clock.reset();
        Ok(Some(self.terminal.prompt_line("Username or e-mail address")?.to_string()))
    }

    /// Asks for confirmation of a destructive change, unless `--yes` is set. A dry run only prints
    /// the question. A missing confirmation is an error.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.options.yes {
            return Ok(());
        }
        if self.is_dry_run.get() {
            self.print_status(&format!("would ask: {question}"));
            return Ok(());
        }
        if let Some(obstacle) = self.prompt_obstacle() {
            return Err(Failure::usage(format!("confirmation required, but {obstacle}"))
                .with_hint("add `--yes`"));
        }
        self.clock.reset();
        match self.terminal.confirm(question)? {
            Confirmation::Yes => Ok(()),
            Confirmation::No => Err(Failure::usage("cancelled, nothing was changed")),
        }
    }

    /// Returns whether `--yes` was given.
    pub(crate) fn has_yes_flag(&self) -> bool {
        self.options.yes
    }
}
