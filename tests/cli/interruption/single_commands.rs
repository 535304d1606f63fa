//! Ctrl-C at points that only some commands reach: while a command hashes passwords, waits for
//! input or signs tokens, and after a confirmation. Another test sends a second Ctrl-C.

use super::{Lock, file_names, interrupt, start, wait_until, wait_until_sigint_is_received};
use crate::prompts::PtyCommand;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use rustix::process::Signal;
use rustix::termios::tcgetpgrp;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn import_can_be_interrupted_while_it_hashes_passwords() {
    let sandbox = Sandbox::with_admin();
    let names: Vec<String> = (0..5_000).map(|number| format!("user{number}")).collect();
    fs::write(sandbox.home().join("rows.csv"), format!("username\n{}", names.join("\n"))).unwrap();
    // The command acquires the lock after it has hashed the passwords. While the test holds the
    // lock, the command cannot finish.
    let held_lock = Lock::Store.acquire(&sandbox);
    let import = ["users", "import", "rows.csv", "--generate-passwords", "passwords.csv"];
    let child = start(&sandbox, &import);
    interrupt(&child);
    let output = RunOutput::from(child.wait_with_output().unwrap());
    drop(held_lock);
    assert_eq!(output.code, 130, "{output:?}");
    assert_eq!(output.stderr, "error: interrupted; no account was created or changed\n");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["1"]);
    assert!(!sandbox.home().join("passwords.csv").exists());
}

#[test]
fn verification_can_be_interrupted_while_it_waits_for_input() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    let mut command = sandbox.command(&["token", "verify", "--batch"]);
    let mut child = Sandbox::start(command.stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for line in [&token, "no token"] {
        writeln!(stdin, "{line}").unwrap();
        let mut result = String::new();
        stdout.read_line(&mut result).unwrap();
        assert!(result.starts_with("{\"valid\":"), "{result}");
    }
    interrupt(&child);
    let output = RunOutput::from(child.wait_with_output().unwrap());
    drop(stdin);
    let message = "error: interrupted after 2 tokens, 1 of them invalid; the results of these tokens were printed\n";
    assert_eq!((output.code, output.stderr.as_str()), (130, message));
}

/// Command that mints a JSON document. The document has more tokens than the command can sign
/// before the signal arrives.
const MINT_LONG_DOCUMENT: [&str; 8] =
    ["token", "mint", "--alg", "RS256", "--count", "100000", "-o", "json"];

/// Query that returns the outcome and the count of the last audit event of `token mint`.
const LAST_MINT_EVENT: &str =
    "SELECT outcome || ' ' || count FROM audit WHERE action = 'token mint'
     ORDER BY id DESC LIMIT 1";

#[test]
fn recorded_tokens_of_an_interrupted_json_document_are_revoked() {
    let sandbox = Sandbox::with_admin();
    let child = start(&sandbox, &[&MINT_LONG_DOCUMENT[..], &["--record"]].concat());
    wait_until(|| sandbox.sql("SELECT count(*) FROM tokens") != ["0"]);
    interrupt(&child);
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_eq!((output.code, output.stdout.as_str()), (130, ""), "{output:?}");
    let count = sandbox.sql("SELECT count(*) FROM tokens").remove(0);
    assert_eq!(
        output.error()["message"],
        format!("interrupted after {count} of 100000 tokens; {count} recorded tokens were revoked")
    );
    assert_eq!(sandbox.sql("SELECT count(revoked_at) FROM tokens").remove(0), count);
    assert_eq!(sandbox.sql(LAST_MINT_EVENT), [format!("undelivered {count}")]);
}

#[test]
fn unrecorded_tokens_of_an_interrupted_json_document_are_not_counted_in_the_audit_log() {
    let sandbox = Sandbox::with_admin();
    let child = start(&sandbox, &MINT_LONG_DOCUMENT);
    interrupt(&child);
    let output = RunOutput::from(child.wait_with_output().unwrap());
    assert_eq!((output.code, output.stdout.as_str()), (130, ""), "{output:?}");
    let message = output.error()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("interrupted after "), "{message}");
    assert!(message.ends_with(" of 100000 tokens; no token was written"), "{message}");
    assert_eq!(sandbox.sql(LAST_MINT_EVENT), ["undelivered 0"]);
}

#[test]
fn interrupted_minting_from_a_file_writes_no_incomplete_batch() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("rows.csv"), "sub\n".to_owned() + &"ada\n".repeat(8_000))
        .unwrap();
    // The command signs and writes the rows in batches. When the signal arrives, no batch is
    // complete.
    let child = start(&sandbox, &["token", "mint", "--alg", "RS512", "--from", "rows.csv"]);
    interrupt(&child);
    let output = RunOutput::from(child.wait_with_output().unwrap()).fails(130);
    let message = "error: interrupted after 0 of 8000 tokens; no token was written\n";
    assert!(output.stderr.ends_with(message), "{output:?}");
    assert_eq!(sandbox.sql(LAST_MINT_EVENT), ["undelivered 0"]);
}

#[test]
fn second_ctrl_c_ends_the_process() {
    let sandbox = Sandbox::with_admin();
    let held_lock = Lock::Directory.acquire(&sandbox);
    let backup = sandbox.store_path().with_extension("bak");
    let child = start(&sandbox, &["store", "backup", backup.to_str().unwrap()]);
    interrupt(&child);
    // The second signal does not end the process if another thread receives this signal while the
    // handler of the first signal is still running.
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    let status = child.wait_with_output().unwrap().status;
    drop(held_lock);
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}");
    assert_eq!(file_names(&sandbox), ["jeton.db"]);
}

#[test]
fn ctrl_c_after_a_confirmation_ends_the_command_after_the_current_transaction() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint", "--record", "--count", "3"]).ok();
    let held_lock = Lock::Store.acquire(&sandbox);
    let mut run = PtyCommand::start(&sandbox, &["token", "revoke", "--all", "--wait", "10m"]);
    run.wait_for("Revoke 3 tokens of ada? [y/N] ").0.send_line("y").unwrap();
    run.wait_for("revoking [").0.send_control('c').unwrap();
    let terminal = run.0.process().get_file_handle().unwrap();
    // The command leads the foreground process group of the terminal. The id of a process group is
    // the process id of its leader.
    let process_id = tcgetpgrp(terminal).unwrap().as_raw_nonzero();
    wait_until_sigint_is_received(process_id.get().unsigned_abs());
    drop(held_lock);
    let (code, screen, _) = run.finish();
    assert_eq!(code, 130, "{screen}");
    let message = "error: interrupted after 3 of 3 tokens; tokens revoked so far remain revoked\n";
    assert!(screen.ends_with(message), "{screen:?}");
}
