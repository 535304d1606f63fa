//! Lenient decoding of tokens for inspection: nothing is verified.

use super::compact::{JWE_PART_COUNT, MAX_TOKEN_BYTES};
use crate::model::{JsonError, parse_lenient_value, parse_strict_value};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// Maximum size in bytes of a token that is decoded. All tokens that `jeton token mint` signs are
/// smaller, including tokens with the defect `oversized`.
pub(crate) const MAX_DECODABLE_TOKEN_BYTES: usize = 6 * MAX_TOKEN_BYTES;

/// Header and payload of a token that is not verified.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DecodedToken {
    /// JOSE header.
    pub(crate) header: Value,
    /// Payload.
    pub(crate) payload: DecodedPayload,
    /// Reason why the strict JSON parser refuses the header: a duplicate member name, or a number
    /// out of range. `None` if the parser accepts the header, or if the header is not an object.
    pub(crate) header_defect: Option<JsonError>,
    /// Reason why the strict JSON parser refuses the payload. `None` if the parser accepts the
    /// payload, if the payload does not start like a JSON object, or if the payload is encrypted.
    pub(crate) payload_defect: Option<JsonError>,
}

/// Payload of a token that is not verified.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DecodedPayload {
    /// JSON.
    Json(Value),
    /// Text that is not JSON.
    Text(String),
    /// Bytes that are not text, in base64 as in the token.
    Base64(String),
    /// No payload in the token: detached content (RFC 7515, appendix F). An unencoded payload
    /// (RFC 7797) with control characters is also decoded as `Detached`.
    Detached,
    /// Encrypted payload (RFC 7516).
    Encrypted,
}

impl DecodedToken {
    /// Decodes a token. A signature is not required. Padding, the alphabet of standard base64, and
    /// stray bits (unused bits of the last character that are not zero) are accepted. The error
    /// contains no part of the token.
    pub(crate) fn decode(text: &str) -> Result<Self, String> {
        if text.len() > MAX_DECODABLE_TOKEN_BYTES {
            return Err(format!("larger than {} KiB", MAX_DECODABLE_TOKEN_BYTES / 1024));
        }
        if text.is_empty() {
            return Err("empty".to_owned());
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
            return Err("only one part".to_owned());
        };
        let is_encrypted = text.split('.').count() == JWE_PART_COUNT;
        let header_bytes =
            decode_base64(header).ok_or_else(|| "the header is not base64url".to_owned())?;
        let header = parse_lenient_value(&header_bytes)
            .map_err(|error| format!("the header is {}", error.summary()))?;
        let header_defect = find_defect(&header_bytes);
        let (payload, payload_defect) = if is_encrypted {
            (DecodedPayload::Encrypted, None)
        } else if header.get("b64") == Some(&Value::Bool(false)) {
            // The payload may contain full stops: the last full stop precedes the signature.
            let rest = text.split_once('.').map_or("", |(_, rest)| rest);
            let bytes = rest.rsplit_once('.').map_or(rest, |(payload, _)| payload).as_bytes();
            (parse_payload(bytes).unwrap_or(DecodedPayload::Detached), find_defect(bytes))
        } else {
            let bytes =
                decode_base64(payload).ok_or_else(|| "the payload is not base64url".to_owned())?;
            let defect = find_defect(&bytes);
            let base64 = || DecodedPayload::Base64(payload.to_owned());
            (parse_payload(&bytes).unwrap_or_else(base64), defect)
        };
        Ok(Self { header, payload, header_defect, payload_defect })
    }
}

/// Returns whether a text is the base64 of a token, as in the data of a Kubernetes Secret.
pub(crate) fn is_token_in_base64(text: &str) -> bool {
    // A token usually starts with `eyJ`, the base64url of `{"`, or with `eyA`, the base64url of `{`
    // and a blank. The base64 of such a token starts with `ZXl`.
    let can_be_token = text.starts_with("ZXl") && !text.contains('.');
    let base64: String = text.chars().filter(|c| can_be_token && !c.is_whitespace()).collect();
    let is_token =
        |bytes: &[u8]| bytes.starts_with(b"ey") && bytes.split(|byte| *byte == b'.').count() > 2;
    decode_base64(&base64).is_some_and(|bytes| is_token(&bytes))
}

/// Returns the reason why the strict JSON parser refuses an object. Returns `None` for a valid
/// object, and for text that does not start like an object.
fn find_defect(bytes: &[u8]) -> Option<JsonError> {
    let starts_like_object = bytes.trim_ascii_start().starts_with(b"{");
    parse_strict_value(bytes).err().filter(|_| starts_like_object)
}

/// Parses a decoded payload. Returns `None` for bytes that are not text.
fn parse_payload(bytes: &[u8]) -> Option<DecodedPayload> {
    if bytes.is_empty() {
        return Some(DecodedPayload::Detached);
    }
    if let Ok(value) = parse_lenient_value(bytes) {
        return Some(DecodedPayload::Json(value));
    }
    let is_text = |text: &String| text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace());
    String::from_utf8(bytes.to_vec()).ok().filter(is_text).map(DecodedPayload::Text)
}

