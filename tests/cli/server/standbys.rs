//! Commits without the confirmation of a synchronous standby.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::test_server::TestServer;

const WARNING: &str = "warning: the change is stored, but without the confirmation of a standby: a \
    failover may lose the change\n";

/// Sets the name of the standby that must confirm each commit. No standby has this name, so the
/// confirmation never arrives. With an empty name, a commit needs no confirmation.
fn set_standby(server: &TestServer, name: &str) {
    server.run_sql(&format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'"));
    server.run_sql("SELECT pg_reload_conf()");
    let setting_sql = "SHOW synchronous_standby_names";
    while server.run_sql(setting_sql) != [name] {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Creates a token. While the commit waits for the standby, calls the SQL function `end_function`
/// with the id of the server process that waits.
fn create_token(server: &TestServer, sandbox: &Sandbox, end_function: &str) -> RunOutput {
    let mut command = sandbox.command(&["token", "create", "shop"]);
    let child = Sandbox::start(&mut command);
    let sql = format!(
        "SELECT {end_function}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' LIMIT 1"
    );
    while server.run_sql(&sql).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    RunOutput::new(&command, child.wait_with_output().unwrap()).ok()
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn commit_without_confirmation_by_a_standby_causes_a_warning() {
    let server = TestServer::start(&[]);
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_STORE", server.address());
    sandbox.create_store();
    set_standby(&server, "absent");
    // After the first function, the server answers the commit. After the second function, the
    // server ends the connection without an answer.
    for end_function in ["pg_cancel_backend", "pg_terminate_backend"] {
        let output = create_token(&server, &sandbox, end_function);
        assert!(output.stderr.ends_with(WARNING), "{end_function}: {output:?}");
    }
    assert_eq!(server.run_sql("SELECT count(*) FROM tokens"), ["2"]);
    sandbox.run(&["--store", "file.db", "init", "ada", "--wait", "1s"]).ok();
    // On the server, `store copy` and `init` wait for the confirmation until a time limit, and then
    // succeed without the confirmation.
    let target = format!("{}&schema=copied", server.address());
    let output = sandbox.run(&["store", "copy", "file.db", &target, "--wait", "1s"]).ok();
    assert!(output.stderr.ends_with(WARNING), "copy: {output:?}");
    let address = format!("{}&schema=created", server.address());
    let output = sandbox.run(&["--store", &address, "init", "ada", "--wait", "1s"]).ok();
    assert!(output.stderr.contains(WARNING), "init: {output:?}");
    set_standby(&server, "");
    let output = sandbox.run(&["token", "create", "shop"]).ok();
    assert!(!output.stderr.contains(WARNING), "{output:?}");
}
