//! Private keys in all their forms, brought into one.

use super::refused;
use crate::crypto::der::sequence;
use crate::crypto::verifier::member;
use crate::model::{Family, Invalid};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RsaKeyPair,
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// What a key is made of.
pub(super) enum Material {
    /// The bytes of a symmetric key.
    Secret(Zeroizing<Vec<u8>>),
    /// A private key as PKCS#8, version 1, as this program writes it.
    Pkcs8(Family, Zeroizing<Vec<u8>>),
}

/// The one private key in a PEM file (RFC 7468), whatever else is in there.
pub(super) fn of_pem(bytes: &[u8]) -> Result<Material, Invalid> {
    let blocks = pem::parse_many(bytes).map_err(|_| refused("the PEM is damaged"))?;
    let mut private = blocks.iter().filter(|block| block.tag().contains("PRIVATE KEY"));
    let block = match (private.next(), private.next()) {
        (Some(block), None) => block,
        (Some(_), Some(_)) => return Err(refused("the PEM has several private keys")),
        (None, _) if blocks.is_empty() => return Err(refused("the PEM is damaged")),
        (None, _) => return Err(refused("the PEM has no private key, and nothing signs without")),
    };
    let is_encrypted = block.headers().iter().any(|(_, value)| value.contains("ENCRYPTED"));
    match block.tag() {
        "ENCRYPTED PRIVATE KEY" => Err(encrypted()),
        _ if is_encrypted => Err(encrypted()),
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => of_der(block.contents()),
        "OPENSSH PRIVATE KEY" => {
            Err(refused("the PEM is OpenSSH's own; `ssh-keygen -p -m PKCS8` changes the file"))
        }
        _ => Err(refused("the PEM is not PKCS#8, SEC 1 or PKCS#1")),
    }
}

fn encrypted() -> Invalid {
    refused("the PEM is encrypted; `openssl pkey` prints it decrypted")
}

const UNKNOWN: &str = "it is not a private key of RSA, P-256, P-384 or Ed25519";

/// PKCS#8 (RFC 5208), SEC 1 (RFC 5915) or PKCS#1 (RFC 8017), told apart by trying.
pub(super) fn of_der(der: &[u8]) -> Result<Material, Invalid> {
    match sequence(der) {
        Some((_, [])) => {}
        Some(_) => return Err(refused("something stands behind the key")),
        None => return Err(refused(UNKNOWN)),
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return edwards(&pair);
    }
    for (family, curve) in CURVES {
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(curve, der) {
            return elliptic(family, &pair);
        }
    }
    match (RsaKeyPair::from_pkcs8(der), RsaKeyPair::from_der(der)) {
        (Ok(pair), _) | (_, Ok(pair)) => rsa(&pair),
        (Err(one), Err(other)) => Err(rejected(&[one, other])),
    }
}

const CURVES: [(Family, &EcdsaSigningAlgorithm); 2] = [
    (Family::P256, &ECDSA_P256_SHA256_FIXED_SIGNING),
    (Family::P384, &ECDSA_P384_SHA384_FIXED_SIGNING),
];

/// A private JWK (RFC 7518, section 6; RFC 8037, section 2); its parts must belong together.
pub(super) fn of_jwk(jwk: &Map<String, Value>) -> Result<Material, Invalid> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let kind = text("kty");
    if kind != Some("oct") && jwk.get("d").is_none() {
        return Err(refused("it has no private part (`d`), and nothing signs without"));
    }
    match (kind, text("crv")) {
        (Some("oct"), _) => Ok(Material::Secret(Zeroizing::new(member(jwk, "k")?))),
        (Some("EC"), Some("P-256")) => elliptic_of_jwk(jwk, CURVES[0], 32),
        (Some("EC"), Some("P-384")) => elliptic_of_jwk(jwk, CURVES[1], 48),
        (Some("OKP"), Some("Ed25519")) => {
            let (seed, public) = (Zeroizing::new(member(jwk, "d")?), member(jwk, "x")?);
            if seed.len() != 32 {
                return Err(refused("its `d` is not 32 bytes long"));
            }
            let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
            edwards(&pair.map_err(|_| refused("its parts do not belong together"))?)
        }
        (Some("RSA"), _) => rsa_of_jwk(jwk),
        _ => Err(refused("its type is not RSA, P-256, P-384, Ed25519 or a secret")),
    }
}

fn elliptic_of_jwk(
    jwk: &Map<String, Value>,
    (family, curve): (Family, &'static EcdsaSigningAlgorithm),
    size: usize,
) -> Result<Material, Invalid> {
    let (d, x, y) = (Zeroizing::new(member(jwk, "d")?), member(jwk, "x")?, member(jwk, "y")?);
    if d.len() != size || x.len() != size || y.len() != size {
        return Err(refused("its numbers do not have the length of its curve"));
    }
    let point = [&[4][..], &x, &y].concat();
    let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, &d, &point);
    elliptic(family, &pair.map_err(|_| refused("its parts do not belong together"))?)
}

fn rsa_of_jwk(jwk: &Map<String, Value>) -> Result<Material, Invalid> {
    if jwk.contains_key("oth") {
        return Err(refused("an RSA key has two primes here"));
    }
    let bytes = |name: &str| -> Result<Zeroizing<Vec<u8>>, Invalid> {
        Ok(Zeroizing::new(member(jwk, name)?))
    };
    let number = |name: &str| -> Result<Vec<u8>, Invalid> {
        Ok(member(jwk, name)?.into_iter().skip_while(|byte| *byte == 0).collect())
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
    rsa(&pair.map_err(|why| rejected(&[why]))?)
}

fn elliptic(family: Family, pair: &EcdsaKeyPair) -> Result<Material, Invalid> {
    let der = pair.to_pkcs8v1().map_err(unwritable)?;
    Ok(Material::Pkcs8(family, Zeroizing::new(der.as_ref().to_vec())))
}

fn edwards(pair: &Ed25519KeyPair) -> Result<Material, Invalid> {
    let der = pair.to_pkcs8v1().map_err(unwritable)?;
    Ok(Material::Pkcs8(Family::Ed25519, Zeroizing::new(der.as_ref().to_vec())))
}

fn rsa(pair: &RsaKeyPair) -> Result<Material, Invalid> {
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(unwritable)?;
    Ok(Material::Pkcs8(Family::Rsa, Zeroizing::new(der.as_ref().to_vec())))
}

fn unwritable(_: Unspecified) -> Invalid {
    refused("it cannot be written")
}

/// What the crypto library says of it, in our words; the most telling of what it says.
fn rejected(why: &[KeyRejected]) -> Invalid {
    let words = [
        ("TooSmall", "an RSA key has 2,048 bits at least"),
        ("TooLarge", "an RSA key has 8,192 bits at most"),
        ("InconsistentComponents", "its parts do not belong together"),
    ];
    let said = |(name, _): &(&str, &str)| why.iter().any(|why| why.description_() == *name);
    refused(words.into_iter().find(said).map_or(UNKNOWN, |(_, words)| words))
}
