//! Tests that need a PostgreSQL server, and the list of tests that do not run on a server.

mod copy;
mod file_commands;
mod guide;
mod left_out;
mod lost_connection;
mod proxy;
mod roles;
mod sandbox;
mod schema;
mod tls;

use crate::test_schema::{self, TestSchema};

/// Creates an empty schema on the server of the test run.
fn create_schema() -> TestSchema {
    let needed = "a PostgreSQL server, whose address is in `JETON_TEST_STORE` (tests/server start)";
    TestSchema::create(test_schema::server().unwrap_or_else(|| panic!("the test needs {needed}")))
}
