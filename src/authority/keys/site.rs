//! A static site that publishes the keys of an issuer: what a verifier asks for that is given
//! nothing but the issuer.

use super::super::Error;
use super::{Published, jwks};
use crate::model::{IssuerUrl, Purpose, Timestamp};
use crate::store::Store;
use serde_json::{Value, json};

/// Where verifiers look first (OpenID Connect Discovery 1.0, section 4).
const CONFIGURATION: &str = "openid-configuration";
const KEYS: &str = "jwks.json";

/// What is to be published, and what whoever publishes it should know.
#[derive(Debug)]
pub(crate) struct Site {
    /// The issuer that the files name.
    issuer: String,
    /// The folder of the files, below the issuer's URL.
    pub(crate) folder: &'static str,
    /// Names and contents, in the order in which they are to be replaced: no file names another
    /// that is not there.
    pub(crate) files: [(&'static str, String); 2],
    /// The JWK Set in them.
    pub(crate) keys: Value,
    /// How many symmetric keys were left out.
    pub(crate) left_out: usize,
    /// The issuer that is set, if it is another one: tokens name that one.
    pub(crate) other_issuer: Option<String>,
}

impl Site {
    /// The name of the provider metadata among the files.
    pub(crate) const METADATA: &str = CONFIGURATION;

    /// Returns whether these provider metadata name the issuer of the site.
    pub(crate) fn is_named_by(&self, metadata: &[u8]) -> bool {
        let metadata: Value = serde_json::from_slice(metadata).unwrap_or_default();
        metadata["issuer"].as_str() == Some(&self.issuer)
    }
}

/// The site of the public keys of one purpose. The same keys make the same bytes.
pub(crate) fn site(
    store: &mut Store,
    purpose: Purpose,
    issuer: &IssuerUrl,
    now: Timestamp,
) -> Result<Site, Error> {
    let Published { keys, left_out } = jwks(store, purpose, now)?;
    let set = store.read(|tx| tx.policy())?.issuer;
    let mut algorithms: Vec<&Value> = Vec::new();
    for key in keys["keys"].as_array().into_iter().flatten() {
        if !algorithms.contains(&&key["alg"]) {
            algorithms.push(&key["alg"]);
        }
    }
    let folder = ".well-known";
    let configuration = json!({
        "issuer": issuer.as_str(),
        "jwks_uri": issuer.url_of(&format!("{folder}/{KEYS}")),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    });
    let files = [(KEYS, format!("{keys:#}\n")), (CONFIGURATION, format!("{configuration:#}\n"))];
    let other_issuer = Some(set).filter(|set| set != issuer.as_str());
    let issuer = issuer.as_str().to_owned();
    Ok(Site { issuer, folder, files, keys, left_out, other_issuer })
}
