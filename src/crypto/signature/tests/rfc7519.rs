//! RFC 7519: the tokens of its examples are those of RFC 7515. Here is what they say.

use super::*;

fn example_claims() -> Value {
    serde_json::json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})
}

/// Section 3.1, a token of which appendix A.1 of RFC 7515 shows the signature.
#[test]
fn rfc7519_3_1_example() {
    let (header, claims) = decode_lenient(rfc7515::A1).unwrap();
    assert_eq!(header, serde_json::json!({"typ": "JWT", "alg": "HS256"}));
    assert_eq!(claims, example_claims());
    assert!(jwk_verifies(&rfc7515::hmac_jwk(), Algorithm::HS256, rfc7515::A1));
}

/// Section 6.1, the same claims in an unsecured token: they can be read, and count for nothing.
#[test]
fn rfc7519_6_1_unsecured() {
    let (header, claims) = decode_lenient(rfc7515::A5).unwrap();
    assert_eq!(header, serde_json::json!({"alg": "none"}));
    assert_eq!(claims, example_claims());
    let payload_part = |token: &str| token.split('.').nth(1).map(str::to_owned);
    assert_eq!(payload_part(rfc7515::A5), payload_part(rfc7515::A1));
    assert!(!jwk_verifies(&rfc7515::hmac_jwk(), Algorithm::HS256, rfc7515::A5));
    // The signature of the other one does not fit either: it is over its header too.
    let (_, signature) = rfc7515::A1.rsplit_once('.').unwrap();
    let borrowed = format!("{}{signature}", rfc7515::A5);
    assert!(!jwk_verifies(&rfc7515::hmac_jwk(), Algorithm::HS256, &borrowed));
}
