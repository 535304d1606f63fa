//! Headers and claims in the forms that other tools and services use. The tests decode, mint and
//! verify tokens with such headers and claims. `super::PRELUDE` defines the shell functions of the
//! scripts.

use super::Inputs;
use crate::hostile::base64url;
use insta::assert_snapshot;

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn decode_shows_unusual_tokens_and_mint_checks_syntax_and_size_of_claims() {
    let inputs = Inputs::new();
    let encode_token =
        |header: &str, payload: &str| format!("{}.{}.AA", base64url(header), base64url(payload));
    inputs.write(
        "jwe",
        encode_token(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"q"}"#, "") + ".AA.AA",
    );
    inputs.write(
        "snowflake",
        encode_token(r#"{"alg":"none"}"#, r#"{"id":12345678901234567890123,"exp":1.5e9}"#),
    );
    inputs.write("twice", encode_token(r#"{"alg":"none"}"#, r#"{"sub":"a","sub":"b"}"#));
    inputs.write("comma", encode_token(r#"{"alg":"none"}"#, r#"{"sub":"a",}"#));
    inputs.write("header", encode_token(r#"{"alg":"none","alg":"HS256"}"#, "{}"));
    inputs.write("claims.json", "{\n \"sub\":\"x\",\n}\n");
    inputs.write("python.json", "{'sub': 'x'}\n");
    inputs.write("nan.json", "{\"sub\": \"x\",\n \"score\": NaN}\n");
    let scripts = [
        ("encrypted", "jeton token decode @jwe --part header"),
        ("integer beyond 64 bits", "jeton token decode @snowflake --part payload"),
        ("member twice", "jeton token decode @twice --part payload"),
        ("trailing comma in the payload", "jeton token decode @comma --part payload"),
        ("header member twice", "jeton token decode @header --part header"),
        ("array in the header", "mint rsa.pem --kid k --header-json 'x5c=[\"MIIC\"]' | header"),
        ("trailing comma", "mint rsa.pem --claims claims.json"),
        ("dictionary of Python", "mint rsa.pem --claims python.json"),
        ("NaN of Python", "mint rsa.pem --claims nan.json"),
        ("groups of Entra ID", "(printf '{\"groups\":[0'; seq -f ',%.0f' 1000000 1004000 | tr -d '\\n'; echo ']}') > big.json
            mint rsa.pem --claims big.json > big; jeton token decode @big --part payload | tail -n 3
            verify < big"),
        ("more groups than a token may have", "(printf '{\"groups\":[0'; seq -f ',%.0f' 1000000 1009000 | tr -d '\\n'; echo ']}') > big.json
            mint rsa.pem --claims big.json"),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @r#"
    encrypted
    {
      "alg": "RSA-OAEP-256",
      "enc": "A256GCM",
      "kid": "q"
    }
    --- stderr
    token not verified
    integer beyond 64 bits
    {
      "id": 12345678901234567890123,
      "exp": 1.5e+9
    }
    --- stderr
    token not verified
    exp: <time>
    member twice
    {
      "sub": "b"
    }
    --- stderr
    token not verified
    payload ambiguous: line 1, column 16: duplicate member name `sub`
    trailing comma in the payload
    "{\"sub\":\"a\",}"
    --- stderr
    token not verified
    payload not well-formed JSON: line 1, column 12: trailing comma
    header member twice
    {
      "alg": "HS256"
    }
    --- stderr
    token not verified
    header ambiguous: line 1, column 19: duplicate member name `alg`
    array in the header
    {"alg":"RS256","typ":"JWT","kid":"k","x5c":["MIIC"]}
    trailing comma
    --- exit code 65, stderr
    error: claims in `claims.json` not well-formed JSON: line 3, column 1: trailing comma
    dictionary of Python
    --- exit code 65, stderr
    error: claims in `python.json` not well-formed JSON: line 1, column 2: expected a member name in double quotes
    NaN of Python
    --- exit code 65, stderr
    error: claims in `nan.json` not well-formed JSON: line 2, column 11: expected a value
    groups of Entra ID
    --- stdout
        1004000
      ]
    }
    valid
    --- stderr
    token not verified
    iat: <time>
    exp: <time>
    more groups than a token may have
    --- exit code 2, stderr
    error: token too large: found 96598 bytes, expected at most 65536
    hint: use fewer or shorter claims
    "#);
}

#[test]
fn verify_error_states_found_and_expected_claims() {
    let inputs = Inputs::new();
    let scripts = [
        ("`sub` a number", "mint rsa.pem --claim-json sub=1234 | verify"),
        ("`exp` in milliseconds", "mint rsa.pem --claim-json exp=1999999999000 | verify"),
        ("`iat` a string", "mint rsa.pem --claim-json 'iat=\"2026-01-31T12:00:00Z\"' | verify"),
        (
            "issuer with a slash",
            "mint rsa.pem --iss https://idp.example/ | verify --iss https://idp.example",
        ),
        (
            "issuer of Entra ID v1",
            "mint rsa.pem --iss https://sts.example/t/ | verify --iss https://login.example/t/v2.0",
        ),
        ("several audiences", "mint rsa.pem | verify --aud a --aud b"),
        (
            "audiences of Auth0",
            "mint rsa.pem --aud https://api.example --aud https://t.example/userinfo | verify --aud https://api.example/",
        ),
        (
            "scopes of Okta",
            "mint rsa.pem --claim-json 'scp=[\"openid\",\"read\"]' | verify -p write",
        ),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @r#"
    `sub` a number
    invalid: bad_claim: `sub`: found `1234`, expected a string
    --- exit code 10, stderr
    error: claim `sub` invalid: found `1234`, expected a string
    `exp` in milliseconds
    invalid: bad_claim: `exp`: found `1999999999000`, expected seconds since 1970, not milliseconds
    --- exit code 10, stderr
    error: claim `exp` invalid: found `1999999999000`, expected seconds since 1970, not milliseconds
    `iat` a string
    invalid: bad_claim: `iat`: found `"<time>"`, expected seconds since 1970
    --- exit code 10, stderr
    error: claim `iat` invalid: found `"<time>"`, expected seconds since 1970
    issuer with a slash
    invalid: issuer: found `https://idp.example/`, expected `https://idp.example`
    --- exit code 10, stderr
    error: issuer mismatch: found `https://idp.example/`, expected `https://idp.example`
    issuer of Entra ID v1
    invalid: issuer: found `https://sts.example/t/`, expected `https://login.example/t/v2.0`
    --- exit code 10, stderr
    error: issuer mismatch: found `https://sts.example/t/`, expected `https://login.example/t/v2.0`
    several audiences
    invalid: audience: found none, expected `a` or `b`
    --- exit code 10, stderr
    error: audience mismatch: found none, expected `a` or `b`
    audiences of Auth0
    invalid: audience: found `["https://api.example","https://t.example/userinfo"]`, expected `https://api.example/`
    --- exit code 10, stderr
    error: audience mismatch: found `["https://api.example","https://t.example/userinfo"]`, expected `https://api.example/`
    scopes of Okta
    invalid: permission: found `openid read` in `scp`, expected `write`
    --- exit code 9, stderr
    error: permission missing: found `openid read` in `scp`, expected `write`
    "#);
}