/// Decodes base64url or standard base64, with or without padding. Stray bits are accepted.
fn decode_base64(part: &str) -> Option<Vec<u8>> {
    let engine = |alphabet| {
        let config = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent);
        GeneralPurpose::new(alphabet, config)
    };
    engine(&alphabet::URL_SAFE)
        .decode(part)
        .or_else(|_| engine(&alphabet::STANDARD).decode(part))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::json;

    const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9"; // {"alg":"HS256"}

    fn decode_payload(token: &str) -> DecodedPayload {
        DecodedToken::decode(token).unwrap().payload
    }

    #[test]
    fn padding_stray_bits_standard_alphabet_and_absent_signature_are_accepted() {
        for text in [format!("{HEADER}.e30=."), format!("{HEADER}.e31."), format!("{HEADER}.e30")] {
            assert_eq!(decode_payload(&text), DecodedPayload::Json(json!({})), "{text}");
        }
        let claims = json!({"a": "ÿ?>~"});
        let standard = STANDARD.encode(claims.to_string());
        assert!(standard.contains(['+', '/']));
        assert_eq!(decode_payload(&format!("{HEADER}.{standard}.")), DecodedPayload::Json(claims));
    }

    #[test]
    fn text_that_is_not_a_token_is_refused() {
        for text in ["nonsense", "", ".", "a.b", &format!("{HEADER}.!")] {
            assert!(DecodedToken::decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn header_of_encrypted_token_is_decoded() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
        for rest in ["..AAAA.c2VjcmV0.AAAA", ".a.b.c.d", "...."] {
            let token = DecodedToken::decode(&format!("{header}{rest}")).unwrap();
            assert_eq!(token.header, json!({"alg": "dir", "enc": "A256GCM"}));
            assert_eq!(token.payload, DecodedPayload::Encrypted);
        }
    }

    #[test]
    fn payload_of_any_kind_is_decoded() {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let token = |bytes: &[u8]| format!("{HEADER}.{}.AAAA", encode(bytes));
        assert_eq!(decode_payload(&token(b"")), DecodedPayload::Detached);
        assert_eq!(
            decode_payload(&token(b"plain text")),
            DecodedPayload::Text("plain text".to_owned())
        );
        assert_eq!(decode_payload(&token(b"\xff\x00")), DecodedPayload::Base64("_wA".to_owned()));
        assert_eq!(decode_payload(&token(b"[1]")), DecodedPayload::Json(json!([1])));
        let nested = format!("{HEADER}.e30.AAAA");
        assert_eq!(decode_payload(&token(nested.as_bytes())), DecodedPayload::Text(nested));
        let b64_header = encode(br#"{"alg":"HS256","b64":false,"crit":["b64"]}"#);
        assert_eq!(
            decode_payload(&format!("{b64_header}.$.02.AAAA")),
            DecodedPayload::Text("$.02".into())
        );
        let long = json!({"g": "x".repeat(3 * MAX_TOKEN_BYTES)});
        assert_eq!(decode_payload(&token(long.to_string().as_bytes())), DecodedPayload::Json(long));
    }

    #[test]
    fn base64_of_a_token_is_recognized() {
        let token = format!("{HEADER}.e30.AAAA");
        let base64 = URL_SAFE_NO_PAD.encode(&token);
        let (first, last) = base64.split_at(20);
        for text in [&base64, &STANDARD.encode(format!("{token}\n")), &format!("{first}\n{last}\n")]
        {
            assert!(is_token_in_base64(text), "{text}");
        }
        for text in ["", "ZXl", "ZXlBQUFB", &token, &URL_SAFE_NO_PAD.encode("ey")] {
            assert!(!is_token_in_base64(text), "{text}");
        }
    }

    #[test]
    fn json_defect_in_header_or_payload_is_reported() {
        let find_defects = |header: &str, payload: &str| {
            let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
            let token = DecodedToken::decode(&format!("{header}.{payload}.AAAA")).unwrap();
            let text = |defect: Option<JsonError>| defect.map(|defect| defect.to_string());
            (text(token.header_defect), text(token.payload_defect))
        };
        let duplicate = Some("ambiguous: line 1, column 10: duplicate member name `a`".to_owned());
        assert_eq!(find_defects(r#"{"a":1,"a":2}"#, "{}"), (duplicate.clone(), None));
        assert_eq!(find_defects("{}", r#"{"a":1,"a":2}"#), (None, duplicate));
        let comma = "not well-formed JSON: line 1, column 8: trailing comma".to_owned();
        assert_eq!(find_defects("{}", r#"{"a":1,}"#), (None, Some(comma)));
        assert_eq!(find_defects("{}", "plain text"), (None, None));
    }

    #[test]
    fn numbers_in_claims_keep_their_digits() {
        let claims = r#"{"id":12345678901234567890123,"x":1.50,"y":-0,"z":1e+400}"#;
        let DecodedPayload::Json(value) =
            decode_payload(&format!("{HEADER}.{}.", URL_SAFE_NO_PAD.encode(claims)))
        else {
            panic!("the payload is JSON");
        };
        assert_eq!(value.to_string(), claims);
    }
}
