//! Choice of the verification key in a JWK Set: jeton, jose and `PyJWT` verify tokens with 200
//! generated JWK Sets, and the test compares the outcomes.

use crate::sandbox::Sandbox;
use crate::{node, python};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const SET_COUNT: u64 = 200;

/// Generator of a repeatable sequence of numbers (`SplitMix64`).
struct NumberGenerator(u64);

impl NumberGenerator {
    /// Returns a number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn choose<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

/// A key pair. The private key is in a file of the sandbox.
struct KeyPair {
    alg: &'static str,
    /// Name of the file with the private key.
    file: String,
    /// Public key.
    jwk: Value,
}

/// Creates two key pairs for each of four algorithms.
fn create_key_pairs(sandbox: &Sandbox) -> Vec<KeyPair> {
    let issuer_sandbox = Sandbox::with_admin();
    let mut pairs = Vec::new();
    for (index, alg) in ["RS256", "ES256", "ES384", "EdDSA"].into_iter().cycle().take(8).enumerate()
    {
        let kid =
            issuer_sandbox.stdout_of(&["keys", "generate", "--purpose", "test", "--alg", alg]);
        let file = format!("key-{index}.pem");
        let private =
            issuer_sandbox.run(&["keys", "export", "--private", &kid, "--yes"]).ok().stdout;
        fs::write(sandbox.home().join(&file), private).unwrap();
        let set = issuer_sandbox.json(&["keys", "export", "--jwks", "--purpose", "test"]);
        let jwks = set["keys"].as_array().unwrap();
        let jwk = jwks.iter().find(|jwk| jwk["kid"] == *kid).unwrap().clone();
        pairs.push(KeyPair { alg, file, jwk });
    }
    pairs
}

/// Returns a copy of the JWK in which up to two members are changed, added or removed at random.
/// Some issuers publish such keys.
fn vary(generator: &mut NumberGenerator, jwk: &Value) -> Value {
    let mut jwk = jwk.clone();
    match generator.below(12) {
        0 => jwk["use"] = json!("enc"),
        1 => jwk["key_ops"] = json!(["verify"]),
        2 => jwk["key_ops"] = json!(["encrypt"]),
        3 => jwk["x5c"] = json!(["MIIC"]),
        4 => drop(jwk.as_object_mut().unwrap().shift_remove("alg")),
        5 => drop(jwk.as_object_mut().unwrap().shift_remove("use")),
        6 => jwk["alg"] = json!("RS512"),
        _ => {}
    }
    match generator.below(8) {
        0 => drop(jwk.as_object_mut().unwrap().shift_remove("kid")),
        1..=3 => jwk["kid"] = json!(*generator.choose(&["a", "b"])),
        _ => {}
    }
    jwk
}

/// Returns a JWK Set of up to six keys, and a token that is signed with one of the key pairs. The
/// set may lack the public key of this pair.
fn generate_case(generator: &mut NumberGenerator, sandbox: &Sandbox, pairs: &[KeyPair]) -> Value {
    let signer = generator.choose(pairs);
    let count = 1 + generator.below(5);
    let mut jwks: Vec<Value> = (0..count)
        .map(|_| {
            let pair = generator.choose(pairs);
            vary(generator, &pair.jwk)
        })
        .collect();
    if generator.below(4) > 0 {
        let jwk = vary(generator, &signer.jwk);
        jwks.insert(generator.below(jwks.len() + 1), jwk);
    }
    let signer_kid = signer.jwk["kid"].as_str().unwrap();
    let mut token =
        sandbox.stdout_of(&["token", "mint", "--key-file", &signer.file, "--alg", signer.alg]);
    let kid = match generator.below(8) {
        0 => Some("a"),
        1 => Some("missing"),
        2 | 3 => None,
        _ => Some(signer_kid),
    };
    if kid != Some(signer_kid) {
        token = mint_with_kid(sandbox, signer, kid);
    }
    json!({"set": {"keys": jwks}, "token": token})
}

/// Returns a token that is signed with the key pair `signer`. If `kid` is `None`, the header has no
/// `kid`.
fn mint_with_kid(sandbox: &Sandbox, signer: &KeyPair, kid: Option<&str>) -> String {
    let private = fs::read_to_string(sandbox.home().join(&signer.file)).unwrap();
    let mut header = json!({"alg": signer.alg});
    if let Some(kid) = kid {
        header["kid"] = json!(kid);
    }
    let der = crate::hostile::decode_pem(&private);
    crate::hostile::sign_token(signer.alg, &der, &header, "{\"exp\":4102444800}")
}

/// Returns the outcome of `token verify` for the case: `valid`, the code of the rejection reason,
/// or the error message.
fn jeton_outcome(sandbox: &Sandbox, case: &Value) -> String {
    fs::write(sandbox.home().join("set.json"), case["set"].to_string()).unwrap();
    let token = case["token"].as_str().unwrap();
    let output = sandbox.run(&["token", "verify", token, "--jwks", "set.json"]);
    match output.code {
        0 => "valid".to_owned(),
        // The output is `invalid: CODE`, or `invalid: CODE: DETAILS`.
        10 => output.stdout.trim().split(": ").nth(1).unwrap_or_default().to_owned(),
        _ => output.stderr.lines().next().unwrap_or_default().to_owned(),
    }
}

/// Returns the combinations of outcomes in which only jeton or only the library accepts the token,
/// each with the number of such tokens.
fn differences(jeton_outcomes: &[String], library_outcomes: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (jeton, library) in jeton_outcomes.iter().zip(library_outcomes.as_array().unwrap()) {
        let library = library.as_str().unwrap();
        if (jeton == "valid") != (library == "valid") {
            *counts.entry(format!("jeton: {jeton}, library: {library}")).or_default() += 1;
        }
    }
    counts
}

#[test]
#[ignore = "needs Python and Node"]
fn key_choice_agrees_with_jose_and_has_known_differences_from_pyjwt() {
    let sandbox = Sandbox::new();
    let pairs = create_key_pairs(&sandbox);
    let mut generator = NumberGenerator(17);
    let cases: Value =
        (0..SET_COUNT).map(|_| generate_case(&mut generator, &sandbox, &pairs)).collect();
    let jeton_outcomes: Vec<String> =
        cases.as_array().unwrap().iter().map(|case| jeton_outcome(&sandbox, case)).collect();
    let valid_count = jeton_outcomes.iter().filter(|outcome| *outcome == "valid").count();
    assert!((50..150).contains(&valid_count), "found {valid_count} valid tokens");
    // If several keys match, jose returns these keys in an error. The script then tries each key.
    let jose_outcomes = node::run_script("jwk_sets.mjs", &cases);
    insta::assert_debug_snapshot!(differences(&jeton_outcomes, &jose_outcomes), @"{}");
    let pyjwt_outcomes = python::run_script("jwk_sets.py", &cases);
    // PyJWT accepts a token whose `alg` is not the `alg` of the key. It ignores `key_ops`, and
    // finds no key for a token without `kid`. If two keys have the `kid` of the token, PyJWT tries
    // only the first key, even if its type does not fit the algorithm of the token.
    insta::assert_debug_snapshot!(differences(&jeton_outcomes, &pyjwt_outcomes), @r#"
    {
        "jeton: alg_not_allowed, library: valid": 2,
        "jeton: unknown_key, library: valid": 2,
        "jeton: valid, library: InvalidKeyError": 1,
        "jeton: valid, library: no key": 21,
    }
    "#);
}
