//! What is taken in, what is not, and that it is the key it was.

use super::*;
use crate::crypto::{generate, install, private_text};
use crate::model::RsaBits;

fn import(algorithm: Option<Algorithm>) -> Import {
    install();
    Import { purpose: Purpose::Test, algorithm, encoding: None, allow_weak: false }
}

fn secret_of(text: &[u8], encoding: Encoding) -> Result<Vec<u8>, Rejected> {
    let keys = Import { encoding: Some(encoding), ..import(Some(Algorithm::HS256)) }.read(text)?;
    Ok(keys[0].material.expose_secret().to_vec())
}

#[test]
fn what_was_exported_is_the_same_key_again() {
    for algorithm in Algorithm::ALL {
        let key = generate(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let text = private_text(&key);
        let again = import(Some(algorithm)).read(text.expose_secret().as_bytes()).unwrap();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].material.expose_secret(), key.material.expose_secret());
        assert_eq!(again[0].public, key.public);
        assert_eq!(again[0].algorithm, algorithm);
        if !algorithm.is_symmetric() {
            assert_eq!(again[0].kid, key.kid, "{algorithm:?}");
            let der = import(Some(algorithm)).read(key.material.expose_secret()).unwrap();
            assert_eq!(der[0].kid, key.kid, "{algorithm:?}");
        }
    }
}

#[test]
fn nothing_stands_behind_a_key() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let key = generate(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let more = [key.material.expose_secret(), &[0]].concat();
        let why = refused("something stands behind the key").into();
        assert_eq!(import(None).read(&more).unwrap_err(), why);
    }
}

#[test]
fn without_a_word_about_it_the_algorithm_is_what_the_type_is_mostly_used_with() {
    for (made, read) in [
        (Algorithm::PS512, Algorithm::RS256),
        (Algorithm::ES384, Algorithm::ES384),
        (Algorithm::EdDSA, Algorithm::EdDSA),
    ] {
        let key = generate(made, Purpose::Test, RsaBits::default()).unwrap();
        let text = private_text(&key);
        let keys = import(None).read(text.expose_secret().as_bytes()).unwrap();
        assert_eq!(keys[0].algorithm, read);
        let other = import(Some(Algorithm::HS256)).read(text.expose_secret().as_bytes());
        assert_eq!(other.unwrap_err(), refused("it does not fit the algorithm").into());
    }
}

#[test]
fn a_secret_is_text_base64_or_bytes() {
    let long = [b'x'; 32];
    assert_eq!(secret_of(&long, Encoding::Text).unwrap(), long);
    assert_eq!(secret_of(&[&long[..], b"\r\n"].concat(), Encoding::Text).unwrap(), long);
    assert_eq!(secret_of(&[&long[..], b"\n"].concat(), Encoding::Raw).unwrap().len(), 33);
    let bytes: Vec<u8> = (0xdc..0xfc).collect();
    for spelled in [
        "3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vs=",
        "3N3e3-Dh4uPk5ebn6Onq6-zt7u_w8fLz9PX29_j5-vs",
        " 3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vs\n",
    ] {
        assert_eq!(secret_of(spelled.as_bytes(), Encoding::Base64).unwrap(), bytes);
    }
    assert!(secret_of(b"3N3e3+Dh4uPk5ebn6Onq6-zt7u/w8fLz9PX29/j5+vs=", Encoding::Base64).is_err());
}

#[test]
fn a_short_secret_is_weak_and_an_empty_one_is_none() {
    let wish = import(Some(Algorithm::HS384));
    let short = [b'x'; 47];
    let weak = Rejected::Weak { length: 47, algorithm: Algorithm::HS384, least: 48 };
    assert_eq!(wish.read(&short).unwrap_err(), weak);
    let allowed = Import { allow_weak: true, ..wish };
    assert!(allowed.read(&short).unwrap()[0].weak);
    assert!(!allowed.read(&[b'x'; 48]).unwrap()[0].weak);
    assert_eq!(allowed.read(b"\n").unwrap_err(), refused("the secret is empty").into());
}

#[test]
fn all_of_a_set_are_read_or_none() {
    let one = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let two = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i","alg":"HS384"}"#;
    let set = format!(r#"{{"keys":[{one},{two}]}}"#);
    let keys = import(None).read(set.as_bytes()).unwrap();
    let algorithms: Vec<Algorithm> = keys.iter().map(|key| key.algorithm).collect();
    assert_eq!(algorithms, [Algorithm::EdDSA, Algorithm::HS384]);
    assert_eq!(keys[0].kid.as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let encrypting = two.replace(r#""alg""#, r#""use":"enc","alg""#);
    let set = format!(r#"{{"keys":[{one},{encrypting}]}}"#);
    let why = import(None).read(set.as_bytes()).unwrap_err().to_string();
    assert_eq!(why, "key 2 of 2: it is not for signatures (`use`)");
}

#[test]
fn what_may_be_a_secret_is_not_guessed_to_be_one() {
    for text in [&b"correct horse"[..], b"0123456789", b"0"] {
        assert_eq!(import(None).read(text).unwrap_err(), Rejected::Unknown);
    }
    let damaged = br#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"#;
    assert!(import(Some(Algorithm::HS256)).read(damaged).is_err(), "it was to be a JWK");
    let said = Import { encoding: Some(Encoding::Text), ..import(Some(Algorithm::HS256)) };
    assert_eq!(said.read(damaged).unwrap()[0].material.expose_secret(), damaged);
}
