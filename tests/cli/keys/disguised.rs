//! A key is never a shared secret, whichever command reads it and whatever form it has.

use crate::world::World;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::fs;

const DISGUISED: &str = "this is rather a key of another kind than a secret";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.AAAA";

/// Every command that reads a shared secret from a file or a variable, with its exit code for one
/// that is a key.
fn readers() -> Vec<(Vec<&'static str>, i32)> {
    let mut all = vec![
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
        all.push(([&import[..], encoding].concat(), 65));
        let verify = ["token", "verify", TOKEN, "--key", "key", "--alg", "HS256"];
        all.push(([&verify[..], encoding].concat(), 65));
    }
    all
}

/// What the store publishes and signs with, and what stands for the same key elsewhere.
fn forms(world: &World) -> Vec<(String, String)> {
    world.run(&["token", "mint", "--alg", "EdDSA"]).ok();
    world.run(&["token", "mint", "--alg", "RS256"]).ok();
    let set = world.json(&["keys", "export", "--jwks", "--purpose", "test"]);
    let mut forms = vec![("a set".to_owned(), set.to_string())];
    for jwk in set["keys"].as_array().unwrap() {
        let kid = jwk["kid"].as_str().unwrap();
        let public = world.run(&["keys", "export", "--pem", kid]).ok().out;
        let private = world.run(&["keys", "export", "--private", kid, "--yes"]).ok().out;
        for (name, pem) in [("public", public), ("private", private)] {
            let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let named = |form: &str, text: String| (format!("{name} {form}"), text);
            forms.extend([
                named("body", body.concat()),
                named("body on lines", body.join("\n")),
                named("PEM on written-out lines", pem.replace('\n', "\\n")),
                named("PEM in base64", STANDARD.encode(&pem)),
                named("PEM in base64url", URL_SAFE_NO_PAD.encode(&pem)),
                named("PEM in base64 twice", STANDARD.encode(STANDARD.encode(&pem))),
                named("PEM in hex", hex(&pem)),
                named("PEM behind a mark", format!("\u{feff}{pem}")),
                named("PEM", pem),
            ]);
        }
        forms.push(("an array".to_owned(), json!([jwk]).to_string()));
        forms.push(("a JWK in base64".to_owned(), STANDARD.encode(jwk.to_string())));
        forms.push(("a JWK as text".to_owned(), json!(jwk.to_string()).to_string()));
    }
    forms
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn key_in_any_form_is_no_secret_of_any_command() {
    let world = World::with_admin();
    let mut wrong = Vec::new();
    let forms = forms(&world);
    let keys = || world.sql("SELECT count(*) FROM keys");
    let before = keys();
    for (form, text) in forms {
        fs::write(world.home().join("key"), &text).unwrap();
        for (words, code) in readers() {
            let mut command = world.command(&words);
            command.env("KEY", &text);
            let ran = World::run_with(command, "");
            if (ran.code, ran.out.as_str()) != (code, "") {
                wrong.push(format!("{form}: {}: {ran:?}", words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(keys(), before, "something was taken in");
}

#[test]
fn hints_about_keys_do_not_lead_to_secrets() {
    let world = World::new();
    let write = |text: &str| fs::write(world.home().join("key"), text).unwrap();
    let mint = ["token", "mint", "--sub", "a", "--key-file", "key"];
    let pem = include_str!("../hostile/samples/p256.pem");
    write(&STANDARD.encode(pem));
    let ran = world.run(&mint).fails(65);
    let message = "error: this is no PEM, DER, JWK or JWK Set: found a PEM in base64";
    assert_eq!(ran.err, format!("{message}\nhint: decode it first: base64 -d\n"));
    write(&URL_SAFE_NO_PAD.encode(pem.repeat(2)));
    assert_eq!(
        world.run(&mint).fails(65).err,
        format!("{message}\n"),
        "`base64 -d` does not read it"
    );
    let secret = world.run(&[&mint[..], &["--alg", "HS256"]].concat()).fails(65);
    let hint = "hint: generate a shared secret: openssl rand -base64 32";
    assert_eq!(secret.err, format!("error: {DISGUISED}: a PEM in base64\n{hint}\n"));
    write(r#"[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA","d":"AAAA"}]"#);
    let ran = world.run(&mint).fails(65);
    assert!(
        ran.err.ends_with("found an array of JWKs\nhint: give one key of it: jq '.[0]'\n"),
        "{ran:?}"
    );
    write("3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vs=\n");
    assert!(world.run(&mint).fails(65).err.contains("--alg HS256"), "it may be a secret");
    world.run(&[&mint[..], &["--alg", "HS256"]].concat()).ok();
}

#[test]
fn secret_jwk_is_a_secret_whatever_the_encoding() {
    let world = World::with_admin();
    let jwk = json!({"kty": "oct", "k": "3N3e3-Dh4uPk5ebn6Onq6-zt7u_w8fLz9PX29_j5-vs"});
    fs::write(world.home().join("key"), jwk.to_string()).unwrap();
    let token = world.get(&["token", "mint", "--key-file", "key", "--alg", "HS256"]);
    let verify = ["token", "verify", &token, "--key", "key", "--alg", "HS256"];
    for encoding in
        [&[][..], &["--encoding", "text"], &["--encoding", "base64"], &["--encoding", "raw"]]
    {
        assert_eq!(world.get(&[&verify[..], encoding].concat()), "valid");
    }
    let import = ["keys", "import", "--from-file", "key", "--alg", "HS256", "--purpose", "test"];
    let kid = world.get(&[&import[..], &["--encoding", "text"]].concat());
    let again = world.json(&import);
    assert_eq!((&again["changed"], &again["items"][0]["kid"]), (&json!(false), &json!(kid)));
    // Its `k` is a secret like another.
    let k = URL_SAFE_NO_PAD.encode(include_str!("../hostile/samples/p256.pem"));
    fs::write(world.home().join("key"), json!({"kty": "oct", "k": k}).to_string()).unwrap();
    assert!(world.run(&import).fails(65).err.contains(DISGUISED));
    assert!(world.run(&verify).fails(65).err.contains(DISGUISED));
}

/// The public bytes of an Ed25519 test key of the store.
fn public_bytes(world: &World) -> (Value, Vec<u8>) {
    world.run(&["token", "mint", "--alg", "EdDSA"]).ok();
    let set = world.json(&["keys", "export", "--jwks", "--purpose", "test"]);
    let jwk = set["keys"][0].clone();
    let bytes = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
    (jwk, bytes)
}

#[test]
fn bytes_of_a_public_key_of_the_store_are_no_secret() {
    // Bytes that begin a document (`{`) are read as one.
    let (world, jwk, bytes) = std::iter::repeat_with(World::with_admin)
        .map(|world| (public_bytes(&world), world))
        .find_map(|((jwk, bytes), world)| (!bytes[0].is_ascii()).then_some((world, jwk, bytes)))
        .unwrap();
    let x = jwk["x"].as_str().unwrap();
    for file in [bytes.clone(), x.as_bytes().to_vec(), STANDARD.encode(&bytes).into_bytes()] {
        fs::write(world.home().join("key"), file).unwrap();
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
            let ran = world.run(words).fails(65);
            assert!(
                ran.err.contains(&format!("{DISGUISED}: the bytes of a public key")),
                "{ran:?}"
            );
        }
        let verify =
            ["token", "verify", TOKEN, "--key", "key", "--alg", "HS256", "--encoding", "raw"];
        assert!(world.run(&verify).fails(65).err.contains(DISGUISED));
    }
    // Elsewhere these bytes are like any others.
    let here = World::new();
    fs::write(here.home().join("key"), &bytes).unwrap();
    here.run(&["token", "mint", "--key-file", "key", "--alg", "HS256"]).ok();
    // What is a secret already is not the public key of a pair.
    let other = World::with_admin();
    let kid = jwk["kid"].as_str().unwrap();
    let private = world.run(&["keys", "export", "--private", kid, "--yes"]).ok().out;
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
    assert!(import("pair").fails(65).err.contains(DISGUISED));
}

#[test]
fn bytes_of_a_public_key_of_the_same_set_are_no_secret() {
    let world = World::with_admin();
    let (public, _) = public_bytes(&world);
    let oct = json!({"kty": "oct", "k": public["x"], "kid": "s"});
    fs::write(world.home().join("set"), json!({"keys": [public, oct]}).to_string()).unwrap();
    let here = World::new();
    fs::copy(world.home().join("set"), here.home().join("set")).unwrap();
    let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6InMifQ.e30.AAAA";
    let ran = here.run(&["token", "verify", token, "--jwks", "set"]);
    assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: unknown_key\n"));
    let kid = public["kid"].as_str().unwrap();
    let private = world.run(&["keys", "export", "--private", kid, "--yes"]).ok().out;
    let pair = json!({"kty": "OKP", "crv": "Ed25519", "x": public["x"], "d": seed(&private)});
    fs::write(here.home().join("set"), json!({"keys": [pair, oct]}).to_string()).unwrap();
    let ran = here.run(&["keys", "import", "--from-file", "set"]).fails(65);
    assert!(ran.err.contains(DISGUISED), "{ran:?}");
    assert!(!here.store().exists());
}

/// The seed of an Ed25519 key in PKCS#8, which ends with it.
fn seed(pem: &str) -> String {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    URL_SAFE_NO_PAD.encode(&der[der.len() - 32..])
}
