//! Commands that wait for the server, and commands whose connection ends.

use super::create_schema;
use super::proxy::{Cut, Proxy, SilentHost};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TOKEN_COUNT_SQL: &str = "SELECT count(*) FROM tokens";

/// Returns the path of the server's socket.
pub(super) fn server_socket() -> PathBuf {
    let directory = create_schema().run_sql("SHOW unix_socket_directories").remove(0);
    PathBuf::from(directory).join(".s.PGSQL.5432")
}

/// Returns a command whose connections go through the proxy.
pub(super) fn command_through(sandbox: &Sandbox, proxy: &Proxy, arguments: &[&str]) -> Command {
    command_at(sandbox, &proxy.directory().display().to_string(), arguments)
}

/// Returns a command that connects to `hosts`: the value of the parameter `host` in the store
/// address. `&` and further parameters may follow the value.
pub(super) fn command_at(sandbox: &Sandbox, hosts: &str, arguments: &[&str]) -> Command {
    let schema = sandbox.sql("SELECT current_schema").remove(0);
    let mut command = sandbox.command(arguments);
    // The session file belongs to the address without the proxy, so the command needs a bearer
    // token.
    command.env("JETON_TOKEN", sandbox.session_member("access"));
    command.env("JETON_STORE", format!("postgres:///postgres?host={hosts}&schema={schema}"));
    command
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn token_create_waits_for_the_write_lock_up_to_the_limit_and_token_list_does_not() {
    // Fails the test with an explanation if the test run has no server.
    let _schema = create_schema();
    let sandbox = Sandbox::with_admin();
    let lock = WriteLock::acquire(&sandbox);
    let start = Instant::now();
    let output = sandbox.run(&["token", "create", "shop", "--wait", "1s"]).fails(75);
    assert!(output.stderr.contains("timed out waiting for a lock"), "{output:?}");
    assert!(start.elapsed() >= Duration::from_secs(1) && start.elapsed() < Duration::from_secs(10));
    assert_eq!(sandbox.stdout_of(&["token", "list", "-o", "name"]), "", "list waits for no lock");
    drop(lock);
    sandbox.run(&["token", "create", "shop"]).ok();
    assert_eq!(sandbox.sql(TOKEN_COUNT_SQL), ["1"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn token_is_stored_once_if_the_connection_is_lost_at_commit() {
    let socket = server_socket();
    for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
        let sandbox = Sandbox::with_admin();
        for token_count in 1..=5 {
            let proxy = Proxy::start(socket.clone(), cut, 1);
            let arguments = ["token", "create", "shop", "--permission", "read"];
            sandbox.run(&["settings", "set", "token.quota", "100"]).ok();
            let command = command_through(&sandbox, &proxy, &arguments);
            let output = RunOutput::capture(command).ok();
            assert_eq!(proxy.cut_count(), 1, "{cut:?}");
            sandbox.run(&["token", "verify", output.stdout.trim()]).ok();
            assert_eq!(sandbox.sql(TOKEN_COUNT_SQL), [token_count.to_string()], "{cut:?}");
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn unknown_outcome_of_a_commit_is_reported() {
    let sandbox = Sandbox::with_admin();
    let proxy = Proxy::start(server_socket(), Cut::AfterCommitThenRefuseConnections, 1);
    let mut command = command_through(&sandbox, &proxy, &["token", "create", "shop"]);
    let output = RunOutput::capture(command.args(["-o", "json", "--wait", "1s"]));
    assert_eq!(output.code, 74, "{output:?}");
    let error = output.error();
    assert_eq!(error["code"], "outcome_unknown");
    assert!(error["message"].as_str().unwrap().starts_with("connection lost during a commit"));
    assert_eq!(
        sandbox.sql("SELECT jti::text FROM tokens"),
        [error["details"]["jti"].as_str().unwrap()]
    );
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn silent_hosts_delay_a_command_for_a_limited_time() {
    let sandbox = Sandbox::with_admin();
    let (silent_host, other_silent_host) = (SilentHost::start(), SilentHost::start());
    let join_hosts = |hosts: [&Path; 2]| hosts.map(|host| host.display().to_string()).join(",");
    let socket = server_socket();
    let run = |hosts: &str, wait| {
        let start = Instant::now();
        let command = command_at(&sandbox, hosts, &["token", "create", "shop", "--wait", wait]);
        (RunOutput::capture(command), start.elapsed())
    };
    let silent_and_live_hosts = join_hosts([silent_host.directory(), socket.parent().unwrap()]);
    let (output, time) = run(&silent_and_live_hosts, "30s");
    output.ok();
    println!("first host silent: {time:?}");
    assert!(time < Duration::from_secs(5), "{time:?}");
    let (output, time) = run(&format!("{silent_and_live_hosts}&connect_timeout=1"), "30s");
    output.ok();
    println!("first host silent, `connect_timeout=1`: {time:?}");
    assert!(time < Duration::from_secs(2), "{time:?}");
    let silent_hosts = join_hosts([silent_host.directory(), other_silent_host.directory()]);
    let (output, time) = run(&silent_hosts, "3s");
    println!("both hosts silent, `--wait 3s`: {time:?}");
    assert!(time < Duration::from_secs(6), "{time:?}");
    let message = "error: cannot connect to the database: connection timed out\n";
    assert!(output.fails(75).stderr.contains(message));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn command_waits_for_a_free_server_connection_up_to_the_limit() {
    let schema = create_schema();
    let sandbox = Sandbox::with_admin();
    let role = format!("limited_{}", uuid::Uuid::new_v4().simple());
    let schema_name = sandbox.sql("SELECT current_schema").remove(0);
    let set_limit =
        |limit| drop(schema.run_sql(&format!("ALTER ROLE {role} CONNECTION LIMIT {limit}")));
    schema.run_sql(&format!(
        "CREATE ROLE {role} LOGIN;
         GRANT USAGE ON SCHEMA {schema_name} TO {role};
         GRANT ALL ON ALL TABLES IN SCHEMA {schema_name} TO {role}"
    ));
    let create_command = |wait| {
        let mut command = sandbox.command(&["token", "create", "shop", "--wait", wait]);
        let address = sandbox.variables().find(|(name, _)| *name == "JETON_STORE").unwrap().1;
        command.env("JETON_STORE", format!("{address}&user={role}"));
        command
    };
    set_limit(0);
    let output = RunOutput::capture(create_command("1s")).fails(75);
    assert!(output.stderr.contains("too many connections for role"), "{output:?}");
    let child = Sandbox::start(&mut create_command("30s"));
    std::thread::sleep(Duration::from_millis(500));
    set_limit(5);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(sandbox.sql(TOKEN_COUNT_SQL), ["1"]);
    schema.run_sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn connection_ended_by_the_server_is_replaced() {
    let schema = create_schema();
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "shop"]);
    let application = format!("jeton-{}", uuid::Uuid::new_v4().simple());
    let end_connections_sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE application_name = '{application}'"
    );
    let mut command = sandbox.command(&["token", "verify", "--batch"]);
    let address = sandbox.variables().find(|(name, _)| *name == "JETON_STORE").unwrap().1;
    command.env("JETON_STORE", format!("{address}&application_name={application}"));
    // The program connects, and then waits for tokens on standard input. The loop waits for this
    // connection and ends the connection.
    let mut child = Sandbox::start(command.stdin(Stdio::piped()));
    while schema.run_sql(&end_connections_sql) == ["0"] {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Also ends a new connection if the program replaced the first connection in the meantime.
    std::thread::sleep(Duration::from_millis(500));
    schema.run_sql(&end_connections_sql);
    child.stdin.take().unwrap().write_all(format!("{token}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
