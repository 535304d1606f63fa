//! `jeton token verify` of the tokens in RFC 7515 and RFC 7519

use super::third_party::{RFC_SECRET, RFC_TOKEN, verify};
use crate::sandbox::{Sandbox, tampered};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Token of RFC 7515, appendix A.4, which is signed with ES512.
const ES512_TOKEN: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZ\
    OYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7\
    iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";

/// Unsecured token of RFC 7519, section 6.1.
const UNSECURED_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dH\
    A6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

/// Time one second before the `exp` of [`RFC_TOKEN`] and [`UNSECURED_TOKEN`].
const BEFORE_EXPIRY: &str = "2011-03-22T18:42:59Z";
/// Time of the `exp` of [`RFC_TOKEN`] and [`UNSECURED_TOKEN`].
const AT_EXPIRY: &str = "2011-03-22T18:43:00Z";

/// Creates a sandbox without a store. The file `keys.json` contains a JWK Set with these keys.
fn sandbox_with_jwk_set(keys: &[Value]) -> Sandbox {
    let sandbox = Sandbox::new();
    let set = json!({ "keys": keys }).to_string();
    std::fs::write(sandbox.home().join("keys.json"), set).unwrap();
    sandbox
}

/// Returns the secret of [`RFC_TOKEN`] as a JWK.
fn secret_jwk() -> Value {
    json!({"kty": "oct", "k": RFC_SECRET})
}

#[test]
fn es512_signature_is_verified_and_a_secret_is_refused_as_key() {
    let key = json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqw\
            QGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3ky\
            Mj2",
    });
    let jwks_options = ["--jwks", "keys.json"];
    // The payload of the token is not JSON. With the correct key, the verdict is therefore
    // `malformed`, although the signature is valid.
    let sandbox_with_p521 = sandbox_with_jwk_set(&[key]);
    let output = verify(&sandbox_with_p521, ES512_TOKEN, &jwks_options);
    assert_eq!((output.code, &*output.verdict()), (10, "invalid: malformed"));
    let output = verify(&sandbox_with_p521, &tampered(ES512_TOKEN, 1), &jwks_options);
    assert_eq!((output.code, output.stdout.as_str()), (10, "invalid: bad_signature\n"));
    let expected_refusal =
        (10, "invalid: alg_not_allowed: expected `HS256` or `HS384` or `HS512`\n");
    let output = verify(&sandbox_with_jwk_set(&[secret_jwk()]), ES512_TOKEN, &jwks_options);
    assert_eq!((output.code, output.stdout.as_str()), expected_refusal);
}

#[test]
fn token_of_rfc_7519_is_valid_until_its_exp() {
    let sandbox = sandbox_with_jwk_set(&[secret_jwk()]);
    let verify_at = |token: &str, time: &str| {
        let output =
            verify(&sandbox, token, &["--jwks", "keys.json", "--iss", "joe", "--at", time]);
        (output.code, output.verdict())
    };
    assert_eq!(verify_at(RFC_TOKEN, BEFORE_EXPIRY), (0, "valid".to_owned()));
    assert_eq!(verify_at(RFC_TOKEN, AT_EXPIRY), (11, "invalid: token_expired".to_owned()));
    for part in [1, 2] {
        let tampered_token = tampered(RFC_TOKEN, part);
        assert_eq!(
            verify_at(&tampered_token, BEFORE_EXPIRY),
            (10, "invalid: bad_signature".to_owned())
        );
    }
}

#[test]
fn unsecured_jwt_can_be_decoded_but_is_never_valid() {
    let sandbox = sandbox_with_jwk_set(&[secret_jwk()]);
    let claims = sandbox.json(&["token", "decode", UNSECURED_TOKEN, "--part", "payload"]);
    let expected = json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true});
    assert_eq!(claims, expected);
    assert_eq!(claims, sandbox.json(&["token", "decode", RFC_TOKEN, "--part", "payload"]));
    let signature = RFC_TOKEN.rsplit('.').next().unwrap();
    for token in [UNSECURED_TOKEN, &format!("{UNSECURED_TOKEN}{signature}")] {
        let jwks_options = ["--jwks", "keys.json", "--at", BEFORE_EXPIRY];
        let output = verify(&sandbox, token, &jwks_options);
        assert_eq!((output.code, output.stdout.as_str()), (10, "invalid: alg_not_allowed\n"));
    }
    std::fs::write(sandbox.home().join("key"), secret_jwk().to_string()).unwrap();
    let key_options = ["--key", "key", "--alg", "HS256", "--at", BEFORE_EXPIRY];
    assert_snapshot!(verify(&sandbox, RFC_TOKEN, &key_options), @"valid");
    assert_snapshot!(verify(&sandbox, UNSECURED_TOKEN, &key_options), @"
    invalid: alg_not_allowed
    --- exit code 10, stderr
    error: token algorithm not allowed
    ");
    let output = verify(&sandbox, UNSECURED_TOKEN, &["--key", "key", "--alg", "none"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "`none` cannot be allowed");
    let sandbox_with_store = Sandbox::with_admin();
    let output =
        sandbox_with_store.run(&["token", "verify", UNSECURED_TOKEN, "--at", BEFORE_EXPIRY]);
    assert_snapshot!(output, @"
    invalid: alg_not_allowed
    --- exit code 10, stderr
    error: token algorithm not allowed
    ");
}
