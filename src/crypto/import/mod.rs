//! Private keys of others, in whatever form they come, judged before they are taken in. What is
//! kept is always the same form, so that the same key is known again.

mod material;

use super::keys::{private, symmetric};
use super::secret::{
    Encoding, KeyForm, NotASecret, PublicKeys, find_key, is_secret_jwk, not_a_key, spelled,
};
use super::verifier::{all_different, for_signatures, is_pem, judged, key_id};
use crate::model::{Algorithm, Family, Invalid, NewKey, Purpose, strict_object};
use material::{Material, of_der, of_jwk, of_pem};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// What is known of bytes that should be keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Import {
    /// What they are to sign.
    pub(crate) purpose: Purpose,
    /// With which algorithm; unless said, what a JWK says, or what its type is mostly used with.
    pub(crate) algorithm: Option<Algorithm>,
    /// That they are a secret, and how it is spelled.
    pub(crate) encoding: Option<Encoding>,
    /// Whether a secret may be shorter than its hash.
    pub(crate) allow_weak: bool,
}

/// Why a key is not taken in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejected {
    /// It is wrong or not a private key.
    #[error("{0}")]
    Key(#[from] Invalid),
    /// It is one of several.
    #[error("key {number} of {all}: {}", .why.bare())]
    Member {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        all: usize,
        /// Why.
        why: Box<Rejected>,
    },
    /// It is a secret that is shorter than its hash (RFC 7518, section 3.2).
    #[error("{length} bytes are too short a secret for {}: {least} at least", .algorithm.name())]
    Weak {
        /// How long it is.
        length: usize,
        /// For what.
        algorithm: Algorithm,
        /// How long it should be.
        least: usize,
    },
    /// It may be a secret, and nobody said so.
    #[error("this is no PEM, DER, JWK or JWK Set")]
    Unknown,
    /// A key in a form that is not read.
    #[error("this is no PEM, DER, JWK or JWK Set: found {}", .0.shown())]
    Unread(KeyForm),
    /// A key in the place of a shared secret.
    #[error("{}", .0.refusal())]
    Disguised(KeyForm),
}

/// How every private key in DER begins: `0` in a text.
const SEQUENCE: u8 = 0x30;

/// What its version is, and what stands in no text.
const INTEGER: u8 = 0x02;

impl From<NotASecret> for Rejected {
    fn from(refusal: NotASecret) -> Self {
        match refusal {
            NotASecret::Key(form) => Self::Disguised(form),
            NotASecret::Misspelled => Self::Key(refusal.into()),
        }
    }
}

impl Rejected {
    /// Why, where it was said that it is about a key.
    fn bare(&self) -> String {
        if let Self::Key(invalid) = self { invalid.why.clone() } else { self.to_string() }
    }
}

