//! Public and private keys in place of shared secrets. Commands must refuse such a key in any
//! encoding.

use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;

/// A token with the algorithm HS256 and an invalid signature.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.AAAA";

/// Returns commands that read a shared secret from the file `key` or the variable `KEY`. The number
/// beside a command is its expected exit code if the secret is a public or private key.
fn secret_commands() -> Vec<(Vec<&'static str>, i32)> {
    let mut result = vec![
        (vec!["token", "mint", "--key-file", "key", "--alg", "HS256"], 65),
        (vec!["token", "mint", "--secret-env", "KEY", "--preset", "flask"], 65),
        (vec!["token", "fixtures", "--key-file", "key", "--alg", "HS256", "--allow-weak"], 65),
        (vec!["token", "fixtures", "--secret-env", "KEY", "--alg", "HS512"], 65),
        (vec!["keys", "import", "--from-env", "KEY", "--alg", "HS256"], 65),
    ];
    for encoding in
        [&[][..], &["--encoding", "text"], &["--encoding", "base64"], &["--encoding", "raw"]]
    {
        let import =
            ["keys", "import", "--purpose", "test", "--from-file", "key", "--alg", "HS256"];
        result.push(([&import[..], encoding].concat(), 65));
        let verify = ["token", "verify", TOKEN, "--key", "key", "--alg", "HS256"];
        result.push(([&verify[..], encoding].concat(), 65));
    }
    result
}

/// Creates two test keys in the store. Returns the public and the private part of each key as PEM
/// in many encodings, and the public parts as JWKs. Each pair is a description and the text.
fn encoded_keys(sandbox: &Sandbox) -> Vec<(String, String)> {
    sandbox.run(&["token", "mint", "--alg", "EdDSA"]).ok();
    sandbox.run(&["token", "mint", "--alg", "RS256"]).ok();
    let set = sandbox.json(&["keys", "export", "--jwks", "--purpose", "test"]);
    let mut result = vec![("a set".to_owned(), set.to_string())];
    for jwk in set["keys"].as_array().unwrap() {
        let kid = jwk["kid"].as_str().unwrap();
        let public = sandbox.run(&["keys", "export", "--pem", kid]).ok().stdout;
        let private = sandbox.run(&["keys", "export", "--private", kid, "--yes"]).ok().stdout;
        for (name, pem) in [("public", public), ("private", private)] {
            let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let named = |encoding: &str, text: String| (format!("{name} {encoding}"), text);
            result.extend([
                named("PEM body", body.concat()),
                named("PEM body with line breaks", body.join("\n")),
                named("PEM with escaped line breaks", pem.replace('\n', "\\n")),
                named("PEM in base64", STANDARD.encode(&pem)),
                named("PEM in base64url", URL_SAFE_NO_PAD.encode(&pem)),
                named("PEM in base64 twice", STANDARD.encode(STANDARD.encode(&pem))),
                named("PEM in hex", encode_hex(&pem)),
                named("PEM after a byte order mark", format!("\u{feff}{pem}")),
                named("PEM", pem),
            ]);
        }
        result.push(("an array".to_owned(), json!([jwk]).to_string()));
        result.push(("a JWK in base64".to_owned(), STANDARD.encode(jwk.to_string())));
        result.push(("a JWK as a JSON string".to_owned(), json!(jwk.to_string()).to_string()));
    }
    result
}

