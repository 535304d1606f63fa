//! Servers that do not answer, or that end a connection or a statement before the answer.

use super::create_schema;
use super::fault::{Fault, FaultyProxy};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::time::{Duration, Instant};

const TOKEN_COUNT_SQL: &str = "SELECT count(*) FROM tokens";

/// Text in the protocol message that begins a write transaction.
const BEGIN_WRITE: &str = "pg_advisory_xact_lock";

/// Delays each insertion of a token by a number of seconds.
fn delay_insertions(sandbox: &Sandbox, seconds: u32) {
    sandbox.sql(&format!(
        "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END';
         CREATE TRIGGER pause BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION pause()"
    ));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn command_fails_after_a_time_limit_if_the_server_does_not_answer() {
    let verify = ["token", "verify", "--wait", "1s"];
    let list = ["token", "list", "--wait", "1s"];
    let create = ["token", "create", "web", "--wait", "1s"];
    let no_answer = "error: connection to the database lost: the server does not answer\n";
    let (silence, refusals) = (Fault::Silence, Fault::SilenceThenRefusals);
    let cases = [
        // The text selects the message at which the fault occurs. `FROM store` is in the message
        // that opens the store, and `FROM keys` is in the first message of the read transaction of
        // the command. `INSERT INTO audit` is sent together with the COMMIT.
        (&verify[..], "FROM store", silence, 75, no_answer),
        (&verify, "FROM keys", silence, 75, no_answer),
        (&verify, "FROM keys", refusals, 75, no_answer),
        (&list, "FROM tokens", silence, 75, no_answer),
        (&create, BEGIN_WRITE, silence, 75, no_answer),
        (&create, "INSERT INTO tokens", silence, 75, no_answer),
        (&create, "INSERT INTO tokens", refusals, 75, no_answer),
        (&create, "INSERT INTO audit", silence, 74, "error: connection lost during a commit"),
    ];
    std::thread::scope(|scope| {
        for (arguments, message_text, fault, code, error) in cases {
            scope.spawn(move || {
                // Each case has its own store, because the transaction of a silent connection keeps
                // its locks.
                let sandbox = Sandbox::with_admin();
                let token = sandbox.stdout_of(&["token", "create", "shop"]);
                let proxy = FaultyProxy::start(message_text, fault, 1);
                let mut command = proxy.command(&sandbox, arguments);
                if arguments == verify {
                    command.arg(token.trim());
                }
                let start = Instant::now();
                let output = RunOutput::capture(command);
                let time = start.elapsed();
                println!("{message_text}: {time:?}");
                assert_eq!(proxy.fault_count(), 1, "{message_text}");
                assert!(time < Duration::from_secs(12), "{message_text}: {time:?}");
                assert!(output.stderr.contains(error), "{message_text}: {output:?}");
                output.fails(code);
            });
        }
    });
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn long_statement_continues_if_the_server_answers_another_connection() {
    let sandbox = Sandbox::with_admin();
    delay_insertions(&sandbox, 8);
    sandbox.run(&["token", "create", "shop", "--wait", "1s"]).ok();
    assert_eq!(sandbox.sql(TOKEN_COUNT_SQL), ["1"]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn read_is_repeated_if_the_connection_is_lost_before_the_first_answer() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "shop"]);
    // `FROM store` is in the first message of the transaction that opens the store, and `FROM keys`
    // is in the first message of the transaction of the command.
    for message_text in ["FROM store", "FROM keys"] {
        let proxy = FaultyProxy::start(message_text, Fault::End, 3);
        let command = proxy.command(&sandbox, &["token", "verify", token.trim()]);
        assert_eq!(RunOutput::capture(command).ok().stdout, "valid\n", "{message_text}");
        assert_eq!(proxy.fault_count(), 3, "{message_text}");
    }
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn lost_connection_and_ended_statement_are_reported() {
    let other_schema = create_schema();
    let sandbox = Sandbox::with_admin();
    let start = Instant::now();
    // `READ ONLY` is in the message that begins a read transaction.
    let proxy = FaultyProxy::start("READ ONLY", Fault::End, usize::MAX);
    let output = RunOutput::capture(proxy.command(&sandbox, &["token", "list", "--wait", "1s"]));
    let message = "error: connection to the database lost: connection closed\n\
                   hint: try again, or wait longer with `--wait`\n";
    assert_eq!(output.fails(75).stderr, message);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    delay_insertions(&sandbox, 5);
    let role = format!("limited_{}", uuid::Uuid::new_v4().simple());
    let store_schema = sandbox.sql("SELECT current_schema").remove(0);
    other_schema.run_sql(&format!(
        "CREATE ROLE {role} LOGIN;
         ALTER ROLE {role} SET statement_timeout = 500;
         GRANT USAGE ON SCHEMA {store_schema} TO {role};
         GRANT ALL ON ALL TABLES IN SCHEMA {store_schema} TO {role}"
    ));
    let mut command = sandbox.command(&["token", "create", "shop"]);
    let address = sandbox.variables().find(|(name, _)| *name == "JETON_STORE").unwrap().1;
    command.env("JETON_STORE", format!("{address}&user={role}"));
    let output = RunOutput::capture(command).fails(75);
    let message = "error: statement ended by the server: canceling statement due to statement timeout\n\
                   hint: try again, or increase `statement_timeout` or `transaction_timeout` of the database user\n";
    assert_eq!(output.stderr, message);
    other_schema.run_sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
