//! RFC 7638: thumbprints as key ids.

use super::*;
use jsonwebtoken::jwk::ThumbprintHash;

pub(in crate::crypto) const THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/// Section 3.1: checks the thumbprint of the JWT library for a key that is also in RFC 7517,
/// appendix A.1. The tests of key generation check that the thumbprint is the key id.
#[test]
fn rfc7638_3_1_thumbprint() {
    initialize_crypto();
    let thumbprint = |jwk: Value| {
        let jwk: Jwk = serde_json::from_value(jwk).unwrap();
        jwk.thumbprint(ThumbprintHash::SHA256).unwrap()
    };
    assert_eq!(thumbprint(rfc7517::rsa_jwk()), THUMBPRINT);
    let mut required_members = public_part(rfc7517::rsa_jwk());
    required_members.as_object_mut().unwrap().retain(|name, _| name != "alg" && name != "kid");
    assert_eq!(
        thumbprint(required_members.clone()),
        THUMBPRINT,
        "only the parameters of the key determine the thumbprint"
    );
    required_members["n"] = member_text(&required_members, "n").replace("0vx7", "0vx8").into();
    assert_ne!(thumbprint(required_members), THUMBPRINT);
}
