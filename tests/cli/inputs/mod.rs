//! Shell commands that read keys, key sets and tokens in the formats of other tools and services.

mod claims;
mod exports;
mod key_sets;
mod keys;
mod tokens;

use crate::hostile::{decode_pem, sign_token};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

// Private keys as PEM, and their public keys.
const RSA: &str = include_str!("../hostile/samples/rsa.pem");
const RSA_PUBLIC: &str = include_str!("../hostile/samples/rsa.pub.pem");
const EC: &str = include_str!("../hostile/samples/p256.pem");
const EC_PUBLIC: &str = include_str!("../hostile/samples/p256.pub.pem");
/// A certificate for the public key of [`EC`].
const EC_CERTIFICATE: &str = include_str!("../hostile/samples/certificate.pem");
const P521: &str = include_str!("../hostile/samples/p521.pem");

/// Shell functions: `mint` mints a token with the key file that its first argument names, `verify`
/// verifies a token with `rsa.pub`, and `header` prints the header of a token. `verify` and
/// `header` read the token from standard input. `mint` and `verify` also accept options of jeton.
const PRELUDE: &str = "verify() { jeton token verify - --key rsa.pub --alg RS256 \"$@\"; }
header() { jeton token decode - --part header -o json; }
mint() { jeton token mint --sub a --key-file \"$@\"; }
";

/// A sandbox with key files and with a token, which the RSA key signed.
struct Inputs(Sandbox);

impl Inputs {
    /// Writes the PEM files `rsa.pem`, `rsa.pub`, `ec.pem`, `ec.pub`, `ec.crt` and `p521.pem`, and
    /// the token `t.jwt`. Also writes `one.jwk`, which is the key of `ec.pem` as a private JWK with
    /// the key id `my-key-1`, and `jwks.json`, which is a JWK Set with the public key of `rsa.pem`
    /// and the key id `rsa-1`.
    fn new() -> Self {
        let inputs = Self(Sandbox::new());
        inputs.write("jwks.json", json!({ "keys": [public_rsa_jwk()] }).to_string());
        inputs.write("one.jwk", private_ec_jwk().to_string());
        for (name, text) in [
            ("rsa.pem", RSA),
            ("rsa.pub", RSA_PUBLIC),
            ("ec.pem", EC),
            ("ec.pub", EC_PUBLIC),
            ("ec.crt", EC_CERTIFICATE),
            ("p521.pem", P521),
        ] {
            inputs.write(name, text);
        }
        inputs.write("t.jwt", rsa_signed_token(&json!({"alg": "RS256", "kid": "rsa-1"})));
        inputs
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.home().join(name), content).unwrap();
    }

    fn write_json(&self, name: &str, content: &Value) {
        self.write(name, content.to_string());
    }

    /// Runs a shell script that can use the functions of [`PRELUDE`], with jeton in the search
    /// path.
    fn shell(&self, script: &str) -> RunOutput {
        let program = Path::new(env!("CARGO_BIN_EXE_jeton"));
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &format!("{PRELUDE}{script}")])
            .env_clear()
            .env("HOME", self.0.home())
            .envs(self.0.variables())
            .env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()))
            .current_dir(self.0.home())
            .stdin(Stdio::null());
        RunOutput::capture(command)
    }

    /// Runs scripts one after another. Each pair is a name and a script. Returns the outputs, each
    /// below the name of the script.
    fn shell_each(&self, scripts: &[(&str, &str)]) -> String {
        let outputs = scripts.iter().map(|(name, script)| self.shell(script).with_heading(name));
        outputs.collect()
    }
}

/// Returns a token with this header, signed with the RSA key.
fn rsa_signed_token(header: &Value) -> String {
    sign_token("RS256", &decode_pem(RSA), header, r#"{"sub":"a","exp":4102444800}"#)
}

fn public_rsa_jwk() -> Value {
    let private: Value = serde_json::from_str(include_str!("../hostile/samples/rsa.jwk")).unwrap();
    json!({"kty": "RSA", "kid": "rsa-1", "use": "sig", "alg": "RS256",
        "n": private["n"], "e": private["e"]})
}

fn private_ec_jwk() -> Value {
    let mut jwk: Value = serde_json::from_str(include_str!("../hostile/samples/p256.jwk")).unwrap();
    jwk["kid"] = "my-key-1".into();
    jwk["use"] = "sig".into();
    jwk["alg"] = "ES256".into();
    jwk["key_ops"] = json!(["sign", "verify"]);
    jwk
}

fn public_ec_jwk() -> Value {
    let mut jwk = private_ec_jwk();
    jwk.as_object_mut().unwrap().retain(|name, _| name != "d" && name != "key_ops");
    jwk
}

/// Returns the base64 of a PEM file in one line, without the `BEGIN` and `END` lines.
fn pem_body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}
