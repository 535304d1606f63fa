//! A store file with several hard links is refused. SQLite would use a separate WAL for each path,
//! and commits would be lost.

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

/// Number of attempts to write to the store under each path.
pub(super) const ATTEMPTS_PER_PATH: usize = 40;

/// Creates a store without a token quota, and the empty directory `other`.
pub(super) fn sandbox_with_unlimited_quota() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    fs::create_dir(sandbox.home().join("other")).unwrap();
    sandbox
}

#[test]
fn hard_linked_store_is_refused_under_both_paths() {
    let sandbox = sandbox_with_unlimited_quota();
    let link = sandbox.home().join("other/jeton.db");
    fs::hard_link(sandbox.store_path(), &link).unwrap();
    for _ in 0..ATTEMPTS_PER_PATH {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["token", "create", "x"]), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db`: the file has several hard links
        hint: remove the other hard links of the file
        "));
        let create_at_link = ["token", "create", "x", "--store", "other/jeton.db"];
        allow_duplicates!(assert_snapshot!(sandbox.run(&create_at_link), @"
        --- exit code 78, stderr
        error: `other/jeton.db`: the file has several hard links
        hint: remove the other hard links of the file
        "));
    }
    assert_snapshot!(sandbox.run(&["store", "check"]), @"
    insecure_permissions: the file has several hard links
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: remove the other hard links of the file
    ");
    fs::remove_file(link).unwrap();
    assert_eq!(sandbox.json(&["token", "list"])["total"], 0);
    // With one path, the store works again.
    sandbox.stdout_of(&["token", "create", "x"]);
}
