//! Concurrent registrations, and reads during registrations.

use super::{
    assert_no_lock_error_or_crash, count_with_code, query_number, register_command,
    run_concurrently,
};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::process::Child;

/// Registers one user in each of several processes, without a store. Asserts that one process
/// creates the store, and that exactly one user is an admin.
pub(crate) fn race_for_first_registration(sandbox: &Sandbox, process_count: usize) {
    let outputs = run_concurrently(
        (0..process_count).map(|n| register_command(sandbox, &format!("user{n}"))),
    );
    assert_eq!(count_with_code(&outputs, 0), process_count, "{outputs:?}");
    let is_creation = |output: &&RunOutput| output.stderr.contains("created store");
    let store_creation_count = outputs.iter().filter(is_creation).count();
    assert_eq!(store_creation_count, 1, "{outputs:?}");
    assert_eq!(query_number(sandbox, "SELECT count(*) FROM users"), process_count);
    assert_eq!(query_number(sandbox, "SELECT count(*) FROM users WHERE role = 'admin'"), 1);
    assert_eq!(query_number(sandbox, "SELECT count(*) FROM keys"), 1);
    assert_eq!(sandbox.check_store().to_string(), "ok\n");
}

#[test]
fn concurrent_first_registrations_create_one_admin() {
    race_for_first_registration(&Sandbox::new(), 64);
}

#[test]
fn concurrent_registrations_of_one_name_create_one_user() {
    let sandbox = Sandbox::with_admin();
    let outputs = run_concurrently((0..64).map(|_| register_command(&sandbox, "john")));
    assert_eq!(
        (count_with_code(&outputs, 0), count_with_code(&outputs, 5)),
        (1, 63),
        "{outputs:?}"
    );
    assert_eq!(query_number(&sandbox, "SELECT count(*) FROM users WHERE username = 'john'"), 1);
}

#[test]
fn reads_succeed_during_registrations() {
    let sandbox = Sandbox::with_admin();
    let mut writers: Vec<Child> = (0..16)
        .map(|n| Sandbox::start(&mut register_command(&sandbox, &format!("user{n}"))))
        .collect();
    let (mut read_count, mut max_user_count) = (0, 0);
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        let readers = (0..2).map(|_| sandbox.command(&["users", "list", "--all", "-o", "json"]));
        for output in run_concurrently(readers) {
            assert_eq!(output.code, 0, "{output:?}");
            let list: Value = serde_json::from_str(&output.stdout).unwrap();
            read_count += 1;
            max_user_count = max_user_count.max(list["items"].as_array().unwrap().len());
        }
    }
    for writer in writers {
        let output = RunOutput::from(writer.wait_with_output().unwrap());
        assert_no_lock_error_or_crash(&output);
        output.ok();
    }
    println!("{read_count} reads, at most {max_user_count} users");
    assert!(read_count > 2, "expected more than 2 reads, got {read_count}");
    assert_eq!(sandbox.json(&["users", "list", "--all"])["items"].as_array().unwrap().len(), 17);
}
