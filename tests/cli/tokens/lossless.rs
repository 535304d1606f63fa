//! Numbers in headers and claims keep all digits. Also: output of `jeton token decode`, maximum
//! size of tokens, and positions of JSON errors.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

/// Options with the secret that signs and verifies the tokens.
const KEY_OPTIONS: [&str; 4] = ["--secret-env", "SECRET", "--alg", "HS256"];

/// JSON object with integers beyond 64 bits, and with numbers whose text a conversion to floating
/// point changes.
const NUMBERS: &str = "{\"a\":12345678901234567890123,\"b\":-9223372036854775809,\
                       \"c\":0.1000000000000000055511151231257827,\"d\":1.50,\
                       \"e\":[18446744073709551616,{\"f\":1e+300}]}";

fn sandbox_with_secret() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "0123456789abcdef0123456789abcdef");
    sandbox
}

fn mint(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.stdout_of(&[&["token", "mint"][..], &KEY_OPTIONS, arguments].concat())
}

fn decode_payload(sandbox: &Sandbox, token: &str) -> String {
    sandbox.run(&["token", "decode", token, "--part", "payload", "-o", "json"]).ok().stdout
}

#[test]
fn numeric_claims_from_options_files_presets_and_rows_keep_all_digits() {
    let sandbox = sandbox_with_secret();
    let claim = format!("n={NUMBERS}");
    let claims_object = format!("{{\"n\":{NUMBERS}}}\n");
    for name in ["claims.json", "rows.jsonl"] {
        fs::write(sandbox.home().join(name), &claims_object).unwrap();
    }
    let presets = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&presets).unwrap();
    let preset = format!("{{\"description\":\"x\",\"claims\":{{\"n\":{NUMBERS}}}}}");
    fs::write(presets.join("numbers.json"), preset).unwrap();
    for arguments in [
        &["--claim-json", &claim][..],
        &["--claims", "claims.json"],
        &["--preset", "numbers"],
        &["--claims", &claims_object],
        &["--from", "rows.jsonl"],
    ] {
        let token = mint(&sandbox, arguments);
        let payload = decode_payload(&sandbox, &token);
        assert!(payload.contains(&format!("\"n\":{NUMBERS}")), "{payload}");
        let verify =
            [&["token", "verify", &token, "--allow-no-expiry", "-o", "json"][..], &KEY_OPTIONS]
                .concat();
        let report = sandbox.run(&verify).ok().stdout;
        assert!(report.contains(&format!("\"n\":{NUMBERS}")), "{report}");
        let require = ["token", "verify", &token, "--allow-no-expiry", "--require", &claim];
        sandbox.run(&[&require[..], &KEY_OPTIONS].concat()).ok();
    }
}

#[test]
fn numeric_claims_of_app_tokens_and_recorded_test_tokens_keep_all_digits() {
    let sandbox = Sandbox::with_admin();
    let claim = "n=12345678901234567890123";
    let app_token = sandbox.stdout_of(&["token", "create", "app", "--claim-json", claim]);
    let test_token = sandbox.stdout_of(&["token", "mint", "--record", "--claim-json", claim]);
    for (token, kind) in [(&app_token, "app"), (&test_token, "test")] {
        let verify = ["token", "verify", token, "--type", kind, "--require", claim];
        sandbox.run(&verify).ok();
    }
    let new_token = sandbox.stdout_of(&["token", "renew", "1"]);
    assert!(decode_payload(&sandbox, &new_token).contains("\"n\":12345678901234567890123"));
}

