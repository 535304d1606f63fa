//! Long-running tests with a store on a PostgreSQL server, such as many machines share. In most
//! tests, concurrent processes represent the machines. Each test starts its own servers. Most tests
//! print counts and durations.

mod clock;
mod connection_limit;
mod failover;
mod large_copy;
mod pooler;
mod races;
mod replication;
mod stopped_standby;

use crate::required;
use crate::sandbox::Sandbox;
use crate::test_server::TestServer;
use pooler::Pooler;
use std::time::{Duration, Instant};

/// Returns the number in an environment variable of the test run, or `default` if the variable is
/// not set.
fn numeric_variable(name: &str, default: usize) -> usize {
    required::environment_variable(name)
        .map_or(default, |value| value.to_str().unwrap().parse().unwrap())
}

/// Waits until a condition is true. Panics after 60 s.
#[track_caller]
fn wait_until(is_done: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < Duration::from_secs(60), "the condition is not true after 60 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Connection of the program to a server: direct, or through the connection pooler `PgBouncer`.
struct Route<'s> {
    server: &'s TestServer,
    pooler: Option<Pooler>,
}

impl Route<'_> {
    fn name(&self) -> &'static str {
        if self.pooler.is_some() { "through PgBouncer" } else { "direct" }
    }

    /// Creates a sandbox without a store. By default, commands in the sandbox connect to
    /// their store through this route.
    fn create_sandbox(&self) -> Sandbox {
        let mut sandbox = Sandbox::on_server(self.server.address());
        if let Some(pooler) = &self.pooler {
            let schema = sandbox.sql("SELECT current_schema").remove(0);
            let address = format!("{}&schema={schema}", pooler.address());
            sandbox.set_variable("JETON_STORE", &address);
        }
        sandbox
    }
}

/// Calls `test` with the direct route to a server, and then with the route through a pooler.
fn on_both_routes(server: &TestServer, mut test: impl FnMut(&Route<'_>)) {
    for pooler in [None, Some(Pooler::start(server))] {
        test(&Route { server, pooler });
    }
}
