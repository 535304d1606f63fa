//! The main job from an empty home to the end, as one story.

use crate::world::{World, payload, tampered};
use serde_json::{Value, json};

#[test]
fn the_main_job_works_from_an_empty_home() {
    let world = World::new();
    world.run(&["init", "ada"]).ok();
    let arguments = ["register", "john", "--email", "john@example.com", "--password-stdin"];
    world.run_with_input(&arguments, "123456").ok();
    world.log_in("john@example.com", "123456");
    world.log_in("john", "123456");

    let first = world.get(&["token", "create", "my-app", "--permission", "read,write"]);
    world.get(&["token", "create", "other"]);
    world.get(&["token", "create", "third"]);
    let fourth = world.run(&["token", "create", "fourth"]).fails(8);
    assert_eq!(
        fourth.err,
        "error: 3 of 3 tokens are in use\n\
         hint: in use: 1 (my-app), 2 (other), 3 (third); free a place with `jeton token revoke 1`\n"
    );

    let claims: Value = serde_json::from_str(&world.get(&["token", "inspect", &first])).unwrap();
    let seconds = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(seconds("exp") - seconds("iat"), 604_800);
    assert_eq!(claims["owner"], "gerenciaToken");
    assert_eq!(claims["target"], "cliente");
    assert_eq!(claims["permissions"], json!(["read", "write"]));
    assert_eq!(claims, payload(&first));

    let access = world.session("access");
    let blocked = world.json_error(&["token", "inspect", &access]);
    assert_eq!(
        (&blocked["exit_code"], &blocked["details"]["reason"]),
        (&json!(10), &json!("blocked"))
    );

    world.run(&["token", "revoke", "1"]).ok();
    assert_eq!(world.run(&["token", "verify", &first]).code, 12);
    let again = world.get(&["token", "create", "fourth"]);

    let after = (payload(&again)["exp"].as_i64().unwrap()).to_string();
    assert_eq!(world.run(&["token", "verify", &again, "--at", &after]).code, 11);
    for part in 0..3 {
        assert_eq!(world.run(&["token", "verify", &tampered(&again, part)]).code, 10, "{part}");
    }

    for name in ["u1", "u2", "u3", "u4"] {
        world.register(name, "123456");
    }
    let page = world.run(&["users", "list", "--page", "2", "--per-page", "3"]).ok();
    let names: Vec<_> =
        page.out.lines().skip(1).map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(names, ["u2", "u3", "u4"]);
    world.run(&["users", "delete", "ada", "--yes"]).fails(7);

    let refresh = world.session("refresh");
    world.run_with_input(&["refresh", "--token-stdin"], &refresh).ok();
    world.run_with_input(&["refresh", "--token-stdin"], &refresh).fails(12);
    world.run(&["whoami"]).fails(12);
    world.run(&["logout"]).ok();
    world.run(&["whoami"]).fails(4);
}
