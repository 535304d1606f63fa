//! `jeton store check`

use crate::app::{App, Cell, Report, Text, Tone};
use crate::commands::shapes::counted;
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
struct Checked {
    ok: bool,
    findings: Vec<Finding>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Finding {
    code: &'static str,
    message: String,
}

impl Report for Checked {
    fn text(&self) -> Text {
        if self.ok {
            return Text::Line(Cell::toned("ok", Tone::Good));
        }
        let line = |finding: &Finding| format!("{}: {}", finding.code, finding.message);
        Text::Lines(self.findings.iter().map(line).collect())
    }
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    let found = app.check_store()?;
    let faults: Vec<Failure> = found.faults.into_iter().map(Failure::from).collect();
    let finding = |fault: &Failure| Finding { code: fault.code, message: fault.message.clone() };
    for doubt in &found.doubts {
        app.warning(doubt);
    }
    app.report(&Checked {
        ok: faults.is_empty(),
        findings: faults.iter().map(finding).collect(),
        warnings: found.doubts,
    })?;
    let message = format!("the store has {}", counted(faults.len(), "fault"));
    faults.into_iter().next().map_or(Ok(()), |first| Err(Failure { message, ..first }))
}
