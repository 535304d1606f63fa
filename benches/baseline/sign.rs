//! Signing alone: one thread signs tokens and discards the tokens. Each token has the header and
//! the claims of a sample token, with a new `jti` if the sample has a `jti`.

use super::store::IdGenerator;
use crate::home::Outcome;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{hmac, rand, rsa};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::hint::black_box;
use std::ops::Range;
use std::path::Path;

/// Function that signs a message with a loaded key, and writes the signature to a buffer. The
/// caller passes an empty buffer.
type Signer = Box<dyn Fn(&[u8], &mut Vec<u8>) -> Outcome<()>>;

/// Writes a new key for the algorithm to a file: a secret for HS256, otherwise a private key in
/// PKCS #8.
pub(super) fn create_key(algorithm: &str, path: &Path) -> Outcome<()> {
    let mut secret = [0; 32];
    rand::fill(&mut secret)?;
    let key = match algorithm {
        "HS256" => secret.to_vec(),
        "ES256" => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?
            .to_pkcs8v1()?
            .as_ref()
            .to_vec(),
        "EdDSA" => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        "RS256" => RsaKeyPair::generate(rsa::KeySize::Rsa2048)?.as_der()?.as_ref().to_vec(),
        _ => return Err(format!("unknown algorithm `{algorithm}`").into()),
    };
    Ok(std::fs::write(path, key)?)
}

/// Reads the key from the file that `create_key` wrote, and returns the function that signs with
/// the key.
fn load_signer(algorithm: &str, path: &Path) -> Outcome<Signer> {
    let key = std::fs::read(path)?;
    let random = SystemRandom::new();
    Ok(match algorithm {
        "HS256" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            Box::new(move |message, signature| {
                signature.extend_from_slice(hmac::sign(&key, message).as_ref());
                Ok(())
            })
        }
        "ES256" => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key)?;
            Box::new(move |message, signature| {
                signature.extend_from_slice(key.sign(&random, message)?.as_ref());
                Ok(())
            })
        }
        "EdDSA" => {
            let key = Ed25519KeyPair::from_pkcs8(&key)?;
            Box::new(move |message, signature| {
                signature.extend_from_slice(key.sign(message).as_ref());
                Ok(())
            })
        }
        "RS256" => {
            let key = RsaKeyPair::from_pkcs8(&key)?;
            Box::new(move |message, signature| {
                signature.resize(key.public_modulus_len(), 0);
                Ok(key.sign(&RSA_PKCS1_SHA256, &random, message, signature)?)
            })
        }
        _ => return Err(format!("unknown algorithm `{algorithm}`").into()),
    })
}

/// Number of characters of a UUID.
const UUID_LENGTH: usize = 36;

/// Header and claims of the sample token.
struct Template {
    /// Encoded header, and the full stop after the header.
    header_with_dot: String,
    /// Decoded payload.
    claims: Vec<u8>,
    /// Range of the value of `jti` in `claims`; empty if the sample has no `jti`.
    jti_range: Range<usize>,
}

impl Template {
    /// Decodes a token. The `jti` of the token, if any, must be a UUID.
    fn parse(token: &str) -> Outcome<Self> {
        let (header, rest) = token.split_once('.').ok_or("the sample is not a token")?;
        let (payload, _) = rest.split_once('.').ok_or("the sample is not a token")?;
        let claims = URL_SAFE_NO_PAD.decode(payload)?;
        let jti_prefix = br#""jti":""#;
        let position = claims.windows(jti_prefix.len()).position(|window| window == jti_prefix);
        let jti_range = position.map_or(0..0, |position| {
            let start = position + jti_prefix.len();
            start..start + UUID_LENGTH
        });
        Ok(Self { header_with_dot: format!("{header}."), claims, jti_range })
    }
}

/// Signs `count` tokens with the key in a file. `sample` is the token that gives the header and the
/// claims.
pub(super) fn sign_tokens(
    algorithm: &str,
    key_path: &Path,
    sample: &str,
    count: u32,
) -> Outcome<()> {
    let sign = load_signer(algorithm, key_path)?;
    let Template { header_with_dot, mut claims, jti_range } = Template::parse(sample)?;
    let (mut ids, mut token_line, mut signature) = (IdGenerator::new()?, String::new(), Vec::new());
    for _ in 0..count {
        token_line.clear();
        token_line.push_str(&header_with_dot);
        let id = ids.next_id()?;
        if let Some(jti) = claims.get_mut(jti_range.clone()).filter(|jti| !jti.is_empty()) {
            id.hyphenated().encode_lower(jti);
        }
        URL_SAFE_NO_PAD.encode_string(&claims, &mut token_line);
        signature.clear();
        sign(token_line.as_bytes(), &mut signature)?;
        token_line.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token_line);
        token_line.push('\n');
        black_box(&token_line);
    }
    Ok(())
}
