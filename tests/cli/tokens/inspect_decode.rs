//! `jeton token inspect` and `jeton token decode`

use crate::sandbox::{Sandbox, payload, tampered};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Access token and refresh token of a Flask-JWT-Extended application. jeton does not know the
/// secret of the application.
const FLASK_TOKENS: [&str; 2] = [
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

fn parse_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn inspect_prints_only_the_verified_claims() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app", "-p", "read"]);
    let output = sandbox.run(&["token", "inspect", &token]).ok();
    assert_eq!((parse_json(&output.stdout), output.stderr.as_str()), (payload(&token), ""));
    assert!(output.stdout.starts_with("{\n  \"id\": 2,\n"), "{}", output.stdout);
    let output = sandbox.run(&["token", "inspect", &token, "-o", "json"]).ok();
    assert_eq!((parse_json(&output.stdout), output.stdout.lines().count()), (payload(&token), 1));
    sandbox.run(&["logout"]).ok();
    sandbox.run(&["token", "inspect", &token]).ok();
}

#[test]
fn inspect_refuses_session_tokens_and_invalid_tokens() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    let mut outputs = String::new();
    for token in [
        sandbox.session_member("access"),
        sandbox.session_member("refresh"),
        tampered(&token, 2),
        FLASK_TOKENS[0].to_owned(),
        "nonsense".to_owned(),
    ] {
        let output = sandbox.run(&["token", "inspect", &token]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token inspect '<token>'
    --- exit code 10, stderr
    error: session token not accepted: found `access`, expected `app`
    hint: verify this token with `jeton token verify --type access`
    $ jeton token inspect '<token>'
    --- exit code 10, stderr
    error: session token not accepted: found `refresh`, expected `app`
    hint: verify this token with `jeton token verify --type refresh`
    $ jeton token inspect '<token>'
    --- exit code 10, stderr
    error: token signature invalid
    $ jeton token inspect '<token>'
    --- exit code 10, stderr
    error: signing key unknown
    hint: for a token that was signed elsewhere, use `jeton token verify` with `--jwks`, `--key` or `--secret-env`, or `jeton token decode` without verification
    $ jeton token inspect nonsense
    --- exit code 10, stderr
    error: token malformed: expected three parts
    ");
    sandbox.run(&["token", "revoke", "1"]).ok();
    let output = sandbox.run(&["token", "inspect", &token]);
    assert_snapshot!(output, @"
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
}

#[test]
fn inspect_refuses_test_tokens_with_a_hint() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "mint"]);
    assert_snapshot!(sandbox.run(&["token", "inspect", &token]), @"
    --- exit code 10, stderr
    error: token type mismatch: found `test`, expected `app`
    hint: verify test tokens with `jeton token verify --type test`
    ");
}

#[test]
fn decode_prints_header_payload_and_dates_without_a_store() {
    let sandbox = Sandbox::new();
    let expiries = ["2024-03-08T21:51:49Z", "2024-04-07T21:36:49Z"];
    for ((token, kind), expiry) in FLASK_TOKENS.iter().zip(["access", "refresh"]).zip(expiries) {
        let output = sandbox.run(&["token", "decode", token]).ok();
        let times =
            format!("iat: 2024-03-08T21:36:49Z\nnbf: 2024-03-08T21:36:49Z\nexp: {expiry}\n");
        assert_eq!(output.stderr, format!("token not verified\n{times}"));
        let decoded = parse_json(&output.stdout);
        assert_eq!(decoded["header"], json!({"alg": "HS256", "typ": "JWT"}));
        assert_eq!(decoded["payload"], payload(token));
        assert_eq!(
            (&decoded["payload"]["sub"], &decoded["payload"]["type"]),
            (&json!("maila"), &json!(kind))
        );
    }
    let output = sandbox.run(&["token", "decode", FLASK_TOKENS[0], "--part", "header"]);
    assert_snapshot!(output, @r#"
    {
      "alg": "HS256",
      "typ": "JWT"
    }
    --- stderr
    token not verified
    "#);
    let output =
        sandbox.run(&["token", "decode", FLASK_TOKENS[0], "--part", "payload", "-o", "json"]);
    assert_snapshot!(output, @r#"{"fresh":false,"iat":1709933809,"jti":"<uuid>","type":"access","sub":"maila","nbf":1709933809,"csrf":"<uuid>","exp":1709934709}"#);
    assert!(!sandbox.has_store());
}

#[test]
fn decode_prints_binary_payloads_and_refuses_malformed_tokens_and_part_signature() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for token in ["nonsense", "!.e30.", "e30.!.", "e30.AAAA."] {
        let output = sandbox.run(&["token", "decode", token]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r#"
    $ jeton token decode nonsense
    --- exit code 10, stderr
    error: token malformed: only one part
    $ jeton token decode '!.e30.'
    --- exit code 10, stderr
    error: token malformed: the header is not base64url
    $ jeton token decode 'e30.!.'
    --- exit code 10, stderr
    error: token malformed: the payload is not base64url
    $ jeton token decode e30.AAAA.
    {
      "header": {},
      "payload": "AAAA"
    }
    --- stderr
    token not verified
    payload is neither JSON nor text: printed in base64url
    "#);
    let output = sandbox.run(&["token", "decode", FLASK_TOKENS[0], "--part", "signature"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'signature' for '--part <PART>'
      [possible values: header, payload]
    hint: see `jeton token decode --help`
    ");
}

#[test]
fn token_is_read_from_argument_file_stdin_or_variable() {
    let mut sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    for text in [token.clone(), format!("Bearer {token}\n"), format!("  bearer   {token}  \r\n")] {
        std::fs::write(sandbox.home().join("token.txt"), &text).unwrap();
        assert_eq!(sandbox.stdout_of(&["token", "verify", "@token.txt"]), "valid", "{text:?}");
        let output = sandbox.run_with_input(&["token", "verify", "-"], &text);
        allow_duplicates!(assert_snapshot!(output, @"valid"));
        assert_eq!(sandbox.stdout_of(&["token", "verify", &text]), "valid");
    }
    for verb in ["verify", "inspect", "decode"] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&["token", verb]), @"
        --- exit code 2, stderr
        error: token required
        hint: pass a token, `-` for standard input or `@FILE` as the argument, or set `JETON_TOKEN`
        "));
    }
    let output = sandbox.run(&["token", "inspect", "@nowhere"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the file with the token cannot be read: No such file or directory
    ");
    sandbox.set_variable("JETON_TOKEN", &format!("Bearer {token}"));
    for verb in ["verify", "inspect", "decode"] {
        sandbox.run(&["token", verb]).ok();
    }
}