/// A token in JWE compact serialization.
const ENCRYPTED_TOKEN: &str =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.c2VjcmV0.AAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn decode_prints_only_header_of_encrypted_tokens_and_accepts_non_json_payloads() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for arguments in [
        &[ENCRYPTED_TOKEN, "--part", "header"][..],
        &[ENCRYPTED_TOKEN],
        &[ENCRYPTED_TOKEN, "--part", "payload"],
        &["eyJhbGciOiJIUzI1NiJ9..c2lnbmF0dXJl"],
        &["eyJhbGciOiJIUzI1NiJ9.cGxhaW4gdGV4dA.c2lnbmF0dXJl"],
        &["eyJhbGciOiJIUzI1NiJ9._wD_.c2lnbmF0dXJl", "-o", "json"],
    ] {
        outputs += &sandbox.run(&[&["token", "decode"][..], arguments].concat()).to_string();
    }
    assert_snapshot!(outputs, @r#"
    {
      "alg": "dir",
      "enc": "A256GCM"
    }
    --- stderr
    token not verified
    {
      "header": {
        "alg": "dir",
        "enc": "A256GCM"
      },
      "payload": null
    }
    --- stderr
    token not verified
    token encrypted (JWE): only the header is readable
    --- exit code 10, stderr
    token not verified
    error: token encrypted (JWE): the payload is not readable
    hint: print the header: use `--part header`
    {
      "header": {
        "alg": "HS256"
      },
      "payload": null
    }
    --- stderr
    token not verified
    no payload in the token (detached)
    {
      "header": {
        "alg": "HS256"
      },
      "payload": "plain text"
    }
    --- stderr
    token not verified
    payload is text, not JSON
    {"header":{"alg":"HS256"},"payload":"_wD_"}
    "#);
}

#[test]
fn verify_reports_encrypted_token_as_encrypted() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "0123456789abcdef0123456789abcdef");
    assert_snapshot!(sandbox.run(&[&["token", "verify", ENCRYPTED_TOKEN][..], &KEY_OPTIONS].concat()), @"
    invalid: malformed: encrypted (JWE), expected a signed token (JWS)
    --- exit code 10, stderr
    error: token malformed: encrypted (JWE), expected a signed token (JWS)
    ");
}

