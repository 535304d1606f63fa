//! `jeton users import`: limited memory, and the stored parameters of the costliest password hash

use super::import::{HASH, build_csv, import};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::json;
use std::fs;

#[test]
fn check_of_a_large_import_fits_in_64_mib() {
    let sandbox = Sandbox::new();
    // The error on the last line shows that jeton read all rows. No row is imported.
    let csv = build_csv(40_000, Some((39_999, "user1,,,")));
    fs::write(sandbox.home().join("rows"), csv).unwrap();
    let output = Sandbox::run_command_with_input(
        sandbox.memory_limited_command(&["users", "import", "rows"]),
        "",
    );
    assert_snapshot!(output, @"
    --- exit code 65, stderr
    error: line 40001: username, e-mail address or uid already used on line 3
    ");
}

/// Returns the parameters of the costliest password hash that the store has contained since the
/// last `store prune`, or `null` if that hash does not cost more than the hashes of jeton.
fn costliest_hash_parameters(sandbox: &Sandbox) -> String {
    sandbox.sql("SELECT costliest_hash FROM store").remove(0)
}

#[test]
fn costliest_hash_is_raised_by_import_and_lowered_by_prune() {
    let sandbox = Sandbox::with_admin();
    let rows_with_costs = |costs: &[(&str, &str)]| {
        let row = |(name, cost): &(&str, &str)| {
            let hash = HASH.replace("m=256,t=2,p=1", cost);
            json!({"username": name, "password_hash": hash}).to_string() + "\n"
        };
        costs.iter().map(row).collect::<String>()
    };
    import(&sandbox, &rows_with_costs(&[("cheap", "m=256,t=2,p=1")])).ok();
    assert_eq!(costliest_hash_parameters(&sandbox), "null");
    let costly = [("kim", "m=65536,t=3,p=1"), ("john", "m=32768,t=2,p=4")];
    import(&sandbox, &rows_with_costs(&costly)).ok();
    assert_eq!(costliest_hash_parameters(&sandbox), "$argon2id$v=19$m=65536,t=3,p=1");
    // A failed import does not raise the stored parameters.
    import(&sandbox, &rows_with_costs(&[("max", "m=131072,t=3,p=1"), ("ada", "m=8,t=1,p=1")]))
        .fails(5);
    // While the store contains these parameters, a login with a wrong password fails with the same
    // exit code for every name.
    for name in ["nobody", "kim", "ada", "not a name"] {
        sandbox.run_with_input(&["login", name, "--password-stdin"], "wrong").fails(6);
    }
    sandbox.run(&["store", "prune"]).ok();
    assert_eq!(
        costliest_hash_parameters(&sandbox),
        "$argon2id$v=19$m=65536,t=3,p=1",
        "kim still exists"
    );
    sandbox.run(&["users", "delete", "kim", "--yes"]).ok();
    assert_eq!(costliest_hash_parameters(&sandbox), "$argon2id$v=19$m=65536,t=3,p=1");
    sandbox.run(&["store", "prune"]).ok();
    assert_eq!(costliest_hash_parameters(&sandbox), "$argon2id$v=19$m=32768,t=2,p=4");
    sandbox.run(&["users", "delete", "john", "--yes"]).ok();
    sandbox.run(&["store", "prune"]).ok();
    assert_eq!(costliest_hash_parameters(&sandbox), "null");
    assert_snapshot!(sandbox.check_store(), @"ok");
}
