//! Fuzz target for token parsing.

use crate::authority::RejectReason;
use crate::authority::verification::{Expectations, ExpectedKind, verify_third_party};
use crate::crypto::{self, CompactJws, MAX_TOKEN_BYTES, decode_lenient, read_key};
use crate::model::{Algorithm, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Checks token parsing: an accepted token is the canonical encoding of its bytes, lenient decoding
/// returns the same header and payload, and no unsigned token verifies.
pub fn token(bytes: &[u8]) {
    crypto::initialize_crypto();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lenient = decode_lenient(text);
    let key = read_key(&[0; 64], &Algorithm::ALL, None, false).expect("a secret is a key");
    let now = Timestamp::from_unix(0).expect("1970");
    let report = verify_third_party(&[key], text, &Expectations::new(ExpectedKind::Any, now));
    assert_eq!(report.reasons.len(), 1, "unsigned token: {:?}", report.reasons);
    let Ok(compact) = CompactJws::parse(text) else {
        assert_eq!(report.reasons, [RejectReason::Malformed]);
        return;
    };
    assert!(text.len() <= MAX_TOKEN_BYTES);
    assert_eq!(format!("{}.{}", compact.signing_input, compact.signature), text);
    let reencode = |part| URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.decode(part).expect("base64url"));
    assert_eq!(text.split('.').map(reencode).collect::<Vec<_>>().join("."), text);
    let payload = serde_json::from_slice::<Value>(&compact.payload);
    assert_eq!(lenient.is_ok(), payload.is_ok());
    if let (Ok((header, decoded_payload)), Ok(payload)) = (lenient, payload) {
        assert_eq!((header, decoded_payload), (Value::from(compact.header), payload));
    }
}
