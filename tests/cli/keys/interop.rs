//! Every algorithm, both ways: `PyJWT` and jose check what is signed here, and the other way round.

use super::{ALL, kids};
use crate::mask::refuses;
use crate::world::{World, payload, tampered};
use crate::{node, python};
use serde_json::{Value, json};

/// A token of each algorithm, and its keys.
fn cases(world: &World) -> Value {
    let case = |alg: &str| {
        let token = world.get(&["token", "mint", "--alg", alg, "--sub", "alice"]);
        let header = world.json(&["token", "decode", &token, "--part", "header"]);
        let kid = header["kid"].as_str().unwrap();
        let private = world.get(&["keys", "export", "--private", kid, "--yes"]);
        let public = if alg.starts_with("HS") {
            private.clone()
        } else {
            world.get(&["keys", "export", "--pem", kid])
        };
        json!({"alg": alg, "kid": kid, "token": token, "tampered": tampered(&token, 2),
            "public": public, "private": private})
    };
    ALL.map(case).into_iter().collect()
}

/// The claims were read as they are, and what was signed in return is valid here.
fn agree(world: &World, cases: &Value, answers: &Value, refused: &str) {
    let (cases, answers) = (cases.as_array().unwrap(), answers.as_array().unwrap());
    assert_eq!((cases.len(), answers.len()), (ALL.len(), ALL.len()));
    for (case, answer) in cases.iter().zip(answers) {
        let alg = &case["alg"];
        assert_eq!(answer["claims"], payload(case["token"].as_str().unwrap()), "{alg}");
        assert_eq!(answer["refused"], refused, "{alg}");
        let signed = answer["signed"].as_str().unwrap();
        let header = world.json(&["token", "decode", signed, "--part", "header"]);
        assert_eq!((&header["alg"], &header["kid"]), (alg, &case["kid"]));
        let ran = world.run(&["token", "verify", signed, "--type", "test"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "valid\n"), "{alg}: {ran:?}");
        let ran = world.run(&["token", "verify", &tampered(signed, 2), "--type", "test"]);
        assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: bad_signature\n"), "{alg}");
    }
    let given = "SELECT count(*) FROM audit WHERE action = 'keys export' AND outcome = 'done'";
    assert_eq!(world.sql(given), [ALL.len().to_string()], "each is written down");
}

#[test]
fn what_one_signs_pyjwt_checks_and_the_other_way_round() {
    let Some(python) = python::python() else { return };
    let world = World::with_admin();
    let cases = cases(&world);
    let answers = python::ask(&python, "algorithms.py", &cases);
    agree(&world, &cases, &answers, "InvalidSignatureError");
}

#[test]
fn what_one_signs_jose_checks_and_the_other_way_round() {
    let Some(node) = node::node() else { return };
    let world = World::with_admin();
    let cases = cases(&world);
    let answers = node::ask(&node, "algorithms.mjs", &cases);
    agree(&world, &cases, &answers, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
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
    assert_eq!(world.run(&["keys", "export", "--pem"]).ok().out, pem, "the one that signs");
    let ran = world.run(&["keys", "export", "--pem", secret]);
    refuses(&world, &ran, 2, "error: a symmetric key has no public part\n");
    let jwk = world.json(&["keys", "export", "--private", secret, "--yes"]);
    let jwk: Value = serde_json::from_str(jwk["key"].as_str().unwrap()).unwrap();
    assert_eq!((&jwk["kty"], &jwk["kid"]), (&json!("oct"), &json!(secret)));
    world.run(&["token", "mint", "--alg", "EdDSA"]).ok();
    let ran = world.run(&["keys", "export", "--pem", "--purpose", "test"]);
    let several = "error: keys for several algorithms sign: name one by its id\n";
    refuses(&world, &ran, 2, several);
    let ran = world.run(&["keys", "export", "--pem", "nothing"]);
    refuses(&world, &ran, 3, "error: there is no key with this id\n");
}
