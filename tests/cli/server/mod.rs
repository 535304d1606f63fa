//! Tests of stores on a PostgreSQL server, and checks of the list of tests that do not run on a
//! server.

mod copy;
mod engines;
mod fault;
mod file_commands;
mod guide;
mod left_out;
mod lost_connection;
mod proxy;
mod roles;
mod round_trips;
mod sandbox;
mod schema;
mod shared_lock;
mod silence;
mod standbys;
mod tls;

use crate::test_schema::{self, TestSchema};

/// Creates an empty schema on the server of the test run. Panics with an explanation if the test
/// run has no server.
fn create_schema() -> TestSchema {
    let message = "the test needs a PostgreSQL server: set `JETON_TEST_STORE` to its address, which \
        `tests/server start DIRECTORY` prints";
    TestSchema::create(test_schema::server_address().expect(message))
}
