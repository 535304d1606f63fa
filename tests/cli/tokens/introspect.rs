//! `jeton token introspect`

use crate::sandbox::{Sandbox, payload, tampered};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;

#[test]
fn introspection_describes_active_app_and_access_tokens() {
    let sandbox = Sandbox::with_john();
    let create = ["token", "create", "shop", "-p", "read,write", "--aud", "https://api.example"];
    let token = sandbox.stdout_of(&create);
    let claims = payload(&token);
    assert_eq!(
        sandbox.json(&["token", "introspect", &token]),
        json!({
            "active": true, "scope": "read write", "client_id": "shop", "username": "john",
            "token_use": "app", "token_type": "Bearer", "exp": claims["exp"], "iat": claims["iat"],
            "sub": claims["sub"], "aud": "https://api.example", "iss": "jeton",
            "jti": claims["jti"],
        })
    );
    let access_introspection =
        sandbox.json(&["token", "introspect", &sandbox.session_member("access")]);
    assert_eq!(
        (&access_introspection["active"], &access_introspection["username"]),
        (&true.into(), &"john".into())
    );
    assert_eq!(
        (&access_introspection["token_use"], &access_introspection["token_type"]),
        (&json!("access"), &json!("Bearer"))
    );
    assert!(access_introspection.get("scope").is_none());
    // The access token has the claim `bloqueado`, which marks session tokens.
    assert!(access_introspection.get("bloqueado").is_none());
}

#[test]
fn invalid_or_refresh_or_test_token_is_introspected_as_inactive_without_details() {
    let sandbox = Sandbox::with_admin();
    let app_token = sandbox.stdout_of(&["token", "create", "app"]);
    let revoked_token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["token", "revoke", "2"]).ok();
    let expired_token = sandbox.stdout_of(&["token", "create", "app", "--ttl", "1s"]);
    let test_token = sandbox.stdout_of(&["token", "mint"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let refresh_token = sandbox.session_member("refresh");
    for token in [
        revoked_token,
        expired_token,
        test_token,
        refresh_token,
        tampered(&app_token, 2),
        "nonsense".to_owned(),
    ] {
        allow_duplicates!(
            assert_snapshot!(sandbox.run_json(&["token", "introspect", &token]), @r#"{"active":false}"#)
        );
    }
    let output = sandbox.run(&["token", "introspect", "nonsense"]);
    assert_snapshot!(output, @r#"
    {
      "active": false
    }
    "#);
}
