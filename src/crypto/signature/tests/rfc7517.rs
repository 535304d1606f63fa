//! RFC 7517, appendix A: JWK Sets. RFC 7638: the thumbprint of the RSA key of these sets.

use super::*;
use crate::crypto::verifier::NamedVerifier;
use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;

/// EC key of appendix A.2; appendix A.1 has the public part.
fn ec_jwk() -> Value {
    serde_json::json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
        "use": "enc",
        "kid": "1",
    })
}

/// RSA key of appendix A.2; appendix A.1 and RFC 7638, section 3.1 have the public part.
pub(in crate::crypto) fn rsa_jwk() -> Value {
    serde_json::json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSo\
            c_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ\
            R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFT\
            WhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "d": "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0W\
            bFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaM\
            wFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bg\
            kuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q",
        "p": "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8Rfm\
            NhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs\
            ",
        "q": "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370A\
            FXjiWft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk\
            ",
        "dp": "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2\
            VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0\
            ",
        "dq": "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_\
            agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk\
            ",
        "qi": "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNG\
            DjJHZDdDmFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU\
            ",
        "alg": "RS256",
        "kid": "2011-04-29",
    })
}

/// Returns the usable keys of the JWK Set with these keys.
fn parse_set(keys: &[Value]) -> Vec<NamedVerifier> {
    read_verifiers(serde_json::json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// Appendix A.1: the EC key is skipped, because it is for encryption. The public RSA key verifies
/// signatures of the private RSA key of appendix A.2.
#[test]
fn rfc7517_a1_public_rsa_key_verifies_signatures() {
    initialize_crypto();
    let keys = parse_set(&[public_part(ec_jwk()), public_part(rsa_jwk())]);
    let [key] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!(key.kid.as_deref(), Some("2011-04-29"));
    assert_eq!(key.algorithms, [Algorithm::RS256]);
    let private_key = signing_key(Algorithm::RS256, rsa_pkcs8(&rsa_jwk()));
    let token = sign(&private_key, "JWT", &Map::new()).unwrap();
    let token = CompactJws::parse(token.expose_secret()).unwrap();
    assert!(key.verifies(&token, Algorithm::RS256));
    assert!(!key.verifies(&token, Algorithm::PS256));
    let changed_modulus = rsa_jwk()["n"].as_str().unwrap().replace("0vx7", "0vx8");
    for (name, changed_value) in [("n", changed_modulus), ("e", "AQAD".to_owned())] {
        let mut changed_jwk = public_part(rsa_jwk());
        changed_jwk[name] = changed_value.into();
        assert!(!parse_set(&[changed_jwk])[0].verifies(&token, Algorithm::RS256), "{name}");
    }
}

/// Appendix A.1: the EC key is refused because its `use` is `enc`. With `sig` in place of `enc`,
/// the key verifies signatures.
#[test]
fn rfc7517_a1_encryption_key_is_refused_for_signatures() {
    initialize_crypto();
    let [x, y, d] = ["x", "y", "d"].map(|name| member_bytes(&ec_jwk(), name));
    let point = [&[4], &x[..], &y].concat();
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &d, &point);
    let pkcs8 = pair.unwrap().to_pkcs8v1().unwrap();
    let private_key = signing_key(Algorithm::ES256, pkcs8.as_ref().to_vec());
    let token = sign(&private_key, "JWT", &Map::new()).unwrap();
    let mut key = public_part(ec_jwk());
    let single_jwk = key.to_string();
    assert_eq!(read_verifiers(single_jwk.as_bytes()).unwrap_err().reason, "`use` is not `sig`");
    key["use"] = "sig".into();
    let keys = parse_set(&[key]);
    assert_eq!(keys[0].kid.as_deref(), Some("1"));
    assert!(keys[0].verifies(&CompactJws::parse(token.expose_secret()).unwrap(), Algorithm::ES256));
}

/// Appendix A.2: a private key in a JWK Set is skipped, and a set of only private keys is refused.
/// The public part verifies signatures of the private key.
#[test]
fn rfc7517_a2_private_key_in_a_set_is_not_used_for_verification() {
    initialize_crypto();
    let private = serde_json::json!({"keys": [rsa_jwk()]}).to_string();
    assert!(read_verifiers(private.as_bytes()).is_err());
    let keys = parse_set(&[rsa_jwk(), public_part(rsa_jwk())]);
    let [key] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!(key.kid.as_deref(), Some("2011-04-29"));
    let private_key = signing_key(Algorithm::RS256, rsa_pkcs8(&rsa_jwk()));
    let token = sign(&private_key, "JWT", &Map::new()).unwrap();
    assert_only_original_verifies(&rsa_jwk(), Algorithm::RS256, token.expose_secret());
}

/// Appendix A.3: the key for key wrapping is refused as a single key, and skipped in a set. The
/// HMAC key is also the key of RFC 7515, appendix A.1.
#[test]
fn rfc7517_a3_hmac_key_verifies_and_wrapping_key_is_refused() {
    initialize_crypto();
    let wrapping_key =
        serde_json::json!({"kty": "oct", "alg": "A128KW", "k": "GawgguFyGrWKav7AX4VKUg"});
    let kid = "HMAC key used in JWS spec Appendix A.1 example";
    let mut hmac_key = rfc7515::hmac_jwk();
    hmac_key["kid"] = kid.into();
    assert!(read_verifiers(wrapping_key.to_string().as_bytes()).is_err());
    let keys = parse_set(&[wrapping_key, hmac_key]);
    let [key] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!(key.kid.as_deref(), Some(kid));
    assert_eq!(key.algorithms, [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]);
    assert!(key.verifies(&CompactJws::parse(rfc7515::A1_TOKEN).unwrap(), Algorithm::HS256));
    assert!(!key.verifies(
        &CompactJws::parse(&with_changed_character(rfc7515::A1_TOKEN, 50)).unwrap(),
        Algorithm::HS256
    ));
}

/// Thumbprint of the RSA key (RFC 7638, section 3.1).
pub(in crate::crypto) const THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/// RFC 7638, section 3.1. Unit tests of `crypto::keys` check that the key id is the thumbprint.
#[test]
fn rfc7638_3_1_thumbprint_is_reproduced() {
    let thumbprint =
        |jwk: Value| jwk::public_key(jwk.as_object().unwrap()).unwrap().thumbprint().unwrap();
    assert_eq!(thumbprint(rsa_jwk()), THUMBPRINT);
    let mut required_members = public_part(rsa_jwk());
    required_members.as_object_mut().unwrap().retain(|name, _| name != "alg" && name != "kid");
    assert_eq!(
        thumbprint(required_members.clone()),
        THUMBPRINT,
        "only the parameters of the key determine the thumbprint"
    );
    required_members["n"] = member_text(&required_members, "n").replace("0vx7", "0vx8").into();
    assert_ne!(thumbprint(required_members), THUMBPRINT);
}
