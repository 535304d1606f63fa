//! RFC 7519: claims of the example tokens, which are the tokens of RFC 7515.

use super::*;

fn example_claims() -> Value {
    serde_json::json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})
}

/// Section 3.1: a token whose signature is in RFC 7515, appendix A.1.
#[test]
fn rfc7519_3_1_example() {
    let (header, claims) = decode_lenient(rfc7515::A1_TOKEN).unwrap();
    assert_eq!(header, serde_json::json!({"typ": "JWT", "alg": "HS256"}));
    assert_eq!(claims, example_claims());
    assert!(jwk_verifies(&rfc7515::hmac_jwk(), Algorithm::HS256, rfc7515::A1_TOKEN));
}

/// Section 6.1: the same claims in an unsecured token can be decoded, but do not verify.
#[test]
fn rfc7519_6_1_unsecured() {
    let (header, claims) = decode_lenient(rfc7515::A5_TOKEN).unwrap();
    assert_eq!(header, serde_json::json!({"alg": "none"}));
    assert_eq!(claims, example_claims());
    let payload_part = |token: &str| token.split('.').nth(1).map(str::to_owned);
    assert_eq!(payload_part(rfc7515::A5_TOKEN), payload_part(rfc7515::A1_TOKEN));
    assert!(!jwk_verifies(&rfc7515::hmac_jwk(), Algorithm::HS256, rfc7515::A5_TOKEN));
    // The signature of the signed token covers its header and does not fit either.
    let (_, signature) = rfc7515::A1_TOKEN.rsplit_once('.').unwrap();
    let forged = format!("{}{signature}", rfc7515::A5_TOKEN);
    assert!(!jwk_verifies(&rfc7515::hmac_jwk(), Algorithm::HS256, &forged));
}
