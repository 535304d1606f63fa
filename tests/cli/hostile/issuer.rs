//! The keys, JWK Sets and valid tokens of a sample third-party issuer.

use super::signer::{decode_pem, sign_token};
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

// Private keys as PEM, and their public keys.
pub(super) const RSA: &str = include_str!("samples/rsa.pem");
pub(super) const RSA_PUBLIC: &str = include_str!("samples/rsa.pub.pem");
pub(super) const P256: &str = include_str!("samples/p256.pem");
pub(super) const P256_PUBLIC: &str = include_str!("samples/p256.pub.pem");
pub(super) const P384: &str = include_str!("samples/p384.pem");
pub(super) const P384_PUBLIC: &str = include_str!("samples/p384.pub.pem");
pub(super) const ED25519: &str = include_str!("samples/ed25519.pem");
pub(super) const ED25519_PUBLIC: &str = include_str!("samples/ed25519.pub.pem");

/// The same private keys as JWKs.
const PRIVATE_JWKS: [&str; 4] = [
    include_str!("samples/rsa.jwk"),
    include_str!("samples/p256.jwk"),
    include_str!("samples/p384.jwk"),
    include_str!("samples/ed25519.jwk"),
];

/// Key ids and algorithms of the four private keys, in the order of `PRIVATE_JWKS`, and of the
/// shared secret.
pub(super) const KEY_IDS_AND_ALGORITHMS: [(&str, &str); 5] =
    [("rsa", "RS256"), ("p256", "ES256"), ("p384", "ES384"), ("ed", "EdDSA"), ("oct", "HS256")];

/// The shared secret with the key id `oct`.
pub(super) const SECRET: &[u8] = b"a secret of thirty-two bytes, no";

/// Returns a sandbox that has no store, but has files with the verification keys of the issuer: the
/// JWK Sets `set` and `set-without-kids`, and one file for each key. The name of such a file is the
/// key id.
pub(super) fn sandbox_with_keys() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in [
        ("set", json!({"keys": jwks()}).to_string()),
        (
            "set-without-kids",
            json!({"keys": jwks().into_iter().map(without_kid).collect::<Vec<_>>()}).to_string(),
        ),
        ("rsa", RSA_PUBLIC.to_owned()),
        ("p256", P256_PUBLIC.to_owned()),
        ("p384", P384_PUBLIC.to_owned()),
        ("ed", ED25519_PUBLIC.to_owned()),
        ("oct", String::from_utf8(SECRET.to_vec()).unwrap()),
    ] {
        std::fs::write(sandbox.home().join(name), text).unwrap();
    }
    sandbox
}

/// Returns the public keys and the shared secret as JWKs, in the order of
/// [`KEY_IDS_AND_ALGORITHMS`].
pub(super) fn jwks() -> Vec<Value> {
    let secret = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)});
    let public_jwks = PRIVATE_JWKS.iter().map(|text| public_jwk(text)).chain([secret]);
    let with_metadata = |(mut jwk, (kid, algorithm)): (Value, (&str, &str))| {
        jwk["kid"] = json!(kid);
        jwk["alg"] = json!(algorithm);
        jwk
    };
    public_jwks.zip(KEY_IDS_AND_ALGORITHMS).map(with_metadata).collect()
}

/// Returns the public part of a private JWK.
pub(super) fn public_jwk(jwk: &str) -> Value {
    let mut jwk: Value = serde_json::from_str(jwk).unwrap();
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().unwrap().shift_remove(member);
    }
    jwk
}

fn without_kid(mut jwk: Value) -> Value {
    jwk.as_object_mut().unwrap().shift_remove("kid");
    jwk
}

/// Returns the key that signs tokens with the key id `kid`: PKCS#8 in DER, or the shared secret.
pub(super) fn signing_key(kid: &str) -> Vec<u8> {
    match kid {
        "rsa" => decode_pem(RSA),
        "p256" => decode_pem(P256),
        "p384" => decode_pem(P384),
        "ed" => decode_pem(ED25519),
        _ => SECRET.to_vec(),
    }
}

/// Returns valid claims that expire in 2100.
pub(super) fn default_claims() -> Value {
    json!({"iss": "https://idp", "aud": "api", "sub": "alice", "exp": 4_102_444_800_i64})
}

/// Returns the header of a token.
pub(super) fn jose_header(kid: &str, algorithm: &str) -> Value {
    json!({"alg": algorithm, "typ": "JWT", "kid": kid})
}

/// Creates a valid token, signed with the key that has the id `kid`.
pub(super) fn valid_token(kid: &str, algorithm: &str) -> String {
    sign_token(
        algorithm,
        &signing_key(kid),
        &jose_header(kid, algorithm),
        &default_claims().to_string(),
    )
}
