//! JWS compact serialization (RFC 7515, section 7.1): strict parsing for verification.

use crate::model::parse_strict_object;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memchr_iter;
use serde_json::{Map, Value};

/// Maximum size of a token that can be verified: 64 KiB.
pub(crate) const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// Number of parts of an encrypted token (RFC 7516, section 7.1).
pub(super) const JWE_PART_COUNT: usize = 5;

/// A parsed token. The signature is not verified yet. `H` is the type of the parsed header.
#[derive(Debug)]
pub(crate) struct CompactJws<'t, H = Map<String, Value>> {
    /// Signing input: header and payload as encoded in the token.
    pub(crate) signing_input: &'t str,
    /// Decoded signature.
    pub(crate) signature: Vec<u8>,
    /// Header: a JSON object without duplicate members.
    pub(crate) header: H,
    /// Decoded payload.
    pub(crate) payload: Vec<u8>,
}

impl<'t> CompactJws<'t> {
    /// Parses a token of at most [`MAX_TOKEN_BYTES`] bytes: exactly three parts in canonical
    /// base64url. The header must be a JSON object. The error message contains no part of the
    /// token.
    pub(crate) fn parse(text: &'t str) -> Result<Self, String> {
        Self::parse_with(text, parse_header)
    }
}

impl<'t, H> CompactJws<'t, H> {
    /// Parses a token like [`CompactJws::parse`]. `find_header` gets the encoded header and returns
    /// the parsed header, for example from a cache with the results of [`parse_header`].
    pub(crate) fn parse_with(
        text: &'t str,
        find_header: impl FnOnce(&str) -> Result<H, String>,
    ) -> Result<Self, String> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err("larger than 64 KiB".to_owned());
        }
        if text.is_empty() {
            return Err("empty".to_owned());
        }
        let mut separators = memchr_iter(b'.', text.as_bytes());
        let (Some(first_dot), Some(second_dot), None) =
            (separators.next(), separators.next(), separators.next())
        else {
            let is_encrypted = text.split('.').count() == JWE_PART_COUNT;
            return Err(if is_encrypted {
                "encrypted (JWE), expected a signed token (JWS)".to_owned()
            } else {
                "expected three parts".to_owned()
            });
        };
        let (header, payload) = (&text[..first_dot], &text[first_dot + 1..second_dot]);
        let signature = &text[second_dot + 1..];
        Ok(Self {
            signing_input: &text[..second_dot],
            signature: decode_part(signature, "signature")?,
            header: find_header(header)?,
            payload: decode_part(payload, "payload")?,
        })
    }
}

/// Parses an encoded header. The error message contains no part of the header.
pub(crate) fn parse_header(encoded: &str) -> Result<Map<String, Value>, String> {
    parse_strict_object(&decode_part(encoded, "header")?)
        .map_err(|error| format!("the header is {}", error.summary()))
}

/// Decodes a part of a token. `name` is the name of the part in the error. For each sequence of
/// bytes, only the canonical encoding is accepted: without padding, whitespace or stray bits
/// (unused bits of the last character that are not zero).
fn decode_part(part: &str, name: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| format!("the {name} is not base64url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9"; // {"alg":"HS256"}

    #[test]
    fn token_parser_accepts_only_well_formed_canonical_tokens() {
        assert!(CompactJws::parse(&format!("{HEADER}.e30.AAAA")).is_ok());
        for text in [
            String::new(),
            "a".to_owned(),
            format!("{HEADER}.e30"),
            format!("{HEADER}.e30.AAAA.AAAA"),
            format!("{HEADER}=.e30.AAAA"),
            format!("{HEADER}.e30=.AAAA"),
            format!("{HEADER}.e31.AAA"), // stray bits in the payload
            format!("{HEADER}.e30.AAB"), // stray bits in the signature
            format!("{HEADER}.e30.AA\nAA"),
            format!("{HEADER}.e30.AA+A"),
            "bnVsbA.e30.AAAA".to_owned(),             // null
            "eyJhIjoxLCJhIjoxfQ.e30.AAAA".to_owned(), // {"a":1,"a":1}
            "A".repeat(MAX_TOKEN_BYTES + 1),
        ] {
            assert!(CompactJws::parse(&text).is_err(), "{text}");
        }
    }
}