#[test]
fn decode_shows_numeric_date_claims_as_dates() {
    let sandbox = sandbox_with_secret();
    let claims = "{\"iat\":1700000000.25,\"nbf\":-1,\"exp\":1999999999000,\
                  \"auth_time\":1.7e9,\"updated_at\":1700000000,\"toe\":\"x\"}";
    let token = mint(&sandbox, &["--claims", claims, "--no-jti"]);
    assert_snapshot!(sandbox.run(&["token", "decode", &token, "--part", "payload"]), @r#"
    {
      "iat": 1700000000.25,
      "exp": 1999999999000,
      "nbf": -1,
      "auth_time": 1.7e+9,
      "updated_at": 1700000000,
      "toe": "x"
    }
    --- stderr
    token not verified
    iat: 2023-11-14T22:13:20.25Z
    nbf: <time>
    exp: 1999999999000, out of range for a date; as milliseconds: <time>
    auth_time: <time>
    updated_at: <time>
    "#);
}

#[test]
fn mint_and_fixtures_refuse_tokens_that_are_too_large_for_verify() {
    let sandbox = sandbox_with_secret();
    let claims = format!("{{\"g\":\"{}\"}}", "x".repeat(60_000));
    fs::write(sandbox.home().join("claims.json"), &claims).unwrap();
    fs::write(sandbox.home().join("rows.jsonl"), format!("{{}}\n{claims}\n")).unwrap();
    let mut outputs = String::new();
    for arguments in [
        &["token", "mint", "--claims", "claims.json"][..],
        &["token", "mint", "--from", "rows.jsonl"],
        &["token", "fixtures", "--claims", "claims.json"],
    ] {
        outputs += &sandbox.run(&[arguments, &KEY_OPTIONS].concat()).to_string();
    }
    assert_snapshot!(outputs, @"
    --- exit code 2, stderr
    error: token too large: found 80197 bytes, expected at most 65536
    hint: use fewer or shorter claims
    --- exit code 65, stderr
    error: line 2: token too large: found 80197 bytes, expected at most 65536
    --- exit code 2, stderr
    error: token too large: found 80197 bytes, expected at most 65536
    hint: use fewer or shorter claims
    ");
    let oversized = mint(&sandbox, &["--claims", "claims.json", "--defect", "oversized"]);
    assert!(oversized.len() > 160_000);
    let output = sandbox.run_with_input(&["token", "decode", "-", "--part", "payload"], &oversized);
    assert!(output.ok().stdout.contains("\"padding\""));
    let claims_below_limit = format!("{{\"g\":\"{}\"}}", "x".repeat(48_800));
    fs::write(sandbox.home().join("claims.json"), claims_below_limit).unwrap();
    let token = mint(&sandbox, &["--claims", "claims.json"]);
    let verify = [&["token", "verify", "-"][..], &KEY_OPTIONS].concat();
    sandbox.run_with_input(&verify, &token).ok();
}

#[test]
fn token_size_with_signature_is_checked_before_any_token_is_printed() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["keys", "generate", "--purpose", "test", "--alg", "RS256"]).ok();
    let to_row = |length| format!("{{\"g\":\"{}\"}}\n", "x".repeat(length));
    let rows = (48_400..49_100).step_by(25).map(to_row).collect::<Vec<_>>().concat();
    fs::write(sandbox.home().join("rows.jsonl"), rows).unwrap();
    assert_snapshot!(sandbox.run(&["token", "mint", "--from", "rows.jsonl"]), @"
    --- exit code 65, stderr
    error: line 20: token too large: found 65556 bytes, expected at most 65536
    ");
}

#[test]
fn json_errors_have_a_position() {
    let sandbox = sandbox_with_secret();
    fs::write(sandbox.home().join("claims.json"), "{\n \"sub\":\"x\",\n}\n").unwrap();
    fs::write(sandbox.home().join("rows.jsonl"), "{\"a\":1}\n{\"a\" 1}\n{'a':1}\n").unwrap();
    let presets = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&presets).unwrap();
    fs::write(presets.join("broken.json"), "{\n  \"claims\": {\"a\": 1,, }\n}\n").unwrap();
    let mut outputs = String::new();
    for arguments in [
        &["--claims", "claims.json"][..],
        &["--claims", "{\"sub\":\"x\" \"aud\":1}"],
        &["--claim-json", "roles=[admin]"],
        &["--claim-json", "a={\"b\":1,\"b\":2}"],
        &["--header-json", "x5c=[MIIC]"],
        &["--from", "rows.jsonl"],
        &["--preset", "broken"],
    ] {
        outputs +=
            &sandbox.run(&[&["token", "mint"][..], &KEY_OPTIONS, arguments].concat()).to_string();
    }
    assert_snapshot!(outputs, @r#"
    --- exit code 65, stderr
    error: claims in `claims.json` not well-formed JSON: line 3, column 1: trailing comma
    --- exit code 2, stderr
    error: `--claims` is not well-formed JSON: line 1, column 12: expected `,` or `}`
    --- exit code 2, stderr
    error: claim: `roles` is not well-formed JSON: column 2: expected a value
    hint: enclose each text in double quotes, and the argument in single quotes: 'name=["TEXT"]'
    --- exit code 2, stderr
    error: claim: `a` is ambiguous: column 10: duplicate member name `b`
    --- exit code 2, stderr
    error: header: `x5c` is not well-formed JSON: column 2: expected a value
    hint: enclose each text in double quotes, and the argument in single quotes: 'name=["TEXT"]'
    --- exit code 65, stderr
    error: 2 invalid lines:
      line 2: not well-formed JSON: column 6: expected `:`
      line 3: not well-formed JSON: column 2: expected a member name in double quotes
    --- exit code 65, stderr
    error: `~/.config/jeton/presets/broken.json`: not well-formed JSON: line 2, column 21: expected a member name in double quotes
    "#);
}

#[test]
fn header_json_option_keeps_values_exactly_and_no_iat_and_no_jti_omit_claims() {
    let sandbox = sandbox_with_secret();
    let header = ["--header-json", "x5c=[\"MIIC\"]", "--header-json", "n=12345678901234567890123"];
    let claims = ["--claims", "{\"role\":\"admin\"}", "--no-iat", "--no-jti", "--expires-at"];
    let token = mint(&sandbox, &[&header[..], &claims, &["2030-01-01"]].concat());
    assert_snapshot!(sandbox.run(&["token", "decode", &token, "-o", "json"]), @r#"{"header":{"alg":"HS256","typ":"JWT","x5c":["MIIC"],"n":12345678901234567890123},"payload":{"exp":1893456000,"role":"admin"}}"#);
    // `--header-json` can set neither `alg` nor a `kid` that differs from `--kid`.
    let mint_with_alg_header = ["token", "mint", "--header-json", "alg=\"x\""];
    sandbox.run(&[&mint_with_alg_header[..], &KEY_OPTIONS].concat()).fails(2);
    let mint_with_two_kids = ["token", "mint", "--kid", "a", "--header-json", "kid=\"x\""];
    sandbox.run(&[&mint_with_two_kids[..], &KEY_OPTIONS].concat()).fails(2);
    let output = Sandbox::with_admin().run(&["token", "mint", "--record", "--no-jti"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--record' cannot be used with '--no-jti'
    hint: omit `--record` or `--no-jti`
    ");
}
