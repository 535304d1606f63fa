//! Tokens with valid signatures and invalid claims, and tokens of one kind in place of another.

use super::{Key, Table, ValidToken};
use crate::sandbox::Sandbox;
use serde_json::{Value, json};

impl ValidToken<'_> {
    /// Returns the token with one claim changed, signed with the key of the store.
    pub(super) fn with_claim(&self, claim: &str, value: impl Into<Value>) -> String {
        let mut claims = self.claims.clone();
        claims.insert(claim.to_owned(), value.into());
        self.sign_claims(&Value::from(claims))
    }

    pub(super) fn without_claim(&self, claim: &str) -> String {
        let mut claims = self.claims.clone();
        claims.shift_remove(claim).unwrap();
        self.sign_claims(&Value::from(claims))
    }

    fn sign_claims(&self, claims: &Value) -> String {
        self.key.sign(&self.key.header("JWT"), &claims.to_string())
    }
}

pub(super) fn payload_table(valid: &ValidToken<'_>) -> Table {
    let header = valid.key.header("JWT");
    let claims = Value::from(valid.claims.clone()).to_string();
    let inner = &claims[1..claims.len() - 1];
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
        ("exp twice", format!("{{{inner},\"exp\":253402207200}}")),
        ("exp twice, forged value first", format!("{{\"exp\":253402207200,{inner}}}")),
        (
            "permissions twice, one escaped",
            format!("{{{inner},\"\\u0070ermissions\":[\"admin\"]}}"),
        ),
        ("1e400", format!("{{{inner},\"x\":1e400}}")),
        ("-1e400", format!("{{{inner},\"x\":-1e400}}")),
        ("exp 1e400", claims.replace("\"exp\":", "\"exp\":1e400,\"was\":")),
        ("exp NaN", claims.replace("\"exp\":", "\"exp\":NaN,\"was\":")),
        ("exp Infinity", claims.replace("\"exp\":", "\"exp\":Infinity,\"was\":")),
        ("exp in hexadecimal", claims.replace("\"exp\":", "\"exp\":0x7fffffff,\"was\":")),
        ("exp with a plus", claims.replace("\"exp\":", "\"exp\":+1")),
        ("exp with a leading zero", claims.replace("\"exp\":", "\"exp\":0")),
        (
            "arrays nested 10,000 deep",
            format!("{{{inner},\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
        ("duplicate member in a nested object", format!("{{{inner},\"x\":[{{\"a\":1,\"a\":1}}]}}")),
        (
            "arrays nested 200 deep",
            format!("{{{inner},\"x\":{}{}}}", "[".repeat(200), "]".repeat(200)),
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
fn payload_must_be_one_json_object_without_duplicates() {
    ValidToken::assert_refused(payload_table, &[&[], &["--type", "any"]]);
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
fn registered_claims_are_typed() {
    ValidToken::assert_refused(claim_type_table, &[&[], &["--type", "any"]]);
}

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
        let header = valid.header_with("typ", typ.clone());
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

/// Returns changed tokens, which a revocation of the original also revokes, regardless of their
/// claims.
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
fn required_claims_match_the_record() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    required_claim_table(&valid).assert_rejected(&sandbox, &[]);
    let revoked = revoked_token_table(&valid);
    sandbox.run(&["token", "revoke", valid.claims["jti"].as_str().unwrap()]).ok();
    revoked.assert_rejected(&sandbox, &[]);
}

/// Returns session tokens, presented as app tokens.
pub(super) fn session_token_table(valid: &ValidToken<'_>) -> Table {
    let (access, refresh) = (valid.sandbox.session("access"), valid.sandbox.session("refresh"));
    let mut table = Table::default();
    table.add_rejected("blocked", "an access token", &access);
    table.add_rejected("blocked", "a refresh token", &refresh);
    table.add_rejected(
        "blocked",
        "an app token with type access",
        valid.with_claim("type", "access"),
    );
    table.add_rejected(
        "blocked",
        "an app token with type refresh",
        valid.with_claim("type", "refresh"),
    );
    table
}

/// Returns tokens of other kinds, presented as access tokens.
pub(super) fn wrong_access_token_table(valid: &ValidToken<'_>) -> Table {
    let (access, refresh) = (valid.sandbox.session("access"), valid.sandbox.session("refresh"));
    let payload = |token: &str| crate::sandbox::payload(token);
    let payload_with_claim = |token: &str, claim: &str, value: Value| {
        let mut claims = payload(token);
        claims[claim] = value;
        claims.to_string()
    };
    let session_header = valid.key.header("session+jwt");
    let mut table = Table::default();
    table.add_rejected("wrong_type", "an app token", &valid.token);
    table.add_rejected("wrong_type", "a refresh token", &refresh);
    let app_jti = payload_with_claim(&access, "jti", valid.claims["jti"].clone());
    table.add_rejected(
        "unknown_token",
        "an app token's jti",
        valid.key.sign(&session_header, &app_jti),
    );
    let refresh_jti = payload_with_claim(&access, "jti", payload(&refresh)["jti"].clone());
    table.add_rejected(
        "unknown_token",
        "the refresh token's jti",
        valid.key.sign(&session_header, &refresh_jti),
    );
    let with_app_typ = valid.key.sign(&valid.key.header("JWT"), &payload(&access).to_string());
    table.add_rejected("wrong_type", "the typ of an app token", with_app_typ);
    table
}

#[test]
fn token_kinds_are_not_interchangeable() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let (access, refresh) = (sandbox.session("access"), sandbox.session("refresh"));
    session_token_table(&valid).assert_rejected(&sandbox, &[]);
    wrong_access_token_table(&valid).assert_rejected(&sandbox, &["--type", "access"]);
    for token in [&valid.token, &refresh] {
        let output = sandbox.command(&["whoami", "-o", "json"]).env("JETON_TOKEN", token).output();
        let error = crate::run_output::RunOutput::from(output.unwrap()).fails(10).error();
        assert_eq!(error["details"]["reason"], "wrong_type");
    }
    let output = sandbox.command(&["whoami"]).env("JETON_TOKEN", &access).output();
    crate::run_output::RunOutput::from(output.unwrap()).ok();
    for token in [&valid.token, &access] {
        let output =
            sandbox.run_with_input(&["refresh", "--token-stdin", "-o", "json"], token).fails(10);
        assert_eq!(output.error()["details"]["reason"], "wrong_type");
    }
}

#[test]
fn test_token_is_refused_as_any_other_kind() {
    let sandbox = Sandbox::with_admin();
    let access = crate::sandbox::payload(&sandbox.session("access"));
    let sub = access["sub"].as_str().unwrap();
    let minted = sandbox.get(&["token", "mint", "--sub", sub, "--claim", "type=access"]);
    let valid = ValidToken::new(&sandbox);
    let key = Key::load(&sandbox, "test");
    assert_ne!(key.kid, valid.key.kid);
    let session_header = key.header("session+jwt");
    let app_claims = Value::from(valid.claims.clone()).to_string();
    let tokens = [
        ("minted with the sub of an admin", minted.clone()),
        (
            "claims of the access token, signed with the test key",
            key.sign(&session_header, &access.to_string()),
        ),
        (
            "claims of the app token, signed with the test key",
            key.sign(&key.header("JWT"), &app_claims),
        ),
    ];
    let mut table = Table::default();
    for (name, token) in &tokens {
        table.add_rejected("wrong_type", *name, token);
        let whoami = sandbox.command(&["whoami", "-o", "json"]).env("JETON_TOKEN", token).output();
        let inspect =
            sandbox.command(&["token", "inspect", "-o", "json"]).env("JETON_TOKEN", token).output();
        let create = sandbox
            .command(&["token", "create", "x", "-o", "json"])
            .env("JETON_TOKEN", token)
            .output();
        let session_hint = "set the access token of a session in JETON_TOKEN";
        let verify_hint = "verify test tokens with `jeton token verify --type test`";
        for (output, hint) in
            [(whoami, session_hint), (inspect, verify_hint), (create, session_hint)]
        {
            let error = crate::run_output::RunOutput::from(output.unwrap()).fails(10).error();
            assert_eq!(error["details"]["reason"], "wrong_type", "{name}");
            assert_eq!(error["hint"], hint);
        }
        let refresh = sandbox.run_with_input(&["refresh", "--token-stdin", "-o", "json"], token);
        assert_eq!(refresh.fails(10).error()["details"]["reason"], "wrong_type");
    }
    table.assert_rejected(&sandbox, &[]);
    table.assert_rejected(&sandbox, &["--type", "access"]);
    table.assert_rejected(&sandbox, &["--type", "refresh"]);
    sandbox.run_with_input(&["token", "verify", "-", "--type", "test"], &minted).ok();

    // The kid of the test key with a signature by the app key, and the reverse.
    let mut table = Table::default();
    let claims = app_claims.as_str();
    table.add_rejected(
        "wrong_type",
        "kid of the test key",
        valid.key.sign(&key.header("JWT"), claims),
    );
    table.add_rejected(
        "bad_signature",
        "kid of the app key",
        key.sign(&valid.key.header("JWT"), claims),
    );
    table.assert_rejected(&sandbox, &[]);
}
