//! `jeton token verify --batch`

use crate::mask::refuses;
use crate::world::World;
use serde_json::{Value, json};

const BATCH: [&str; 3] = ["token", "verify", "--batch"];

fn answers(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_is_answered_in_order() {
    let world = World::with_admin();
    let one = world.get(&["token", "create", "one", "-p", "read"]);
    let two = world.get(&["token", "create", "two"]);
    world.run(&["token", "revoke", "2"]).ok();
    let ran = world.run_with_input(&BATCH, &format!("{one}\n Bearer {one} \r\n{one}"));
    assert_eq!(ran.ok().err, "");
    let long = "A".repeat(300_000);
    let input = format!("{one}\n\n{two}\n{long}\nnonsense\n{one}\n");
    let ran = world.run_with_input(&BATCH, &input);
    assert_eq!(ran.code, 10, "the first that is not valid was an empty line");
    let talk = "error: 4 of 6 tokens are not valid; line 2: the token is malformed: it is empty\n";
    assert_eq!(ran.err, talk);
    let told = answers(&ran.out);
    let valid: Vec<&Value> = told.iter().map(|answer| &answer["valid"]).collect();
    assert_eq!(valid, [true, false, false, false, false, true]);
    let reasons: Vec<&Value> = told.iter().map(|answer| &answer["reasons"]).collect();
    let malformed = json!(["malformed"]);
    assert_eq!(
        reasons,
        [&json!([]), &malformed, &json!(["token_revoked"]), &malformed, &malformed, &json!([])]
    );
    assert_eq!(told[0], world.json(&["token", "verify", &one]));
}

#[test]
fn the_checks_are_those_of_one_token() {
    let world = World::with_admin();
    let read = world.get(&["token", "create", "one", "-p", "read"]);
    let test = world.get(&["token", "mint"]);
    let input = format!("{read}\n{test}\n");
    let ran = world.run_with_input(&[&BATCH[..], &["-p", "read"]].concat(), &input);
    assert_eq!(ran.code, 10);
    let ran = world.run_with_input(&[&BATCH[..], &["-p", "write"]].concat(), &input);
    assert_eq!(ran.code, 9, "the first failure decides");
    let ran = world.run_with_input(&[&BATCH[..], &["--type", "any"]].concat(), &input);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn nothing_in_is_nothing_out() {
    let world = World::with_admin();
    let ran = world.run_with_input(&BATCH, "");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let ran = world.run(&["token", "verify", "--batch", "x"]);
    let talk = "error: the argument '--batch' cannot be used with '[TOKEN]'\n\
                hint: usage: jeton token verify --batch [TOKEN]\n";
    refuses(&world, &ran, 2, talk);
}
