//! Random commands for lists, settings, pruning and keys. `<key N>` is the placeholder of the Nth
//! key id in the output of earlier commands, and `<long>` is the placeholder of a long text.

use super::{Step, one_of, some_of};
use proptest::prelude::*;

/// Returns a strategy for lists of users, tokens and audit events.
pub(super) fn lists() -> impl Strategy<Value = Step> {
    let page = one_of(&[
        "",
        "",
        " --per-page 2",
        " --page 2 --per-page 1",
        " --page 4294967295 --per-page 10000",
        " --after 2",
        " --after 1 --per-page 1",
        " --after 9223372036854775807",
        " --after 9223372036854775808",
    ]);
    let users = some_of(&[
        "--sort username",
        "--sort email",
        "--sort created",
        "--desc",
        "--search É",
        "--search z",
        "--role user",
        "--status disabled",
    ]);
    let tokens = some_of(&[
        "--all-users",
        "--kind test",
        "--app shop",
        "--app '<long>'",
        "--status all",
        "--status revoked",
        "--expiring-within 10d",
        "--fail-if-any",
        "--user john",
    ]);
    let audit = some_of(&[
        "--reverse",
        "--action token",
        "--action 'users create'",
        "--user john",
        "--outcome done",
        "--outcome conflict",
        "--target token",
        "--target 'user 2'",
        "--target 'token 9223372036854775807'",
        "--since 1h",
    ]);
    let list = prop_oneof![
        users.prop_map(|options| format!("users list{options}")),
        tokens.prop_map(|options| format!("token list{options}")),
        audit.prop_map(|options| format!("audit list{options}")),
    ];
    (list, page).prop_map(|(list, page)| Step::new(&(list + page)))
}

/// Returns a strategy for commands for settings, and for `store prune`.
pub(super) fn settings() -> impl Strategy<Value = Step> {
    one_of(&[
        "settings set token.quota unlimited",
        "settings set token.quota unlimited",
        "settings set token.quota 1",
        "settings set token.quota 4294967295",
        "settings set token.quota 9223372036854775807",
        "settings set token.ttl 1d",
        "settings set token.permissions 'read,Ä'",
        "settings set issuer Ä",
        "settings set issuer '<long>'",
        "settings set claims.owner é",
        "settings set register.open false",
        "settings unset token.quota",
        "settings get issuer",
        "store prune",
        "store prune --dry-run",
    ])
    .prop_map(Step::new)
}

/// Returns a strategy for commands for keys.
pub(super) fn keys() -> impl Strategy<Value = Step> {
    one_of(&[
        "keys list",
        "keys generate --alg HS256 --purpose test",
        "keys generate --purpose app",
        "keys rotate",
        "keys rotate --purpose test",
        "keys activate '<key 2>'",
        "keys retire '<key 1>'",
        "keys revoke '<key 1>'",
        "keys revoke '<key 2>'",
        "keys export",
    ])
    .prop_map(Step::new)
}
