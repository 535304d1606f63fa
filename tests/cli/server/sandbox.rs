//! Tests of `Sandbox` with a store on a server, and of `TestSchema::run_sql`.

use super::create_schema;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::panic::{AssertUnwindSafe, catch_unwind};

const TEST_SCHEMAS_SQL: &str =
    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'test@_%' ESCAPE '@'";

#[test]
#[ignore = "needs a PostgreSQL server"]
fn sandbox_has_its_own_schema_and_drops_the_schema() {
    let observer = create_schema();
    let [sandbox, other_sandbox] = [Sandbox::new(), Sandbox::new()];
    let schema_of = |sandbox: &Sandbox| sandbox.sql("SELECT current_schema").remove(0);
    assert_ne!(schema_of(&sandbox), schema_of(&other_sandbox));
    assert!(observer.run_sql(TEST_SCHEMAS_SQL).contains(&schema_of(&sandbox)));
    assert!(!sandbox.has_store());
    sandbox.sql("CREATE TABLE users (id BIGINT)");
    assert!(sandbox.has_store() && !other_sandbox.has_store());
    let dropped_schema = schema_of(&sandbox);
    drop(sandbox);
    let schemas = observer.run_sql(TEST_SCHEMAS_SQL);
    assert!(
        !schemas.contains(&dropped_schema) && schemas.contains(&schema_of(&other_sandbox)),
        "{schemas:?}"
    );
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn sandbox_on_a_server_has_a_redacted_store_address_and_no_store_path() {
    // Fails the test with an explanation if the test run has no server.
    let _schema = create_schema();
    let sandbox = Sandbox::new();
    let schema = sandbox.sql("SELECT current_schema").remove(0);
    let command = sandbox.command(&["whoami"]);
    let store = command.get_envs().find(|(name, _)| *name == "JETON_STORE").unwrap().1.unwrap();
    let store = store.to_str().unwrap().to_owned();
    assert!(store.ends_with(&format!("schema={schema}")), "{store}");
    // A sandbox on a server has no store file.
    let failure = catch_unwind(AssertUnwindSafe(|| sandbox.store_path())).unwrap_err();
    let message = failure.downcast_ref::<&str>().unwrap();
    assert!(message.contains("server/left_out.txt"), "{message}");
    // A snapshot shows the default path of a store file in place of the address of the store.
    let mut echo = std::process::Command::new("echo");
    echo.arg(&store).envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_eq!(RunOutput::capture(echo).to_string(), "~/.local/share/jeton/jeton.db\n");
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn run_sql_returns_the_first_column_of_all_rows_or_panics() {
    let schema = create_schema();
    let rows = "VALUES ('a', 1), (NULL, 2), ('', 3), (E'b\\n|c', 4), ('null', 5)";
    assert_eq!(schema.run_sql(rows), ["a", "null", "", "b\n|c", "null"]);
    schema.run_sql("CREATE TABLE t (x BIGINT)");
    assert!(schema.run_sql("SELECT x FROM t").is_empty());
    assert!(schema.run_sql("INSERT INTO t VALUES (7), (-9223372036854775808)").is_empty());
    assert_eq!(schema.run_sql("SELECT x FROM t ORDER BY x"), ["-9223372036854775808", "7"]);
    let failure = catch_unwind(AssertUnwindSafe(|| schema.run_sql("SELECT nothing"))).unwrap_err();
    let message = failure.downcast_ref::<String>().unwrap();
    assert!(message.contains(r#"column "nothing" does not exist"#), "{message}");
}
