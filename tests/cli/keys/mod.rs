//! Keys: import, export, rotation, retirement, revocation and discovery.

mod conversions;
mod curl_hints;
mod discovery;
mod export;
mod export_site;
mod import;
mod import_secrets;
mod interop;
mod jwk_sets;
mod key_as_secret;
mod key_sources;
mod kid;
mod lifecycle;
mod matrix;
mod rotation;
mod wrapped_keys;

use crate::sandbox::Sandbox;
use serde_json::Value;

/// The names of all algorithms. `EdDSA` and `Ed25519` are names of the same algorithm.
const ALGORITHMS: [&str; 14] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA", "Ed25519",
];

/// Returns the ids of the keys with the given purpose and state, oldest key first.
fn kids(sandbox: &Sandbox, purpose: &str, state: &str) -> Vec<String> {
    let keys = sandbox.json(&["keys", "list"]);
    let matches = |key: &&Value| key["purpose"] == purpose && key["status"] == state;
    let matching = keys["items"].as_array().unwrap().iter().filter(matches);
    matching.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
