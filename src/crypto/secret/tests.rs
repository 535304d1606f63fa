//! Tests that keys are detected in all encodings, and that secrets are not detected as keys.

use super::*;
use crate::crypto::{generate_key, initialize_crypto, private_key_text, public_key_pem};
use crate::model::{Algorithm, Purpose, RsaBits};
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::json;

/// One algorithm of each asymmetric key type.
const ALGORITHM_PER_KEY_TYPE: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::EdDSA];

pub(in crate::crypto) fn encode_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Returns public, private and symmetric keys in file formats such as PEM, DER and JWK, as pairs of
/// a name and the content of the file. Some keys are damaged.
fn sample_keys() -> Vec<(String, Vec<u8>)> {
    initialize_crypto();
    let mut named_keys = Vec::new();
    for algorithm in ALGORITHM_PER_KEY_TYPE {
        let key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let (public, private) = (public_key_pem(&key).unwrap().unwrap(), private_key_text(&key));
        let jwk = key.public_jwk.clone().unwrap();
        let mut add = |format: &str, bytes: &[u8]| {
            named_keys.push((format!("{algorithm:?} {format}"), bytes.to_vec()));
        };
        add("public PEM", public.as_bytes());
        add("private PEM", private.expose_secret().as_bytes());
        add("public DER", pem::parse(&public).unwrap().contents());
        add("private DER", key.material.expose_secret());
        add("JWK", json!(jwk).to_string().as_bytes());
        add("JWK Set", format!("{:#}", json!({ "keys": [jwk] })).as_bytes());
        add("array of JWKs", json!([jwk]).to_string().as_bytes());
        add("one JWK per line", format!("{}\n{}\n", json!(jwk), json!(jwk)).as_bytes());
        add("damaged JWK", json!(jwk).to_string().trim_end_matches('}').as_bytes());
    }
    let samples: [(&str, &[u8]); 5] = [
        ("array of secret JWKs", br#"[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}]"#),
        (
            "set of secret JWKs",
            br#"{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}]}"#,
        ),
        (
            "service account",
            br#"{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMII"}"#,
        ),
        ("SSH", include_bytes!("../../../tests/cli/hostile/samples/ssh.pub")),
        ("YAML", b"kty: RSA\ne: AQAB\nn: AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ\n"),
    ];
    named_keys.extend(samples.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())));
    named_keys
}

/// Returns the bytes in text encodings that programs and secret stores use, as pairs of the name of
/// the encoding and the encoded text.
fn encode_as_text(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let base64 = BASE64.encode(bytes);
    let lines = |end: &str| {
        let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line));
        lines.map(|line| line + end).collect::<String>()
    };
    let hex_bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    [
        ("base64", base64.clone()),
        ("base64 and a line break", format!("{base64}\r\n")),
        ("base64 in quotes", format!("\"{base64}\"")),
        ("base64 without padding", base64.trim_end_matches('=').to_owned()),
        ("base64url", URL_SAFE_NO_PAD.encode(bytes)),
        ("base64 in lines", lines("\n")),
        ("base64 in lines with CR LF", lines("\r\n")),
        ("base64 in lines with escaped line breaks", lines("\\n")),
        ("base64 in indented lines", lines("\n\t ")),
        ("base64 after a byte order mark", format!("\u{feff}{base64}")),
        ("base64 in a data URL", format!("data:application/x-pem-file;base64,{base64}")),
        ("base64 in an assignment", format!("KEY={base64}")),
        ("base64 of base64 lines", BASE64.encode(lines("\n"))),
        ("base64url of base64", URL_SAFE_NO_PAD.encode(&base64)),
        ("hex", encode_hex(bytes)),
        ("hex with colons", hex_bytes.join(":\n")),
        ("hex with a prefix", format!("0x{}", encode_hex(bytes))),
        ("base64 of hex", BASE64.encode(encode_hex(bytes))),
        ("hex of base64", encode_hex(base64.as_bytes())),
        ("base64 in UTF-16", base64.chars().flat_map(|character| [character, '\0']).collect()),
    ]
    .map(|(name, text)| (name, text.into_bytes()))
    .into()
}

