//! Third-party tokens with valid signatures and invalid claims.

use super::Table;
use super::provider::{self, claims, header, material};
use super::signer::token;
use serde_json::{Value, json};

/// Signs the payload as the provider.
fn saying(payload: &str) -> String {
    token("ES256", &material("p256"), &header("p256", "ES256"), payload)
}

fn claiming(claim: &str, value: &Value) -> String {
    let mut claims = claims();
    claims[claim] = value.clone();
    saying(&claims.to_string())
}

pub(super) fn payloads() -> Table {
    let mut table = Table::default();
    let claims = claims().to_string();
    let inner = &claims[1..claims.len() - 1];
    for (name, payload) in [
        ("empty", String::new()),
        ("not JSON", "x".to_owned()),
        ("an array", format!("[{claims}]")),
        ("null", "null".to_owned()),
        ("cut off", claims[..claims.len() - 1].to_owned()),
        ("twice", format!("{claims}{claims}")),
        ("a byte order mark", format!("\u{feff}{claims}")),
        ("exp twice", format!("{{{inner},\"exp\":4102444801}}")),
        ("sub twice, one escaped", format!("{{{inner},\"\\u0073ub\":\"admin\"}}")),
        ("twice inside", format!("{{{inner},\"x\":{{\"a\":1,\"a\":2}}}}")),
        ("1e400", format!("{{{inner},\"x\":1e400}}")),
        ("exp 1e400", claims.replace("4102444800", "1e400")),
        ("exp -1e400", claims.replace("4102444800", "-1e400")),
        ("exp NaN", claims.replace("4102444800", "NaN")),
        ("10,000 deep", format!("{{{inner},\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000))),
    ] {
        table.refused("malformed", format!("payload: {name}"), saying(&payload));
    }
    table
}

pub(super) fn typed() -> Table {
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
            table.refused("bad_claim", format!("{claim} {value}"), claiming(claim, value));
        }
    }
    table
}

pub(super) fn times() -> Table {
    let mut table = Table::default();
    for exp in [json!(0), json!(1), json!(1_000_000_000), json!(1.5), json!(0.0)] {
        table.ends(11, "token_expired", format!("exp {exp}"), claiming("exp", &exp));
    }
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    table.refused("missing_claim", "no exp", saying(&endless.to_string()));
    for claim in ["nbf", "iat"] {
        for time in [json!(4_102_444_700_i64), json!(4_102_444_700.5)] {
            let token = claiming(claim, &time);
            table.refused("not_yet_valid", format!("{claim} {time}"), token);
        }
    }
    table
}

/// Issuers and audiences that differ from the expected values.
pub(super) fn asked() -> Table {
    let mut table = Table::default();
    for iss in
        ["", "https://idp/", "HTTPS://IDP", "https://idp\0", "https://idp.evil", " https://idp"]
    {
        table.refused("issuer", format!("iss {iss:?}"), claiming("iss", &json!(iss)));
    }
    for aud in
        [json!(""), json!("API"), json!("api "), json!([]), json!(["ap", "i"]), json!("api\0")]
    {
        table.refused("audience", format!("aud {aud}"), claiming("aud", &aud));
    }
    table
}

#[test]
fn third_party_payload_must_be_one_json_object() {
    payloads().present(&provider::sandbox(), &["--jwks", "set"]);
}

#[test]
fn third_party_claims_are_typed() {
    typed().present(&provider::sandbox(), &["--jwks", "set"]);
}

#[test]
fn third_party_times_are_enforced() {
    times().present(&provider::sandbox(), &["--jwks", "set"]);
}

#[test]
fn issuer_and_audience_are_compared_byte_by_byte() {
    let flags = ["--jwks", "set", "--iss", "https://idp", "--aud", "api"];
    asked().present(&provider::sandbox(), &flags);
}
