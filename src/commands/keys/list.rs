//! `jeton keys list`

use crate::app::{App, Cell, OutputFormat, Table};
use crate::authority;
use crate::authority::keys::KeySummary;
use crate::commands::command::{Command, Effect, LIST_FORMATS};
use crate::commands::paging::ListReport;
use crate::commands::views::placeholder;
use crate::failure::Failure;
use crate::model::{Algorithm, KeyState, Purpose, Timestamp, Untrusted};
use serde::Serialize;

/// List keys with purpose, algorithm and state
///
/// Private keys and secrets are never shown.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

/// Names of the members of [`KeyRow`].
const COLUMNS: &[&str] =
    &["kid", "purpose", "alg", "weak", "status", "created_at", "verify_until", "live_tokens"];

#[derive(Debug, Serialize)]
struct KeyRow {
    kid: Untrusted,
    purpose: Purpose,
    alg: Algorithm,
    /// True for a secret that is shorter than the hash output.
    weak: bool,
    status: KeyState,
    created_at: Timestamp,
    /// Time until which a retired key verifies tokens; `None` in other states.
    verify_until: Option<Timestamp>,
    /// Number of recorded tokens that the key signed and that are live or superseded.
    live_tokens: usize,
}

impl KeyRow {
    fn new(KeySummary { key, valid_token_count: live_tokens }: KeySummary) -> Self {
        Self {
            kid: key.spec.kid,
            purpose: key.spec.purpose,
            alg: key.spec.algorithm,
            weak: key.spec.is_weak,
            status: key.state,
            created_at: key.created_at,
            verify_until: key.verify_until.filter(|_| key.state == KeyState::Retired),
            live_tokens,
        }
    }
}

fn build_table(keys: &[KeyRow]) -> Table {
    let header = ["KID", "PURPOSE", "ALG", "STATUS", "CREATED", "VERIFY UNTIL", "LIVE TOKENS"];
    let mut table = Table::new(&header);
    for key in keys {
        table.add_row(vec![
            Cell::shortenable(key.kid.to_display()),
            Cell::from(key.purpose.name()),
            Cell::from(describe_algorithm(key)),
            Cell::from(key.status),
            Cell::from(key.created_at),
            key.verify_until.map_or_else(|| placeholder().into(), Cell::from),
            Cell::from(key.live_tokens.to_string()),
        ]);
    }
    table
}

fn describe_algorithm(key: &KeyRow) -> String {
    let weak = if key.weak { " (weak)" } else { "" };
    format!("{}{weak}", key.alg.name())
}

impl Command for Args {
    const ACTION: &'static str = "keys list";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let (store, audit) = app.store.open_with_audit()?;
        let keys = authority::keys::list(store, audit.now)?;
        let list = ListReport {
            noun: "keys",
            columns: COLUMNS,
            id_of: |key: &KeyRow| key.kid.to_display(),
            build_table,
            wide_columns: &[],
        };
        list.report_rows(app, keys.into_iter().map(KeyRow::new).collect())
    }
}
