//! Public keys in PEM (RFC 7468). A PEM block must have exactly the structure of a public key: the
//! parser does not search inside other structures for a key.

use super::{Verifier, ec_verifier, ed25519_verifier, invalid_key, rsa_verifier};
use crate::model::{Algorithm, InvalidValue};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::RsaPublicKeyComponents;

/// DER prefix of the coordinates in the `SubjectPublicKeyInfo` of a P-256 key (RFC 5480).
const P256_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
    0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// DER prefix for a P-384 key.
const P384_PREFIX: [u8; 24] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
];

/// DER prefix for an Ed25519 key (RFC 8410).
const ED25519_PREFIX: [u8; 12] =
    [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Returns whether the bytes contain PEM, including damaged PEM.
pub(in crate::crypto) fn is_pem(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.windows(BEGIN.len()).any(|part| part == BEGIN)
}

/// Parses a PEM with a single public key.
pub(super) fn parse_pem(bytes: &[u8]) -> Result<Verifier, InvalidValue> {
    let blocks = pem::parse_many(bytes).map_err(|_| invalid_key("the PEM is damaged"))?;
    if blocks.iter().any(|block| block.tag().contains("PRIVATE")) {
        return Err(super::private_key_error());
    }
    let block = match &blocks[..] {
        [block] => block,
        [] => return Err(invalid_key("the PEM is damaged")),
        _ => return Err(invalid_key("the PEM has several parts, expected a single public key")),
    };
    match block.tag() {
        "PUBLIC KEY" => parse_spki(block.contents()),
        "RSA PUBLIC KEY" => parse_pkcs1(block.contents()),
        "CERTIFICATE" => Err(invalid_key(
            "certificates are not supported; extract the key with `openssl x509 -pubkey`",
        )),
        _ => Err(unknown_key_error()),
    }
}

/// Parses a `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
fn parse_spki(der: &[u8]) -> Result<Verifier, InvalidValue> {
    for (algorithm, prefix) in
        [(Algorithm::ES256, &P256_PREFIX[..]), (Algorithm::ES384, &P384_PREFIX)]
    {
        if let Some(point) = der.strip_prefix(prefix) {
            let (x, y) = point.split_at(point.len() / 2);
            return ec_verifier(algorithm, x, y);
        }
    }
    if let Some(point) = der.strip_prefix(&ED25519_PREFIX) {
        return ed25519_verifier(point);
    }
    let key = PublicKey::from_der(der).map_err(|_| unknown_key_error())?;
    let encoded: PublicKeyX509Der<'_> = key.as_der().map_err(|_| unknown_key_error())?;
    if encoded.as_ref() == der { rsa_key_verifier(&key) } else { Err(unknown_key_error()) }
}

/// Parses an `RSAPublicKey` (RFC 8017, appendix A.1.1).
fn parse_pkcs1(der: &[u8]) -> Result<Verifier, InvalidValue> {
    let key = PublicKey::from_der(der).map_err(|_| unknown_key_error())?;
    if key.as_ref() == der { rsa_key_verifier(&key) } else { Err(unknown_key_error()) }
}

fn rsa_key_verifier(key: &PublicKey) -> Result<Verifier, InvalidValue> {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(key);
    rsa_verifier(&public.n, &public.e)
}

fn unknown_key_error() -> InvalidValue {
    invalid_key("not an RSA, P-256, P-384 or Ed25519 public key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{generate_key, initialize_crypto, public_key_pem};
    use crate::model::{Purpose, RsaBits};
    use ::pem::{Pem, encode};

    fn refusal_reason(tag: &str, der: &[u8]) -> String {
        parse_pem(encode(&Pem::new(tag, der)).as_bytes()).unwrap_err().reason
    }

    /// Returns nested sequences, the innermost of which is empty.
    fn nested_sequences(levels: usize) -> Vec<u8> {
        let mut heads = Vec::new();
        let mut length = 0_u32;
        for _ in 0..levels {
            let head = [&[0x30, 0x83][..], &length.to_be_bytes()[1..]].concat();
            length += 5;
            heads.push(head);
        }
        heads.into_iter().rev().flatten().collect()
    }

    #[test]
    fn pem_key_family_is_recognised() {
        initialize_crypto();
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
            let key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
            let text = public_key_pem(&key).unwrap().unwrap();
            let verifier = parse_pem(text.as_bytes()).unwrap();
            assert!(verifier.algorithms.contains(&algorithm));
            let der = ::pem::parse(&text).unwrap().into_contents();
            let longer = [&der[..], &[0]].concat();
            assert!(parse_pem(encode(&Pem::new("PUBLIC KEY", longer)).as_bytes()).is_err());
            assert!(parse_pem(encode(&Pem::new("EC PARAMETERS", der)).as_bytes()).is_err());
            assert!(parse_pem(format!("{text}{text}").as_bytes()).is_err(), "two keys");
        }
    }

    #[test]
    fn nested_pem_content_is_refused() {
        let expected = "not an RSA, P-256, P-384 or Ed25519 public key";
        for tag in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
            assert_eq!(refusal_reason(tag, &nested_sequences(100_000)), expected);
        }
        let certificate_refusal =
            "certificates are not supported; extract the key with `openssl x509 -pubkey`";
        assert_eq!(refusal_reason("CERTIFICATE", &nested_sequences(2)), certificate_refusal);
    }
}
