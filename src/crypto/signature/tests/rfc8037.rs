//! RFC 8037, appendix A: the thumbprint and the signature of an Ed25519 key.

use super::*;
use aws_lc_rs::signature::Ed25519KeyPair;

/// Private key of appendix A.1; appendix A.2 has the public part.
fn ed25519_jwk() -> Value {
    serde_json::json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

/// Returns the PKCS#8 of the private key.
pub(in crate::crypto) fn pkcs8() -> Vec<u8> {
    let [d, x] = ["d", "x"].map(|name| member_bytes(&ed25519_jwk(), name));
    let pair = Ed25519KeyPair::from_seed_and_public_key(&d, &x).unwrap();
    pair.to_pkcs8v1().unwrap().as_ref().to_vec()
}

/// Thumbprint of appendix A.3.
pub(in crate::crypto) const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

#[test]
fn rfc8037_a3_thumbprint_is_reproduced() {
    let key = jwk::public_key(ed25519_jwk().as_object().unwrap()).unwrap();
    assert_eq!(key.thumbprint().unwrap(), THUMBPRINT);
}

/// Appendices A.4 and A.5: the signature is valid for the JWK with and without `d`. A new signature
/// of the private key equals the signature in the RFC. The payload is not JSON.
#[test]
fn rfc8037_a4_a5_ed25519_signature_is_valid_and_reproduced() {
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPO\
        t7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_only_original_verifies(&ed25519_jwk(), Algorithm::EdDSA, token);
    assert_only_original_verifies(&public_part(ed25519_jwk()), Algorithm::EdDSA, token);
    assert_eq!(
        sign_payload_again(&signing_key(Algorithm::EdDSA, pkcs8()), "{\"alg\":\"EdDSA\"}", token),
        token
    );
}
