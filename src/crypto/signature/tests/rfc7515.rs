//! RFC 7515, appendix A: signatures with HS256, RS256, ES256 and ES512, and an unsecured token. RFC
//! 7519 repeats the tokens of appendices A.1 and A.5.

use super::*;

/// Token of appendix A.1, also in RFC 7519, section 3.1.
pub(super) const A1_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiO\
    jEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1\
    r_wW1gFWFOEjXk";

/// Token of appendix A.5, also in RFC 7519, section 6.1.
pub(super) const A5_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogIm\
    h0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

/// Key of appendix A.1, also in RFC 7517, appendix A.3.
pub(super) fn hmac_jwk() -> Value {
    serde_json::json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAo\
            w",
    })
}

/// The secret, header and payload of appendix A.1 result in the signature of appendix A.1.
#[test]
fn rfc7515_a1_hs256_signature_is_reproduced() {
    assert_only_original_verifies(&hmac_jwk(), Algorithm::HS256, A1_TOKEN);
    let key = signing_key(Algorithm::HS256, member_bytes(&hmac_jwk(), "k"));
    assert_eq!(
        sign_payload_again(&key, "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", A1_TOKEN),
        A1_TOKEN
    );
}

#[test]
fn rfc7515_a2_rs256_signature_is_valid() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9le\
        GFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZ\
        j5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn\
        byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsq\
        tFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy\
        pGlUPQGe77Rw";
    let jwk = serde_json::json!({
        "kty": "RSA",
        "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP\
            1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpa\
            SHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4L\
            T6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    });
    assert_only_original_verifies(&jwk, Algorithm::RS256, token);
}

#[test]
fn rfc7515_a3_es256_signature_is_valid() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9le\
        GFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxL\
        a8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jwk = serde_json::json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    assert_only_original_verifies(&jwk, Algorithm::ES256, token);
}

#[test]
fn rfc7515_a4_es512_signature_is_valid() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaR\
        I1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7\
        iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    let jwk = serde_json::json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqw\
            QGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3ky\
            Mj2",
        "d": "AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15\
            j2C",
    });
    assert_p521_vector(&jwk, token);
}

#[test]
fn rfc7515_a5_unsecured_token_is_decoded_but_never_verifies() {
    assert_eq!(decode(A5_TOKEN).1["iss"], "joe");
    assert!(Algorithm::parse("none").is_err());
    initialize_crypto();
    let empty_secret = VerificationKey::new_secret(&[]);
    let token = CompactJws::parse(A5_TOKEN).unwrap();
    for algorithm in Algorithm::ALL {
        assert!(!empty_secret.verifier(algorithm).verifies(&token), "{algorithm:?}");
    }
    assert!(!jwk_verifies(&hmac_jwk(), Algorithm::HS256, A5_TOKEN));
}

/// Returns the example claims of RFC 7519, section 3.1.
fn example_claims() -> Value {
    serde_json::json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})
}

/// RFC 7519, section 3.1: the token of RFC 7515, appendix A.1.
#[test]
fn rfc7519_3_1_token_has_example_claims() {
    let (header, claims) = decode(A1_TOKEN);
    assert_eq!(header, serde_json::json!({"typ": "JWT", "alg": "HS256"}));
    assert_eq!(claims, example_claims());
    assert!(jwk_verifies(&hmac_jwk(), Algorithm::HS256, A1_TOKEN));
}

/// RFC 7519, section 6.1: the claims of RFC 7515, appendix A.1 in an unsecured token.
#[test]
fn rfc7519_6_1_unsecured_token_is_decoded_but_never_verifies() {
    let (header, claims) = decode(A5_TOKEN);
    assert_eq!(header, serde_json::json!({"alg": "none"}));
    assert_eq!(claims, example_claims());
    let payload_part = |token: &str| token.split('.').nth(1).map(str::to_owned);
    assert_eq!(payload_part(A5_TOKEN), payload_part(A1_TOKEN));
    assert!(!jwk_verifies(&hmac_jwk(), Algorithm::HS256, A5_TOKEN));
    // The signature of the token of appendix A.1 also covers the header of that token. With another
    // header, the signature is invalid.
    let (_, signature) = A1_TOKEN.rsplit_once('.').unwrap();
    let forged = format!("{A5_TOKEN}{signature}");
    assert!(!jwk_verifies(&hmac_jwk(), Algorithm::HS256, &forged));
}