/// Returns variants of the text of a key, as pairs of the name of the change and the changed text.
/// Editors and programs make such changes to a text file.
fn text_variants(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("after a byte order mark", format!("\u{feff}{text}")),
        ("after whitespace", format!("\n \t{text}")),
        ("with CR LF", text.replace('\n', "\r\n")),
        ("with escaped line breaks", text.replace('\n', "\\n")),
        ("as a JSON string", json!(text).to_string()),
        ("in a JSON document", json!({"realm": "x", "inner": [{"key": text}]}).to_string()),
        ("in UTF-16", text.chars().flat_map(|character| ['\0', character]).collect()),
    ]
}

#[test]
fn keys_are_detected_in_every_encoding() {
    let mut undetected = Vec::new();
    for (name, bytes) in sample_keys() {
        let texts = std::str::from_utf8(&bytes).map(text_variants).unwrap_or_default();
        let texts = texts.into_iter().map(|(name, text)| (name, text.into_bytes()));
        let variants =
            encode_as_text(&bytes).into_iter().chain(texts).chain([("unchanged", bytes.clone())]);
        for (variant_name, variant) in variants {
            if detect_key(&variant).is_none() {
                undetected.push(format!("{name}, {variant_name}"));
            }
        }
    }
    assert_eq!(undetected, Vec::<String>::new());
}

#[test]
fn pem_keys_without_begin_line_are_detected_with_and_without_end_line() {
    for (name, bytes) in sample_keys().iter().filter(|(name, _)| name.ends_with("PEM")) {
        let text = std::str::from_utf8(bytes).unwrap();
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
        for body_variant in [body.join("\n"), body.concat(), body.join("\\n"), body.join(" ")] {
            assert!(detect_key(body_variant.as_bytes()).is_some(), "{name}");
        }
        let tail: Vec<&str> = text.lines().skip(1).collect();
        assert!(detect_key(tail.join("\n").as_bytes()).is_some(), "{name} without its first line");
    }
}

#[test]
fn certificates_pkcs12_and_ssh_keys_are_detected() {
    let certificate = [
        &[0x30, 0x1A][..],
        &[0x30, 0x0A, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70],
        &[0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70],
        &[0x03, 0x05, 0x00, 1, 2, 3, 4],
    ]
    .concat();
    let pkcs12 =
        [0x30, 0x0E, 0x02, 0x01, 0x03, 0x30, 0x09, 0x06, 0x03, 0x2A, 0x86, 0x48, 0xA0, 2, 4, 0];
    let ssh = [&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], &[7; 32]].concat();
    for (name, bytes) in [
        ("certificate", &certificate[..]),
        ("PKCS#12", &pkcs12),
        ("PKCS#12, streamed", &[0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80, 0x06]),
        ("SSH wire format", &ssh),
        ("OpenSSH", b"openssh-key-v1\0\0\0\0\x04none"),
        ("PuTTY", b"PuTTY-User-Key-File-3: ssh-ed25519"),
        ("SSH2", b"---- BEGIN SSH2 PUBLIC KEY ----"),
        ("authorized_keys", format!("no-pty ssh-ed25519 {} x", BASE64.encode(&ssh)).as_bytes()),
    ] {
        assert!(detect_key(bytes).is_some(), "{name}");
    }
}

#[test]
fn secrets_are_not_detected_as_keys() {
    for secret in [
        &b"correct horse battery staple and more"[..],
        b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB",
        b"c3VwZXItc2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g=",
        b"\"a secret that is a JSON string, long enough\"",
        br#"{"secret":"a document that is not a key", "keys": 3}"#,
        br#"["a", "list", "of", "words"]"#,
        br#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-Est"#,
        b"the kty is RSA they say, and ssh-keys are keys",
        b"eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        b"550e8400-e29b-41d4-a716-446655440000",
        &[0xFF; 32],
        &[0x30; 64],
        b"[1]",
        b"",
    ] {
        assert_eq!(detect_key(secret), None, "{}", String::from_utf8_lossy(secret));
    }
}

#[test]
fn large_or_deeply_nested_input_without_a_key_is_not_detected() {
    for text in ["[".repeat(200_000), "30".repeat(100_000), BASE64.encode(vec![0x30; 150_000])] {
        assert_eq!(detect_key(text.as_bytes()), None);
    }
}

