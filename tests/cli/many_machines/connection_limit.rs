//! More concurrent processes than connections that the server accepts, without and with
//! `PgBouncer`.

use super::on_both_routes;
use crate::races::{count_with_code, query_number, run_concurrently};
use crate::test_server::TestServer;
use std::collections::BTreeSet;
use std::time::Instant;

/// Number of concurrent processes, five times the connection limit of the server.
const PROCESS_COUNT: usize = 500;

#[test]
#[ignore = "needs a PostgreSQL server, PgBouncer, and time"]
fn more_processes_than_connections_wait_and_succeed() {
    let server = TestServer::start(&["max_connections=100"]);
    on_both_routes(&server, |route| {
        let sandbox = route.create_sandbox();
        sandbox.create_store();
        sandbox.run(&["users", "set-quota", "ada", "unlimited"]).ok();
        let create = || sandbox.command(&["token", "create", "shop", "--wait", "5m"]);
        let start = Instant::now();
        let outputs = run_concurrently((0..PROCESS_COUNT).map(|_| create()));
        let seconds = start.elapsed().as_secs_f64();
        let failed: Vec<_> = outputs.iter().filter(|output| output.code != 0).collect();
        assert!(failed.is_empty(), "{} failed: {failed:?}", failed.len());
        assert_eq!(count_with_code(&outputs, 0), PROCESS_COUNT);
        let tokens: BTreeSet<&str> = outputs.iter().map(|output| output.stdout.trim()).collect();
        assert_eq!(tokens.len(), PROCESS_COUNT);
        assert_eq!(query_number(&sandbox, "SELECT count(*) FROM tokens"), PROCESS_COUNT);
        println!(
            "{PROCESS_COUNT} processes at once {}: all stored in {seconds:.1} s",
            route.name()
        );
    });
}
