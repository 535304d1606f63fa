//! RFC 7520: the keys of section 3 and the compact serializations of section 4. Sections 4.6 to 4.8
//! have no compact serializations: tokens with an unprotected header or several signatures exist
//! only in the JSON serialization, which jeton does not support.

use super::*;

/// Payload of all tokens, in base64url. The payload is a quote from Tolkien, and not JSON.
const PAYLOAD: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4g\
    WW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGt\
    ub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

const RS256_SIGNATURE: &str = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM\
    1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68\
    BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aX\
    ic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";

const PS384_SIGNATURE: &str = "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tP\
    id6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyP\
    EgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1\
    aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";

const ES512_SIGNATURE: &str = "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon\
    7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcG\
    DqoRuBomu9xQ2";

const HS256_SIGNATURE: &str = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";

const BILBO_KID: &str = "bilbo.baggins@hobbiton.example";
const HMAC_KID: &str = "018c0ae5-4d9b-471b-bfd6-eef314bc7037";

fn header(algorithm: &str, kid: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#)
}

fn compact_token(algorithm: &str, kid: &str, signature: &str) -> String {
    format!("{}.{PAYLOAD}.{signature}", URL_SAFE_NO_PAD.encode(header(algorithm, kid)))
}

/// Section 3.2: an EC private key on P-521; section 3.1 has the public part.
fn ec_jwk() -> Value {
    serde_json::json!({
        "kty": "EC",
        "kid": "bilbo.baggins@hobbiton.example",
        "use": "sig",
        "crv": "P-521",
        "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj\
            0Kt",
        "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqH\
            ZR1",
        "d": "AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_\
            rJt",
    })
}

/// Section 3.4: an RSA private key; section 3.3 has the public part.
fn rsa_jwk() -> Value {
    serde_json::json!({
        "kty": "RSA",
        "kid": "bilbo.baggins@hobbiton.example",
        "use": "sig",
        "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQ\
            Hz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFE\
            HYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tV\
            TU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
        "e": "AQAB",
        "d": "bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1ir\
            kwMSMkK1J3XTGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSD\
            Fu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz7\
            5tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ",
        "p": "3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8\
            rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k\
            ",
        "q": "uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP\
            15vMMON8lHTeZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0s7pFc\
            ",
        "dp": "B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OB\
            OdiMGQp8pbt26gljYfKU_E9xn-RULHz0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik\
            ",
        "dq": "CLDmDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0W1sOFbwTx\
            YWZDm6sI6og5iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c_Z11Cq9AqC2yeL6kdKT1cYF8\
            ",
        "qi": "3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqPzMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaK\
            e-7ZMaQj8VfBdYkssbu0NKDDhjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4\
            ",
    })
}

/// Section 3.5: a symmetric key for MACs.
fn hmac_jwk() -> Value {
    serde_json::json!({
        "kty": "oct",
        "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037",
        "use": "sig",
        "alg": "HS256",
        "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    })
}

/// Section 3.6: a symmetric key for encryption.
fn encryption_jwk() -> Value {
    serde_json::json!({
        "kty": "oct",
        "kid": "1e571774-2e08-40da-8308-e8d68773842d",
        "use": "enc",
        "alg": "A256GCM",
        "k": "AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8",
    })
}

/// In a JWK Set with the public keys and the symmetric keys of section 3, the key for encryption is
/// skipped. A set with only a private key, or with only the key for encryption, is refused.
#[test]
fn rfc7520_3_signature_keys_are_read_from_a_set() {
    initialize_crypto();
    let parse_set =
        |keys: &[Value]| read_verifiers(serde_json::json!({ "keys": keys }).to_string().as_bytes());
    let refusal = |keys: &[Value]| parse_set(keys).unwrap_err().reason;
    assert_eq!(refusal(&[ec_jwk()]), "found a private key, expected a public key");
    let mut public_ec = public_part(ec_jwk());
    // In the RFC, the EC key and the RSA key have the same key id.
    public_ec["kid"] = "ec".into();
    assert_eq!(refusal(&[encryption_jwk()]), "`use` is not `sig`");
    let keys =
        parse_set(&[public_ec, public_part(rsa_jwk()), hmac_jwk(), encryption_jwk()]).unwrap();
    let [ec, rsa, secret] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!((rsa.kid.as_deref(), secret.kid.as_deref()), (Some(BILBO_KID), Some(HMAC_KID)));
    assert_eq!(
        (&ec.algorithms[..], &secret.algorithms[..]),
        (&[Algorithm::ES512][..], &[Algorithm::HS256][..])
    );
    assert!(rsa.algorithms.iter().all(|algorithm| algorithm.key_type() == KeyType::Rsa));
    assert_eq!(rsa.algorithms.len(), 6);
    let token = compact_token("PS384", BILBO_KID, PS384_SIGNATURE);
    assert!(rsa.verifies(&CompactJws::parse(&token).unwrap(), Algorithm::PS384));
}

/// Section 4.1: a new signature of the private key equals the signature in the RFC.
#[test]
fn rfc7520_4_1_rs256_signature_is_reproduced() {
    let token = compact_token("RS256", BILBO_KID, RS256_SIGNATURE);
    assert_only_original_verifies(&rsa_jwk(), Algorithm::RS256, &token);
    assert!(!jwk_verifies(&rsa_jwk(), Algorithm::PS256, &token));
    let key = signing_key(Algorithm::RS256, rsa_pkcs8(&rsa_jwk()));
    assert_eq!(sign_payload_again(&key, &header("RS256", BILBO_KID), &token), token);
}

/// Section 4.2: the salt is random, so the signature cannot be reproduced.
#[test]
fn rfc7520_4_2_ps384_signature_is_valid() {
    let token = compact_token("PS384", BILBO_KID, PS384_SIGNATURE);
    assert_only_original_verifies(&rsa_jwk(), Algorithm::PS384, &token);
    assert!(!jwk_verifies(&rsa_jwk(), Algorithm::RS384, &token));
}

#[test]
fn rfc7520_4_3_es512_signature_is_valid() {
    assert_p521_vector(&ec_jwk(), &compact_token("ES512", BILBO_KID, ES512_SIGNATURE));
}

/// Section 4.4: a new signature with the secret equals the signature in the RFC.
#[test]
fn rfc7520_4_4_hs256_signature_is_reproduced() {
    let token = compact_token("HS256", HMAC_KID, HS256_SIGNATURE);
    assert_only_original_verifies(&hmac_jwk(), Algorithm::HS256, &token);
    let key = signing_key(Algorithm::HS256, member_bytes(&hmac_jwk(), "k"));
    assert_eq!(sign_payload_again(&key, &header("HS256", HMAC_KID), &token), token);
}

/// Section 4.5: the token of section 4.4 without its payload (a detached payload). jeton does not
/// accept such tokens.
#[test]
fn rfc7520_4_5_detached_payload_is_refused() {
    let detached = compact_token("HS256", HMAC_KID, HS256_SIGNATURE).replace(PAYLOAD, "");
    assert!(detached.contains(".."));
    assert!(!jwk_verifies(&hmac_jwk(), Algorithm::HS256, &detached));
}
