//! `jeton keys list`

use crate::app::{App, Cell, Report, Table, Text};
use crate::authority::{self, Listed};
use crate::failure::Failure;
use crate::model::{Algorithm, Foreign, KeyState, Purpose, Timestamp};
use serde::Serialize;

/// List the keys, where each is in its life and what comes next
///
/// Private parts are never shown.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct Keys {
    items: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    kid: Foreign,
    purpose: Purpose,
    algorithm: Algorithm,
    weak: bool,
    state: KeyState,
    created_at: Timestamp,
    verify_until: Option<Timestamp>,
    live_tokens: usize,
    next: String,
    /// The instant that `next` names.
    #[serde(skip)]
    end: Option<Timestamp>,
}

impl Line {
    fn new(Listed { key, live_tokens }: Listed, now: Timestamp) -> Self {
        let over = key.verify_until.is_some_and(|end| end <= now);
        let next = match (key.state, key.verify_until) {
            (KeyState::Standby, _) => "activate it, and it signs".to_owned(),
            (KeyState::Active, _) => "rotate, and the next one signs".to_owned(),
            (KeyState::Retired, Some(_)) if over => "none: it verifies no more".to_owned(),
            (KeyState::Retired, Some(end)) => format!("none: it verifies until {end}"),
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
            end: key.verify_until.filter(|_| key.state == KeyState::Retired && !over),
        }
    }
}

impl Report for Keys {
    fn text(&self) -> Text {
        let header = ["KID", "PURPOSE", "ALG", "STATE", "CREATED", "LIVE TOKENS", "NEXT"];
        let mut table = Table::new(&header);
        for key in &self.items {
            table.row(vec![
                Cell::from(key.kid.shown()),
                Cell::from(key.purpose.name()),
                Cell::from(algorithm(key)),
                Cell::from(key.state),
                Cell::from(key.created_at),
                Cell::from(key.live_tokens.to_string()),
                next(key),
            ]);
        }
        Text::Table(table)
    }
}

fn next(key: &Line) -> Cell {
    let next = Cell::from(key.next.as_str());
    match key.end {
        Some(end) => next.with_distance(end),
        None => next,
    }
}

fn algorithm(key: &Line) -> String {
    let weak = if key.weak { " (weak)" } else { "" };
    format!("{}{weak}", key.algorithm.name())
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    app.store()?;
    let now = app.now()?;
    let keys = authority::keys(app.store()?, now)?;
    app.report(&Keys { items: keys.into_iter().map(|key| Line::new(key, now)).collect() })
}
