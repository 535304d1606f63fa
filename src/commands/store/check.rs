//! `jeton store check`

use crate::app::{App, Cell, Rendered, Report, SqliteBuild, Style};
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use serde::Serialize;

/// Check the store for faults, without changing it
///
/// Prints `ok`, or a line for each fault: missing, unknown or changed tables, indexes and triggers;
/// damaged pages and rows; unusable keys and password hashes; no admin; file permissions for other
/// users. Checks even a store that other commands refuse. File permissions are reported, not fixed.
/// `-o json` also shows how SQLite was built.
///
///   jeton store check
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct CheckOutput {
    ok: bool,
    findings: Vec<FaultView>,
    warnings: Vec<String>,
    /// Version of SQLite, and the recommended compile-time options.
    sqlite: SqliteBuild,
}

/// JSON view of a fault.
#[derive(Debug, Serialize)]
struct FaultView {
    code: &'static str,
    message: String,
}

impl Report for CheckOutput {
    fn render(&self) -> Rendered {
        if self.ok {
            return Rendered::StyledLines(vec![Cell::styled("ok", Style::Success)]);
        }
        let line = |fault: &FaultView| format!("{}: {}", fault.code, fault.message);
        Rendered::Lines(self.findings.iter().map(line).collect())
    }
}

impl Command for Args {
    const ACTION: &'static str = "store check";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let check_result = app.store.check()?;
        let faults: Vec<Failure> = check_result.faults.into_iter().map(Failure::from).collect();
        let to_view = |fault: &Failure| FaultView {
            code: fault.code.as_str(),
            message: fault.message.clone(),
        };
        for warning in &check_result.warnings {
            app.console.print_warning(warning);
        }
        app.console.report(&CheckOutput {
            ok: faults.is_empty(),
            findings: faults.iter().map(to_view).collect(),
            warnings: check_result.warnings,
            sqlite: SqliteBuild::query()?,
        })?;
        // The error has the code, hint and details of the first fault.
        let message = format!("the store has {}", pluralize(faults.len(), "fault"));
        faults
            .into_iter()
            .next()
            .map_or(Ok(()), |first| Err(Failure { message, location: None, ..first }))
    }
}
