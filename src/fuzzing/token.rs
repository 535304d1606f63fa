//! What must hold for any token.

use crate::authority::{Checks, Reason, Wanted, verify_foreign};
use crate::crypto::{self, Compact, LARGEST_TOKEN, decoded, read_key};
use crate::model::{Algorithm, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The reader of tokens: what it takes is the one spelling of its bytes, looking at it shows the
/// same, and no token verifies that nobody signed.
pub fn token(bytes: &[u8]) {
    crypto::install();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let seen = decoded(text);
    let key = read_key(&[0; 64], &Algorithm::ALL, None, false).expect("a secret is a key");
    let now = Timestamp::from_unix(0).expect("1970");
    let verdict = verify_foreign(&[key], text, &Checks::only(Wanted::Any, now));
    assert_eq!(verdict.reasons.len(), 1, "nobody signed it: {:?}", verdict.reasons);
    let Ok(compact) = Compact::parse(text) else {
        assert_eq!(verdict.reasons, [Reason::Malformed]);
        return;
    };
    assert!(text.len() <= LARGEST_TOKEN);
    assert_eq!(format!("{}.{}", compact.signing_input, compact.signature), text);
    let again = |part| URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.decode(part).expect("base64url"));
    assert_eq!(text.split('.').map(again).collect::<Vec<_>>().join("."), text);
    let payload = serde_json::from_slice::<Value>(&compact.payload);
    assert_eq!(seen.is_ok(), payload.is_ok());
    if let (Ok((header, seen)), Ok(payload)) = (seen, payload) {
        assert_eq!((header, seen), (Value::from(compact.header), payload));
    }
}
