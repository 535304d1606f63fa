//! `jeton store info`

use crate::app::{App, Cell, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::{Foreign, KeyState, StoreId, Timestamp, escaped};
use serde::Serialize;
use serde_json::{Map, Value};

/// Show where the store is and what is in it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct Info {
    path: String,
    store_id: StoreId,
    created_at: Timestamp,
    schema_version: i64,
    journal_mode: String,
    read_only: bool,
    size: Size,
    modes: Modes,
    users: i64,
    sessions: i64,
    tokens: Map<String, Value>,
    keys: Map<String, Value>,
    pruned: Vec<PruneMark>,
    audit: i64,
}

/// The latest expiry of a test token of a key that was pruned.
#[derive(Debug, Serialize)]
struct PruneMark {
    kid: Foreign,
    until: Timestamp,
}

/// Bytes.
#[derive(Debug, Serialize)]
struct Size {
    file: u64,
    wal: u64,
}

/// Permission bits, in the digits of `chmod`.
#[derive(Debug, Serialize)]
struct Modes {
    file: String,
    directory: String,
}

impl Report for Info {
    fn text(&self) -> Text {
        let mut fields = vec![
            ("path", Cell::name(escaped(&self.path))),
            ("store id", self.store_id.to_string().into()),
            ("created", self.created_at.into()),
            ("schema", self.schema_version.to_string().into()),
            ("journal", escaped(&self.journal_mode).into()),
            ("read-only", if self.read_only { "yes" } else { "no" }.into()),
            ("size", format!("{} bytes, and {} in the log", self.size.file, self.size.wal).into()),
            ("modes", format!("{}, directory {}", self.modes.file, self.modes.directory).into()),
            ("users", self.users.to_string().into()),
            ("sessions", self.sessions.to_string().into()),
            ("tokens", counts(&self.tokens).into()),
            ("keys", counts(&self.keys).into()),
        ];
        fields.extend(self.pruned.iter().map(|PruneMark { kid, until }| {
            let mark = format!("test tokens of key {} that expired by {until}", kid.shown());
            ("pruned", mark.into())
        }));
        fields.push(("audit", self.audit.to_string().into()));
        Text::Fields(fields)
    }
}

/// Several counts in one line.
fn counts(counts: &Map<String, Value>) -> String {
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    app.store()?;
    let now = app.now()?;
    let store = app.store()?;
    let census = authority::census(store, now)?;
    let states =
        [KeyState::Standby, KeyState::Active, KeyState::Retired, KeyState::Revoked].map(|state| {
            let keys = census.keys.iter().filter(|key| key.state == state).count();
            (state.name().to_owned(), Value::from(keys))
        });
    let tokens = census.tokens.iter();
    let marks = census.pruned.into_iter();
    let info = Info {
        path: store.path().to_string_lossy().into_owned(),
        store_id: store.id()?,
        created_at: census.created_at,
        schema_version: census.schema_version,
        journal_mode: census.journal_mode,
        read_only: store.is_read_only(),
        size: Size { file: census.bytes.0, wal: census.bytes.1 },
        modes: Modes {
            file: format!("{:04o}", census.modes.0),
            directory: format!("{:04o}", census.modes.1),
        },
        users: census.users,
        sessions: census.sessions,
        tokens: tokens.map(|(status, n)| (status.name().to_owned(), Value::from(*n))).collect(),
        keys: states.into_iter().collect(),
        pruned: marks.map(|(kid, until)| PruneMark { kid, until }).collect(),
        audit: census.audit,
    };
    app.report(&info)
}
