//! Vectors of the standards, and what is signed here.

use super::*;
use crate::crypto::{decoded, generate, install};
use crate::model::{Foreign, Purpose, RsaBits};
use secrecy::SecretSlice;

fn jwk_checks(jwk: Value, algorithm: Algorithm, token: &str) -> bool {
    install();
    let Value::Object(jwk) = jwk else { panic!("not an object") };
    checked(&Compact::parse(token).unwrap(), &public_key(jwk).unwrap(), algorithm)
}

/// RFC 7515, appendix A.1.
#[test]
fn rfc7515_a1_hs256() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkz\
                 ODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p\
                 1r_wW1gFWFOEjXk";
    let jwk = serde_json::json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1\
        qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"});
    assert!(jwk_checks(jwk.clone(), Algorithm::HS256, token));
    assert!(!jwk_checks(jwk, Algorithm::HS256, &token.replace("dBjft", "dBjfu")));
}

/// RFC 7515, appendix A.2.
#[test]
fn rfc7515_a2_rs256() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                 cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu\
                 3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRF\
                 diuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d\
                 O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98\
                 rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let jwk = serde_json::json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQ\
        oTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG\
        6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Ca\
        pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethF\
        kMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
    assert!(jwk_checks(jwk.clone(), Algorithm::RS256, token));
    assert!(!jwk_checks(jwk, Algorithm::RS256, &token.replace("cC4hi", "cC4hj")));
}

/// RFC 7515, appendix A.3.
#[test]
fn rfc7515_a3_es256() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                 cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw\
                 5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jwk = serde_json::json!({"kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    assert!(jwk_checks(jwk.clone(), Algorithm::ES256, token));
    assert!(!jwk_checks(jwk, Algorithm::ES256, &token.replace("DtEhU", "DtEhV")));
}

/// RFC 7515, appendix A.5: an unsecured token can be looked at and never passes.
#[test]
fn rfc7515_a5_none() {
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                 cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    assert_eq!(decoded(token).unwrap().1["iss"], "joe");
    let jwk = serde_json::json!({"kty": "oct", "k": ""});
    assert!(!jwk_checks(jwk, Algorithm::HS256, token));
}

/// RFC 8037, appendix A.4: the payload is no JSON, the signature counts all the same.
#[test]
fn rfc8037_a4_ed25519() {
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-\
                 09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let jwk = serde_json::json!({"kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    assert!(jwk_checks(jwk.clone(), Algorithm::EdDSA, token));
    assert!(!jwk_checks(jwk, Algorithm::EdDSA, &token.replace("hgyY0", "hgyY1")));
}

/// RFC 8037, appendix A.3: the thumbprint that names such a key.
#[test]
fn rfc8037_a3_thumbprint() {
    install();
    let jwk: Jwk = serde_json::from_value(serde_json::json!({"kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))
    .unwrap();
    let thumbprint = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
    assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn what_is_signed_here_is_signed_by_that_key_only() {
    install();
    let claims = serde_json::json!({"sub": "x"});
    for algorithm in Algorithm::ALL {
        let key = generate(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let other = generate(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let token = sign(&key, "JWT", claims.as_object().unwrap()).unwrap();
        let compact = Compact::parse(token.expose_secret()).unwrap();
        assert_eq!(compact.header["alg"], algorithm.name());
        assert!(is_signed_by(&compact, &key).unwrap());
        assert!(!is_signed_by(&compact, &other).unwrap());
    }
}

#[test]
fn a_key_that_does_not_fit_is_an_error() {
    install();
    let key = NewKey {
        kid: Foreign::new("k"),
        purpose: Purpose::App,
        algorithm: Algorithm::ES256,
        material: SecretSlice::from(vec![1, 2, 3]),
        public: None,
        weak: false,
    };
    assert!(matches!(sign(&key, "JWT", &Map::new()), Err(Error::Key(_))));
}
