//! `jeton store info`

use crate::app::{App, Cell, Rendered, Report};
use crate::authority;
use crate::authority::maintenance::{EngineStats, ServerStats};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{KeyState, StoreId, Timestamp, Untrusted, escape};
use serde::Serialize;
use serde_json::{Map, Value};

/// Show the path or address, format, size and object counts of the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct InfoOutput {
    store: String,
    store_id: StoreId,
    created_at: Timestamp,
    schema_version: i64,
    /// `null` for a store in PostgreSQL.
    journal_mode: Option<String>,
    read_only: bool,
    size_bytes: StoreSize,
    /// `null` for a store in PostgreSQL.
    modes: Option<FileModes>,
    /// `null` for a store in a file.
    server: Option<ServerOutput>,
    users: i64,
    /// Number of sessions that can be refreshed.
    sessions: i64,
    /// Number of recorded tokens by status.
    tokens: Map<String, Value>,
    /// Number of keys by state.
    keys: Map<String, Value>,
    /// Keys with deleted (pruned) test tokens.
    pruned: Vec<PrunedTestTokens>,
    audit_events: i64,
}

/// A key with deleted test tokens, and the latest expiry of these tokens.
#[derive(Debug, Serialize)]
struct PrunedTestTokens {
    kid: Untrusted,
    latest_expires_at: Timestamp,
}

/// Size of the store in bytes: of the SQLite file and its write-ahead log (WAL), or of the store's
/// tables and indexes on the server.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum StoreSize {
    File { file: u64, wal: u64 },
    Server { tables: u64 },
}

/// JSON view of the PostgreSQL server.
#[derive(Debug, Serialize)]
struct ServerOutput {
    version: String,
    /// Database user of the connection.
    user: String,
    tls: bool,
    /// True if the server is a standby.
    standby: bool,
    /// Setting `synchronous_standby_names` of the server; empty if a commit waits for no standby.
    synchronous_standbys: String,
}

/// Permission bits of the store file and of its directory in octal, as for `chmod`.
#[derive(Debug, Serialize)]
struct FileModes {
    file: String,
    directory: String,
}

impl ServerOutput {
    fn fields(&self) -> [(&'static str, Cell); 5] {
        let standbys = match self.synchronous_standbys.as_str() {
            "" => "none".to_owned(),
            names => escape(names),
        };
        [
            ("PostgreSQL", escape(&self.version).into()),
            ("database user", escape(&self.user).into()),
            ("TLS", yes_or_no(self.tls)),
            ("standby", yes_or_no(self.standby)),
            ("synchronous standbys", standbys.into()),
        ]
    }
}

fn yes_or_no(flag: bool) -> Cell {
    if flag { "yes" } else { "no" }.into()
}

impl From<ServerStats> for ServerOutput {
    fn from(stats: ServerStats) -> Self {
        let ServerStats { version, user, has_tls: tls, is_standby: standby, .. } = stats;
        Self { version, user, tls, standby, synchronous_standbys: stats.synchronous_standbys }
    }
}

impl Report for InfoOutput {
    fn render(&self) -> Rendered {
        let mut fields = vec![
            ("store", Cell::shortenable(escape(&self.store))),
            ("store id", self.store_id.to_string().into()),
            ("created", self.created_at.into()),
            ("schema version", self.schema_version.to_string().into()),
        ];
        if let Some(mode) = &self.journal_mode {
            fields.push(("journal mode", escape(mode).into()));
        }
        fields.extend(self.server.iter().flat_map(ServerOutput::fields));
        fields.push(("read-only", yes_or_no(self.read_only)));
        match self.size_bytes {
            StoreSize::File { file, wal } => {
                fields
                    .extend([("size", Cell::from_size(file)), ("WAL size", Cell::from_size(wal))]);
            }
            StoreSize::Server { tables } => fields.push(("size", Cell::from_size(tables))),
        }
        if let Some(FileModes { file, directory }) = &self.modes {
            fields.push(("modes", format!("{file}, directory {directory}").into()));
        }
        fields.extend([
            ("users", self.users.to_string().into()),
            ("sessions", self.sessions.to_string().into()),
            ("tokens", join_counts(&self.tokens).into()),
            ("keys", join_counts(&self.keys).into()),
        ]);
        fields.extend(self.pruned.iter().map(|PrunedTestTokens { kid, latest_expires_at }| {
            let kid = kid.to_display();
            let description =
                format!("test tokens of key {kid} that expired by {latest_expires_at}");
            ("pruned", description.into())
        }));
        fields.push(("audit events", self.audit_events.to_string().into()));
        Rendered::Fields(fields)
    }
}

/// Joins counts with their names: `1 live, 2 revoked`.
fn join_counts(counts: &Map<String, Value>) -> String {
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

impl Command for Args {
    const ACTION: &'static str = "store info";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let (store, audit) = app.store.open_with_audit()?;
        let stats = authority::maintenance::load_stats(store, audit.now)?;
        let key_states =
            [KeyState::Standby, KeyState::Active, KeyState::Retired, KeyState::Revoked].map(
                |state| {
                    let count = stats.keys.iter().filter(|key| key.state == state).count();
                    (state.name().to_owned(), Value::from(count))
                },
            );
        let token_counts = stats.tokens.iter();
        let keys_with_pruned_tokens = stats.keys_with_pruned_tokens.into_iter();
        let (journal_mode, size_bytes, modes, server) = match stats.engine {
            EngineStats::File { journal_mode, file } => {
                let [file_mode, directory_mode] =
                    [file.file_mode, file.directory_mode].map(|mode| format!("{mode:04o}"));
                let modes = FileModes { file: file_mode, directory: directory_mode };
                let size_bytes = StoreSize::File { file: file.file_bytes, wal: file.wal_bytes };
                (Some(journal_mode), size_bytes, Some(modes), None)
            }
            EngineStats::Server(server) => {
                let tables = u64::try_from(server.bytes).unwrap_or_default();
                (None, StoreSize::Server { tables }, None, Some(server.into()))
            }
        };
        let info = InfoOutput {
            store: store.address().to_path().to_string_lossy().into_owned(),
            store_id: store.id()?,
            created_at: stats.created_at,
            schema_version: stats.schema_version,
            journal_mode,
            read_only: store.is_read_only(),
            size_bytes,
            modes,
            server,
            users: stats.users,
            sessions: stats.sessions,
            tokens: token_counts
                .map(|(status, count)| (status.name().to_owned(), Value::from(*count)))
                .collect(),
            keys: key_states.into_iter().collect(),
            pruned: keys_with_pruned_tokens
                .map(|(kid, latest_expires_at)| PrunedTestTokens { kid, latest_expires_at })
                .collect(),
            audit_events: stats.audit_events,
        };
        app.console.report(&info)
    }
}
