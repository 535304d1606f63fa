//! Test data: keys in many formats, and each format in encodings and with other text around it.

use crate::crypto::{pem, private_key_text, public_key_pem};
use crate::model::{KeySpec, KeyType};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use spki::der::asn1::AnyRef;
use spki::der::{Decode, Reader, SliceReader};

/// Returns the values of the elements in a DER sequence.
pub(super) fn elements(der: &[u8]) -> Vec<&[u8]> {
    let mut reader = SliceReader::new(AnyRef::from_der(der).unwrap().value()).unwrap();
    let mut values = Vec::new();
    while !reader.is_finished() {
        values.push(reader.decode::<AnyRef<'_>>().unwrap().value());
    }
    values
}

/// Returns a DER element with this tag, and with the concatenated `contents`.
pub(super) fn der_element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let [high, low] = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let header = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [header, contents].concat()
}

/// Returns a PEM certificate for a key, with an invalid signature. `public_key_info` is the
/// `SubjectPublicKeyInfo` of the key.
pub(super) fn certificate_pem(public_key_info: &[u8]) -> String {
    let algorithm = der_element(0x30, &[&[0x06, 0x03, 0x2B, 0x65, 0x70]]);
    let version = der_element(0xA0, &[&[0x02, 0x01, 0x02]]);
    let (serial, empty) = (der_element(0x02, &[&[1]]), der_element(0x30, &[]));
    let fields: [&[u8]; 7] =
        [&version, &serial, &algorithm, &empty, &empty, &empty, public_key_info];
    let signature = der_element(0x03, &[&[0, 1, 2, 3]]);
    let certificate = [&der_element(0x30, &fields)[..], &algorithm, &signature];
    pem::encode_block("CERTIFICATE", &der_element(0x30, &certificate))
}

/// Returns the private key as SEC 1 (RFC 5915), without the optional public part. `pkcs8` is an EC
/// key.
fn encode_sec1(pkcs8: &[u8]) -> Vec<u8> {
    let algorithm = elements(pkcs8)[1];
    let curve = &algorithm[2 + usize::from(algorithm[1])..];
    let number = der_element(0x04, &[elements(elements(pkcs8)[2])[1]]);
    der_element(0x30, &[&[0x02, 0x01, 0x01], &number, &der_element(0xA0, &[curve])])
}

/// Returns the private JWK of a key.
pub(super) fn private_jwk(key: &KeySpec) -> Value {
    let mut jwk = Value::from(key.public_jwk.clone().unwrap());
    let inner = elements(key.material.expose_secret())[2].to_vec();
    let mut set = |name: &str, bytes: &[u8]| jwk[name] = URL_SAFE_NO_PAD.encode(bytes).into();
    if key.algorithm.key_type() == KeyType::Rsa {
        let numbers = elements(&inner);
        for (name, number) in ["d", "p", "q", "dp", "dq", "qi"].into_iter().zip(&numbers[3..]) {
            set(name, if number[0] == 0 { &number[1..] } else { number });
        }
    } else if key.algorithm.key_type() == KeyType::Ed25519 {
        set("d", AnyRef::from_der(&inner).unwrap().value());
    } else {
        set("d", elements(&inner)[1]);
    }
    jwk
}

/// Returns a PEM text with one block.
pub(super) fn pem_block(label: &str, der: &[u8]) -> String {
    pem::encode_block(label, der)
}

/// Returns the private key in many formats, as pairs of the name of the format and the document.
pub(super) fn private_formats(key: &KeySpec) -> Vec<(&'static str, Vec<u8>)> {
    let pkcs8 = key.material.expose_secret();
    let text = private_key_text(key).expose_secret().to_owned();
    let public = public_key_pem(key).unwrap().unwrap();
    let jwk = private_jwk(key);
    let account = json!({"type": "service_account", "private_key_id": "k1", "private_key": text});
    let mut formats = vec![
        ("PKCS#8 PEM", text.clone().into_bytes()),
        ("PKCS#8 DER", pkcs8.to_vec()),
        ("private and public PEM", format!("{public}{text}").into_bytes()),
        ("private PEM twice", text.repeat(2).into_bytes()),
        ("private JWK", jwk.to_string().into_bytes()),
        ("JWK Set", json!({ "keys": [jwk] }).to_string().into_bytes()),
        ("array of JWKs", json!([jwk]).to_string().into_bytes()),
        ("service account", format!("{account:#}").into_bytes()),
    ];
    let inner = elements(pkcs8)[2];
    match key.algorithm.key_type() {
        KeyType::Rsa => {
            formats.push(("PKCS#1 PEM", pem_block("RSA PRIVATE KEY", inner).into_bytes()));
            formats.push(("PKCS#1 DER", inner.to_vec()));
        }
        KeyType::Ed25519 | KeyType::Hmac(_) => {}
        KeyType::Ec(_) => {
            let parameters =
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
            formats.push(("PEM after EC parameters", format!("{parameters}{text}").into_bytes()));
            let der = encode_sec1(pkcs8);
            formats.push(("SEC 1 PEM", pem_block("EC PRIVATE KEY", &der).into_bytes()));
            formats.push(("SEC 1 DER", der));
        }
    }
    formats
}

