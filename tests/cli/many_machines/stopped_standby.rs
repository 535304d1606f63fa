//! A synchronous standby that stops answering.

use super::replication::Replication;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Part of the warning of a command whose change no standby confirmed in time.
const UNCONFIRMED_WARNING: &str =
    "warning: the change is stored, but without the confirmation of a standby";

/// Runs a command that changes the store and waits at most 2 s. Asserts that the command succeeds
/// after this time, with the warning.
#[track_caller]
fn run_until_time_limit(sandbox: &Sandbox, arguments: &[&str]) -> RunOutput {
    let start = Instant::now();
    let output = sandbox.run(&[arguments, &["--wait", "2s"]].concat()).ok();
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_secs(2) && elapsed < Duration::from_secs(4), "{elapsed:?}");
    assert!(output.stderr.contains(UNCONFIRMED_WARNING), "{output:?}");
    output
}

#[test]
#[ignore = "needs a PostgreSQL server, and time"]
fn commit_waits_for_the_standby_at_most_as_long_as_the_wait_option() {
    let replication = Replication::start();
    let sandbox = replication.create_store();
    let create = ["token", "create", "shop"];
    let confirmed = sandbox.run(&create).ok();
    assert!(!confirmed.stderr.contains(UNCONFIRMED_WARNING), "{confirmed:?}");
    replication.standby.signal(Signal::STOP);

    let unconfirmed = run_until_time_limit(&sandbox, &create);
    run_until_time_limit(&sandbox, &["token", "revoke", confirmed.stdout.trim_end()]);
    let verify = |store: &str, created: &RunOutput| {
        let mut command = sandbox.command(&["token", "verify", created.stdout.trim_end()]);
        RunOutput::capture(command.env("JETON_STORE", store)).code
    };
    let primary = replication.primary.address();
    assert_eq!((verify(primary, &unconfirmed), verify(primary, &confirmed)), (0, 12));

    // The next command waits until the standby continues. The standby then has the changes of all
    // commands.
    let mut create_with_long_wait = sandbox.command(&[&create[..], &["--wait", "60s"]].concat());
    let child = Sandbox::start(&mut create_with_long_wait);
    replication.wait_for_pending_commit();
    replication.standby.signal(Signal::CONT);
    let output = RunOutput::new(&create_with_long_wait, child.wait_with_output().unwrap()).ok();
    assert!(!output.stderr.contains(UNCONFIRMED_WARNING), "{output:?}");
    let standby = replication.standby.address();
    super::wait_until(|| verify(standby, &output) == 0);
    assert_eq!((verify(standby, &unconfirmed), verify(standby, &confirmed)), (0, 12));
}
