//! Keys: import, export, rotation, retirement, revocation and discovery.

mod discovery;
mod disguised;
mod export;
mod import;
mod interop;
mod life;
mod rotation;
mod site;

use crate::sandbox::Sandbox;
use serde_json::Value;

const ALL: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

/// Returns the key ids of that purpose and state, oldest first.
fn kids(sandbox: &Sandbox, purpose: &str, state: &str) -> Vec<String> {
    let keys = sandbox.json(&["keys", "list"]);
    let fits = |key: &&Value| key["purpose"] == purpose && key["state"] == state;
    let fitting = keys["items"].as_array().unwrap().iter().filter(fits);
    fitting.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
