//! The settings `token.permissions` and `token.max_ttl`, for every role.

use super::{CALLERS, Cast};
use insta::assert_snapshot;
use rusqlite::Connection;

/// Commands with their exit codes for a user, a minter and an admin while `token.permissions` is
/// `read,orders:*`. `MY_ID` and `MY_TOKEN` already have the permission `deploy`.
const RESTRICTED: &[(&[&str], [i32; 3])] = &[
    (&["token", "create", "app", "-p", "read"], [0, 0, 0]),
    (&["token", "create", "app", "-p", "orders:write"], [0, 0, 0]),
    (&["token", "create", "app", "-p", "read,deploy"], [7, 0, 0]),
    (&["token", "create", "app", "-p", "jeton:mint"], [7, 0, 0]),
    (&["token", "create", "app", "--claim", "scope=read orders:x"], [0, 0, 0]),
    (&["token", "create", "app", "--claim", "scope=read deploy"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "scp=[\"deploy\"]"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "roles=[\"deploy\"]"], [7, 0, 0]),
    (&["token", "create", "app", "--user", "KIM", "-p", "deploy"], [7, 7, 0]),
    (&["run", "--app", "ci", "-p", "read", "--", "true"], [0, 0, 0]),
    (&["run", "--app", "ci", "-p", "deploy", "--", "true"], [7, 0, 0]),
    (&["token", "renew", "MY_TOKEN"], [7, 0, 0]),
    (&["token", "renew", "MY_ID"], [7, 0, 0]),
];

/// The cast with two tokens of the caller that have the permission `deploy`.
fn cast_with_tokens(caller: &str) -> Cast {
    let mut cast = Cast::new(caller);
    let token = cast.sandbox.get(&["token", "create", "before", "-p", "deploy"]);
    let id = cast.sandbox.json(&["token", "create", "before", "-p", "deploy"])["id"].to_string();
    cast.names.retain(|(name, _)| !["MY_ID", "MY_TOKEN"].contains(name));
    cast.names.extend([("MY_ID", id), ("MY_TOKEN", token)]);
    cast
}

fn assert_exit_code(cast: &Cast, words: &[&str], code: i32) {
    let words: Vec<&str> = words.iter().map(|word| cast.expand(word)).collect();
    let output = cast.sandbox.run(&words);
    assert_eq!(output.code, code, "{words:?}: {output:?}");
}

#[test]
fn user_role_is_limited_to_permitted_permissions() {
    for (role, caller) in CALLERS.into_iter().enumerate() {
        let cast = cast_with_tokens(caller);
        cast.sandbox.sql("INSERT INTO settings VALUES ('token.permissions', 'read,orders:*', 1)");
        for (words, codes) in RESTRICTED {
            assert_exit_code(&cast, words, codes[role]);
        }
        cast.sandbox.sql("UPDATE settings SET value = 'none' WHERE name = 'token.permissions'");
        assert_exit_code(
            &cast,
            &["token", "create", "app", "-p", "read"],
            if role == 0 { 7 } else { 0 },
        );
        assert_exit_code(&cast, &["token", "create", "app"], 0);
    }
}

#[test]
fn refusal_names_permission_and_setting() {
    let cast = cast_with_tokens("john");
    cast.sandbox.sql("INSERT INTO settings VALUES ('token.permissions', 'read', 1)");
    let output = cast.sandbox.run(&["token", "create", "app", "-p", "read,deploy"]).fails(7);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: permission `deploy` not allowed for your role
    hint: list the permissions you can grant: jeton settings get token.permissions
    ");
}

#[test]
fn max_ttl_limits_bearer_but_not_owner() {
    for caller in CALLERS {
        let cast = cast_with_tokens(caller);
        assert_exit_code(&cast, &["token", "renew", "KIM_TOKEN"], 0);
        let backdate = "UPDATE tokens SET first_issued_at = issued_at - 90 * 86400";
        Connection::open(cast.sandbox.store()).unwrap().execute_batch(backdate).unwrap();
        assert_exit_code(&cast, &["token", "renew", "MY_TOKEN"], 7);
        assert_exit_code(&cast, &["token", "renew", "MY_ID"], 0);
        let expected = if caller == "ada" { 0 } else { 7 };
        assert_exit_code(&cast, &["token", "renew", "KIM_ID"], expected);
    }
}
