//! Tests that a token made from a pattern (constant text with gaps) is the same as a token built
//! without a pattern.

use super::*;
use crate::authority::minting::token_builder::Validity;
use crate::authority::minting::{
    ClaimRows, MintRequest, Template, builtin_preset_names, load_builtin_preset,
};
use crate::authority::test_store::{at, decode_token, mint_request};
use crate::crypto::{self, JtiGenerator};
use crate::model::{Algorithm, ExtraClaims, KeyRowId, KeySpec, Purpose, RsaBits, UserId, UserUuid};
use serde_json::Map;
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Cursor;

fn generate_key() -> KeySpec {
    crypto::initialize_crypto();
    crypto::generate_key(Algorithm::HS256, Purpose::Test, RsaBits::default()).unwrap()
}

/// Signs the tokens of the rows of `input`, or three tokens of one empty row without an input, in
/// two ways: with patterns where possible, and without patterns. Asserts that both ways give equal
/// tokens, apart from random values, and equal rows for the store. Returns for each token `true` if
/// the token is made from a pattern.
fn check_pattern_use(key: &KeySpec, request: &MintRequest, input: Option<&str>) -> Vec<bool> {
    let builder = TokenBuilder {
        request,
        issuer: Some("jeton"),
        uid: UserUuid::parse("0192abcd-0000-7000-8000-00000000cccc"),
        validity: Validity { issued_at: at(0), expires_at: at(60), not_before: None },
        has_input_rows: input.is_some(),
        key,
        kid: Some(&key.kid),
    };
    let owner_and_key = RowOwnerAndKey { user: UserId(1), key: KeyRowId(1) };
    let owner_and_key = request.record.then_some(owner_and_key);
    let mut signer = BatchSigner::new(builder, owner_and_key).unwrap();
    let claim_rows = match input {
        Some(input) => ClaimRows::read(Cursor::new(input.to_owned())).unwrap(),
        None => ClaimRows::repeat(Map::new(), 3),
    };
    let batch = claim_rows.batches(0..claim_rows.count(), 0, 8).next().unwrap().unwrap();
    let jtis = JtiGenerator::default().generate(batch.len()).unwrap();
    let minted = signer.sign(&batch, jtis.clone()).unwrap();
    let mut expected = SignedBatch { tokens: MintedTokens::with_capacity(0, 0), rows: Vec::new() };
    let mut generator = ValueGenerator::with_jtis(jtis);
    for row in batch.rows() {
        signer.sign_without_pattern(&row.unwrap(), &mut generator, &mut expected).unwrap();
    }
    assert_eq!(minted.tokens.len(), expected.tokens.len());
    for (actual, expected) in minted.tokens.iter().zip(expected.tokens.iter()) {
        let (token, expected_token) =
            (actual.token.expose_secret(), expected.token.expose_secret());
        let masked = mask_random_values(request, token);
        assert_eq!(masked, mask_random_values(request, expected_token));
        assert_eq!(actual.expires_at, expected.expires_at);
        if !is_random(request, "jti") {
            assert_eq!(actual.jti, expected.jti);
        }
    }
    assert_eq!(describe_rows(&minted.rows), describe_rows(&expected.rows));
    let has_pattern = |row: Result<Cow<'_, Row>, _>| {
        signer.patterns.find(&builder, &row.unwrap(), owner_and_key).unwrap().is_some()
    };
    batch.rows().map(has_pattern).collect()
}

/// Returns whether a claim has a random value other than a generated token id.
fn is_random(request: &MintRequest, name: &str) -> bool {
    let template = request.template.claims.get(name).map(Value::to_string).unwrap_or_default();
    template.contains("{uuid}") || template.contains("{random}")
}

/// Returns header and claims of a token. In claims with random values, each letter, digit, `_` and
/// `-` is replaced by `x`.
fn mask_random_values(request: &MintRequest, token: &str) -> String {
    let (header, mut claims) = decode_token(token);
    for name in request.template.claims.keys().filter(|name| is_random(request, name)) {
        if let Some(value) = claims.get_mut(name) {
            let text = value.to_string();
            *value = text.replace(|c: char| c.is_alphanumeric() || "_-".contains(c), "x").into();
        }
    }
    format!("{header} {claims}")
}

/// Returns a description of each row to add to the store, for a comparison.
fn describe_rows(rows: &[TokenRows]) -> Vec<String> {
    let describe = |rows: &TokenRows, jti: &Jti| {
        let NewToken { grant, key, issued_at, expires_at, origin, .. } = &rows.common_row;
        let has_custom_jtis = rows.has_custom_jtis;
        format!("{jti} {grant:?} {key:?} {issued_at} {expires_at:?} {origin:?} {has_custom_jtis}")
    };
    rows.iter().flat_map(|rows| rows.jtis.iter().map(move |jti| describe(rows, jti))).collect()
}

