//! Tokens with a valid signature in which the payload is invalid, or a claim or the header member
//! `typ` is invalid or missing. Also revoked tokens in which one claim has been changed.

use super::{Table, ValidToken};
use crate::sandbox::Sandbox;
use serde_json::{Value, json};

impl ValidToken<'_> {
    /// Returns the token with one claim changed or added, signed with the app key of the store.
    pub(super) fn with_claim(&self, claim: &str, value: impl Into<Value>) -> String {
        let mut claims = self.claims.clone();
        claims.insert(claim.to_owned(), value.into());
        self.sign_claims(&Value::from(claims))
    }

    /// Returns the token without one claim, signed with the app key of the store.
    pub(super) fn without_claim(&self, claim: &str) -> String {
        let mut claims = self.claims.clone();
        claims.shift_remove(claim).unwrap();
        self.sign_claims(&Value::from(claims))
    }

    /// Returns a token with the claims, signed with the app key of the store.
    fn sign_claims(&self, claims: &Value) -> String {
        self.key.sign(&self.key.header("JWT"), &claims.to_string())
    }
}

/// Returns signed tokens whose payload is not one JSON object, has duplicate members or exceeds a
/// limit of the JSON parser. In some payloads, the additional member `was` has the value that `exp`
/// had before the change.
pub(super) fn payload_table(valid: &ValidToken<'_>) -> Table {
    let header = valid.key.header("JWT");
    let claims = Value::from(valid.claims.clone()).to_string();
    let members = &claims[1..claims.len() - 1];
    assert_eq!(
        valid
            .sandbox
            .run_with_input(&["token", "verify", "-"], &valid.key.sign(&header, &claims))
            .ok()
            .stdout,
        "valid\n",
        "the test signer creates valid tokens"
    );
    let mut table = Table::default();
    for (name, payload) in [
        ("empty", String::new()),
        ("not JSON", "x".to_owned()),
        ("an array", format!("[{claims}]")),
        ("a string", "\"x\"".to_owned()),
        ("null", "null".to_owned()),
        ("truncated", claims[..claims.len() - 1].to_owned()),
        ("trailing data", format!("{claims} {claims}")),
        ("a byte order mark", format!("\u{feff}{claims}")),
        ("exp twice", format!("{{{members},\"exp\":253402207200}}")),
        ("exp twice, forged value first", format!("{{\"exp\":253402207200,{members}}}")),
        (
            "permissions twice, one escaped",
            format!("{{{members},\"\\u0070ermissions\":[\"admin\"]}}"),
        ),
        ("1e400", format!("{{{members},\"x\":1e400}}")),
        ("-1e400", format!("{{{members},\"x\":-1e400}}")),
        ("exp 1e400", claims.replace("\"exp\":", "\"exp\":1e400,\"was\":")),
        ("exp NaN", claims.replace("\"exp\":", "\"exp\":NaN,\"was\":")),
        ("exp Infinity", claims.replace("\"exp\":", "\"exp\":Infinity,\"was\":")),
        ("exp in hexadecimal", claims.replace("\"exp\":", "\"exp\":0x7fffffff,\"was\":")),
        ("exp with a plus", claims.replace("\"exp\":", "\"exp\":+1")),
        ("exp with a leading zero", claims.replace("\"exp\":", "\"exp\":0")),
        (
            "arrays nested 10,000 deep",
            format!("{{{members},\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
        (
            "duplicate member in a nested object",
            format!("{{{members},\"x\":[{{\"a\":1,\"a\":1}}]}}"),
        ),
        (
            "arrays nested 200 deep",
            format!("{{{members},\"x\":{}{}}}", "[".repeat(200), "]".repeat(200)),
        ),
    ] {
        table.add_rejected(
            "malformed",
            format!("payload: {name}"),
            valid.key.sign(&header, &payload),
        );
    }
    table
}

#[test]
fn payload_must_be_one_valid_json_object() {
    ValidToken::assert_rejected_in_new_store(payload_table, &[&[], &["--type", "any"]]);
}

pub(super) fn claim_type_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    for (claim, values) in [
        ("iss", json!([1, null, true, ["jeton"], {}])),
        ("sub", json!([1, null, ["x"]])),
        ("aud", json!([1, null, true, {}, [1], ["x", null], [["x"]]])),
        ("jti", json!([1, null, ["x"]])),
        ("nbf", json!(["1", 1.5, -1, null, true, [1]])),
        ("iat", json!(["1", 1.5, -1, null, true, [1]])),
        (
            "exp",
            json!([
                "4102444800",
                4_102_444_800.5,
                4.1e9,
                1e18,
                1e300,
                -1,
                -1e300,
                null,
                true,
                [1],
                {}
            ]),
        ),
        (
            "exp",
            json!([
                9_223_372_036_854_775_808_u64,
                i64::MAX,
                u64::MAX,
                i64::MIN,
                253_402_300_800_i64
            ]),
        ),
    ] {
        for value in values.as_array().unwrap() {
            let token = valid.with_claim(claim, value.clone());
            table.add_rejected("bad_claim", format!("{claim} {value}"), token);
        }
    }
    assert!(table.0.len() > 35);
    table
}

#[test]
fn registered_claims_of_wrong_type_or_range_are_refused() {
    ValidToken::assert_rejected_in_new_store(claim_type_table, &[&[], &["--type", "any"]]);
}

/// Returns signed tokens without the claim `exp`, or in which the claim `type`, the claim `jti` or
/// the header member `typ` is wrong or missing.
pub(super) fn required_claim_table(valid: &ValidToken<'_>) -> Table {
    let jti = valid.claims["jti"].as_str().unwrap();
    let mut table = Table::default();
    table.add_rejected("missing_claim", "no exp", valid.without_claim("exp"));
    table.add_rejected("wrong_type", "no type", valid.without_claim("type"));
    for kind in [json!("APP"), json!("test"), json!("any"), json!(""), json!(["app"]), json!(null)]
    {
        table.add_rejected("wrong_type", format!("type {kind}"), valid.with_claim("type", kind));
    }
    for typ in ["session+jwt", "refresh+jwt", "at+jwt", "jwt", "JWT ", "application/jwt", ""] {
        let token =
            valid.key.sign(&valid.key.header(typ), &Value::from(valid.claims.clone()).to_string());
        table.add_rejected("wrong_type", format!("typ {typ:?}"), token);
    }
    for typ in [json!(null), json!(["JWT"]), json!(1)] {
        let header = valid.header_with_member("typ", typ.clone());
        let token = valid.key.sign(&header, &Value::from(valid.claims.clone()).to_string());
        table.add_rejected("wrong_type", format!("typ {typ}"), token);
    }
    let without_typ = json!({"alg": "ES256", "kid": valid.key.kid});
    let token = valid.key.sign(&without_typ, &Value::from(valid.claims.clone()).to_string());
    table.add_rejected("wrong_type", "no typ", token);
    table.add_rejected("unknown_token", "no jti", valid.without_claim("jti"));
    for other in [
        "018f4f5e-7a3b-7c1d-8e2f-0123456789ab",
        "",
        "' OR 1=1 --",
        &jti.to_uppercase(),
        &jti.replace('-', ""),
        &format!("{{{jti}}}"),
        &format!("{jti} "),
    ] {
        table.add_rejected(
            "unknown_token",
            format!("jti {other:?}"),
            valid.with_claim("jti", other),
        );
    }
    table
}

/// Returns signed tokens with the `jti` of the valid token and one changed claim. These tokens must
/// be rejected as revoked after the valid token has been revoked.
pub(super) fn revoked_token_table(valid: &ValidToken<'_>) -> Table {
    let now = valid.claims["iat"].as_i64().unwrap();
    let mut table = Table::default();
    table.add_rejected_with_exit(
        12,
        "token_revoked",
        "later exp",
        valid.with_claim("exp", now + 9_999_999),
    );
    table.add_rejected_with_exit(
        12,
        "token_revoked",
        "another subject",
        valid.with_claim("sub", "somebody"),
    );
    table
}

#[test]
fn missing_or_wrong_required_claims_and_changed_revoked_tokens_are_refused() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    required_claim_table(&valid).assert_rejected(&sandbox, &[]);
    let revoked = revoked_token_table(&valid);
    sandbox.run(&["token", "revoke", valid.claims["jti"].as_str().unwrap()]).ok();
    revoked.assert_rejected(&sandbox, &[]);
}
