//! App tokens with an invalid signature, with the signature of another token, or with a malleated
//! signature. A malleated signature is made from a valid signature without the key, and is also
//! valid.

use super::signer::{P256_ORDER, decode_hex, subtract_big_endian};
use super::{Table, ValidToken, base64url};
use crate::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns tokens whose signature is invalid, or is the signature of another header or payload.
pub(super) fn signature_table(valid: &ValidToken<'_>) -> Table {
    let other = ValidToken::new(valid.sandbox);
    let signature = valid.signature();
    let (r, s) = signature.split_at(32);
    let order = decode_hex(P256_ORDER);
    let zero = vec![0; 32];
    // In DER, a leading zero byte makes an INTEGER positive.
    let der = [&[0x30, 70, 2, 33, 0], r, &[2, 33, 0], s].concat();
    let mut last_bit_flipped = signature.clone();
    last_bit_flipped[63] ^= 1;
    let mut table = Table::default();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("one byte", vec![1]),
        ("all zeros", vec![0; 64]),
        ("all ones", vec![0xFF; 64]),
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("r = order", [&order, s].concat()),
        ("s = order", [r, &order].concat()),
        ("r and s swapped", [s, r].concat()),
        ("63 bytes", signature[..63].to_vec()),
        ("65 bytes", [&signature[..], &[0]].concat()),
        ("65 bytes, zero first", [&[0], &signature[..]].concat()),
        ("twice in a row", [&signature[..], &signature[..]].concat()),
        ("DER", der),
        ("last bit flipped", last_bit_flipped),
        ("copied from another token", other.signature()),
        ("oversized", vec![7; 30_000]),
    ] {
        table.add_rejected(
            "bad_signature",
            format!("signature: {name}"),
            valid.with_signature(bytes),
        );
    }
    // Returns the token with one claim replaced and with the signature of the original payload.
    let token_with_replaced_claim = |claim: &str, value: Value| {
        let mut claims = valid.claims.clone();
        claims.insert(claim.to_owned(), value);
        let payload = base64url(Value::from(claims).to_string());
        format!("{}.{payload}.{}", valid.part(0), valid.part(2))
    };
    table.add_rejected(
        "bad_signature",
        "more permissions",
        token_with_replaced_claim("permissions", json!(["admin"])),
    );
    table.add_rejected("bad_signature", "another owner", token_with_replaced_claim("id", json!(2)));
    table.add_rejected(
        "bad_signature",
        "later exp",
        token_with_replaced_claim("exp", json!(253_402_207_200_i64)),
    );
    let token_with_other_payload = format!("{}.{}.{}", valid.part(0), other.part(1), valid.part(2));
    table.add_rejected("bad_signature", "payload of another token", token_with_other_payload);
    let with_spaces =
        valid.with_header_text(valid.key.header("JWT").to_string().replace(':', ": "));
    table.add_rejected("bad_signature", "header with other whitespace", with_spaces);
    table
}

#[test]
fn invalid_signatures_are_refused() {
    ValidToken::assert_rejected_in_new_store(signature_table, &[&[], &["--type", "any"]]);
}

#[test]
fn token_with_malleated_signature_is_revoked_with_the_original_token() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let signature = valid.signature();
    let (r, s) = signature.split_at(32);
    // ECDSA with a curve of order n: if (r, s) is a valid signature, (r, n - s) is valid too.
    let malleated_token =
        valid.with_signature([r, &subtract_big_endian(&decode_hex(P256_ORDER), s)].concat());
    assert_ne!(malleated_token, valid.token);
    assert_eq!(sandbox.run_with_input(&["token", "verify", "-"], &malleated_token).code, 0);
    sandbox.run_with_input(&["token", "revoke", "-"], &valid.token).ok();
    let mut table = Table::default();
    table.add_rejected_with_exit(12, "token_revoked", "original token", &valid.token);
    table.add_rejected_with_exit(12, "token_revoked", "malleated token", &malleated_token);
    table.assert_rejected(&sandbox, &[]);
}
