//! Fuzz target for token parsing.

use super::parse_independently;
use crate::authority::RejectReason;
use crate::authority::verification::{Expectations, ExpectedKind, verify_third_party};
use crate::crypto::{
    self, CompactJws, DecodedPayload, DecodedToken, MAX_TOKEN_BYTES, PublicKeys, SingleKeyReader,
};
use crate::model::{Algorithm, Timestamp, extract_token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Checks token parsing and verification:
/// - A token that the strict parser `CompactJws` accepts is the canonical base64url encoding of
///   its parts.
/// - For such a token, the lenient parser `DecodedToken` returns the same header and payload.
/// - Such a token is extracted unchanged from text around it, such as quotes.
/// - The verification of any text with a fixed key fails for exactly one reason.
pub fn token(bytes: &[u8]) {
    crypto::initialize_crypto();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lenient_result = DecodedToken::decode(text);
    let reader = SingleKeyReader { algorithms: &Algorithm::ALL, encoding: None, allow_weak: false };
    let keys = reader.read(&[0; 64], PublicKeys::default).expect("64 bytes are an HMAC secret");
    let now = Timestamp::from_unix(0).expect("the start of 1970 is a timestamp");
    let report = verify_third_party(&keys, text, &Expectations::new(ExpectedKind::Any, now));
    let reasons = &report.reasons;
    assert_eq!(reasons.len(), 1, "a token without a valid signature has one reason: {reasons:?}");
    let Ok(compact) = CompactJws::parse(text) else {
        assert_eq!(report.reasons, [RejectReason::Malformed]);
        return;
    };
    assert!(text.len() <= MAX_TOKEN_BYTES);
    assert_extraction_is_exact(text);
    let signature = URL_SAFE_NO_PAD.encode(&compact.signature);
    assert_eq!(format!("{}.{signature}", compact.signing_input), text);
    let reencode =
        |part| URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.decode(part).expect("a part is base64url"));
    assert_eq!(text.split('.').map(reencode).collect::<Vec<_>>().join("."), text);
    let lenient = lenient_result.expect("a token that the strict parser accepts can be decoded");
    // If the header contains `b64` with the value `false` (RFC 7797), the lenient parser does not
    // decode the payload from base64url.
    if compact.header.get("b64") == Some(&Value::Bool(false)) {
        return;
    }
    assert_eq!(lenient.header, Value::from(compact.header));
    let payload = parse_independently(&compact.payload);
    let decoded_payload = match lenient.payload {
        DecodedPayload::Json(value) => Some(value),
        DecodedPayload::Text(_)
        | DecodedPayload::Base64(_)
        | DecodedPayload::Detached
        | DecodedPayload::Encrypted => None,
    };
    assert_eq!(decoded_payload, payload);
}

/// Asserts that [`extract_token`] extracts the token from text around it. Also asserts that the
/// function does not repair a token into which other characters are inserted.
fn assert_extraction_is_exact(token: &str) {
    for text in [
        token.to_owned(),
        format!("\"{token}\""),
        format!("Bearer {token}"),
        format!("NAME='{token}'\n"),
    ] {
        assert_eq!(extract_token(&text).as_deref(), Ok(token), "{text}");
    }
    let (start, end) = token.split_at(token.len() / 2);
    for inside in [" ", "\t", "\\", "\"", "\u{200b}", " \n"] {
        let text = format!("{start}{inside}{end}");
        let extracted = extract_token(&text);
        assert_ne!(extracted.as_deref(), Ok(token), "{inside:?}");
    }
}