#[test]
fn tokens_without_input_rows_are_made_from_a_pattern_for_every_preset() {
    let key = generate_key();
    let claims = ExtraClaims::parse(
        &["role=x \" \\ \u{1} é".to_owned()],
        &["n=[1.50,{\"a\":null}]".to_owned(), "exp=1900000000".to_owned()],
    );
    let claims = claims.unwrap().0;
    for name in builtin_preset_names().map(Some).chain([None]) {
        let template = load_builtin_preset(name).unwrap().unwrap();
        let request = MintRequest { claims: claims.clone(), ..MintRequest::new(template) };
        assert_eq!(check_pattern_use(&key, &request, None), [true; 3], "{name:?}");
        // Recorded tokens have a pattern only if their rows differ in generated `jti`s alone.
        let has_recorded_pattern =
            request.template.claims.get("jti").is_some_and(|jti| jti == "{jti}")
                && request.template.claims.keys().all(|name| !is_random(&request, name));
        if has_recorded_pattern {
            let recorded = MintRequest { record: true, ..request };
            assert_eq!(check_pattern_use(&key, &recorded, None), [true; 3], "{name:?}");
        }
    }
}

#[test]
fn rows_with_texts_use_a_pattern_if_texts_are_plain_and_tokens_unrecorded() {
    let key = generate_key();
    // A plain text is not empty, not long, and contains no character that JSON escapes.
    let rows =
        "sub,x,exp\na,b,1900000000\né c,-,1900000000\n\"q\"\"q\",\\,1900000000\nd,e,1900000001\n";
    assert_eq!(check_pattern_use(&key, &mint_request(), Some(rows)), [true, true, false, true]);
    let rows = [
        r#"{"sub":"a","n":1,"in":{"t":"x"}}"#,
        r#"{"sub":"b","n":1,"in":{"t":"x"}}"#,
        r#"{"sub":"c","n":2,"in":{"t":"y"}}"#,
        r#"{"sub":"","n":2,"in":{"t":"y"}}"#,
        r#"{"sub":"d","n":"2"}"#,
        r#"{"n":"2","sub":"d"}"#,
        r#"{"jti":"0192abcd-0000-7000-8000-00000000cccc","scope":"read write"}"#,
        r#"{"jti":"other","scope":"read"}"#,
    ];
    let expected = [true, true, true, false, true, true, true, true];
    assert_eq!(check_pattern_use(&key, &mint_request(), Some(&rows.join("\n"))), expected);
    // No pattern: the store rows of recorded tokens contain the texts.
    let recorded = MintRequest { record: true, ..mint_request() };
    assert_eq!(check_pattern_use(&key, &recorded, Some("x\na\nb\n")), [false; 2]);
    let long = format!("x\na\n{}\n", "b".repeat(1_025));
    assert_eq!(check_pattern_use(&key, &mint_request(), Some(&long)), [true, false]);
}

#[test]
fn rows_with_parameters_use_a_pattern_if_values_are_inserted_unchanged() {
    let key = generate_key();
    let preset_request = |name| MintRequest::new(load_builtin_preset(Some(name)).unwrap().unwrap());
    let rows = "sub,aud,domain\na,https://api.example/,x.example\nb,c,d\n";
    assert_eq!(check_pattern_use(&key, &preset_request("auth0"), Some(rows)), [true; 2]);
    // No pattern: claims contain the parts of the value before and after the slash.
    let rows = "repository\noctocat/app\nocto-org/octo-repo\n";
    assert_eq!(check_pattern_use(&key, &preset_request("github-actions"), Some(rows)), [false; 2]);
    let template = Template::parse(
        br#"{"description":"x","parameters":{"list":["a"],"flag":true,"text":"{list} and {flag}"},
            "claims":{"list":"{list}","flag":"{flag}","text":"{text}","jti":"a{jti}b"}}"#,
    );
    let request = MintRequest::new(template.unwrap());
    let rows = "{\"list\":\"x\"}\n{\"flag\":\"false\"}\n{\"text\":\"y\"}\n{\"list\":[\"z\"]}\n";
    assert_eq!(check_pattern_use(&key, &request, Some(rows)), [true, false, true, true]);
}

#[test]
fn generated_values_are_unique_within_and_across_tokens() {
    let key = generate_key();
    let template = Template::parse(
        br#"{"description":"x","parameters":{"twice":"{jti}"},
            "claims":{"jti":"{jti}","a":"{twice}","b":"{twice} {uuid}","c":"{uuid}","d":"{random}"}}"#,
    );
    let request = MintRequest::new(template.unwrap());
    let builder = TokenBuilder {
        request: &request,
        issuer: None,
        uid: None,
        validity: Validity { issued_at: at(0), expires_at: at(60), not_before: None },
        has_input_rows: false,
        key: &key,
        kid: None,
    };
    let mut signer = BatchSigner::new(builder, None).unwrap();
    let row = Row::default();
    let minted = signer.sign(&RowBatch::Repeated(&row, 50), Vec::new()).unwrap();
    let mut seen = HashSet::new();
    for token in minted.tokens.iter() {
        let (_, claims) = decode_token(token.token.expose_secret());
        let text = |name: &str| claims[name].as_str().unwrap().to_owned();
        // The parameter `twice` has one generated value in both claims of a token.
        let (twice, uuid) = (text("a"), text("b")[37..].to_owned());
        assert_eq!(text("b")[..36], twice);
        for value in [text("jti"), twice, uuid, text("c"), text("d")] {
            assert!(seen.insert(value.clone()), "{value}");
        }
    }
    assert_eq!(seen.len(), 250);
}
