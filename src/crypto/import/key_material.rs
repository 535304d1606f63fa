//! Conversion of private keys and symmetric JWKs from all supported formats to the stored format.

use crate::crypto::der::bytes_after_sequence;
use crate::crypto::error::invalid_key;
use crate::crypto::jwk::{self, decode_coordinate, decode_secret_member};
use crate::crypto::public_key::{PublicKey, encode_point, signing_algorithm};
use crate::model::{Curve, InvalidValue, KeyType};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Key material in the stored format.
pub(in crate::crypto) enum KeyMaterial {
    /// Bytes of a symmetric key.
    Secret(Zeroizing<Vec<u8>>),
    /// Private key as PKCS#8, version 1, as encoded by this program.
    Pkcs8(KeyType, Zeroizing<Vec<u8>>),
}

/// Reason why a key is refused if no other reason fits. The key is of an unsupported type, or it is
/// not a valid private key.
pub(super) const UNKNOWN_KEY_REASON: &str =
    "not an RSA, P-256, P-384, P-521 or Ed25519 private key";

/// Imports a private key in PKCS#8 (RFC 5208), SEC 1 (RFC 5915) or PKCS#1 (RFC 8017). Key types and
/// formats are tried one after another.
pub(in crate::crypto) fn import_der(der: &[u8]) -> Result<KeyMaterial, InvalidValue> {
    match bytes_after_sequence(der) {
        Some([]) => {}
        Some(_) => return Err(invalid_key("trailing data after the key")),
        None => return Err(invalid_key(UNKNOWN_KEY_REASON)),
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return encode_ed25519(&pair);
    }
    for curve in Curve::ALL {
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(signing_algorithm(curve), der) {
            return encode_ec(curve, &pair);
        }
    }
    match (RsaKeyPair::from_pkcs8(der), RsaKeyPair::from_der(der)) {
        (Ok(pair), _) | (_, Ok(pair)) => encode_rsa(&pair),
        (Err(pkcs8_error), Err(pkcs1_error)) => {
            Err(rejected_key_error(&[pkcs8_error, pkcs1_error]))
        }
    }
}

/// Imports a private or symmetric JWK. Refuses a JWK whose public and private parts are
/// inconsistent.
pub(super) fn import_jwk(jwk: &Map<String, Value>) -> Result<KeyMaterial, InvalidValue> {
    if jwk::is_symmetric(jwk) {
        return Ok(KeyMaterial::Secret(decode_secret_member(jwk, "k")?));
    }
    if jwk.get("d").is_none() {
        return Err(invalid_key("missing private part (`d`), which signing requires"));
    }
    match jwk::public_key(jwk)? {
        PublicKey::Rsa { n, e } => import_rsa_jwk(jwk, PublicKeyComponents { n, e }),
        PublicKey::Ec { curve, x, y } => {
            let d = Zeroizing::new(decode_coordinate(jwk, "d", curve.coordinate_length())?);
            let (algorithm, point) = (signing_algorithm(curve), encode_point(&x, &y));
            let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &d, &point);
            encode_ec(curve, &pair.map_err(|_| invalid_key("inconsistent key parts"))?)
        }
        PublicKey::Ed25519 { x } => {
            let seed = decode_secret_member(jwk, "d")?;
            if seed.len() != 32 {
                return Err(invalid_key("`d` is not 32 bytes long"));
            }
            let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &x);
            encode_ed25519(&pair.map_err(|_| invalid_key("inconsistent key parts"))?)
        }
    }
}

fn import_rsa_jwk(
    jwk: &Map<String, Value>,
    public_key: PublicKeyComponents<Vec<u8>>,
) -> Result<KeyMaterial, InvalidValue> {
    if jwk.contains_key("oth") {
        return Err(invalid_key("RSA keys with more than two primes are not supported"));
    }
    if !jwk.contains_key("p") {
        return Err(invalid_key("`p` missing: signing requires `p`, `q`, `dp`, `dq` and `qi`"));
    }
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key,
        d: decode_secret_member(jwk, "d")?,
        p: decode_secret_member(jwk, "p")?,
        q: decode_secret_member(jwk, "q")?,
        dP: decode_secret_member(jwk, "dp")?,
        dQ: decode_secret_member(jwk, "dq")?,
        qInv: decode_secret_member(jwk, "qi")?,
    });
    encode_rsa(&pair.map_err(|error| rejected_key_error(&[error]))?)
}

/// Encodes an EC key with its public part. An imported key may lack the public part, which is
/// optional in PKCS#8 and SEC 1. Since the public part is always added, each key has only one
/// encoding.
fn encode_ec(curve: Curve, pair: &EcdsaKeyPair) -> Result<KeyMaterial, InvalidValue> {
    let d: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(encoding_error)?;
    let (algorithm, point) = (signing_algorithm(curve), pair.public_key().as_ref());
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, d.as_ref(), point)
        .map_err(|_| invalid_key("inconsistent key parts"))?;
    let der = pair.to_pkcs8v1().map_err(encoding_error)?;
    Ok(KeyMaterial::Pkcs8(KeyType::Ec(curve), Zeroizing::new(der.as_ref().to_vec())))
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

/// Converts the rejections of the crypto library to one error, with the most specific message that
/// applies.
fn rejected_key_error(rejections: &[KeyRejected]) -> InvalidValue {
    let messages = [
        ("TooSmall", "RSA key too small: expected at least 2,048 bits"),
        ("TooLarge", "RSA key too large: expected at most 8,192 bits"),
        ("InconsistentComponents", "inconsistent key parts"),
    ];
    let is_reported = |(name, _): &(&str, &str)| {
        rejections.iter().any(|rejection| rejection.description_() == *name)
    };
    invalid_key(
        messages.into_iter().find(is_reported).map_or(UNKNOWN_KEY_REASON, |(_, message)| message),
    )
}
