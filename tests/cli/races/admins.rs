//! Admins who demote, disable or delete each other concurrently: one admin remains.

use super::{command_of, count_with_code, log_in_command, query_number, run_concurrently};
use crate::sandbox::Sandbox;
use std::process::Command;

/// Counts the enabled admins.
pub(crate) const ADMIN_COUNT_SQL: &str = "SELECT count(*) FROM users
    WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL";

/// Arguments of `jeton users` that demote, disable or delete an admin. The name of the admin
/// follows the first argument.
pub(crate) const REMOVALS: [&[&str]; 3] =
    [&["set-role", "minter"], &["disable"], &["delete", "--yes"]];

const ROUNDS: usize = 40;

/// Registers the users eve and zoe if they do not exist, gives the admin role to every user who has
/// a username, enables these users, and logs eve and zoe in. Asserts that the store then has two
/// admins.
pub(crate) fn restore_admins(sandbox: &Sandbox) {
    for name in ["eve", "zoe"] {
        let mut register = sandbox.command(&["register", name, "--exist-ok"]);
        register.env("JETON_PASSWORD", "123456");
        run_concurrently([register]).remove(0).ok();
    }
    sandbox.sql("UPDATE users SET role = 'admin', disabled_at = NULL WHERE username IS NOT NULL");
    for output in run_concurrently([log_in_command(sandbox, "eve"), log_in_command(sandbox, "zoe")])
    {
        output.ok();
    }
    assert_eq!(query_number(sandbox, ADMIN_COUNT_SQL), 2);
}

/// Returns a command with which `actor` demotes, disables or deletes the admin `target`. `removal`
/// is an element of [`REMOVALS`].
pub(crate) fn removal_command(
    sandbox: &Sandbox,
    actor: &str,
    target: &str,
    removal: &[&str],
) -> Command {
    let words = [&["users", removal[0], target], &removal[1..]].concat();
    command_of(sandbox, actor, &words)
}

#[test]
fn mutual_admin_removal_leaves_one_admin() {
    let sandbox = Sandbox::new();
    let mut lost_rights_refusal_count = 0;
    for round in 0..ROUNDS {
        restore_admins(&sandbox);
        let (first, second) = (REMOVALS[round % 3], REMOVALS[round / 3 % 3]);
        let outputs = run_concurrently([
            removal_command(&sandbox, "eve", "zoe", first),
            removal_command(&sandbox, "zoe", "eve", second),
        ]);
        assert_eq!(count_with_code(&outputs, 0), 1, "{first:?} against {second:?}: {outputs:?}");
        assert_eq!(
            query_number(&sandbox, ADMIN_COUNT_SQL),
            1,
            "{first:?} against {second:?}: {outputs:?}"
        );
        // The other command is refused: the removal would leave no admin (5), or the admin who runs
        // the command has lost the role (7), is disabled (10) or has lost the session (12).
        let count_with_codes = |codes: &[i32]| -> usize {
            codes.iter().map(|code| count_with_code(&outputs, *code)).sum()
        };
        lost_rights_refusal_count += count_with_codes(&[7, 10, 12]);
        assert_eq!(count_with_codes(&[5, 7, 10, 12]), 1, "{outputs:?}");
    }
    println!(
        "in {} of {ROUNDS} rounds, a removal was refused because no admin would remain",
        ROUNDS - lost_rights_refusal_count
    );
}
