//! Conversion of private keys from all supported formats to one stored format.

use super::invalid_key;
use crate::crypto::der::parse_sequence;
use crate::crypto::verifier::decode_member;
use crate::model::{InvalidValue, KeyType};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RsaKeyPair,
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Key material in the stored format.
pub(super) enum KeyMaterial {
    /// Bytes of a symmetric key.
    Secret(Zeroizing<Vec<u8>>),
    /// Private key as PKCS#8, version 1, as encoded by this program.
    Pkcs8(KeyType, Zeroizing<Vec<u8>>),
}

/// Imports the only private key of a PEM file (RFC 7468). Other blocks are ignored.
pub(super) fn import_pem(bytes: &[u8]) -> Result<KeyMaterial, InvalidValue> {
    let blocks = pem::parse_many(bytes).map_err(|_| invalid_key("the PEM is damaged"))?;
    let mut private_blocks = blocks.iter().filter(|block| block.tag().contains("PRIVATE KEY"));
    let block = match (private_blocks.next(), private_blocks.next()) {
        (Some(block), None) => block,
        (Some(_), Some(_)) => return Err(invalid_key("the PEM has several private keys")),
        (None, _) if blocks.is_empty() => return Err(invalid_key("the PEM is damaged")),
        (None, _) => {
            return Err(invalid_key("the PEM has no private key, which signing requires"));
        }
    };
    let is_encrypted = block.headers().iter().any(|(_, value)| value.contains("ENCRYPTED"));
    match block.tag() {
        "ENCRYPTED PRIVATE KEY" => Err(encrypted_pem_error()),
        _ if is_encrypted => Err(encrypted_pem_error()),
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => import_der(block.contents()),
        "OPENSSH PRIVATE KEY" => Err(invalid_key(
            "the PEM is in OpenSSH format; convert the file with `ssh-keygen -p -m PKCS8`",
        )),
        _ => Err(invalid_key("the PEM is not PKCS#8, SEC 1 or PKCS#1")),
    }
}

fn encrypted_pem_error() -> InvalidValue {
    invalid_key("the PEM is encrypted; decrypt the key with `openssl pkey`")
}

const UNKNOWN_KEY: &str = "not an RSA, P-256, P-384 or Ed25519 private key";

/// Imports PKCS#8 (RFC 5208), SEC 1 (RFC 5915) or PKCS#1 (RFC 8017). The format is found by trial.
pub(super) fn import_der(der: &[u8]) -> Result<KeyMaterial, InvalidValue> {
    match parse_sequence(der) {
        Some((_, [])) => {}
        Some(_) => return Err(invalid_key("trailing data after the key")),
        None => return Err(invalid_key(UNKNOWN_KEY)),
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return encode_ed25519(&pair);
    }
    for (family, curve) in CURVES {
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(curve, der) {
            return encode_ec(family, &pair);
        }
    }
    match (RsaKeyPair::from_pkcs8(der), RsaKeyPair::from_der(der)) {
        (Ok(pair), _) | (_, Ok(pair)) => encode_rsa(&pair),
        (Err(pkcs8_error), Err(pkcs1_error)) => Err(rejected_key(&[pkcs8_error, pkcs1_error])),
    }
}

const CURVES: [(KeyType, &EcdsaSigningAlgorithm); 2] = [
    (KeyType::P256, &ECDSA_P256_SHA256_FIXED_SIGNING),
    (KeyType::P384, &ECDSA_P384_SHA384_FIXED_SIGNING),
];

