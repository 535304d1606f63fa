//! Password hashes that no command writes: a command reports such a hash as damage of the store,
//! and does not compute the hash.

use super::crafted_rows::{log_in, run_on_damaged_store, run_store_check};
use super::crafted_schema::{change_store_unchecked, run_within_time_limit};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// Parameters of password hashes: the first three need at least 4 GiB of memory or hours of
/// computation, and the last is malformed.
const UNUSABLE_PARAMETERS: [&str; 4] = [
    "$argon2id$v=19$m=4194304,t=1,p=1$",
    "$argon2id$v=19$m=8,t=4294967295,p=1$",
    "$argon2id$v=19$m=134217728,t=1,p=16777215$",
    "\u{1b}[2J$scrypt$",
];

#[test]
fn unusable_password_hash_is_reported_and_not_computed() {
    let mut outputs = String::new();
    for parameters in UNUSABLE_PARAMETERS {
        let sandbox = Sandbox::with_admin();
        let hash = format!("{parameters}c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        change_store_unchecked(&sandbox, &format!("UPDATE users SET password = '{hash}'"));
        let output = log_in(&sandbox);
        outputs += &output.with_command();
        let passwd = ["passwd", "--password-stdin"];
        let output = run_within_time_limit(&sandbox, &passwd, "lovelace\nturing mathison\n");
        outputs += &output.with_command();
        outputs += &run_store_check(&sandbox);
        // `recover` replaces the hash.
        let recover = ["recover", "ada", "--password-stdin", "--yes"];
        assert_eq!(run_within_time_limit(&sandbox, &recover, "lovelace\n").code, 0);
        log_in(&sandbox).ok();
        assert_eq!(sandbox.run(&["store", "check"]).ok().stdout, "ok\n");
    }
    assert_snapshot!(outputs, @"
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ timeout 20 jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ timeout 20 jeton passwd --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable password hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton store check
    store_damaged: store damaged: row 1 of `users`: unusable password hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn unusable_hash_class_is_reported_and_not_computed() {
    // A hash class is a password hash without salt and digest: algorithm, version and cost
    // parameters.
    let mut outputs = String::new();
    for parameters in UNUSABLE_PARAMETERS {
        let sandbox = Sandbox::with_admin();
        let class = parameters.trim_end_matches('$');
        change_store_unchecked(&sandbox, &format!("UPDATE store SET costliest_hash = '{class}'"));
        outputs += &run_on_damaged_store(&sandbox, &["login", "ada", "--password-stdin"]);
        outputs += &run_on_damaged_store(&sandbox, &["login", "nobody", "--password-stdin"]);
        outputs += &run_store_check(&sandbox);
        // `store prune` computes `costliest_hash` from the hashes of the users.
        sandbox.run(&["store", "prune"]).ok();
        log_in(&sandbox).ok();
        assert_eq!(sandbox.run(&["store", "check"]).ok().stdout, "ok\n");
    }
    assert_snapshot!(outputs, @"
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: cost too high: expected at most 64 lanes, 256 MiB of memory, and 1 GiB for the product of memory and passes
    --- exit code 78, stderr
    error: the store has 1 fault
    $ jeton login ada --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton login nobody --password-stdin
    --- exit code 78, stderr
    error: store damaged: unusable `costliest_hash`: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    $ jeton store check
    store_damaged: store damaged: unusable `costliest_hash`: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}
