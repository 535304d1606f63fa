//! The engines that a store can use: SQLite, PostgreSQL, and PostgreSQL through `PgBouncer`.

mod pooler;
mod server;

use crate::bench::Bench;
use crate::comparison::Run;
use crate::home::{Home, Outcome};
use pooler::Pooler;
use server::Server;
use std::cell::Cell;
use std::path::Path;

/// A running PostgreSQL server, with a running connection pooler (`PgBouncer`).
pub(crate) struct Servers {
    // Fields are dropped in the order of their declaration: the pooler ends before the server.
    pooler: Pooler,
    server: Server,
    /// Number of stores created on the server so far. Each of these stores has its own schema.
    schema_count: Cell<u32>,
}

/// Engine of a store: SQLite, or PostgreSQL with a direct connection or through `PgBouncer`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    PgBouncer,
}

impl Engine {
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::PgBouncer];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::PgBouncer => "PgBouncer",
        }
    }
}

/// A home directory with a new store on an engine.
pub(crate) struct EngineHome {
    pub(crate) home: Home,
    engine: Engine,
    /// Arguments that name the store in each baseline: the path of the store file, or the address
    /// of the server and the schema of the store.
    baseline_store_args: Vec<String>,
}

impl Servers {
    /// Starts a server and a pooler. Fails if one of them is not installed.
    pub(crate) fn start() -> Outcome<Self> {
        Pooler::require_installed()?;
        let server = Server::start()?;
        let pooler = Pooler::start(&server)?;
        Ok(Self { pooler, server, schema_count: Cell::new(0) })
    }

    /// Prints the versions of server and pooler, and the settings that affect the figures.
    pub(crate) fn print_head(&self) -> Outcome<()> {
        println!("server   {}, fsync on, over a local socket", self.server.version()?);
        println!("pooler   {}, transaction mode", Pooler::version()?);
        Ok(())
    }

    /// Creates a home directory with a new store on the engine. `jeton` is the path of the program.
    pub(crate) fn create_home(&self, engine: Engine, jeton: &Path) -> Outcome<EngineHome> {
        let address = match engine {
            Engine::Sqlite => {
                let home = Home::new(jeton)?;
                let store_path = home.store_path().to_string_lossy().into_owned();
                return Ok(EngineHome { home, engine, baseline_store_args: vec![store_path] });
            }
            Engine::Postgres => self.server.address(),
            Engine::PgBouncer => self.pooler.address(),
        };
        self.schema_count.set(self.schema_count.get() + 1);
        let schema = format!("bench_{}", self.schema_count.get());
        let home = Home::with_store(jeton, Some(format!("{address}&schema={schema}")))?;
        Ok(EngineHome { home, engine, baseline_store_args: vec![address.to_owned(), schema] })
    }
}

impl EngineHome {
    /// Returns the [`Run`] of the baseline `mode` on the store of this home directory. `args` are
    /// the arguments after those that name the store. For a store on a server, the baseline is
    /// `MODE-on-server`.
    pub(crate) fn baseline_run<'r>(self, bench: &'r Bench, mode: &str, args: &[&str]) -> Run<'r> {
        let mode = match self.engine {
            Engine::Sqlite => mode.to_owned(),
            Engine::Postgres | Engine::PgBouncer => format!("{mode}-on-server"),
        };
        let store_args: Vec<&str> = self.baseline_store_args.iter().map(String::as_str).collect();
        let mut run = bench.timed_baseline(&mode, &[store_args.as_slice(), args].concat());
        let home = self.home;
        Box::new(move || {
            // The closure owns the home directory, which is removed when the closure is dropped.
            let _ = &home;
            run()
        })
    }
}
