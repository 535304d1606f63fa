//! Numbers of round trips, which decide the duration of a command on a distant server.

use super::lost_connection::{command_through, server_socket};
use super::proxy::{Cut, Proxy};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::process::Stdio;

/// Runs a command. Returns its output and its number of round trips, without the first round trip,
/// which starts the connection.
fn run_counted(sandbox: &Sandbox, arguments: &[&str], input: &str) -> (RunOutput, usize) {
    // With a maximum of 0 cuts, the proxy only counts.
    let proxy = Proxy::start(server_socket(), Cut::BeforeCommit, 0);
    let mut command = command_through(sandbox, &proxy, arguments);
    let mut child = Sandbox::start(command.stdin(Stdio::piped()));
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = RunOutput::new(&command, child.wait_with_output().unwrap()).ok();
    (output, proxy.round_trip_count() - 1)
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn commands_for_one_token_need_few_round_trips() {
    let sandbox = Sandbox::with_admin();
    let (output, count) = run_counted(&sandbox, &["token", "create", "shop"], "");
    println!("token create: {count} round trips");
    assert!(count <= 8, "token create: {count}");
    let (_, count) = run_counted(&sandbox, &["token", "verify", output.stdout.trim()], "");
    println!("token verify: {count} round trips");
    assert!(count <= 4, "token verify: {count}");
    sandbox.run(&["token", "renew", "1", "--grace", "1h"]).ok();
    let (_, count) = run_counted(&sandbox, &["token", "create", "shop"], "");
    println!("token create beside a token in its grace period: {count} round trips");
    assert!(count <= 8, "token create beside a token in its grace period: {count}");
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn commands_for_many_tokens_need_few_round_trips() {
    let sandbox = Sandbox::with_admin();
    let mint = |count| ["token", "mint", "--record", "--count", count];
    sandbox.run(&mint("1")).ok();
    let (_, few) = run_counted(&sandbox, &mint("10"), "");
    let (output, many) = run_counted(&sandbox, &mint("400"), "");
    println!("token mint --record: {few} round trips for 10 tokens, {many} for 400");
    assert!(many <= few, "token mint: {many}");
    let tokens = output.stdout;
    let (output, count) =
        run_counted(&sandbox, &["token", "verify", "--batch", "--type", "test"], &tokens);
    println!("token verify --batch: {count} round trips for 400 tokens");
    assert_eq!(output.stdout.lines().count(), 400);
    assert!(count <= 40, "token verify --batch: {count}");
}
