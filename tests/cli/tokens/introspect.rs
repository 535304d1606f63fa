//! `jeton token introspect`

use crate::mask::{json_says, says};
use crate::world::{World, payload, tampered};
use serde_json::json;

const INACTIVE: &str = "{\"active\":false}";

#[test]
fn a_live_app_token_is_described() {
    let world = World::with_john();
    let create = ["token", "create", "shop", "-p", "read,write", "--aud", "https://api.example"];
    let token = world.get(&create);
    let claims = payload(&token);
    assert_eq!(
        world.json(&["token", "introspect", &token]),
        json!({
            "active": true, "scope": "read write", "client_id": "shop", "username": "john",
            "token_use": "app", "token_type": "Bearer", "exp": claims["exp"], "iat": claims["iat"],
            "sub": claims["sub"], "aud": "https://api.example", "iss": "jeton",
            "jti": claims["jti"],
        })
    );
    let access = world.json(&["token", "introspect", &world.session("access")]);
    assert_eq!((&access["active"], &access["username"]), (&true.into(), &"john".into()));
    assert_eq!((&access["token_use"], &access["token_type"]), (&json!("access"), &json!("Bearer")));
    assert!(access.get("scope").is_none());
    assert!(access.get("bloqueado").is_none());
}

#[test]
fn of_anything_else_it_says_inactive_and_no_more() {
    let world = World::with_admin();
    let app = world.get(&["token", "create", "app"]);
    let revoked = world.get(&["token", "create", "app"]);
    world.run(&["token", "revoke", "2"]).ok();
    let short = world.get(&["token", "create", "app", "--ttl", "1s"]);
    let test = world.get(&["token", "mint"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let refresh = world.session("refresh");
    for token in [revoked, short, test, refresh, tampered(&app, 2), "nonsense".to_owned()] {
        json_says(&world, &["token", "introspect", &token], INACTIVE);
    }
    let ran = world.run(&["token", "introspect", "nonsense"]);
    says(&world, &ran, "{\n  \"active\": false\n}\n", "");
}
