//! `jeton keys list`

use crate::app::{App, Cell, Rendered, Report, Table};
use crate::authority::{self, KeySummary};
use crate::failure::Failure;
use crate::model::{Algorithm, KeyState, Purpose, Timestamp, Untrusted};
use serde::Serialize;

/// List keys and key states
///
/// Never shows private parts.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct KeyListOutput {
    items: Vec<KeyRow>,
}

#[derive(Debug, Serialize)]
struct KeyRow {
    kid: Untrusted,
    purpose: Purpose,
    algorithm: Algorithm,
    weak: bool,
    state: KeyState,
    created_at: Timestamp,
    verify_until: Option<Timestamp>,
    live_tokens: usize,
    next: String,
    /// Time in `next`, to show relative to now.
    #[serde(skip)]
    next_at: Option<Timestamp>,
}

impl KeyRow {
    fn new(KeySummary { key, live_tokens }: KeySummary, now: Timestamp) -> Self {
        let is_expired = key.verify_until.is_some_and(|end| end <= now);
        let next = match (key.state, key.verify_until) {
            (KeyState::Standby, _) => "activate to sign".to_owned(),
            (KeyState::Active, _) => "rotate to replace".to_owned(),
            (KeyState::Retired, Some(_)) if is_expired => "none: no longer verifies".to_owned(),
            (KeyState::Retired, Some(end)) => format!("none: verifies until {end}"),
            (KeyState::Retired, None) => "revoke".to_owned(),
            (KeyState::Revoked, _) => "none".to_owned(),
        };
        Self {
            kid: key.spec.kid,
            purpose: key.spec.purpose,
            algorithm: key.spec.algorithm,
            weak: key.spec.weak,
            state: key.state,
            created_at: key.created_at,
            verify_until: key.verify_until.filter(|_| key.state == KeyState::Retired),
            live_tokens,
            next,
            next_at: key.verify_until.filter(|_| key.state == KeyState::Retired && !is_expired),
        }
    }
}

impl Report for KeyListOutput {
    fn render(&self) -> Rendered {
        let header = ["KID", "PURPOSE", "ALG", "STATE", "CREATED", "LIVE TOKENS", "NEXT"];
        let mut table = Table::new(&header);
        for key in &self.items {
            table.add_row(vec![
                Cell::from(key.kid.to_display()),
                Cell::from(key.purpose.name()),
                Cell::from(algorithm_text(key)),
                Cell::from(key.state),
                Cell::from(key.created_at),
                Cell::from(key.live_tokens.to_string()),
                next_cell(key),
            ]);
        }
        Rendered::Table(table)
    }
}

fn next_cell(key: &KeyRow) -> Cell {
    let next = Cell::from(key.next.as_str());
    match key.next_at {
        Some(end) => next.with_relative_time(end),
        None => next,
    }
}

fn algorithm_text(key: &KeyRow) -> String {
    let weak = if key.weak { " (weak)" } else { "" };
    format!("{}{weak}", key.algorithm.name())
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    app.store()?;
    let now = app.now()?;
    let keys = authority::list_keys(app.store()?, now)?;
    app.report(&KeyListOutput {
        items: keys.into_iter().map(|key| KeyRow::new(key, now)).collect(),
    })
}