fn encode_hex(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn key_in_any_encoding_is_refused_as_secret() {
    let sandbox = Sandbox::with_admin();
    let mut failures = Vec::new();
    let keys = encoded_keys(&sandbox);
    let key_count = || sandbox.sql("SELECT count(*) FROM keys");
    let key_count_before = key_count();
    for (encoding, text) in keys {
        fs::write(sandbox.home().join("key"), &text).unwrap();
        for (words, code) in secret_commands() {
            let mut command = sandbox.command(&words);
            command.env("KEY", &text);
            let output = Sandbox::run_command_with_input(command, "");
            if (output.code, output.stdout.as_str()) != (code, "") {
                failures.push(format!("{encoding}: {}: {output:?}", words.join(" ")));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(key_count(), key_count_before, "a key was imported");
}

#[test]
fn hint_suggests_hs256_only_if_the_file_may_be_a_secret() {
    let sandbox = Sandbox::new();
    let write = |text: &str| fs::write(sandbox.home().join("key"), text).unwrap();
    let mint = ["token", "mint", "--sub", "a", "--key-file", "key"];
    let pem = include_str!("../hostile/samples/p256.pem");
    write(&STANDARD.encode(pem));
    sandbox.run(&mint).ok();
    let hs256_output = sandbox.run(&[&mint[..], &["--alg", "HS256"]].concat()).fails(65);
    assert_snapshot!(hs256_output, @"
    --- exit code 65, stderr
    error: found a PEM key in base64, expected a shared secret
    hint: use the algorithm of the key: --alg ES256
    ");
    write(&encode_hex(pem));
    assert_snapshot!(sandbox.run(&mint), @"
    --- exit code 65, stderr
    error: unsupported key format: found a PEM key in hex, expected PEM, DER, JWK or JWK Set
    hint: decode the key first: (umask 077; xxd -r -p key > key.txt)
    ");
    write("");
    assert_snapshot!(sandbox.run(&mint), @"
    --- exit code 65, stderr
    error: key empty: found no content, expected PEM, DER, JWK or JWK Set
    hint: generate a key: openssl genpkey -algorithm ed25519 -out new-key.pem
    ");
    write(r#"{"password":"a secret in a document"}"#);
    assert_snapshot!(sandbox.run(&mint), @"
    --- exit code 65, stderr
    error: unsupported key format: found JSON without a key, expected PEM, DER, JWK or JWK Set
    hint: use `--alg HS256 --encoding text` if the whole JSON text is the shared secret
    ");
    write(&serde_json::json!({"kid": "a", "signing": {"key": pem}}).to_string());
    assert_snapshot!(sandbox.run(&mint), @r#"
    --- exit code 65, stderr
    error: unsupported key format: found a JSON document with a key in a member, expected PEM, DER, JWK or JWK Set
    hint: extract the key: (umask 077; jq -r '."signing"."key"' key > key.txt)
    "#);
    write("3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vs=\n");
    assert!(
        sandbox.run(&mint).fails(65).stderr.contains("--alg HS256"),
        "the hint suggests the algorithm of a shared secret"
    );
    sandbox.run(&[&mint[..], &["--alg", "HS256"]].concat()).ok();
}

#[test]
fn secret_jwk_is_accepted_with_any_encoding_flag_unless_its_secret_is_a_key() {
    let sandbox = Sandbox::with_admin();
    let jwk = json!({"kty": "oct", "k": "3N3e3-Dh4uPk5ebn6Onq6-zt7u_w8fLz9PX29_j5-vs"});
    fs::write(sandbox.home().join("key"), jwk.to_string()).unwrap();
    let token = sandbox.stdout_of(&["token", "mint", "--key-file", "key", "--alg", "HS256"]);
    let verify = ["token", "verify", &token, "--key", "key", "--alg", "HS256"];
    for encoding in
        [&[][..], &["--encoding", "text"], &["--encoding", "base64"], &["--encoding", "raw"]]
    {
        assert_eq!(sandbox.stdout_of(&[&verify[..], encoding].concat()), "valid");
    }
    let import = ["keys", "import", "--from-file", "key", "--alg", "HS256", "--purpose", "test"];
    let kid = sandbox.stdout_of(&[&import[..], &["--encoding", "text"]].concat());
    let again = sandbox.json(&import);
    assert_eq!((&again["changed"], &again["items"][0]["kid"]), (&json!(false), &json!(kid)));
    // The value of `k` is checked like any other secret, so it must not be a key.
    let k = URL_SAFE_NO_PAD.encode(include_str!("../hostile/samples/p256.pem"));
    fs::write(sandbox.home().join("key"), json!({"kty": "oct", "k": k}).to_string()).unwrap();
    assert_snapshot!(sandbox.run(&import), @"
    --- exit code 65, stderr
    error: found a PEM key, expected a shared secret
    hint: generate a shared secret: openssl rand -base64 32
    ");
    assert_snapshot!(sandbox.run(&verify), @"
    --- exit code 65, stderr
    error: found a PEM key, expected a shared secret
    ");
}

/// Creates an Ed25519 test key in the store. Returns the public key as a JWK and as bytes.
fn ed25519_test_key(sandbox: &Sandbox) -> (Value, Vec<u8>) {
    sandbox.run(&["token", "mint", "--alg", "EdDSA"]).ok();
    let set = sandbox.json(&["keys", "export", "--jwks", "--purpose", "test"]);
    let jwk = set["keys"][0].clone();
    let bytes = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
    (jwk, bytes)
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn public_key_bytes_of_store_are_refused_as_secret() {
    // The first byte must not be ASCII, because a file that starts with `{` is parsed as JSON. The
    // last byte must not be a line break, because a final line break of a secret is removed.
    let (sandbox, jwk, bytes) = std::iter::repeat_with(Sandbox::with_admin)
        .map(|sandbox| (ed25519_test_key(&sandbox), sandbox))
        .find_map(|((jwk, bytes), sandbox)| {
            let is_suitable = !bytes[0].is_ascii() && !bytes.ends_with(b"\n");
            is_suitable.then_some((sandbox, jwk, bytes))
        })
        .unwrap();
    let x = jwk["x"].as_str().unwrap();
    for file in [bytes.clone(), x.as_bytes().to_vec(), STANDARD.encode(&bytes).into_bytes()] {
        fs::write(sandbox.home().join("key"), file).unwrap();
        for words in [
            &[
                "keys",
                "import",
                "--purpose",
                "test",
                "--from-file",
                "key",
                "--alg",
                "HS256",
                "--encoding",
                "raw",
            ][..],
            &["token", "mint", "--key-file", "key", "--alg", "HS256"],
            &["token", "fixtures", "--key-file", "key", "--alg", "HS256"],
        ] {
            allow_duplicates!(assert_snapshot!(sandbox.run(words), @"
            --- exit code 65, stderr
            error: found the bytes of a public key, expected a shared secret
            hint: generate a shared secret: openssl rand -base64 32
            "));
        }
        let verify =
            ["token", "verify", TOKEN, "--key", "key", "--alg", "HS256", "--encoding", "raw"];
        allow_duplicates!(assert_snapshot!(sandbox.run(&verify), @"
        --- exit code 65, stderr
        error: found the bytes of a public key, expected a shared secret
        "));
    }
    // Without a store that contains the public key, the same bytes are accepted.
    let without_store = Sandbox::new();
    fs::write(without_store.home().join("key"), &bytes).unwrap();
    without_store.run(&["token", "mint", "--key-file", "key", "--alg", "HS256"]).ok();
    // If the store contains these bytes as a secret, the import of the key pair is refused.
    let other = Sandbox::with_admin();
    let kid = jwk["kid"].as_str().unwrap();
    let private = sandbox.run(&["keys", "export", "--private", kid, "--yes"]).ok().stdout;
    fs::write(other.home().join("secret"), &bytes).unwrap();
    fs::write(other.home().join("pair"), private).unwrap();
    let import = |file| {
        other.run(&[
            "keys",
            "import",
            "--purpose",
            "test",
            "--from-file",
            file,
            "--alg",
            if file == "pair" { "EdDSA" } else { "HS256" },
        ])
    };
    import("secret").ok();
    assert_snapshot!(import("pair"), @"
    --- exit code 65, stderr
    error: found the bytes of a public key, expected a shared secret
    hint: generate a shared secret: openssl rand -base64 32
    ");
}

#[test]
fn public_key_bytes_of_same_set_are_refused_as_secret() {
    let sandbox = Sandbox::with_admin();
    let (public, _) = ed25519_test_key(&sandbox);
    let oct = json!({"kty": "oct", "k": public["x"], "kid": "s"});
    fs::write(sandbox.home().join("set"), json!({"keys": [public, oct]}).to_string()).unwrap();
    let without_store = Sandbox::new();
    fs::copy(sandbox.home().join("set"), without_store.home().join("set")).unwrap();
    let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6InMifQ.e30.AAAA";
    let output = without_store.run(&["token", "verify", token, "--jwks", "set"]);
    assert_snapshot!(output, @"
    invalid: unknown_key: key 2 of 2: found the bytes of a public key, expected a shared secret
    --- exit code 10, stderr
    error: signing key unusable: key 2 of 2: found the bytes of a public key, expected a shared secret
    ");
    let kid = public["kid"].as_str().unwrap();
    let private = sandbox.run(&["keys", "export", "--private", kid, "--yes"]).ok().stdout;
    let pair =
        json!({"kty": "OKP", "crv": "Ed25519", "x": public["x"], "d": encoded_seed(&private)});
    fs::write(without_store.home().join("set"), json!({"keys": [pair, oct]}).to_string()).unwrap();
    assert_snapshot!(without_store.run(&["keys", "import", "--from-file", "set"]), @"
    --- exit code 65, stderr
    error: found the bytes of a public key, expected a shared secret
    hint: use the algorithm of the key: --alg EdDSA
    ");
    assert!(!without_store.has_store());
}

/// Returns the seed of an Ed25519 private key in base64url. The seed is the last 32 bytes of the
/// PKCS#8 key.
fn encoded_seed(pem: &str) -> String {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    URL_SAFE_NO_PAD.encode(&der[der.len() - 32..])
}
