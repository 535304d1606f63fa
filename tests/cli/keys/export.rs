//! `jeton keys export`

use crate::mask::{json_says, refuses, says};
use crate::world::World;
use base64::Engine;
use serde_json::Value;

fn kids(world: &World, purpose: &str) -> Vec<String> {
    let set = world.json(&["keys", "export", "--jwks", "--purpose", purpose]);
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_set_holds_public_keys_only() {
    let world = World::with_admin();
    world.run(&["logout"]).ok();
    json_says(
        &world,
        &["keys", "export", "--jwks"],
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"<key>\",\"y\":\"<key>\",\
         \"kid\":\"<key>\",\"alg\":\"ES256\",\"use\":\"sig\"}]}",
    );
    let out = "{\n  \"keys\": [\n    {\n      \"kty\": \"EC\",\n      \"crv\": \"P-256\",\n      \
               \"x\": \"<key>\",\n      \"y\": \"<key>\",\n      \"kid\": \"<key>\",\n      \
               \"alg\": \"ES256\",\n      \"use\": \"sig\"\n    }\n  ]\n}\n";
    says(&world, &world.run(&["keys", "export", "--jwks"]), out, "");
}

#[test]
fn app_keys_and_test_keys_are_apart() {
    let world = World::with_admin();
    assert_eq!(kids(&world, "test"), [""; 0]);
    let none = world.run(&["keys", "export", "--jwks", "--purpose", "test"]).ok();
    assert_eq!(
        none.err,
        "warning: there is no test key yet: the first `jeton token mint` makes it\n"
    );
    let (app, test) = (world.get(&["token", "create", "app"]), world.get(&["token", "mint"]));
    assert_eq!(kids(&world, "app"), [kid(&app)]);
    assert_eq!(kids(&world, "test"), [kid(&test)]);
    assert_ne!(kid(&app), kid(&test));
    assert_eq!(kid(&world.session("access")), kid(&app));
}

#[test]
fn a_symmetric_key_is_left_out_with_a_warning() {
    let world = World::new();
    world.run(&["init", "ada", "--alg", "HS256"]).ok();
    let ran = world.run(&["keys", "export", "--jwks"]);
    let talk = "warning: symmetric keys are left out: whoever could check with one could sign \
                with it\n";
    says(&world, &ran, "{\n  \"keys\": []\n}\n", talk);
    json_says(&world, &["keys", "export", "--jwks"], "{\"keys\":[]}");
    assert_eq!(kids(&world, "test"), [""; 0]);
    world.run(&["token", "mint"]).ok();
    assert_eq!(kids(&world, "test").len(), 1, "test keys are ES256 all the same");
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let world = World::with_admin();
    let talk = "error: the following required arguments were not provided:\n  \
                <--jwks|--site <DIR>|--pem [<KID>]|--private <KID>>\n\
                hint: usage: jeton keys export <--jwks|--site <DIR>|--pem [<KID>]|--private <KID>>\n";
    refuses(&world, &world.run(&["keys", "export"]), 2, talk);
    let ran = world.run(&["keys", "export", "--jwks", "--purpose", "all"]);
    let talk = "error: invalid value 'all' for '--purpose <PURPOSE>': purpose: `app` or `test`\n\
                hint: see `jeton keys export --help`\n";
    refuses(&world, &ran, 2, talk);
    let empty = World::new();
    let talk = "error: there is no store at `~/.local/share/jeton/jeton.db`\n\
                hint: make one: jeton init\n";
    refuses(&empty, &empty.run(&["keys", "export", "--jwks"]), 3, talk);
}
