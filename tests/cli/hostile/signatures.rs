//! Tokens of the store with foreign or non-canonical signatures.

use super::signer::{P256_ORDER, hex, minus};
use super::{Good, Table, encoded};
use crate::sandbox::Sandbox;
use serde_json::{Value, json};

pub(super) fn signatures(good: &Good<'_>) -> Table {
    let other = Good::new(good.sandbox);
    let signature = good.signature();
    let (r, s) = signature.split_at(32);
    let order = hex(P256_ORDER);
    let zero = vec![0; 32];
    // A leading zero keeps an INTEGER positive.
    let der = [&[0x30, 70, 2, 33, 0], r, &[2, 33, 0], s].concat();
    let mut flipped = signature.clone();
    flipped[63] ^= 1;
    let mut table = Table::default();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("one byte", vec![1]),
        ("zero", vec![0; 64]),
        ("all ones", vec![0xFF; 64]),
        ("r zero", [&zero, s].concat()),
        ("s zero", [r, &zero].concat()),
        ("r the order", [&order, s].concat()),
        ("s the order", [r, &order].concat()),
        ("swapped", [s, r].concat()),
        ("63 bytes", signature[..63].to_vec()),
        ("65 bytes", [&signature[..], &[0]].concat()),
        ("65 bytes, zero first", [&[0], &signature[..]].concat()),
        ("twice", [&signature[..], &signature[..]].concat()),
        ("DER", der),
        ("last bit", flipped),
        ("another token's", other.signature()),
        ("oversized", vec![7; 30_000]),
    ] {
        table.refused("bad_signature", format!("signature: {name}"), good.signed_as(bytes));
    }
    let with = |member: &str, value: Value| {
        let mut claims = good.claims.clone();
        claims.insert(member.to_owned(), value);
        let payload = encoded(Value::from(claims).to_string());
        format!("{}.{payload}.{}", good.part(0), good.part(2))
    };
    table.refused("bad_signature", "more permissions", with("permissions", json!(["admin"])));
    table.refused("bad_signature", "another owner", with("id", json!(2)));
    table.refused("bad_signature", "a later end", with("exp", json!(253_402_207_200_i64)));
    let payload = format!("{}.{}.{}", good.part(0), other.part(1), good.part(2));
    table.refused("bad_signature", "another token's payload", payload);
    let spaced = good.under_text(good.key.header("JWT").to_string().replace(':', ": "));
    table.refused("bad_signature", "another spelling of the header", spaced);
    table
}

#[test]
fn invalid_signatures_are_refused() {
    Good::refuses(signatures, &[&[], &["--type", "any"]]);
}

#[test]
fn malleated_ecdsa_signature_is_revoked_with_original() {
    let sandbox = Sandbox::with_admin();
    let good = Good::new(&sandbox);
    let signature = good.signature();
    let (r, s) = signature.split_at(32);
    // ECDSA: (r, n - s) is as valid as (r, s).
    let twin = good.signed_as([r, &minus(&hex(P256_ORDER), s)].concat());
    assert_ne!(twin, good.token);
    assert_eq!(sandbox.run_with_input(&["token", "verify", "-"], &twin).code, 0);
    sandbox.run_with_input(&["token", "revoke", "-"], &good.token).ok();
    let mut table = Table::default();
    table.ends(12, "token_revoked", "the token", &good.token);
    table.ends(12, "token_revoked", "its twin", &twin);
    table.present(&sandbox, &[]);
}
