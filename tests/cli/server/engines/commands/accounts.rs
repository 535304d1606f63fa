//! Random commands for accounts and sessions.
//!
//! `<uuid N>` is the placeholder of the Nth distinct UUID in the output of earlier commands, and
//! `<long>` is the placeholder of a long text.

use super::{Step, one_of, some_of};
use proptest::collection::vec;
use proptest::prelude::*;

/// Returns a strategy for references to existing and missing users: usernames, email addresses, ids
/// and UUIDs.
fn user() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "ada",
        "john",
        "john",
        "Äda",
        "éva",
        "zoe",
        "john@example.com",
        "ZOE@example.com",
        "1",
        "2",
        "3",
        "9223372036854775807",
        "'<uuid 1>'",
        "'<uuid 3>'",
        "'<long>'",
    ])
}

/// Returns a strategy for valid and invalid usernames.
fn username() -> impl Strategy<Value = &'static str> {
    one_of(&["john", "john", "Äda", "éva", "zoe", "Zed", "a", "'<long>'", "'a b'"])
}

/// Returns a strategy for commands that create, change or show one account.
pub(super) fn accounts() -> impl Strategy<Value = Step> {
    let create = (
        one_of(&["register", "users create", "users create --role minter"]),
        username(),
        some_of(&["--email zoe@example.com", "--name 'Ä é z'", "--exist-ok"]),
    );
    let role = one_of(&["admin", "minter", "user"]);
    let quota = one_of(&[
        "0",
        "1",
        "unlimited",
        "default",
        "4294967295",
        "4294967296",
        "9223372036854775807",
    ]);
    // `zed` is the new username.
    let new_names = some_of(&["--email zoé@example.com", "--name '<long>'", "--name 'éÄz'", "zed"]);
    prop_oneof![
        4 => create.prop_map(|(command, name, options)| {
            format!("{command} {name}{options} --password-stdin")
        }),
        1 => (user(), role).prop_map(|(user, role)| format!("users set-role {user} {role}")),
        2 => (user(), quota).prop_map(|(user, quota)| format!("users set-quota {user} {quota}")),
        2 => (user(), new_names).prop_map(|(user, names)| format!("users rename {user}{names}")),
        2 => (one_of(&["disable", "enable", "delete", "show"]), user())
            .prop_map(|(verb, user)| format!("users {verb} {user}")),
    ]
    .prop_map(|line| Step::new(&line))
}

/// Returns a strategy for logins and for commands that use sessions.
pub(super) fn sessions() -> impl Strategy<Value = Step> {
    let session_command = one_of(&[
        "logout",
        "refresh",
        "whoami",
        "status",
        "sessions list",
        "sessions revoke '<uuid 5>'",
        "sessions revoke --all",
    ]);
    prop_oneof![
        2 => user().prop_map(|user| format!("login {user} --password-stdin")),
        1 => Just("login ada --password-stdin".to_owned()),
        2 => session_command.prop_map(str::to_owned),
    ]
    .prop_map(|line| Step::new(&line))
}

/// Returns a strategy for imports of one to three accounts.
pub(super) fn imports() -> impl Strategy<Value = Step> {
    let row = one_of(&[
        r#"{"username":"john","role":"minter","quota":3}"#,
        r#"{"username":"zoe","email":"zoe@example.com","name":"Ä"}"#,
        r#"{"username":"ÉVA","disabled":true}"#,
        r#"{"username":"Äda","quota":4294967295}"#,
        r#"{"username":"z","created_at":"1970-01-01T00:00:00Z"}"#,
        r#"{"email":"élan@example.com","created_at":9223372036854775807}"#,
        r#"{"username":"u","name":"<long>"}"#,
        r#"{"username":"u","name":"a\u0000"}"#,
        r#"{"uid":"<uuid 1>","username":"adam"}"#,
        r#"{"uid":"019a22ae-67f6-779c-a173-8eacbf9ae521","username":"john"}"#,
    ]);
    let options = some_of(&["--exist-ok", "--update", "--dry-run"]);
    (vec(row, 1..4), options).prop_map(|(rows, options)| {
        Step::with_input(&format!("users import -{options}"), &(rows.join("\n") + "\n"))
    })
}