/// Returns the public key in many formats, as pairs of the name of the format and the document.
pub(super) fn public_formats(key: &KeySpec) -> Vec<(&'static str, Vec<u8>)> {
    let text = public_key_pem(key).unwrap().unwrap();
    let der = ::pem::parse(&text).unwrap().into_contents();
    let certificate = certificate_pem(&der);
    let jwk = Value::from(key.public_jwk.clone().unwrap());
    let mut padded = jwk.clone();
    for name in ["n", "x", "y"] {
        if let Some(member) = padded[name].as_str() {
            let padding = "=".repeat((4 - member.len() % 4) % 4);
            padded[name] = format!("{member}{padding}").into();
        }
    }
    padded["use"] = Value::Null;
    let mut formats = vec![
        ("public PEM", text.clone().into_bytes()),
        ("public DER", der.clone()),
        ("public PEM twice", text.repeat(2).into_bytes()),
        ("public JWK", jwk.to_string().into_bytes()),
        ("padded JWK with a null member", padded.to_string().into_bytes()),
        ("public JWK Set", format!("{:#}", json!({ "keys": [jwk] })).into_bytes()),
        ("array of public JWKs", json!([jwk]).to_string().into_bytes()),
        ("map of public keys", json!({ "k1": text }).to_string().into_bytes()),
        ("certificate PEM", certificate.clone().into_bytes()),
        ("certificate DER", ::pem::parse(certificate).unwrap().into_contents()),
    ];
    if key.algorithm.key_type() == KeyType::Rsa {
        let pkcs1 = &elements(&der)[1][1..];
        formats.push(("PKCS#1 public PEM", pem_block("RSA PUBLIC KEY", pkcs1).into_bytes()));
        formats.push(("PKCS#1 public DER", pkcs1.to_vec()));
    }
    formats
}

/// Returns variants of the bytes, as pairs of the name of the change and the changed bytes. The
/// first variant is unchanged. Environment variables, secret stores and editors make such changes
/// to a file.
pub(super) fn wrappings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let base64 = BASE64.encode(bytes);
    let lines = |end: &str| {
        let lines = base64.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line));
        lines.map(|line| line + end).collect::<String>()
    };
    let utf_16 = |text: &str, to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect()
    };
    let mut wrapped = vec![
        ("unchanged", bytes.to_vec()),
        ("base64", base64.clone().into_bytes()),
        ("base64 in lines", lines("\n").into_bytes()),
        ("base64 in lines with CR LF", lines("\r\n").into_bytes()),
        ("base64 with escaped line breaks", lines("\\n").into_bytes()),
        ("base64 in quotes", format!("\"{base64}\"\n").into_bytes()),
        ("base64 without padding", base64.trim_end_matches('=').as_bytes().to_vec()),
        ("base64url", URL_SAFE_NO_PAD.encode(bytes).into_bytes()),
        ("base64 twice", BASE64.encode(lines("\n")).into_bytes()),
        ("base64 in an assignment", format!("export KEY='{base64}'\n").into_bytes()),
        (
            "base64 in a data URL",
            format!("data:application/octet-stream;base64,{base64}").into_bytes(),
        ),
        ("base64 after a byte order mark", format!("\u{feff}{base64}").into_bytes()),
    ];
    let Ok(text) = std::str::from_utf8(bytes) else { return wrapped };
    wrapped.extend([
        ("after a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("in UTF-16", utf_16(text, u16::to_le_bytes)),
        ("in UTF-16, big-endian", utf_16(text, u16::to_be_bytes)),
        ("with CR LF", text.replace('\n', "\r\n").into_bytes()),
        ("after blank lines", format!("\n\n \t{text}\n\n").into_bytes()),
        ("in single quotes", format!("'{text}'").into_bytes()),
        ("as a JSON string", json!(text).to_string().into_bytes()),
        (
            "as a JSON string in a JSON string",
            json!(json!(text).to_string()).to_string().into_bytes(),
        ),
        (
            "as an escaped string without quotes",
            json!(text).to_string().trim_matches('"').as_bytes().to_vec(),
        ),
        ("as bytes of Python", format!("b{}", json!(text)).into_bytes()),
        ("in an assignment", format!("PRIVATE_KEY={}", json!(text)).into_bytes()),
    ]);
    if text.starts_with("-----BEGIN") {
        wrapped.extend(pem_wrappings(text));
    }
    wrapped
}

/// Returns variants of the PEM text, as pairs of the name of the change and the changed text.
/// Environment variables and editors make such changes to a PEM text.
fn pem_wrappings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut wrapped = vec![
        ("with escaped line breaks", text.replace('\n', "\\n").into_bytes()),
        ("with escaped CR LF", text.replace('\n', "\\r\\n").into_bytes()),
        ("with twice escaped line breaks", text.replace('\n', "\\\\n").into_bytes()),
        ("in double quotes with line breaks", format!("\"{text}\"").into_bytes()),
        ("on one line with blanks", text.replace('\n', " ").into_bytes()),
        ("on one line without blanks", text.replace('\n', "").into_bytes()),
        ("indented", text.replace('\n', "\n    ").into_bytes()),
        ("after attributes", format!("Bag Attributes\n    friendlyName: a\n{text}").into_bytes()),
    ];
    if text.matches("-----BEGIN").count() == 1 {
        wrapped.push(("without BEGIN and END lines, on one line", body.concat().into_bytes()));
        wrapped.push(("without BEGIN and END lines", body.join("\n").into_bytes()));
    }
    wrapped
}
