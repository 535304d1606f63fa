//! `jeton store check`

use crate::app::{App, Cell, Rendered, Report, Style};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use serde::Serialize;

/// Look for everything that can be wrong with the store, and change nothing
///
/// Prints `ok`, or a line for each finding: tables, indexes and triggers that are missing, unknown
/// or changed; damaged pages and rows; keys and password hashes that cannot be used; no admin; and
/// rights that others have to the files. A store that other commands refuse, or would
/// tighten, is looked at as it is.
///
///   jeton store check
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct CheckOutput {
    ok: bool,
    findings: Vec<Finding>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Finding {
    code: &'static str,
    message: String,
}

impl Report for CheckOutput {
    fn render(&self) -> Rendered {
        if self.ok {
            return Rendered::Line(Cell::styled("ok", Style::Success));
        }
        let line = |finding: &Finding| format!("{}: {}", finding.code, finding.message);
        Rendered::Lines(self.findings.iter().map(line).collect())
    }
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    let findings = app.check_store()?;
    let faults: Vec<Failure> = findings.faults.into_iter().map(Failure::from).collect();
    let finding = |fault: &Failure| Finding { code: fault.code, message: fault.message.clone() };
    for warning in &findings.warnings {
        app.print_warning(warning);
    }
    app.report(&CheckOutput {
        ok: faults.is_empty(),
        findings: faults.iter().map(finding).collect(),
        warnings: findings.warnings,
    })?;
    let message = format!("the store has {}", pluralize(faults.len(), "fault"));
    faults.into_iter().next().map_or(Ok(()), |first| Err(Failure { message, ..first }))
}
