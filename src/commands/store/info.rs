//! `jeton store info`

use crate::app::{App, Cell, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{KeyState, StoreId, Timestamp, Untrusted, escape};
use serde::Serialize;
use serde_json::{Map, Value};

/// Show the path, format and contents of the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct InfoOutput {
    store: String,
    store_id: StoreId,
    created_at: Timestamp,
    schema_version: i64,
    journal_mode: String,
    read_only: bool,
    size_bytes: StoreSize,
    modes: FileModes,
    users: i64,
    sessions: i64,
    tokens: Map<String, Value>,
    keys: Map<String, Value>,
    pruned: Vec<PrunedTestTokens>,
    audit_events: i64,
}

/// Latest expiry of the pruned test tokens of a key.
#[derive(Debug, Serialize)]
struct PrunedTestTokens {
    kid: Untrusted,
    latest_expires_at: Timestamp,
}

/// Sizes in bytes.
#[derive(Debug, Serialize)]
struct StoreSize {
    file: u64,
    wal: u64,
}

/// Permission bits in octal, as for `chmod`.
#[derive(Debug, Serialize)]
struct FileModes {
    file: String,
    directory: String,
}

impl Report for InfoOutput {
    fn render(&self) -> Rendered {
        let mut fields = vec![
            ("store", Cell::shortenable(escape(&self.store))),
            ("store id", self.store_id.to_string().into()),
            ("created", self.created_at.into()),
            ("schema version", self.schema_version.to_string().into()),
            ("journal mode", escape(&self.journal_mode).into()),
            ("read-only", if self.read_only { "yes" } else { "no" }.into()),
            ("size", Cell::from_size(self.size_bytes.file)),
            ("WAL size", Cell::from_size(self.size_bytes.wal)),
            ("modes", format!("{}, directory {}", self.modes.file, self.modes.directory).into()),
            ("users", self.users.to_string().into()),
            ("sessions", self.sessions.to_string().into()),
            ("tokens", join_counts(&self.tokens).into()),
            ("keys", join_counts(&self.keys).into()),
        ];
        fields.extend(self.pruned.iter().map(
            |PrunedTestTokens { kid, latest_expires_at: until }| {
                let description =
                    format!("test tokens of key {} that expired by {until}", kid.to_display());
                ("pruned", description.into())
            },
        ));
        fields.push(("audit events", self.audit_events.to_string().into()));
        Rendered::Fields(fields)
    }
}

/// Joins counts in one line: `1 live, 2 revoked`.
fn join_counts(counts: &Map<String, Value>) -> String {
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

impl Command for Args {
    const ACTION: &'static str = "store info";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let (store, audit) = app.store.open()?;
        let stats = authority::maintenance::load_stats(store, audit.now)?;
        let key_states =
            [KeyState::Standby, KeyState::Active, KeyState::Retired, KeyState::Revoked].map(
                |state| {
                    let keys = stats.keys.iter().filter(|key| key.state == state).count();
                    (state.name().to_owned(), Value::from(keys))
                },
            );
        let tokens = stats.tokens.iter();
        let pruned_test_tokens = stats.keys_with_pruned_tokens.into_iter();
        let info = InfoOutput {
            store: store.path().to_string_lossy().into_owned(),
            store_id: store.id()?,
            created_at: stats.created_at,
            schema_version: stats.schema_version,
            journal_mode: stats.journal_mode,
            read_only: store.is_read_only(),
            size_bytes: StoreSize { file: stats.bytes.0, wal: stats.bytes.1 },
            modes: FileModes {
                file: format!("{:04o}", stats.modes.0),
                directory: format!("{:04o}", stats.modes.1),
            },
            users: stats.users,
            sessions: stats.sessions,
            tokens: tokens.map(|(status, n)| (status.name().to_owned(), Value::from(*n))).collect(),
            keys: key_states.into_iter().collect(),
            pruned: pruned_test_tokens
                .map(|(kid, until)| PrunedTestTokens { kid, latest_expires_at: until })
                .collect(),
            audit_events: stats.audit_events,
        };
        app.console.report(&info)
    }
}
