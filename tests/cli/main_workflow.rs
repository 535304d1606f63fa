//! The main workflow of a user, from an empty home directory to logout.

use crate::sandbox::{Sandbox, payload, tampered};
use insta::assert_snapshot;
use serde_json::{Value, json};

#[test]
fn main_workflow_succeeds_from_init_to_logout() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada"]).ok();
    let arguments = ["register", "john", "--email", "john@example.com", "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox.log_in("john@example.com", "123456");
    sandbox.log_in("john", "123456");

    let first = sandbox.stdout_of(&["token", "create", "my-app", "--permission", "read,write"]);
    sandbox.stdout_of(&["token", "create", "other"]);
    sandbox.stdout_of(&["token", "create", "third"]);
    let fourth = sandbox.run(&["token", "create", "fourth"]).fails(8);
    assert_snapshot!(fourth, @"
    --- exit code 8, stderr
    error: token quota exceeded: 3 of 3 tokens in use
    hint: revoke a token that is no longer used; list the tokens: jeton token list --user john
    ");

    let claims: Value =
        serde_json::from_str(&sandbox.stdout_of(&["token", "inspect", &first])).unwrap();
    let time_claim = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time_claim("exp") - time_claim("iat"), 604_800);
    assert_eq!(claims["owner"], "gerenciaToken");
    assert_eq!(claims["target"], "cliente");
    assert_eq!(claims["permissions"], json!(["read", "write"]));
    assert_eq!(claims, payload(&first));

    let access = sandbox.session_member("access");
    let error = sandbox.json_error(&["token", "inspect", &access]);
    assert_eq!((&error["exit_code"], &error["details"]["reason"]), (&json!(10), &json!("blocked")));

    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_eq!(sandbox.run(&["token", "verify", &first]).code, 12);
    let replacement = sandbox.stdout_of(&["token", "create", "fourth"]);

    let expiry = (payload(&replacement)["exp"].as_i64().unwrap()).to_string();
    assert_eq!(sandbox.run(&["token", "verify", &replacement, "--at", &expiry]).code, 11);
    for part in 0..3 {
        assert_eq!(
            sandbox.run(&["token", "verify", &tampered(&replacement, part)]).code,
            10,
            "{part}"
        );
    }

    for name in ["u1", "u2", "u3", "u4"] {
        sandbox.register(name, "123456");
    }
    let page = sandbox.run(&["users", "list", "--page", "2", "--per-page", "3"]).ok();
    let names: Vec<_> =
        page.stdout.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(names, ["u2", "u3", "u4"]);
    sandbox.run(&["users", "delete", "ada", "--yes"]).fails(7);

    let refresh = sandbox.session_member("refresh");
    sandbox.run_with_input(&["refresh", "--token-stdin"], &refresh).ok();
    sandbox.run_with_input(&["refresh", "--token-stdin"], &refresh).fails(12);
    sandbox.run(&["whoami"]).fails(12);
    sandbox.run(&["logout"]).ok();
    sandbox.run(&["whoami"]).fails(4);
}