/// Imports a private JWK (RFC 7518, section 6; RFC 8037, section 2) with consistent parts.
pub(super) fn import_jwk(jwk: &Map<String, Value>) -> Result<KeyMaterial, InvalidValue> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let kind = text("kty");
    if kind != Some("oct") && jwk.get("d").is_none() {
        return Err(invalid_key("missing private part (`d`), which signing requires"));
    }
    match (kind, text("crv")) {
        (Some("oct"), _) => Ok(KeyMaterial::Secret(Zeroizing::new(decode_member(jwk, "k")?))),
        (Some("EC"), Some("P-256")) => import_ec_jwk(jwk, CURVES[0], 32),
        (Some("EC"), Some("P-384")) => import_ec_jwk(jwk, CURVES[1], 48),
        (Some("OKP"), Some("Ed25519")) => {
            let (seed, public) =
                (Zeroizing::new(decode_member(jwk, "d")?), decode_member(jwk, "x")?);
            if seed.len() != 32 {
                return Err(invalid_key("`d` is not 32 bytes long"));
            }
            let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
            encode_ed25519(&pair.map_err(|_| invalid_key("inconsistent key parts"))?)
        }
        (Some("RSA"), _) => import_rsa_jwk(jwk),
        _ => Err(invalid_key(
            "unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric",
        )),
    }
}

fn import_ec_jwk(
    jwk: &Map<String, Value>,
    (family, curve): (KeyType, &'static EcdsaSigningAlgorithm),
    size: usize,
) -> Result<KeyMaterial, InvalidValue> {
    let (d, x, y) = (
        Zeroizing::new(decode_member(jwk, "d")?),
        decode_member(jwk, "x")?,
        decode_member(jwk, "y")?,
    );
    if d.len() != size || x.len() != size || y.len() != size {
        return Err(invalid_key("`d`, `x` or `y` does not have the length of the curve"));
    }
    let point = [&[4][..], &x, &y].concat();
    let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, &d, &point);
    encode_ec(family, &pair.map_err(|_| invalid_key("inconsistent key parts"))?)
}

fn import_rsa_jwk(jwk: &Map<String, Value>) -> Result<KeyMaterial, InvalidValue> {
    if jwk.contains_key("oth") {
        return Err(invalid_key("RSA keys with more than two primes are not supported"));
    }
    let bytes = |name: &str| -> Result<Zeroizing<Vec<u8>>, InvalidValue> {
        Ok(Zeroizing::new(decode_member(jwk, name)?))
    };
    let number = |name: &str| -> Result<Vec<u8>, InvalidValue> {
        Ok(decode_member(jwk, name)?.into_iter().skip_while(|byte| *byte == 0).collect())
    };
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: number("n")?, e: number("e")? },
        d: bytes("d")?,
        p: bytes("p")?,
        q: bytes("q")?,
        dP: bytes("dp")?,
        dQ: bytes("dq")?,
        qInv: bytes("qi")?,
    });
    encode_rsa(&pair.map_err(|error| rejected_key(&[error]))?)
}

fn encode_ec(family: KeyType, pair: &EcdsaKeyPair) -> Result<KeyMaterial, InvalidValue> {
    let der = pair.to_pkcs8v1().map_err(encoding_error)?;
    Ok(KeyMaterial::Pkcs8(family, Zeroizing::new(der.as_ref().to_vec())))
}

fn encode_ed25519(pair: &Ed25519KeyPair) -> Result<KeyMaterial, InvalidValue> {
    let der = pair.to_pkcs8v1().map_err(encoding_error)?;
    Ok(KeyMaterial::Pkcs8(KeyType::Ed25519, Zeroizing::new(der.as_ref().to_vec())))
}

fn encode_rsa(pair: &RsaKeyPair) -> Result<KeyMaterial, InvalidValue> {
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(encoding_error)?;
    Ok(KeyMaterial::Pkcs8(KeyType::Rsa, Zeroizing::new(der.as_ref().to_vec())))
}

fn encoding_error(_: Unspecified) -> InvalidValue {
    invalid_key("cannot encode the key")
}

/// Converts the rejections of the crypto library to the most specific message.
fn rejected_key(rejections: &[KeyRejected]) -> InvalidValue {
    let messages = [
        ("TooSmall", "RSA key too small: expected at least 2,048 bits"),
        ("TooLarge", "RSA key too large: expected at most 8,192 bits"),
        ("InconsistentComponents", "inconsistent key parts"),
    ];
    let is_reported = |(name, _): &(&str, &str)| {
        rejections.iter().any(|rejection| rejection.description_() == *name)
    };
    invalid_key(messages.into_iter().find(is_reported).map_or(UNKNOWN_KEY, |(_, message)| message))
}
