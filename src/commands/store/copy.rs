//! `jeton store copy`

use crate::app::{
    AddressSource, App, Cell, Monitor, OutputFormat, Rendered, Report, StoreAddress, StoreHandle,
    Table, Total, parent_directory,
};
use crate::authority;
use crate::authority::maintenance::{CopyStep, TableDigest};
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{StoreId, Untrusted};
use clap::builder::OsStringValueParser;
use serde::Serialize;
use std::ffi::{OsStr, OsString};

/// Copy a store to a new store, also between a file and PostgreSQL (admins of the source, or without a
/// login the owner)
///
/// A store is a path or an address (`postgres://HOST/DATABASE`; see `jeton help many-machines`). The
/// target must not have a store. All accounts, sessions, keys, tokens, settings and audit events are
/// copied from one snapshot of the source, in one transaction. Then both stores are read and
/// compared; if anything differs, nothing remains at the target. Prints the number and the SHA-256 of
/// the rows of each table.
///
/// Both stores have the same id and keys. Put the source away before the next change: a token that is
/// revoked in one store remains valid in the other.
///
///   jeton store copy jeton.db postgres://db.example/jeton
///   jeton store copy postgres://db.example/jeton jeton-$(date +%F).db
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Store to copy
    #[arg(value_name = "SOURCE", value_parser = OsStringValueParser::new(), value_hint = clap::ValueHint::FilePath)]
    source: OsString,

    /// New store: a file that does not exist, in a directory not writable by other users, or an address
    /// whose database schema has no store
    #[arg(value_name = "TARGET", value_parser = OsStringValueParser::new(), value_hint = clap::ValueHint::FilePath)]
    target: OsString,
}

#[derive(Debug, Serialize)]
struct CopyOutput {
    changed: bool,
    source: Untrusted,
    target: Untrusted,
    store_id: StoreId,
    tables: Vec<TableRow>,
}

/// JSON view of one copied table: the number of its rows, and the SHA-256 of all its rows.
#[derive(Debug, Serialize)]
struct TableRow {
    table: &'static str,
    /// Number of rows.
    rows: usize,
    sha256: String,
}

impl Report for CopyOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

/// Parses the address in the argument `name`: `SOURCE` or `TARGET`.
fn parse_address(name: &str, text: &OsStr) -> Result<StoreAddress, Failure> {
    if text.is_empty() || text == "-" {
        return Err(Failure::usage(format!("{name} is neither a path nor an address")));
    }
    StoreAddress::parse(text, AddressSource::CommandLine)
        .map_err(|invalid| Failure::invalid_address(name, &invalid))
}

impl Command for Args {
    const ACTION: &'static str = "store copy";
    const EFFECT: Effect = Effect::Changes;

    fn store_address(&self) -> Result<Option<StoreAddress>, Failure> {
        parse_address("SOURCE", &self.source).map(Some)
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let target = parse_address("TARGET", &self.target)?;
        let source_path = parse_address("SOURCE", &self.source)?.to_path();
        let target_path = target.to_path();
        let caller = app.session.caller_or_store_owner(&mut app.store)?;
        let resolved_target = StoreHandle::resolve_other_address(target)?;
        let (store, audit) = app.store.open_with_audit()?;
        // 0: the total is not known before the copy starts.
        let monitor = Monitor::start(&app.console, "copying", Total::Items(0))?;
        let on_progress = |step, done, total| {
            monitor.set_label(match step {
                CopyStep::Insert => "copying",
                CopyStep::Compare => "comparing",
            });
            monitor.set(done, total)
        };
        let caller = caller.as_ref();
        let result =
            authority::maintenance::copy(store, &audit, caller, resolved_target, &on_progress);
        let (digests, directory_writers) =
            monitor.finish(result, || "; nothing was copied".to_owned())?;
        app.console.warn_of_group_writers(directory_writers, parent_directory(&target_path));
        let output = CopyOutput {
            changed: true,
            source: Untrusted::new(source_path.to_string_lossy()),
            target: Untrusted::new(target_path.to_string_lossy()),
            store_id: store.id()?,
            tables: digests.into_iter().map(TableRow::from).collect(),
        };
        report_copy(app, &output)
    }
}

impl From<TableDigest> for TableRow {
    fn from(TableDigest { table, rows, sha256 }: TableDigest) -> Self {
        Self { table, rows, sha256 }
    }
}

/// Prints status messages about the copy. Then prints a table of the copied tables, or with
/// `-o json` the result as JSON.
fn report_copy(app: &App, output: &CopyOutput) -> Result<(), Failure> {
    let rows = pluralize(output.tables.iter().map(|table| table.rows).sum(), "row");
    let (source, target) = (output.source.to_display(), output.target.to_display());
    app.console.print_status(&format!("copied `{source}` to `{target}`: {rows}"));
    app.console.print_status(&format!(
        "do not use `{source}` any longer: both stores have the id {}, and the next change makes them differ",
        output.store_id
    ));
    if app.console.output_format() == OutputFormat::Json {
        return app.console.report(output);
    }
    let mut table = Table::new(&["TABLE", "ROWS", "SHA256"]);
    for TableRow { table: name, rows, sha256 } in &output.tables {
        table.add_row(vec![(*name).into(), rows.to_string().into(), Cell::from(sha256.clone())]);
    }
    app.console.write_table(&table, true).map(|_| ())
}
