//! Commands that print a list.

mod formats;
mod memory;
mod schemas;

use crate::sandbox::Sandbox;

/// Every command that prints a list, with the options that select all rows.
const LISTS: [&str; 7] = [
    "users list",
    "token list --all-users --status all",
    "sessions list --all-users",
    "keys list",
    "audit list",
    "settings list",
    "token presets",
];

/// The commands of [`LISTS`] that print text in pages.
const PAGED_LISTS: [&str; 3] = [LISTS[0], LISTS[1], LISTS[4]];

/// Creates a store with more than 50 users, tokens, sessions and audit events each. A page has 20
/// rows. The admin ada is logged in.
fn sandbox_with_long_lists() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "create", "a", "-p", "read,write", "--aud", "x", "--claim", "k=v"]).ok();
    sandbox.run(&["token", "mint", "--record", "--count", "50"]).ok();
    for insert in [
        "INSERT INTO users (uid, username, email, email_key, role, created_at, password_at)
         SELECT randomblob(16), 'user' || i, '=\"' || i || '\",@x.org', '=\"' || i || '\",@x.org',
             'user', 0, 0 FROM n",
        "INSERT INTO sessions (sid, user_id, created_at, expires_at)
         SELECT randomblob(16), 1 + i, 0, 9000000000 FROM n",
        "INSERT INTO pairs (session_id, key_id, access, refresh, issued_at, access_expires_at,
             refresh_expires_at)
         SELECT id, 1, randomblob(16), randomblob(16), 0, 9000000000, 9000000000 FROM sessions
         WHERE user_id > 1",
        "INSERT INTO audit (at, os_uid, action, outcome, count) SELECT i, 0, 'x', 'done', 1 FROM n",
    ] {
        let numbers =
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50)";
        sandbox.sql(&format!("{numbers} {insert}"));
    }
    sandbox
}

/// Splits a command, such as a command of [`LISTS`], into words, and appends the options.
fn with_options<'w>(command: &'w str, options: &[&'w str]) -> Vec<&'w str> {
    command.split(' ').chain(options.iter().copied()).collect()
}