impl Import {
    /// The keys that these bytes are: PKCS#8, SEC 1 or PKCS#1 as PEM or DER, a JWK, all of a JWK
    /// Set, or a secret.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Vec<NewKey>, Rejected> {
        if let Some(encoding) = self.encoding.filter(|_| !is_secret_jwk(bytes)) {
            return Ok(vec![self.key(Material::Secret(spelled(bytes, encoding)?), None)?]);
        }
        let begun = bytes.trim_ascii_start();
        if begun.starts_with(b"{") {
            let object =
                strict_object(bytes).map_err(|why| refused(&format!("the JWK is {why}")))?;
            if object.contains_key("keys") {
                return self.of_set(&object);
            }
            return Ok(vec![self.of_jwk(&object)?]);
        }
        let material = if is_pem(bytes) {
            of_pem(bytes)?
        } else if self.algorithm.is_some_and(Algorithm::is_symmetric) {
            Material::Secret(spelled(bytes, Encoding::Text)?)
        } else if bytes.first() == Some(&SEQUENCE) && bytes.contains(&INTEGER) {
            of_der(bytes)?
        } else {
            return Err(find_key(bytes).map_or(Rejected::Unknown, Rejected::Unread));
        };
        Ok(vec![self.key(material, None)?])
    }

    fn of_set(self, set: &Map<String, Value>) -> Result<Vec<NewKey>, Rejected> {
        let all = set.get("keys").and_then(Value::as_array);
        let all = all.filter(|all| !all.is_empty());
        let all = all.ok_or_else(|| refused("`keys` is not an array with keys in it"))?;
        all_different(all.iter().filter_map(|jwk| jwk.get("kid")?.as_str()))?;
        let read = |(at, jwk): (usize, &Value)| {
            let key = match jwk.as_object() {
                Some(jwk) => self.of_jwk(jwk),
                None => Err(refused("not an object").into()),
            };
            let (number, all) = (at + 1, all.len());
            key.map_err(|why| Rejected::Member { number, all, why: Box::new(why) })
        };
        let keys = all.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let public: PublicKeys = keys.iter().filter_map(|key| key.public.as_ref()).collect();
        if keys.iter().any(|key| is_public(key, &public)) {
            return Err(Rejected::Disguised(KeyForm::PUBLIC));
        }
        Ok(keys)
    }

    fn of_jwk(self, jwk: &Map<String, Value>) -> Result<NewKey, Rejected> {
        for_signatures(jwk, &["sign"])?;
        key_id(jwk)?;
        let named = match jwk.get("alg").map(Value::as_str) {
            None => None,
            Some(Some(name)) => Some(Algorithm::parse(name)?),
            Some(None) => return Err(refused("its `alg` is not text").into()),
        };
        let material = of_jwk(jwk)?;
        if let Material::Secret(secret) = &material {
            not_a_key(secret)?;
        }
        self.key(material, named)
    }

    /// The key of that material, if it fits what is known of it; `named` is the algorithm that its
    /// JWK names.
    fn key(self, material: Material, named: Option<Algorithm>) -> Result<NewKey, Rejected> {
        let fits = |algorithm: &Algorithm| match (&material, algorithm.family()) {
            (Material::Secret(_), Family::Hmac(_)) => true,
            (Material::Pkcs8(family, _), other) => *family == other,
            (Material::Secret(_), _) => false,
        };
        let mut fitting = Algorithm::ALL.into_iter().filter(fits);
        let algorithm = match (self.algorithm, named) {
            (Some(wanted), Some(named)) if wanted != named => None,
            (Some(one), _) | (None, Some(one)) => fitting.find(|algorithm| *algorithm == one),
            (None, None) => fitting.next(),
        };
        let algorithm = algorithm.ok_or_else(|| refused("it does not fit the algorithm"))?;
        match material {
            Material::Secret(secret) => self.symmetric(algorithm, &secret),
            Material::Pkcs8(_, pkcs8) => {
                let key = private(algorithm, self.purpose, &pkcs8)
                    .map_err(|why| refused(&why.to_string()))?;
                judged(key.public.as_ref().unwrap_or(&Map::new()), false)?;
                Ok(key)
            }
        }
    }

    fn symmetric(self, algorithm: Algorithm, secret: &[u8]) -> Result<NewKey, Rejected> {
        if secret.is_empty() {
            return Err(refused("the secret is empty").into());
        }
        let mut key = symmetric(algorithm, self.purpose, secret);
        if let Family::Hmac(least) = algorithm.family() {
            key.weak = secret.len() < least;
            if key.weak && !self.allow_weak {
                return Err(Rejected::Weak { length: secret.len(), algorithm, least });
            }
        }
        Ok(key)
    }
}

/// Returns whether a key is symmetric and has the bytes of one of these public keys.
pub(crate) fn is_public(key: &NewKey, public: &PublicKeys) -> bool {
    key.algorithm.is_symmetric() && public.has(key.material.expose_secret())
}

fn refused(why: &str) -> Invalid {
    Invalid::new("key", why)
}

#[cfg(test)]
mod tests;
