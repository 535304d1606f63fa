//! The settings `token.permissions` and `token.max_ttl`, for every role.

use super::{CALLERS, Scenario};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// Commands with their exit codes for a user, a minter and an admin while the setting
/// `token.permissions` is `read,orders:*`. The existing tokens `MY_ID` (by id) and `MY_TOKEN` (by
/// value) have the permission `deploy`.
const RESTRICTED_COMMANDS: &[(&[&str], [i32; 3])] = &[
    (&["token", "create", "app", "-p", "read"], [0, 0, 0]),
    (&["token", "create", "app", "-p", "orders:write"], [0, 0, 0]),
    (&["token", "create", "app", "-p", "read,deploy"], [7, 0, 0]),
    (&["token", "create", "app", "-p", "jeton:mint"], [7, 0, 0]),
    (&["token", "create", "app", "--claim", "scope=read orders:x"], [0, 0, 0]),
    (&["token", "create", "app", "--claim", "scope=read deploy"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "scp=[\"deploy\"]"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "roles=[\"deploy\"]"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "scope=\"read\\tdeploy\""], [7, 0, 0]),
    (&["token", "create", "app", "--claim", "scope=read\u{a0}deploy"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "scp=[\"read orders:x\"]"], [0, 0, 0]),
    (&["token", "create", "app", "--claim-json", "scp=[\"read\\ndeploy\"]"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "roles={\"deploy\":true}"], [7, 0, 0]),
    (&["token", "create", "app", "--claim-json", "roles=[\"read\",[\"deploy\"]]"], [7, 0, 0]),
    (&["token", "create", "app", "--user", "KIM", "-p", "deploy"], [7, 7, 0]),
    (&["run", "--app", "ci", "-p", "read", "--", "true"], [0, 0, 0]),
    (&["run", "--app", "ci", "-p", "deploy", "--", "true"], [7, 0, 0]),
    (&["token", "renew", "MY_TOKEN"], [7, 0, 0]),
    (&["token", "renew", "MY_ID"], [7, 0, 0]),
];

/// Returns a scenario in which `MY_ID` and `MY_TOKEN` are two tokens of the caller with the
/// permission `deploy`.
fn scenario_with_tokens(caller: &str) -> Scenario {
    let mut scenario = Scenario::new(caller);
    let token = scenario.sandbox.stdout_of(&["token", "create", "before", "-p", "deploy"]);
    let id =
        scenario.sandbox.json(&["token", "create", "before", "-p", "deploy"])["id"].to_string();
    scenario.placeholders.retain(|(name, _)| !["MY_ID", "MY_TOKEN"].contains(name));
    scenario.placeholders.extend([("MY_ID", id), ("MY_TOKEN", token)]);
    scenario
}

fn assert_exit_code(scenario: &Scenario, words: &[&str], code: i32) {
    let words: Vec<&str> = words.iter().map(|word| scenario.expand(word)).collect();
    let output = scenario.sandbox.run(&words);
    assert_eq!(output.code, code, "{words:?}: {output:?}");
}

#[test]
fn token_permissions_setting_limits_user_role_only() {
    for (caller_index, caller) in CALLERS.into_iter().enumerate() {
        let scenario = scenario_with_tokens(caller);
        scenario
            .sandbox
            .sql("INSERT INTO settings VALUES ('token.permissions', 'read,orders:*', 1)");
        for (words, codes) in RESTRICTED_COMMANDS {
            assert_exit_code(&scenario, words, codes[caller_index]);
        }
        scenario.sandbox.sql("UPDATE settings SET value = 'none' WHERE name = 'token.permissions'");
        assert_exit_code(
            &scenario,
            &["token", "create", "app", "-p", "read"],
            if caller == "john" { 7 } else { 0 },
        );
        assert_exit_code(&scenario, &["token", "create", "app"], 0);
    }
}

#[test]
fn permission_refusal_names_the_permission_and_the_setting() {
    let scenario = scenario_with_tokens("john");
    scenario.sandbox.sql("INSERT INTO settings VALUES ('token.permissions', 'read', 1)");
    let output = scenario.sandbox.run(&["token", "create", "app", "-p", "read,deploy"]).fails(7);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: permission `deploy` not allowed: logged in as `john` with role `user`
    hint: list the permissions you can grant: jeton settings get token.permissions
    ");
}

#[test]
fn object_as_roles_claim_is_refused_if_permissions_are_restricted() {
    let scenario = scenario_with_tokens("john");
    let create = ["token", "create", "app", "--claim-json", "roles={\"deploy\":true}"];
    assert_exit_code(&scenario, &create, 0);
    scenario.sandbox.sql("INSERT INTO settings VALUES ('token.permissions', 'read', 1)");
    assert_snapshot!(scenario.sandbox.run(&create), @"
    --- exit code 7, stderr
    error: claims `scope`, `scp` and `roles` must be strings or arrays of strings: the setting `token.permissions` restricts the role `user`
    ");
}

#[test]
fn permission_refusal_of_a_renewal_by_value_names_the_token_owner() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app", "-p", "deploy"]);
    sandbox.sql("INSERT INTO settings VALUES ('token.permissions', 'read', 1)");
    assert_snapshot!(sandbox.run(&["token", "renew", &token]), @"
    --- exit code 7, stderr
    error: permission `deploy` not allowed: token owner `john` has role `user`
    hint: list the permissions you can grant: jeton settings get token.permissions
    ");
}

#[test]
fn max_ttl_limits_renewal_by_value_but_not_by_id() {
    for caller in CALLERS {
        let scenario = scenario_with_tokens(caller);
        assert_exit_code(&scenario, &["token", "renew", "KIM_TOKEN"], 0);
        // 90 days is the default of `token.max_ttl`.
        let first_issue_sql = "UPDATE tokens SET first_issued_at = issued_at - 90 * 86400";
        scenario.sandbox.sql(first_issue_sql);
        assert_exit_code(&scenario, &["token", "renew", "MY_TOKEN"], 7);
        assert_exit_code(&scenario, &["token", "renew", "MY_ID"], 0);
        let expected = if caller == "ada" { 0 } else { 7 };
        assert_exit_code(&scenario, &["token", "renew", "KIM_ID"], expected);
    }
}