#[test]
fn public_keys_contain_only_known_keys_as_bytes_in_base64_and_in_hex() {
    initialize_crypto();
    for algorithm in ALGORITHM_PER_KEY_TYPE {
        let key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let jwk = key.public_jwk.unwrap();
        let public_keys: PublicKeys = [&jwk].into_iter().collect();
        let bytes = |name: &str| {
            jwk.get(name).map(|value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap())
        };
        let x_or_n = bytes("x").or(bytes("n")).unwrap();
        let y = bytes("y").unwrap_or_default();
        let mut forms = vec![x_or_n.clone(), [&x_or_n[..], &y].concat()];
        if !y.is_empty() {
            forms.push([&[4][..], &x_or_n, &y].concat());
        }
        for form in forms {
            for secret in [
                form.clone(),
                [&form[..], b"\n"].concat(),
                encode_hex(&form).into(),
                BASE64.encode(&form).into(),
            ] {
                assert!(public_keys.contains(&secret), "{algorithm:?}");
            }
            // The hexadecimal digits can also be base64. The bytes of this base64 are found too.
            if let Ok(secret) = BASE64.decode(encode_hex(&form)) {
                assert!(public_keys.contains(&secret), "{algorithm:?}");
            }
            let mut changed_form = form;
            changed_form[5] ^= 1;
            assert!(!public_keys.contains(&changed_form));
        }
    }
    assert!(!PublicKeys::default().contains(&[0; 32]));
}

fn random_secrets() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |length| prop::collection::vec(any::<u8>(), length);
    prop_oneof![bytes(32), bytes(48), bytes(64)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn random_secrets_are_never_detected_as_keys(
        mut bytes in random_secrets(),
        looks_like_der in any::<bool>(),
    ) {
        if looks_like_der {
            bytes[0] = 0x30;
            bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
        }
        for encoded in [
            bytes.clone(),
            BASE64.encode(&bytes).into(),
            URL_SAFE_NO_PAD.encode(&bytes).into(),
            format!("{}\n", encode_hex(&bytes)).into(),
        ] {
            prop_assert_eq!(detect_key(&encoded), None);
        }
    }

    #[test]
    fn passphrases_are_never_detected_as_keys(words in "[\\p{L}\\p{N} .,!?#$%&*+=~^@_-]{8,80}") {
        prop_assert_eq!(detect_key(words.as_bytes()), None);
        prop_assert_eq!(detect_key(json!(words).to_string().as_bytes()), None);
    }
}

#[test]
fn encoded_and_damaged_keys_are_not_accepted_as_secrets() {
    initialize_crypto();
    let key = generate_key(Algorithm::EdDSA, Purpose::Test, RsaBits::default()).unwrap();
    let pem = public_key_pem(&key).unwrap().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let set = json!({ "keys": [key.public_jwk.clone().unwrap()] }).to_string();
    let encode = |times: usize| (0..times).fold(set.clone(), |text, _| BASE64.encode(text));
    let lines = |text: &str| text.as_bytes().chunks(16).collect::<Vec<_>>().join(&b'\n');
    for text in [
        format!("b'{body}'"),
        format!("NAME='{body}'"),
        format!("NAME=b'{body}'"),
        format!("'{}'", BASE64.encode(&pem)),
        encode(4),
        format!("'{}'", encode(4)),
        pem.replace("-----", "----"),
        pem.replace("-----", ""),
        pem.replace("-----BEGIN", "-----begin"),
        pem.replace(' ', "%20").replace('\n', "%0A"),
        pem.lines().skip(1).collect::<Vec<_>>().join("\n").replace("-----", "--"),
        format!("mykey\n{body}"),
        format!("mykey {body}"),
        format!("my key:\\n{body}"),
        format!("mykey\n{}", String::from_utf8(lines(&body)).unwrap()),
        format!("mykey\n{}", BASE64.encode(&pem)),
        format!("-- KEY --{body}"),
    ] {
        for encoding in [SecretEncoding::Text, SecretEncoding::Raw, SecretEncoding::Base64] {
            let secret = decode_secret(text.as_bytes(), encoding);
            assert!(matches!(secret, Err(SecretError::IsKey(_))), "{encoding:?}: {text}");
        }
    }
}
