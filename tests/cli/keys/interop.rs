//! Every algorithm, both ways: `PyJWT` checks what is signed here, and the other way round.

use super::{ALL, kids};
use crate::mask::refuses;
use crate::python::{ask, python};
use crate::world::{World, payload};
use serde_json::{Value, json};

#[test]
fn what_one_signs_the_other_checks() {
    let Some(python) = python() else { return };
    let world = World::with_admin();
    let mut cases = Vec::new();
    for alg in ALL {
        let token = world.get(&["token", "mint", "--alg", alg, "--sub", "alice"]);
        let header = world.json(&["token", "decode", &token, "--part", "header"]);
        let kid = header["kid"].as_str().unwrap();
        let private = world.get(&["keys", "export", "--private", kid, "--yes"]);
        let public = if alg.starts_with("HS") {
            private.clone()
        } else {
            world.get(&["keys", "export", "--pem", kid])
        };
        cases.push(json!({"alg": alg, "kid": kid, "token": token, "public": public,
            "private": private}));
    }
    let answers = ask(&python, "algorithms.py", &Value::from(cases.clone()));
    for (case, answer) in cases.iter().zip(answers.as_array().unwrap()) {
        let alg = &case["alg"];
        assert_eq!(answer["claims"], payload(case["token"].as_str().unwrap()), "{alg}");
        let signed = answer["signed"].as_str().unwrap();
        let ran = world.run(&["token", "verify", signed, "--type", "test"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "valid\n"), "{alg}: {ran:?}");
    }
    let given = "SELECT count(*) FROM audit WHERE action = 'keys export' AND outcome = 'done'";
    assert_eq!(world.sql(given), [ALL.len().to_string()], "each is written down");
}

#[test]
fn one_key_is_printed_as_pem_and_its_private_part_only_to_admins() {
    let world = World::with_john();
    let kid = &kids(&world, "app", "active")[0];
    let pem = world.run(&["keys", "export", "--pem", kid]).ok().out;
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"), "{pem}");
    let private = ["keys", "export", "--private", kid];
    refuses(&world, &world.run(&private), 7, "error: only admins manage keys\n");
    world.log_in("ada", "lovelace");
    let nobody = "error: nobody is there to confirm it\nhint: add `--yes`\n";
    refuses(&world, &world.run(&private), 2, nobody);
    let printed = world.run(&[&private[..], &["--yes"]].concat()).ok().out;
    assert!(printed.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{printed}");
    world.run(&["token", "mint", "--alg", "HS256"]).ok();
    let secret = &kids(&world, "test", "active")[0];
    let ran = world.run(&["keys", "export", "--pem", secret]);
    refuses(&world, &ran, 2, "error: a symmetric key has no public part\n");
    let jwk = world.json(&["keys", "export", "--private", secret, "--yes"]);
    let jwk: Value = serde_json::from_str(jwk["key"].as_str().unwrap()).unwrap();
    assert_eq!((&jwk["kty"], &jwk["kid"]), (&json!("oct"), &json!(secret)));
    let ran = world.run(&["keys", "export", "--pem", "nothing"]);
    refuses(&world, &ran, 3, "error: there is no key `nothing`\n");
}
