//! Generated test keys in many formats that jeton reads.

use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use spki::der::asn1::AnyRef;
use spki::der::{Decode, Reader, SliceReader};

/// A test key of the store, in the formats of `keys export`. The other formats are made from these
/// formats.
pub(super) struct TestKey {
    pub(super) kid: String,
    pub(super) algorithm: &'static str,
    pub(super) private_pem: String,
    public_pem: String,
    public_jwk: Value,
}

/// Returns the values of the elements in a DER sequence.
fn elements(der: &[u8]) -> Vec<&[u8]> {
    let mut reader = SliceReader::new(AnyRef::from_der(der).unwrap().value()).unwrap();
    let mut values = Vec::new();
    while !reader.is_finished() {
        values.push(reader.decode::<AnyRef<'_>>().unwrap().value());
    }
    values
}

fn decode_pem(pem: &str) -> Vec<u8> {
    pem::parse(pem).unwrap().into_contents()
}

fn encode_pem(label: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(label, der))
}

impl TestKey {
    /// Generates a test key in the store. `options` are further options of `keys generate`.
    pub(super) fn generate(sandbox: &Sandbox, algorithm: &'static str, options: &[&str]) -> Self {
        let generate = ["keys", "generate", "--purpose", "test", "--alg", algorithm];
        let kid = sandbox.stdout_of(&[&generate, options].concat());
        let export =
            |words: &[&str]| sandbox.run(&[&["keys", "export"], words].concat()).ok().stdout;
        let set = sandbox.json(&["keys", "export", "--jwks", "--purpose", "test"]);
        let jwks = set["keys"].as_array().unwrap();
        let public_jwk = jwks.iter().find(|jwk| jwk["kid"] == *kid).unwrap().clone();
        let private_pem = export(&["--private", &kid, "--yes"]);
        let public_pem = export(&["--pem", &kid]);
        Self { kid, algorithm, private_pem, public_pem, public_jwk }
    }

    fn is_rsa(&self) -> bool {
        self.algorithm == "RS256"
    }

    /// Returns the private key as a JWK. The third element of a PKCS#8 key contains the private key
    /// as PKCS#1 (RSA), as SEC 1 (elliptic curve) or as an octet string (Ed25519).
    fn private_jwk(&self) -> Value {
        let mut jwk = self.public_jwk.clone();
        let pkcs8 = decode_pem(&self.private_pem);
        let private_key = elements(&pkcs8)[2];
        let mut set = |name: &str, bytes: &[u8]| jwk[name] = URL_SAFE_NO_PAD.encode(bytes).into();
        if self.is_rsa() {
            let numbers = elements(private_key);
            for (name, number) in ["d", "p", "q", "dp", "dq", "qi"].into_iter().zip(&numbers[3..]) {
                set(name, if number[0] == 0 { &number[1..] } else { number });
            }
        } else if self.algorithm == "EdDSA" {
            set("d", AnyRef::from_der(private_key).unwrap().value());
        } else {
            set("d", elements(private_key)[1]);
        }
        jwk
    }

    /// Returns the private key in each format of the matrix, with the name of the format.
    pub(super) fn private_formats(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (pem, jwk, pkcs8) =
            (&self.private_pem, self.private_jwk(), decode_pem(&self.private_pem));
        let service_account =
            json!({"type": "service_account", "private_key_id": "k1", "private_key": pem});
        let mut formats = vec![
            ("PKCS#8 PEM", pem.clone()),
            ("public and private PEM", format!("{}{pem}", self.public_pem)),
            ("JWK", jwk.to_string()),
            ("JWK Set", json!({ "keys": [jwk] }).to_string()),
            ("array of JWKs", json!([jwk]).to_string()),
            ("service account", service_account.to_string()),
            ("base64 of JWK", STANDARD.encode(jwk.to_string())),
        ];
        formats.extend(wrappings(pem));
        let label = if self.is_rsa() { "RSA PRIVATE KEY" } else { "EC PRIVATE KEY" };
        let mut formats: Vec<(&str, Vec<u8>)> =
            formats.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        formats.push(("PKCS#8 DER", pkcs8.clone()));
        if self.is_rsa() {
            formats.push(("PKCS#1 PEM", encode_pem(label, elements(&pkcs8)[2]).into_bytes()));
            formats.push(("PKCS#1 DER", elements(&pkcs8)[2].to_vec()));
        } else if self.algorithm != "EdDSA" {
            formats.push(("SEC 1 PEM", encode_pem(label, &self.sec1()).into_bytes()));
            formats.push(("SEC 1 DER", self.sec1()));
        }
        formats
    }

    /// Returns the private key as SEC 1 (RFC 5915). The curve is copied from the algorithm
    /// identifier of the PKCS#8 key.
    fn sec1(&self) -> Vec<u8> {
        let pkcs8 = decode_pem(&self.private_pem);
        let algorithm = elements(&pkcs8)[1];
        let curve = &algorithm[2 + usize::from(algorithm[1])..];
        let private_key = elements(&pkcs8)[2];
        let parts = elements(private_key);
        let private = [&[2, 1, 1, 4, u8::try_from(parts[1].len()).unwrap()], parts[1]].concat();
        let parameters = [&[0xA0, u8::try_from(curve.len()).unwrap()], curve].concat();
        let content = [private, parameters].concat();
        let length = u8::try_from(content.len()).unwrap();
        let header: &[u8] = if length < 0x80 { &[0x30, length] } else { &[0x30, 0x81, length] };
        [header, &content].concat()
    }

    /// Returns the public key in each format of the matrix, with the name of the format.
    pub(super) fn public_formats(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (pem, jwk) = (&self.public_pem, &self.public_jwk);
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut padded = jwk.clone();
        for name in ["n", "x", "y"] {
            if let Some(member) = padded[name].as_str() {
                padded[name] = format!("{member}{}", "=".repeat((4 - member.len() % 4) % 4)).into();
            }
        }
        padded["use"] = Value::Null;
        let mut formats = vec![
            ("public PEM", pem.clone()),
            ("public JWK", jwk.to_string()),
            ("padded JWK with null members", padded.to_string()),
            ("public JWK Set", json!({ "keys": [jwk] }).to_string()),
            ("array of public JWKs", json!([jwk]).to_string()),
            ("map of public keys", json!({ self.kid.as_str(): pem }).to_string()),
            ("bare public key", body),
        ];
        formats.extend(wrappings(pem));
        let formats = formats.into_iter().map(|(name, text)| (name, text.into_bytes()));
        formats.chain([("public DER", decode_pem(pem))]).collect()
    }
}

/// Returns a PEM text in the forms in which environment variables, secret stores and editors
/// contain it. Each pair is the name of a form and the text.
fn wrappings(pem: &str) -> [(&'static str, String); 6] {
    [
        ("base64 of PEM", STANDARD.encode(pem)),
        ("PEM with escaped line breaks", pem.replace('\n', "\\n")),
        ("PEM in quotes", format!("'{pem}'")),
        ("PEM in an assignment", format!("KEY=\"{}\"", pem.replace('\n', "\\n"))),
        ("PEM after a byte order mark", format!("\u{feff}{pem}")),
        ("PEM with CR LF", pem.replace('\n', "\r\n")),
    ]
}
