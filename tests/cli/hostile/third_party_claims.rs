//! Third-party tokens with a valid signature and an invalid payload, or with an invalid or missing
//! claim.

use super::Table;
use super::issuer::{self, default_claims, jose_header, signing_key};
use super::signer::sign_token;
use serde_json::{Value, json};

/// Returns a token with the payload, signed with the P-256 key of the issuer.
fn sign_payload(payload: &str) -> String {
    sign_token("ES256", &signing_key("p256"), &jose_header("p256", "ES256"), payload)
}

/// Returns a valid token of the issuer, except that one claim has been changed or added.
fn token_with_claim(claim: &str, value: &Value) -> String {
    let mut claims = default_claims();
    claims[claim] = value.clone();
    sign_payload(&claims.to_string())
}

/// Returns tokens whose payload is not one JSON object, has duplicate members or exceeds a limit of
/// the JSON parser.
pub(super) fn payload_table() -> Table {
    let mut table = Table::default();
    let claims = default_claims().to_string();
    let members = &claims[1..claims.len() - 1];
    for (name, payload) in [
        ("empty", String::new()),
        ("not JSON", "x".to_owned()),
        ("an array", format!("[{claims}]")),
        ("null", "null".to_owned()),
        ("truncated", claims[..claims.len() - 1].to_owned()),
        ("twice in a row", format!("{claims}{claims}")),
        ("a byte order mark", format!("\u{feff}{claims}")),
        ("exp twice", format!("{{{members},\"exp\":4102444801}}")),
        ("sub twice, one escaped", format!("{{{members},\"\\u0073ub\":\"admin\"}}")),
        ("duplicate member in a nested object", format!("{{{members},\"x\":{{\"a\":1,\"a\":2}}}}")),
        ("1e400", format!("{{{members},\"x\":1e400}}")),
        ("exp 1e400", claims.replace("4102444800", "1e400")),
        ("exp -1e400", claims.replace("4102444800", "-1e400")),
        ("exp NaN", claims.replace("4102444800", "NaN")),
        (
            "arrays nested 10,000 deep",
            format!("{{{members},\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
    ] {
        table.add_rejected("malformed", format!("payload: {name}"), sign_payload(&payload));
    }
    table
}

pub(super) fn claim_type_table() -> Table {
    let mut table = Table::default();
    for (claim, values) in [
        ("iss", json!([1, null, true, ["https://idp"], {}])),
        ("sub", json!([1, null, ["alice"]])),
        ("aud", json!([1, null, true, {}, [1], ["api", null], [["api"]]])),
        ("jti", json!([1, null, ["x"], {}])),
        ("nbf", json!(["1", null, true, [1], 1e300, -1e18])),
        ("iat", json!(["1", null, true, [1], {}, 1e300])),
        ("exp", json!(["4102444800", null, true, [1], {}, 1e300, 1e18, -1e300])),
        (
            "exp",
            json!([
                9_223_372_036_854_775_808_u64,
                u64::MAX,
                i64::MAX,
                i64::MIN,
                -1,
                253_402_300_800_i64
            ]),
        ),
    ] {
        for value in values.as_array().unwrap() {
            table.add_rejected(
                "bad_claim",
                format!("{claim} {value}"),
                token_with_claim(claim, value),
            );
        }
    }
    table
}

/// Returns tokens that are expired, have no `exp`, or are not valid yet.
pub(super) fn time_claim_table() -> Table {
    let mut table = Table::default();
    for exp in [json!(0), json!(1), json!(1_000_000_000), json!(1.5), json!(0.0)] {
        table.add_rejected_with_exit(
            11,
            "token_expired",
            format!("exp {exp}"),
            token_with_claim("exp", &exp),
        );
    }
    let mut without_exp = default_claims();
    without_exp.as_object_mut().unwrap().remove("exp");
    table.add_rejected("missing_claim", "no exp", sign_payload(&without_exp.to_string()));
    for claim in ["nbf", "iat"] {
        // These times are 100 seconds before `exp`, in the year 2099.
        for time in [json!(4_102_444_700_i64), json!(4_102_444_700.5)] {
            let token = token_with_claim(claim, &time);
            table.add_rejected("not_yet_valid", format!("{claim} {time}"), token);
        }
    }
    table
}

/// Returns tokens with an issuer other than `https://idp`, or without the audience `api`.
pub(super) fn issuer_and_audience_table() -> Table {
    let mut table = Table::default();
    for iss in
        ["", "https://idp/", "HTTPS://IDP", "https://idp\0", "https://idp.evil", " https://idp"]
    {
        table.add_rejected("issuer", format!("iss {iss:?}"), token_with_claim("iss", &json!(iss)));
    }
    for aud in
        [json!(""), json!("API"), json!("api "), json!([]), json!(["ap", "i"]), json!("api\0")]
    {
        table.add_rejected("audience", format!("aud {aud}"), token_with_claim("aud", &aud));
    }
    table
}

#[test]
fn third_party_payload_must_be_one_valid_json_object() {
    payload_table().assert_rejected(&issuer::sandbox_with_keys(), &["--jwks", "set"]);
}

#[test]
fn third_party_claims_of_wrong_type_or_range_are_refused() {
    claim_type_table().assert_rejected(&issuer::sandbox_with_keys(), &["--jwks", "set"]);
}

#[test]
fn third_party_time_claims_are_enforced() {
    time_claim_table().assert_rejected(&issuer::sandbox_with_keys(), &["--jwks", "set"]);
}

#[test]
fn issuer_and_audience_are_compared_byte_by_byte() {
    let flags = ["--jwks", "set", "--iss", "https://idp", "--aud", "api"];
    issuer_and_audience_table().assert_rejected(&issuer::sandbox_with_keys(), &flags);
}
