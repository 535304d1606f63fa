//! Keys in the formats in which other programs export keys.

use super::Inputs;
use crate::required::{node, python, require};
use std::process::Command;

/// Algorithms, each with a script that calls openssl or ssh-keygen. A script writes the file `key`
/// (private key), the file `pub` (public key) or both. The scripts run in this order. After each
/// script, the two files are a key pair of the algorithm.
const OPENSSL_AND_SSH_KEYGEN_SCRIPTS: &[(&str, &str)] = &[
    ("RS256", "openssl genrsa -traditional -out key 2048; openssl rsa -in key -pubout -out pub"),
    ("RS256", "openssl rsa -in key -RSAPublicKey_out -outform DER -out pub"),
    ("RS256", "openssl rsa -in key -text -out text; mv text key"),
    ("PS256", "openssl pkcs8 -topk8 -nocrypt -in key -outform DER -out der; mv der key"),
    (
        "ES256",
        "openssl ecparam -name prime256v1 -genkey -out key; openssl ec -in key -pubout -out pub",
    ),
    ("ES256", "openssl req -x509 -new -key key -subj /CN=t -outform DER -out pub"),
    (
        "ES256",
        "openssl req -x509 -new -key key -subj /CN=t -out crt
        openssl pkcs12 -export -inkey key -in crt -passout pass:x -out p12
        openssl pkcs12 -in p12 -passin pass:x -nodes -out key",
    ),
    (
        "ES512",
        "openssl ecparam -name secp521r1 -genkey -noout -out key; openssl ec -in key -pubout -out pub",
    ),
    (
        "EdDSA",
        "openssl genpkey -algorithm ed25519 -out key; openssl pkey -in key -pubout -outform DER -out pub",
    ),
    (
        "RS256",
        "rm key; ssh-keygen -q -t rsa -m PEM -N '' -f key; ssh-keygen -e -m PKCS8 -f key.pub > pub",
    ),
    ("RS256", "ssh-keygen -e -m PEM -f key.pub > pub"),
    (
        "ES384",
        "rm key; ssh-keygen -q -t ecdsa -b 384 -m PKCS8 -N '' -f key
        ssh-keygen -e -m PKCS8 -f key.pub > pub",
    ),
];

/// Python script that writes key pairs and prints the algorithm of each pair. The first pair is in
/// the files `0.key` (private) and `0.pub` (public), and the second pair is in `1.key` and `1.pub`.
const PYTHON_SCRIPT: &str = r#"
import base64
import json
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

keys = [
    ("RS256", rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    ("ES256", ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    ("EdDSA", ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm),
]
count = 0
for alg, key, jwk in keys:
    public = key.public_key()
    none = s.NoEncryption()
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, none)
    public_pem = public.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    for private_text, public_text in [
        (pem, public_pem),
        (repr(pem).encode(), repr(public_pem).encode()),
        (json.dumps({"private_key": pem.decode()}).encode(), base64.b64encode(public_pem)),
        (jwk.to_jwk(key).encode(), jwk.to_jwk(public).encode()),
        (
            key.private_bytes(s.Encoding.DER, s.PrivateFormat.PKCS8, none),
            public.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo),
        ),
    ]:
        open(f"{count}.key", "wb").write(private_text)
        open(f"{count}.pub", "wb").write(public_text)
        print(alg)
        count += 1
"#;

/// Node.js script that writes key pairs and prints the algorithm of each pair. The files are named
/// as in [`PYTHON_SCRIPT`].
const NODE_SCRIPT: &str = r"
const { generateKeyPairSync } = require('node:crypto');
const { writeFileSync } = require('node:fs');
const kinds = [
  ['RS256', 'rsa', { modulusLength: 2048 }, 'pkcs1'],
  ['ES384', 'ec', { namedCurve: 'P-384' }, 'sec1'],
  ['EdDSA', 'ed25519', {}, 'pkcs8'],
];
let count = 0;
for (const [alg, kind, options, type] of kinds) {
  const { privateKey, publicKey } = generateKeyPairSync(kind, options);
  for (const [key, pub] of [
    [privateKey.export({ type, format: 'pem' }), publicKey.export({ type: 'spki', format: 'pem' })],
    [privateKey.export({ type, format: 'der' }), publicKey.export({ type: 'spki', format: 'der' })],
    [JSON.stringify(privateKey.export({ format: 'jwk' })), JSON.stringify([publicKey.export({ format: 'jwk' })])],
    [JSON.stringify(privateKey.export({ type, format: 'pem' })), publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
  ]) {
    writeFileSync(`${count}.key`, key);
    writeFileSync(`${count}.pub`, pub);
    console.log(alg);
    count += 1;
  }
}
";

/// Asserts that a token is valid with the key in `public_file` if it is signed with the key in
/// `private_file`. `name` describes the key pair.
fn assert_pair(inputs: &Inputs, alg: &str, private_file: &str, public_file: &str, name: &str) {
    let output = inputs.shell(&format!(
        "mint {private_file} --alg {alg} | jeton token verify - --key {public_file} --alg {alg}"
    ));
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("valid\n", ""), "{name}");
}

#[test]
#[ignore = "needs openssl and ssh-keygen"]
fn exports_of_openssl_and_ssh_keygen_are_read() {
    require(Command::new("openssl").arg("version"), "the program `openssl`");
    let inputs = Inputs::new();
    for (alg, script) in OPENSSL_AND_SSH_KEYGEN_SCRIPTS {
        let output = inputs.shell(&format!("set -e; {script}"));
        assert_eq!(output.code, 0, "{script}: {}", output.stderr);
        assert_pair(&inputs, alg, "key", "pub", script);
    }
}

/// Runs a program that writes at least twelve key pairs, and asserts that jeton reads every pair.
fn assert_exports(program: &mut Command) {
    let inputs = Inputs::new();
    let output = program.current_dir(inputs.0.home()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let algorithms = String::from_utf8(output.stdout).unwrap();
    assert!(algorithms.lines().count() >= 12);
    for (index, alg) in algorithms.lines().enumerate() {
        let (key, public) = (format!("{index}.key"), format!("{index}.pub"));
        assert_pair(&inputs, alg, &key, &public, &format!("{alg}: pair {index}"));
    }
}

#[test]
#[ignore = "needs Python with cryptography and PyJWT"]
fn exports_of_python_are_read() {
    assert_exports(Command::new(python()).args(["-I", "-c", PYTHON_SCRIPT]));
}

#[test]
#[ignore = "needs Node.js"]
fn exports_of_node_are_read() {
    assert_exports(Command::new(node()).args(["--eval", NODE_SCRIPT]));
}
