//! `jeton token inspect` and `jeton token decode`

use crate::mask::{refuses, says};
use crate::world::{World, payload, tampered};
use serde_json::{Value, json};

/// Tokens that an application made with Flask-JWT-Extended, its secret long lost.
const FLASK: [&str; 2] = [
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
     eyJmcmVzaCI6ZmFsc2UsImlhdCI6MTcwOTkzMzgwOSwianRpIjoiYmIxYTNiMTYtNjI0NC00YzRhLWIxM2YtY2M5OWQz\
     YjMzMWQ4IiwidHlwZSI6ImFjY2VzcyIsInN1YiI6Im1haWxhIiwibmJmIjoxNzA5OTMzODA5LCJjc3JmIjoiNjJjOGJl\
     YTQtMTAyYy00MzZmLTk1NzgtNDhhZWMxMmQ4MmE0IiwiZXhwIjoxNzA5OTM0NzA5fQ.\
     NY8P1CbPOJ61yjrTBaCYv88uUJiDzg2cfYASN0hWjh8",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
     eyJmcmVzaCI6ZmFsc2UsImlhdCI6MTcwOTkzMzgwOSwianRpIjoiNTdmY2MzNDctYjA2Mi00MmExLWJmZTEtODNmOGY1\
     NGQyNWJkIiwidHlwZSI6InJlZnJlc2giLCJzdWIiOiJtYWlsYSIsIm5iZiI6MTcwOTkzMzgwOSwiY3NyZiI6IjYyZmQ2\
     OWM5LWQ0ODEtNDQ0ZS04ZWY4LTAxMmM2M2I5ODcyYSIsImV4cCI6MTcxMjUyNTgwOX0.\
     PmKT8a_cDCly9ADzXUQRH9SdSvECoMI0sE6BBrBykEc",
];

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn inspecting_prints_the_verified_claims_and_nothing_else() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app", "-p", "read"]);
    let ran = world.run(&["token", "inspect", &token]).ok();
    assert_eq!((parsed(&ran.out), ran.err.as_str()), (payload(&token), ""));
    assert!(ran.out.starts_with("{\n  \"id\": 2,\n"), "{}", ran.out);
    let ran = world.run(&["token", "inspect", &token, "-o", "json"]).ok();
    assert_eq!((parsed(&ran.out), ran.out.lines().count()), (payload(&token), 1));
    world.run(&["logout"]).ok();
    world.run(&["token", "inspect", &token]).ok();
}

#[test]
fn nothing_is_inspected_that_does_not_verify() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    for (token, code, talk) in [
        (world.session("access"), 10, "the token is a session's, not an application's"),
        (world.session("refresh"), 10, "the token is a session's, not an application's"),
        (tampered(&token, 2), 10, "the token's signature is wrong"),
        (FLASK[0].to_owned(), 10, "the token names no known key"),
        ("nonsense".to_owned(), 10, "the token is malformed: the token does not have three parts"),
    ] {
        let ran = world.run(&["token", "inspect", &token]);
        refuses(&world, &ran, code, &format!("error: {talk}\n"));
    }
    world.run(&["token", "revoke", "1"]).ok();
    let ran = world.run(&["token", "inspect", &token]);
    refuses(&world, &ran, 12, "error: the token is revoked\n");
}

#[test]
fn a_test_token_is_not_inspected_and_the_hint_says_why() {
    let world = World::with_admin();
    let token = world.get(&["token", "mint"]);
    let talk = "error: the token is of another type\n\
                hint: it is a test token: check it with `jeton token verify --type test`\n";
    refuses(&world, &world.run(&["token", "inspect", &token]), 10, talk);
}

#[test]
fn any_token_is_decoded_without_a_store() {
    let world = World::new();
    let ends = ["2024-03-08T21:51:49Z", "2024-04-07T21:36:49Z"];
    for ((token, kind), end) in FLASK.iter().zip(["access", "refresh"]).zip(ends) {
        let ran = world.run(&["token", "decode", token]).ok();
        let dates =
            format!("iat is 2024-03-08T21:36:49Z\nnbf is 2024-03-08T21:36:49Z\nexp is {end}\n");
        assert_eq!(ran.err, format!("not verified\n{dates}"));
        let decoded = parsed(&ran.out);
        assert_eq!(decoded["header"], json!({"alg": "HS256", "typ": "JWT"}));
        assert_eq!(decoded["payload"], payload(token));
        assert_eq!(
            (&decoded["payload"]["sub"], &decoded["payload"]["type"]),
            (&json!("maila"), &json!(kind))
        );
    }
    let ran = world.run(&["token", "decode", FLASK[0], "--part", "header"]);
    says(&world, &ran, "{\n  \"alg\": \"HS256\",\n  \"typ\": \"JWT\"\n}\n", "not verified\n");
    let ran = world.run(&["token", "decode", FLASK[0], "--part", "payload", "-o", "json"]);
    let out = "{\"fresh\":false,\"iat\":1709933809,\"jti\":\"<uuid>\",\"type\":\"access\",\
               \"sub\":\"maila\",\"nbf\":1709933809,\"csrf\":\"<uuid>\",\"exp\":1709934709}\n";
    says(&world, &ran, out, "");
    assert!(!world.store().exists());
}

#[test]
fn what_nobody_can_decode_is_refused() {
    let world = World::new();
    for (token, why) in [
        ("nonsense", "the token has only one part"),
        ("!.e30.", "the header is not base64url"),
        ("e30.!.", "the payload is not base64url"),
        ("e30.AAAA.", "the payload is not JSON"),
    ] {
        let ran = world.run(&["token", "decode", token]);
        refuses(&world, &ran, 10, &format!("error: the token is malformed: {why}\n"));
    }
    let ran = world.run(&["token", "decode", FLASK[0], "--part", "signature"]);
    let talk = "error: invalid value 'signature' for '--part <PART>'\n  \
                [possible values: header, payload]\nhint: see `jeton token decode --help`\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn a_token_is_read_from_wherever_it_is() {
    let mut world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    for (text, as_file) in [
        (token.clone(), false),
        (format!("Bearer {token}\n"), true),
        (format!("  bearer   {token}  \r\n"), false),
    ] {
        std::fs::write(world.home().join("token.txt"), &text).unwrap();
        assert_eq!(world.get(&["token", "verify", "@token.txt"]), "valid", "{as_file}");
        let ran = world.run_with_input(&["token", "verify", "-"], &text);
        says(&world, &ran, "valid\n", "");
        assert_eq!(world.get(&["token", "verify", &text]), "valid");
    }
    for verb in ["verify", "inspect", "decode"] {
        let talk = "error: a token is needed\n\
                    hint: give it as an argument, as `-` on standard input, as `@FILE`, or in \
                    `JETON_TOKEN`\n";
        refuses(&world, &world.run(&["token", verb]), 2, talk);
    }
    let ran = world.run(&["token", "inspect", "@nowhere"]);
    let talk =
        "error: the file with the token cannot be read: No such file or directory (os error 2)\n";
    refuses(&world, &ran, 2, talk);
    world.set("JETON_TOKEN", &format!("Bearer {token}"));
    for verb in ["verify", "inspect", "decode"] {
        world.run(&["token", verb]).ok();
    }
}
