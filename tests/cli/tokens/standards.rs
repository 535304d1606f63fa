//! `jeton token verify` of the tokens in RFC 7515 and RFC 7519

use super::third_party::{RFC, RFC_KEY, check};
use crate::sandbox::{Sandbox, tampered};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// The token of RFC 7515, appendix A.4, with the unsupported algorithm ES512.
const ES512: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZ\
    OYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7\
    iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";

/// The unsecured token of RFC 7519, section 6.1.
const UNSECURED: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dH\
    A6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

const BEFORE_EXPIRY: &str = "2011-03-22T18:42:59Z";
const AT_EXPIRY: &str = "2011-03-22T18:43:00Z";

/// Creates a sandbox without a store, with a JWK Set in `keys.json`.
fn with_keys(keys: &[Value]) -> Sandbox {
    let sandbox = Sandbox::new();
    let set = json!({ "keys": keys }).to_string();
    std::fs::write(sandbox.home().join("keys.json"), set).unwrap();
    sandbox
}

fn secret() -> Value {
    json!({"kty": "oct", "k": RFC_KEY})
}

#[test]
fn unsupported_algorithm_is_refused_and_its_key_skipped() {
    let key = json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqw\
            QGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3ky\
            Mj2",
    });
    let set = ["--jwks", "keys.json"];
    let only_p521 = with_keys(std::slice::from_ref(&key));
    assert_snapshot!(check(&only_p521, ES512, &set), @"
    --- exit code 65, stderr
    error: key: unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric
    ");
    let with_secret = with_keys(&[key, secret()]);
    let not_allowed = (10, "invalid: alg_not_allowed\n");
    let output = check(&with_secret, ES512, &set);
    assert_eq!((output.code, output.stdout.as_str()), not_allowed);
    assert_snapshot!(check(&with_secret, RFC, &[&set[..], &["--at", BEFORE_EXPIRY]].concat()), @"valid");
    let with_store = Sandbox::with_admin();
    let output = with_store.run(&["token", "verify", ES512]);
    assert_eq!((output.code, output.stdout.as_str()), not_allowed);
}

#[test]
fn rfc_7519_example_is_valid_until_exp() {
    let sandbox = with_keys(&[secret()]);
    let verify_at = |token: &str, time: &str| {
        let output = check(&sandbox, token, &["--jwks", "keys.json", "--iss", "joe", "--at", time]);
        (output.code, output.stdout)
    };
    assert_eq!(verify_at(RFC, BEFORE_EXPIRY), (0, "valid\n".to_owned()));
    assert_eq!(verify_at(RFC, AT_EXPIRY), (11, "invalid: token_expired\n".to_owned()));
    for part in [1, 2] {
        let changed = tampered(RFC, part);
        assert_eq!(verify_at(&changed, BEFORE_EXPIRY), (10, "invalid: bad_signature\n".to_owned()));
    }
}

#[test]
fn unsecured_jwt_is_decoded_and_never_valid() {
    let sandbox = with_keys(&[secret()]);
    let claims = sandbox.json(&["token", "decode", UNSECURED, "--part", "payload"]);
    let expected = json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true});
    assert_eq!(claims, expected);
    assert_eq!(claims, sandbox.json(&["token", "decode", RFC, "--part", "payload"]));
    let signature = RFC.rsplit('.').next().unwrap();
    for token in [UNSECURED, &format!("{UNSECURED}{signature}")] {
        let by_set = ["--jwks", "keys.json", "--at", BEFORE_EXPIRY];
        let output = check(&sandbox, token, &by_set);
        assert_eq!((output.code, output.stdout.as_str()), (10, "invalid: alg_not_allowed\n"));
    }
    std::fs::write(sandbox.home().join("key"), secret().to_string()).unwrap();
    let by_key = ["--key", "key", "--alg", "HS256", "--at", BEFORE_EXPIRY];
    assert_snapshot!(check(&sandbox, RFC, &by_key), @"valid");
    assert_snapshot!(check(&sandbox, UNSECURED, &by_key), @"
    invalid: alg_not_allowed
    --- exit code 10, stderr
    error: token algorithm does not match the key
    ");
    let output = check(&sandbox, UNSECURED, &["--key", "key", "--alg", "none"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "`none` cannot be allowed");
    let with_store = Sandbox::with_admin();
    let output = with_store.run(&["token", "verify", UNSECURED, "--at", BEFORE_EXPIRY]);
    assert_snapshot!(output, @"
    invalid: alg_not_allowed
    --- exit code 10, stderr
    error: token algorithm does not match the key
    ");
}
