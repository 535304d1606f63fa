//! Refusal of shared secrets that equal the plain bytes of a public key. Such bytes have no
//! structure that could be detected. Secrets are therefore compared with the bytes of known public
//! keys.

use super::text_encoding::decode_candidates;
use crate::crypto::jwk::decode_member;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Public keys that a shared secret must not equal, each in several forms as bytes.
#[derive(Debug, Default)]
pub(crate) struct PublicKeys(HashSet<Vec<u8>>);

impl PublicKeys {
    /// Adds the public part of a JWK: coordinates, points and modulus as bytes. Structured formats
    /// (PEM, DER, JWK) need no entry, because they are detected by their structure.
    pub(crate) fn add(&mut self, jwk: &Map<String, Value>) {
        let bytes = |name: &str| decode_member(jwk, name).unwrap_or_default();
        let (x, y, n) = (bytes("x"), bytes("y"), bytes("n"));
        let modulus: Vec<u8> = n.iter().copied().skip_while(|byte| *byte == 0).collect();
        let mut forms = vec![[&[0][..], &modulus].concat(), modulus, n];
        if !y.is_empty() {
            let prefix = 2 + y.last().map_or(0, |last| last % 2);
            forms.push([&x[..], &y].concat());
            forms.push([&[4][..], &x, &y].concat());
            forms.push([&[prefix][..], &x].concat());
        }
        forms.extend([x, y]);
        // Values shorter than 32 bytes are not public keys.
        for form in forms.into_iter().filter(|form| form.len() >= 32) {
            self.0.extend(misread_hex(&form));
            self.0.insert(form);
        }
    }

    /// Returns whether the secret is one of the public keys as bytes, in base64 or in hex. A final
    /// line break is ignored.
    pub(crate) fn contains(&self, secret: &[u8]) -> bool {
        let is_known = |bytes: &[u8]| {
            let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            [bytes, line, text].iter().any(|bytes| self.0.contains(*bytes))
        };
        !self.0.is_empty()
            && (is_known(secret)
                || decode_candidates(secret).iter().any(|(_, bytes)| is_known(bytes)))
    }
}

/// Returns the bytes that result if the hexadecimal digits of a key are decoded as base64, for
/// digits in lower case and in upper case. A user may give a key in hex and state base64 as the
/// encoding.
fn misread_hex(key: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let lower = key.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    let upper = lower.to_ascii_uppercase();
    [lower, upper].into_iter().filter_map(|digits| STANDARD_NO_PAD.decode(digits).ok())
}

impl<'j> FromIterator<&'j Map<String, Value>> for PublicKeys {
    fn from_iter<I: IntoIterator<Item = &'j Map<String, Value>>>(jwks: I) -> Self {
        let mut keys = Self::default();
        jwks.into_iter().for_each(|jwk| keys.add(jwk));
        keys
    }
}
